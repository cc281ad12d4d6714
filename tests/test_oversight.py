"""What a supervisor and its guard say to each other."""

from __future__ import annotations

import os

from arc_solver.faults import Fault
from arc_solver.oversight import Supervised, parse
from arc_solver.watching import Patience


def test_what_is_said_is_understood_and_nonsense_is_not() -> None:
    reading, writing = os.pipe()
    it = Supervised(writing)
    it.limit(12.5, Patience(silence_s=3.0, max_deaths=7), 5.0)
    it.first_file()
    it.settle({"a": [1, "b"]})
    it.leave()
    it.begin()
    it.leave()
    it.wrote(0.25)
    it.scoring()
    it.fault(Fault("model", "has\nline breaks", 2.5, "nothing"))
    it.written()
    it.leave()
    data = os.read(reading, 1 << 16)
    os.close(reading)
    said = [one for one in map(parse, data.splitlines()) if one is not None and one.word != "beat"]
    words = ["limit", "settled", "bye", "begun", "wrote", "scoring", "fault", "written", "bye"]
    assert [one.word for one in said] == words, "who leaves a run before its answers are written says nothing"
    assert (said[0].numbers, said[0].patience) == ((12.5, 5.0), Patience(silence_s=3.0, max_deaths=7))
    again = Supervised(settled=said[1].settled)
    assert (again.settled, again.first_file_s) == ({"a": [1, "b"]}, it.first_file_s)
    assert said[6].fault == Fault("model", "has\nline breaks", 2.5, "nothing")
    for line in (b"", b"beat", b"beat 1", b"limit [1]", b"limit [1, -1]", b"fault {}", b"settled {", b"\xff", b"hello"):
        assert parse(line) is None
