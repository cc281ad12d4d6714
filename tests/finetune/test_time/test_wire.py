"""What travels comes back as it was; what is no report is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.finetune.test_time.settings import MODES, TtftSettings
from arc_solver.finetune.test_time.wire import (
    Advanced,
    Dropped,
    Learned,
    LearnSpec,
    PromptStyle,
    Report,
    Said,
    Through,
    decode_report,
    decode_spec,
    encode_report,
    encode_spec,
)
from arc_solver.grids import as_grid, grids_equal
from arc_solver.omni.recipes import Lesson
from arc_solver.tasks import Pair, Task

numbers = st.floats(0, 1e6)
reports = st.one_of(
    st.builds(Said, st.text()),
    st.builds(Learned, st.text(), st.text(), numbers, numbers, st.integers(0), st.integers(0), numbers),
    st.builds(Dropped, st.text(), st.text(), st.text(), numbers),
    st.builds(Through, numbers),
    st.builds(Advanced, st.integers(0)),
)


@given(reports)
def test_a_report_comes_back(report: Report) -> None:
    line = encode_report(report)
    assert line.count(b"\n") == 1
    assert decode_report(line) == report


@pytest.mark.parametrize("line", [b"", b"{}", b"warning: x", b'{"say":"learned","value":{}}', b'{"say":1,"value":[]}'])
def test_what_is_no_report_is_told(line: bytes) -> None:
    with pytest.raises(ValueError, match="no report"):
        decode_report(line)


cells = st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=1, max_size=3).map(as_grid)
pairs = st.lists(st.builds(Pair, cells, cells), min_size=2, max_size=4).map(tuple)
tasks = st.builds(Task, st.text(min_size=1), pairs, st.lists(cells, min_size=1, max_size=2).map(tuple))
lessons = st.builds(lambda p, source: Lesson("t", p[:-1], p[-1], source), pairs, st.text())


@given(
    st.lists(tasks, max_size=2),
    st.lists(lessons, max_size=2),
    st.sampled_from(MODES),
    st.sampled_from([None, Path("adapter")]),
    st.integers(0, 99),
)
def test_a_spec_comes_back(
    some: list[Task], relabelled: list[Lesson], mode: str, adapter: Path | None, seed: int
) -> None:
    style = PromptStyle("v0", "rows", 3, False, True, False)
    spec = LearnSpec(
        tuple(some),
        tuple(relabelled),
        Path("m"),
        adapter,
        Path("f"),
        TtftSettings(mode),
        style,
        style,
        seed,
        1.5,
        "cpu",
    )
    found = decode_spec(encode_spec(spec))
    assert encode_spec(found) == encode_spec(spec)
    assert (found.settings, found.grids, found.adapter, found.seed, found.device) == (
        spec.settings,
        style,
        adapter,
        seed,
        "cpu",
    )
    for ours, theirs in zip(found.tasks, spec.tasks, strict=True):
        assert all(map(grids_equal, ours.test_inputs, theirs.test_inputs))
        for pair, right in zip(ours.train, theirs.train, strict=True):
            assert grids_equal(pair.input, right.input)
            assert grids_equal(pair.output, right.output)
    assert [lesson.source for lesson in found.relabelled] == [lesson.source for lesson in relabelled]


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "sometimes"},
        {"share": 1.0},
        {"joint_share": 0.0},
        {"task_steps": 0},
        {"lr": 0.0},
        {"min_pairs": 2},
        {"n_programs": -1},
        {"max_disk_gib": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change)) if "mode" not in change else "off, joint, per-task"):
        TtftSettings(**change)  # type: ignore[arg-type]
