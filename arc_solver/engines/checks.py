"""What every engine checks before it samples anything.

Knows nothing of models: only what the contract in `base.py` promises about requests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arc_solver.engines.base import Request
from arc_solver.prompts.base import Prompt


def check_requests(requests: Sequence[Request], count_tokens: Callable[[Prompt], int], context_length: int) -> None:
    """Raise for requests that no engine may accept.

    Args:
        requests: All requests of one call.
        count_tokens: The engine's own count for a rendered prompt.
        context_length: Most tokens that prompt and completion may have together.

    Raises:
        ValueError: Two requests share an id, or a prompt leaves no room for even one new token.
    """
    seen: set[str] = set()
    lengths: dict[Prompt, int] = {}
    for request in requests:
        if request.request_id in seen:
            raise ValueError(f"request id {request.request_id!r} is used twice in one call")
        seen.add(request.request_id)
        if request.prompt not in lengths:
            lengths[request.prompt] = count_tokens(request.prompt)
        if lengths[request.prompt] >= context_length:
            raise ValueError(
                f"request {request.request_id!r}: its prompt has {lengths[request.prompt]} tokens and leaves no room "
                f"for an answer in a context of {context_length}; shorten it first"
            )
