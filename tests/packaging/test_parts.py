"""Splitting over Kaggle's limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.packaging.parts import Limits, part_folder, split

NAMES = st.sampled_from(
    ["make_submission.py", "bootstrap.py", "weights/base/a", "weights/cells/b", "model/a", "model/b", "adapter/a"]
) | st.integers(0, 30).map(lambda number: f"wheels/w{number}.whl")


@given(st.dictionaries(NAMES, st.integers(0, 40), min_size=1), st.integers(10, 100))
def test_parts_hold_everything_within_the_limit_and_keep_folders_of_weights_together(
    sizes: dict[str, int], most: int
) -> None:
    try:
        numbers = split(sizes, Limits(part_bytes=most))
    except InputError:
        tops: dict[str, int] = {}
        for name, n_bytes in sizes.items():
            unit = name if name.startswith("wheels/") else name.partition("/")[0]
            tops[unit] = tops.get(unit, 0) + n_bytes
        assert max(tops.values()) > most
        return
    assert set(numbers) == set(sizes)
    assert set(numbers.values()) == set(range(1, max(numbers.values()) + 1))
    for number in set(numbers.values()):
        assert sum(sizes[name] for name in numbers if numbers[name] == number) <= most
    for folder in ("weights", "model", "adapter"):
        assert len({numbers[name] for name in numbers if name.startswith(f"{folder}/")}) <= 1


def test_what_lies_at_the_top_is_in_the_first_part() -> None:
    sizes = {"wheels/a.whl": 9, "model/a": 9, "make_submission.py": 1, "bootstrap.py": 1}
    numbers = split(sizes, Limits(part_bytes=10))
    assert numbers["make_submission.py"] == numbers["bootstrap.py"] == 1
    assert part_folder(1) == "dataset"
    assert part_folder(2) == "dataset-2"


def test_what_fits_nowhere_is_named() -> None:
    with pytest.raises(InputError, match=r"model: 12 bytes.*--model-source"):
        split({"model/a": 6, "model/b": 6}, Limits(part_bytes=10))


def test_too_much_at_the_top_is_refused() -> None:
    with pytest.raises(InputError, match="3 entries at the top"):
        split({"a": 1, "b": 1, "wheels/c.whl": 1}, Limits(top_level=2))
