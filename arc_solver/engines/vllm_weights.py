"""What a vLLM engine samples from: the base alone, base + a merged adapter, or the base with adapters beside it.

On GPUs adapters are served beside the weights, loaded ahead of their first request: one that is refused later takes the
engine along. On a CPU they are merged: serving them there is many times slower, and rows without an adapter silently
get the adapter of their neighbours. Merged weights are written to a folder of their own and put into the running
engine.

Knows nothing of requests, and not when what runs is through: whoever asks for other weights sees to that.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import torch

from arc_solver.engines import vllm_calls
from arc_solver.engines.adapter_preflight import wanted_rank
from arc_solver.engines.merging import same_layout, save_merged
from arc_solver.engines.vllm_calls import EngineSetup, VllmCalls
from arc_solver.engines.weights import AdapterFile, first_line
from arc_solver.errors import EngineError, ModelError

Weights = AdapterFile | None
"""An adapter on the base, or the base alone."""


class VllmWeights:
    """The engine below, started and restarted as the weights ask for it.

    Args:
        setup: What the engine is started with; its model is the base.
        merges: Adapters are merged into the weights, one at a time, instead of being served.

    Attributes:
        merges: As given.
        one_at_a_time: Whether all that runs together must have the same weights.
    """

    def __init__(self, setup: EngineSetup, *, merges: bool) -> None:
        self.merges = merges
        self.one_at_a_time = setup.on_cpu or merges
        self._base = setup.model
        self._setup = setup
        self._dtype: torch.dtype = getattr(torch, setup.dtype)
        self._scratch = Path(tempfile.mkdtemp(prefix="arc_solver_merged_"))
        self._calls: VllmCalls | None = None
        self._current: Weights = None
        self._served: dict[AdapterFile, Any] = {}
        self._numbers = count(1)
        self._closed = False

    @property
    def calls(self) -> VllmCalls:
        """The running engine.

        Raises:
            EngineError: None runs.
        """
        if self._closed or self._calls is None:
            raise EngineError("the engine was closed")
        return self._calls

    @property
    def running(self) -> bool:
        """Whether there is an engine."""
        return self._calls is not None

    @property
    def closed(self) -> bool:
        """Whether it was closed for good."""
        return self._closed

    def must_wait(self, weights: Weights) -> bool:
        """Whether nothing may run when the weights become these."""
        return self.one_at_a_time and not (self._calls is not None and weights == self._current)

    def become(self, weights: Weights) -> None:
        """See that an engine runs which samples from these weights.

        Raises:
            ModelError: The adapter cannot be used; the engine goes on without it.
            EngineError: vLLM did not start.
        """
        if not self.merges:
            self._start(self._base)
            if weights is not None and weights not in self._served:
                self._served[weights] = self._loaded(weights)
            self._current = weights
        elif self._calls is None or weights != self._current:
            self._become_merged(weights)

    def served(self, weights: Weights) -> Any:
        """What a request names to get these weights: vLLM's handle of a served adapter, None for all that runs."""
        return self._served.get(weights) if weights is not None else None

    def end(self) -> None:
        """End the engine; the next `become` starts another."""
        if self._calls is not None:
            self._calls.close()
        self._calls = None
        self._served.clear()

    def close(self) -> None:
        """End the engine for good."""
        self._closed = True
        self.end()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _become_merged(self, weights: Weights) -> None:
        folder = self._base
        if weights is not None:
            folder = self._scratch / f"merged-{next(self._numbers)}"
            save_merged(self._base, weights, folder, self._dtype)
        before = self._setup.model
        if self._calls is None or not same_layout(before, folder) or not self._reload(self._calls, folder):
            self.end()
            self._start(folder)
        self._current = weights
        if before.parent == self._scratch:
            shutil.rmtree(before)

    def _start(self, folder: Path) -> None:
        if self._calls is not None:
            return
        self._setup = dataclasses.replace(self._setup, model=folder)
        try:
            self._calls = VllmCalls(self._setup)
        except vllm_calls.errors() as error:
            raise EngineError(f"vllm did not start: {first_line(error)}") from error

    def _reload(self, calls: VllmCalls, folder: Path) -> bool:
        """Put other weights into the running engine; False where it is better to start another."""
        self._setup = dataclasses.replace(self._setup, model=folder)
        try:
            return calls.reload(folder)
        except vllm_calls.errors() as error:
            self.end()
            raise EngineError(f"vllm could not take the weights of {folder}: {first_line(error)}") from error

    def _loaded(self, weights: AdapterFile) -> Any:
        """Load a served adapter before anything is asked of it."""
        rank = wanted_rank(weights.folder)
        if rank > self._setup.max_lora_rank:
            raise ModelError(
                f"adapter {weights.folder}: rank {rank} is above the {self._setup.max_lora_rank} that the engine was "
                "started for: raise max_lora_rank, or merge it"
            )
        adapter = vllm_calls.adapter_request(next(self._numbers), weights.folder)
        try:
            taken = self.calls.load_adapter(adapter)
        except vllm_calls.errors() as error:
            raise ModelError(f"adapter {weights.folder}: vllm refuses it: {first_line(error)}") from error
        if not taken:
            raise ModelError(f"adapter {weights.folder}: vllm refuses it")
        return adapter
