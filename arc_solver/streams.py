"""Standard output and error that a full disk or a closed pipe cannot break: what cannot be said is not said.

A run whose log lies on a full disk must not die of a progress line. Knows nothing of what is said.
"""

from __future__ import annotations

import contextlib
import io
import sys


class _Forgiving(io.FileIO):
    """A descriptor that takes everything, and drops what its file does not take."""

    def write(self, data: object) -> int:
        n_bytes = memoryview(data).nbytes  # type: ignore[arg-type]
        try:
            return super().write(data) or n_bytes  # type: ignore[arg-type]
        except OSError:
            return n_bytes


def forgive_standard_streams() -> None:
    """From now on no print in this process, nor Python's own last flush, fails for want of room.

    Where the streams were replaced (as tests do), they are left alone.
    """
    for name in ("stdout", "stderr"):
        stream, original = getattr(sys, name), getattr(sys, f"__{name}__")
        if stream is None or stream is not original or not isinstance(stream, io.TextIOWrapper):
            continue
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
            raw = _Forgiving(stream.fileno(), "w", closefd=False)
            forgiving = io.TextIOWrapper(
                io.BufferedWriter(raw), stream.encoding, "backslashreplace", line_buffering=True
            )
            setattr(sys, name, forgiving)
            setattr(sys, f"__{name}__", forgiving)
