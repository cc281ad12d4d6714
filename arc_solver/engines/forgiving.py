"""An engine that goes on without an adapter that it refuses: whoever asked for it gets the engine's own weights.

For adapters that were made a moment ago and that nobody has looked at. Knows nothing of what they are for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from arc_solver.budget import Deadline
from arc_solver.engines.base import Completion, Engine, IsWanted, Request
from arc_solver.errors import ModelError
from arc_solver.prompts.base import Prompt


class ForgivingEngine:
    """Behind the seam of an engine, another one, whose refusals of adapters cost no answers.

    Args:
        engine: Answers.
        tell: Gets a line for every adapter that is refused.

    Attributes:
        refused: Adapters that are not asked for any more.
    """

    def __init__(self, engine: Engine, tell: Callable[[str], None]) -> None:
        self._engine, self._tell = engine, tell
        self.refused: set[Path] = set()

    @property
    def context_length(self) -> int:
        return self._engine.context_length

    def count_tokens(self, prompt: Prompt) -> int:
        return self._engine.count_tokens(prompt)

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        open_requests = {request.request_id: request for request in requests}
        while open_requests:
            asked = [self._accepted(request) for request in open_requests.values()]
            try:
                for request_id, completion in self._engine.generate(asked, deadline, is_wanted):
                    del open_requests[request_id]
                    yield request_id, completion
                return
            except ModelError as error:
                self._refuse(asked, error)

    def describe(self) -> str:
        return self._engine.describe()

    def close(self) -> None:
        self._engine.close()

    def _accepted(self, request: Request) -> Request:
        return dataclasses.replace(request, adapter=None) if request.adapter in self.refused else request

    def _refuse(self, asked: Sequence[Request], error: ModelError) -> None:
        """Drop the adapter that the message names, or all of this call where it names none.

        Raises:
            ModelError: No request named an adapter: it is the engine's own that cannot be used.
        """
        adapters = {request.adapter for request in asked if request.adapter is not None}
        if not adapters:
            raise error
        text = f"{error} "
        named = {folder for folder in adapters if any(f"{folder}{end}" in text for end in (":", " ", "/", "'"))}
        self.refused |= named or adapters
        which = "one" if named else f"all {len(adapters)}"
        self._tell(f"{which} of the adapters that were just made cannot be used, the engine's own answers: {error}")
