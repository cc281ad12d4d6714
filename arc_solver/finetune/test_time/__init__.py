"""Test-time fine-tuning of text models: an adapter learns the demonstrations of a run's tasks before they are asked.

`process` starts it in a process of its own, `learning` tells the story, `child` is that process. The cell model has its
own way (`finetune.cells.joint`). Knows nothing of test outputs and votes.
"""
