"""Lanes: child processes in which proposers run, so that nothing they do can hurt the process that writes the answers.

`wire` is the language between the two sides, `process` the parent's end, `child` the program that runs in the lane.
The parent imports neither torch nor a proposer.
"""
