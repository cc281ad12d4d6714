"""JSON objects beside weights: what is wrong with a file is told with its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import ModelError
from arc_solver.json_files import optional_json, read_json, write_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5
)


@given(value=st.dictionaries(st.text(), VALUES), sort_keys=st.booleans())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any], sort_keys: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value, sort_keys=sort_keys)
    assert read_json(path) == optional_json(path) == value
    assert not path.with_name("value.json.new").exists()


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"{", "unreadable"), (b"\xff\xfe", "unreadable"), (b"[1]", "must hold a JSON object"), (b"", "unreadable")],
)
def test_a_broken_file_is_told_by_its_name(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    for read in (read_json, optional_json):
        with pytest.raises(ModelError, match=rf"config\.json: {what}"):
            read(path)


def test_a_missing_file_is_an_error_or_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json: missing"):
        read_json(tmp_path / "config.json")
    assert optional_json(tmp_path / "config.json") == {}
