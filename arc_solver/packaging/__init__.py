"""Builds what is uploaded to Kaggle: a dataset with code, weights and wheels, and a notebook that uses it offline.

`images` knows the target, `wheel` builds our own wheel, `payload` picks the weights, `resolution`, `downloading` and
`closure` make and prove the wheelhouse, `metadata` speaks Kaggle's formats, `parts` its limits, and `bundle` tells the
story. Nothing here solves a task, and nothing here talks to Kaggle.
"""
