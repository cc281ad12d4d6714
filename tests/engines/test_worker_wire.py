"""What fleet and workers say arrives as it was said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.engines.base import Completion, Finish, Request, Sampling
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.worker_wire import (
    Answered,
    Ask,
    Beat,
    Broken,
    Drop,
    Open,
    Order,
    Ready,
    Report,
    Stop,
    Through,
    decode_order,
    decode_report,
    encode_order,
    encode_report,
)
from arc_solver.prompts.base import Prompt

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.integers(0, 1 << 40)
PATHS = st.none() | TEXTS.filter(lambda text: text.strip("./") != "").map(Path)
SAMPLINGS = st.builds(
    Sampling, st.integers(1, 100), st.floats(0, 2), st.floats(0.1, 1), NUMBERS, stop=st.lists(TEXTS).map(tuple)
)
REQUESTS = st.builds(Request, TEXTS, st.builds(Prompt, TEXTS, TEXTS, TEXTS), SAMPLINGS, PATHS)
PLAN = EnginePlan("vllm", ("0", "1"), "float16", None, 8, 2048, 0.5, True, False, ("because", "so"))
ORDERS = st.one_of(
    st.builds(Open, st.just(PLAN), TEXTS.map(lambda text: Path("m" + text)), PATHS, NUMBERS),
    st.builds(Ask, NUMBERS, st.lists(REQUESTS, max_size=4).map(tuple)),
    st.builds(Drop, NUMBERS, st.lists(TEXTS).map(tuple)),
    st.builds(Stop, NUMBERS),
)
COMPLETIONS = st.builds(
    Completion, TEXTS, st.lists(NUMBERS).map(tuple), st.floats(allow_nan=False), st.sampled_from(Finish)
)
REPORTS = st.one_of(
    st.builds(Ready, NUMBERS, TEXTS),
    st.builds(Answered, NUMBERS, TEXTS, COMPLETIONS),
    st.builds(Through, NUMBERS, TEXTS),
    st.builds(Beat, NUMBERS),
    st.builds(Broken, TEXTS, st.booleans()),
)


@given(ORDERS)
def test_orders(order: Order) -> None:
    line = encode_order(order)
    assert line.count(b"\n") == 1
    assert decode_order(line) == order


@given(REPORTS)
def test_reports(report: Report) -> None:
    line = encode_report(report)
    assert line.count(b"\n") == 1
    assert decode_report(line) == report


@pytest.mark.parametrize("line", [b"", b"{}", b'{"say":"answered"}', b'{"say":"beat","value":{}}', b"\xff\xfe", b"[]"])
def test_anything_else_is_no_report(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a worker's report"):
        decode_report(line)


def test_a_prompt_is_sent_once() -> None:
    prompt = Prompt("a long task " * 100)
    requests = tuple(Request(str(seed), prompt, Sampling(5, seed=seed)) for seed in range(50))
    assert len(encode_order(Ask(1, requests))) < 2 * len(prompt.user) + 50 * 150
