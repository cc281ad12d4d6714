"""A line of the journal: `{"crc":"1c291ca3","record":{...}}`, the CRC-32 taken over the bytes of the record.

Knows nothing of what is recorded.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

START = b'{"crc":"'
"""With these bytes every line begins."""

_LINE = re.compile(rb'\{"crc":"(?P<crc>[0-9a-f]{8})","record":(?P<record>\{.*\})\}', re.DOTALL)


def framed(value: Mapping[str, Any]) -> bytes:
    """A record as a line, line end included."""
    record = json.dumps(value, separators=(",", ":")).encode()
    return b'{"crc":"%08x","record":%s}\n' % (zlib.crc32(record), record)


def unframed(line: bytes) -> bytes | None:
    """The record of a line without its line end, None if it is damaged."""
    match = _LINE.fullmatch(line)
    if match is None or int(match["crc"], 16) != zlib.crc32(match["record"]):
        return None
    return match["record"]
