"""Running unknown programs: `pool.Sandbox` is the door, `limits.Limits` what they may use, `verdicts` what came out.

Imports nothing, because the processes that run programs import this package too. Knows code and grids, not votes.
"""
