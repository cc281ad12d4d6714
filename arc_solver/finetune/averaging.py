"""The exponential moving average of the trained weights: often better than the last ones, at no cost in steps.

Knows nothing of when it is measured or saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class WeightAverage:
    """The moving average of a model's trainable parameters, in fp32 beside them.

    Early on it forgets faster than `decay` says, so that it is not made of the weights that training started with.
    """

    def __init__(self, model: Any, decay: float) -> None:
        """Start from the weights as they are.

        Args:
            model: A torch module.
            decay: What is kept of the average in each step, 0..1.
        """
        self._parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._decay = decay
        self._average = {name: p.detach().float().clone() for name, p in self._parameters.items()}

    def update(self, step: int) -> None:
        """Take in the weights after step `step` (the first is 1)."""
        import torch

        decay = min(self._decay, step / (step + 9))
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                self._average[name].lerp_(parameter.float(), 1.0 - decay)

    def state(self) -> dict[str, Any]:
        """Name -> average, for a checkpoint."""
        return dict(self._average)

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint's `state`."""
        for name, average in self._average.items():
            average.copy_(state[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averaged weights inside the context, and its own again after it."""
        own = {name: p.detach().clone() for name, p in self._parameters.items()}
        self.put()
        try:
            yield
        finally:
            self._copy(own)

    def put(self) -> None:
        """Give the model the averaged weights for good."""
        self._copy(self._average)

    def _copy(self, values: Mapping[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(values[name])
