"""Which requests of a call share weights, and whether their adapters may be used at all.

A bad adapter of one request is refused by its files before anything of the call is sampled, so that neither other calls
nor the engine pay for it. Knows nothing of how an engine gets its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from arc_solver.engines.adapter_preflight import check_adapter
from arc_solver.engines.base import Request
from arc_solver.engines.preflight import raise_refusals
from arc_solver.engines.weights import AdapterFile


class AdapterGate:
    """Lets adapters through that fit the base; each is looked at once.

    Args:
        base: Folder of the model.
        own: The adapter of requests that name none, or None.
        served: Adapters are served by vLLM beside the weights; otherwise merged, which takes more kinds.

    Raises:
        ModelError: `own` cannot be used.
    """

    def __init__(self, base: Path, own: Path | None, *, served: bool) -> None:
        self._base, self._own, self._served = base, own, served
        self._passed: set[AdapterFile] = set()
        self.own = self.checked(own)

    def checked(self, folder: Path | None) -> AdapterFile | None:
        """The adapter as it lies there now.

        Raises:
            ModelError: It cannot be used; the message says why and what to do.
        """
        if folder is None:
            return None
        adapter = AdapterFile.of(folder)
        if adapter not in self._passed:
            raise_refusals(f"adapter {folder}", check_adapter(self._base, folder, served=self._served))
            self._passed.add(adapter)
        return adapter

    def groups(self, requests: Sequence[Request]) -> dict[AdapterFile | None, list[Request]]:
        """The requests by the weights that they ask for, in the order of their first ones.

        Raises:
            ModelError: One of their adapters cannot be used.
        """
        groups: dict[AdapterFile | None, list[Request]] = {}
        now = {folder: self.checked(folder) for folder in dict.fromkeys(r.adapter or self._own for r in requests)}
        for request in requests:
            groups.setdefault(now[request.adapter or self._own], []).append(request)
        return groups
