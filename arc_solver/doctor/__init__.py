"""Examines the machine, the weights and how they fit together, before any time is spent.

`examination` looks at this machine, `planning` says how a model is run on it, `weights` what speaks against a model or
an adapter. None of them imports torch: what needs it runs in short-lived processes of `engines`.
"""
