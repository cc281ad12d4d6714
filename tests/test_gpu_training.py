"""Training on a lent GPU, rehearsed on a CPU: three pieces of one run, shards, the weights that ship, an answer."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from click.testing import CliRunner  # noqa: E402

from arc_solver.budget import Deadline  # noqa: E402
from arc_solver.candidates import Candidate  # noqa: E402
from arc_solver.errors import ModelError  # noqa: E402
from arc_solver.finetune.cells.checkpoint import load_compact, save_compact  # noqa: E402
from arc_solver.finetune.cells.corpus import Corpus  # noqa: E402
from arc_solver.finetune.cells.decoding import Answer  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.finetune.manifest import MANIFEST, verify_manifest  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402
from arc_solver.json_files import read_json  # noqa: E402
from arc_solver.proposers.cells import CellProposer, CellSettings  # noqa: E402
from arc_solver.tasks import Pair, Task  # noqa: E402

SCRIPTS = Path(__file__).parents[1] / "scripts"
SMALL = ["--width", "64", "--layers", "1", "--rows", "1", "--row-tokens", "256", "--workers", "0", "--views", "1"]
ON_CPU = ["--no-compile", "--optimizer", "adamw", "--precision", "fp32", "--log-steps", "5", "--warmup", "5"]
MIX = ["--mix", "re-arc=0.5,training=0.1,newer=0.1,made=0.3"]
ENDLESS = "10000"


@pytest.fixture(scope="module")
def scripts():
    """The two scripts and the module between them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        names = ("gpu_training", "cell_measuring", "train-on-gpu", "bundle-cells")
        yield {name: _loaded(name) for name in names}


def _loaded(name):
    path = SCRIPTS / (name if (SCRIPTS / name).is_file() else f"{name}.py")
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(loader.name, module)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def corpus_path(tmp_path_factory):
    rng = np.random.default_rng(0)

    def pairs(n):
        grids = [as_grid(rng.integers(0, 10, (2, 3))) for _ in range(n)]
        return [Pair(grid, as_grid(grid[::-1].copy())) for grid in grids]

    groups = [("re-arc", "a"), ("training", "a"), ("newer", "b"), ("made", "made-1"), ("made", "made-2")]
    held = [("held-demonstrations", "h"), ("held-tests", "h"), ("held-re-arc", "h")]
    path = tmp_path_factory.mktemp("corpus") / "corpus.npz"
    Corpus.build((group, task_id, pairs(4)) for group, task_id in (*groups, *held)).save(path)
    return path


class Ticking:
    """A clock that is a twentieth of a second further whenever somebody looks, however busy the machine is."""

    def __init__(self):
        self.now = 1000.0

    def time(self):
        self.now += 0.05
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture(scope="module")
def pieces(scripts, corpus_path, tmp_path_factory):
    """Three commands of one run, a second each; the last one measures. Their folder, and their logs."""
    folder, made = tmp_path_factory.mktemp("run"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripts["train-on-gpu"], "time", Ticking())
        for left in (ENDLESS, ENDLESS, "46.5"):
            out = folder / f"out{len(made)}"
            command = ["--corpus", str(corpus_path), "--out", str(out), "--state", str(folder / "state")]
            command += [*SMALL, *ON_CPU, *MIX, "--left", left, "--seconds", "1", "--measure", "0.5"]
            found = CliRunner().invoke(scripts["train-on-gpu"].main, command, catch_exceptions=False)
            assert found.exit_code == 0, found.output
            made.append([json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()])
    return folder, made


class TestRun:
    def test_each_piece_goes_on_where_the_last_one_stopped(self, pieces):
        begun = [(piece[0]["from"], piece[0]["step"]) for piece in pieces[1]]
        steps = [max(record.get("step", 0) for record in piece) for piece in pieces[1]]
        assert [name for name, _ in begun] == ["nothing", "state", "state"]
        assert begun[1][1] >= steps[0] > 0
        assert begun[2][1] >= steps[1] > steps[0]

    def test_the_rate_is_at_its_peak_before_and_falls_in_the_last_piece(self, pieces):
        rates = [[record["rate"] for record in piece if "rate" in record] for piece in pieces[1]]
        assert rates[1][-1] == 1.0
        assert rates[2][-1] < 1.0

    def test_only_the_last_piece_measures(self, pieces):
        folder, _ = pieces
        assert [(folder / f"out{n}" / "measured.json").is_file() for n in range(3)] == [False, False, True]
        assert read_json(folder / "out2" / "measured.json")["n_tests"] == 4

    def test_the_package_answers_with_what_came_back(self, scripts, pieces, tmp_path):
        out = pieces[0] / "out2"
        for name in ("base", "adapter"):
            shutil.copytree(SCRIPTS.parent / "weights" / name, tmp_path / name)
        before = read_json(SCRIPTS.parent / "weights" / MANIFEST)
        shutil.copyfile(SCRIPTS.parent / "weights" / MANIFEST, tmp_path / MANIFEST)
        command = ["--shards", str(out), "--weights", str(tmp_path), "--command", "as rehearsed"]
        found = CliRunner().invoke(scripts["bundle-cells"].main, command, catch_exceptions=False)
        assert found.exit_code == 0, found.output
        record = read_json(tmp_path / "cells" / "arc_solver.json")
        assert (record["command"], record["groups"]["made"]) == ("as rehearsed", 0.3)
        after = verify_manifest(tmp_path)
        assert after["cells"]["command"] == "as rehearsed"
        assert after["held_out_loss"] == before["held_out_loss"]
        assert len(load_compact(tmp_path / "cells").tasks) == 3, "the unknown task's, and two real ones"
        proposer = CellProposer(
            tmp_path / "cells", CellSettings(n_views=1, ttft="off"), 0, n_threads=1, say=lambda line: None
        )
        grid = as_grid([[1, 2]])
        task = Task("t", (Pair(grid, grid),), (grid,))
        events = list(proposer.propose((task,), Deadline.after(1000)))
        assert any(isinstance(event, Candidate) and event.task_id == "t" for event in events)


class TestMeasuring:
    def test_a_compact_model_is_adapted_and_measured_from_the_command_line(self, scripts, corpus_path, tmp_path):
        save_compact(CellModel(CellConfig(64, 1, 1, 1, 64, 128, 3)), tmp_path)
        command = ["--model", str(tmp_path), "--corpus", str(corpus_path), "--time-limit", "10m", "--views", "2"]
        found = CliRunner().invoke(scripts["cell_measuring"].main, command, catch_exceptions=False)
        assert found.exit_code == 0, found.output
        figures = json.loads(found.output.splitlines()[-1])
        assert (figures["n_tests"], figures["n_views"]) == (4, 2)
        assert 0 <= figures["scored_1"] <= figures["scored_2"] <= figures["pass_n"]

    def test_the_right_answers_are_counted_and_a_failure_of_scoring_costs_nothing_else(
        self, scripts, corpus_path, monkeypatch
    ):
        measuring, corpus = scripts["cell_measuring"], Corpus.load(corpus_path)
        wrong = as_grid([[0]])

        def answered(model, asked, chosen):
            # One view of two is right, and it is the less likely one.
            right = [as_grid(given[::-1].copy()) for _, given in asked]
            return [[Answer(wrong, -1.0), Answer(grid, -2.0)][: len(chosen)] for grid in right]

        def failing(model, questions):
            raise RuntimeError("no kernel")

        monkeypatch.setattr(measuring, "_answered", answered)
        monkeypatch.setattr(measuring, "score", failing)
        figures = measuring.measure(None, corpus, n_views=4, n_re_arc=0)
        assert figures["scoring_failed"] == "no kernel"
        assert (figures["first_view"], figures["vote_1"], figures["vote_2"], figures["pass_n"]) == (0, 0, 4, 4)
        assert measuring.measure(None, corpus, n_views=4, is_over=lambda: True)["n_views"] == 2


class TestShards:
    def trainer(self, scripts, corpus_path, width=64):
        corpus = Corpus.load(corpus_path)
        config = CellConfig(width, 1, 1, 1, 64, 128, corpus.n_tasks + 1)
        training = scripts["gpu_training"]
        return training.Trainer(CellModel(config, seed=1), corpus, training.Recipe(optimizer="adamw"))

    def test_another_machine_goes_on_from_them_with_a_warm_up(self, scripts, corpus_path, tmp_path):
        one, other = self.trainer(scripts, corpus_path), self.trainer(scripts, corpus_path)
        one.step, one.n_tokens = 700, 9
        with torch.no_grad():
            one.model.norm.weight += 1
        one.save_shards(tmp_path, one.facts(), averaged=False)
        other.load_shards(tmp_path)
        assert (other.step, other.n_tokens, other._warm_from) == (700, 9, 700)
        for name, value in one.model.state_dict().items():
            if name != "tasks":
                allowed = float(value.abs().max()) / 200
                torch.testing.assert_close(other.model.state_dict()[name], value, rtol=0, atol=allowed)

    def test_parts_of_two_checkpoints_are_refused(self, scripts, corpus_path, tmp_path, monkeypatch):
        monkeypatch.setattr(scripts["gpu_training"], "SHARD_BYTES", 40_000)
        trainer = self.trainer(scripts, corpus_path)
        trainer.save_shards(tmp_path, {"step": 1, "n_tokens": 1})
        first = (tmp_path / "base.00").read_bytes()
        trainer.save_shards(tmp_path, {"step": 2, "n_tokens": 1})
        scripts["gpu_training"].read_shards(tmp_path)
        (tmp_path / "base.00").write_bytes(first)
        with pytest.raises(ModelError, match="different checkpoints"):
            scripts["gpu_training"].read_shards(tmp_path)

    def test_the_model_of_the_default_sizes_fits_what_may_come_back(self, scripts, corpus_path, tmp_path):
        corpus = Corpus.load(corpus_path)
        model = CellModel(CellConfig(512, 12, 8, 2, 64, 1408, corpus.n_tasks + 1))
        assert 30e6 < sum(p.numel() for p in model.parameters()) < 40e6
        training = scripts["gpu_training"]
        training.Trainer(model, corpus, training.Recipe(optimizer="adamw")).save_shards(tmp_path, {}, averaged=False)
        sizes = [path.stat().st_size for path in tmp_path.iterdir()]
        assert len(sizes) <= 4
        assert max(sizes) < 16 << 20
        assert sum(sizes) < 36e6


FAKE = """
import sys, time
from pathlib import Path
state, seconds, is_done = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "done"
(state / "results" / "log.jsonl").write_text("{}")
time.sleep(seconds)
if is_done:
    (state / "done").touch()
"""


class TestAttend:
    @pytest.fixture(autouse=True)
    def ended(self, scripts):
        yield
        for process in scripts["train-on-gpu"].STARTED:
            process.wait(60)

    def attend(self, scripts, folder, seconds, *arguments):
        command = [sys.executable, "-c", FAKE, str(folder / "state"), *arguments]
        return scripts["train-on-gpu"].attend(folder / "state", folder / "out", command, seconds)

    def test_the_trainer_outlives_a_command_and_the_next_one_waits_for_the_same(self, scripts, tmp_path, capsys):
        assert self.attend(scripts, tmp_path, 1.0, "8", "done") == 0
        assert "training goes on" in capsys.readouterr().out
        assert (tmp_path / "state" / "save").is_file(), "it was asked to save"
        # A second one would not be done within the command.
        assert self.attend(scripts, tmp_path, 60.0, "1000", "done") == 0
        assert "the run is over" in capsys.readouterr().out
        assert (tmp_path / "out" / "log.jsonl").is_file()

    def test_a_trainer_that_ended_too_early_is_told(self, scripts, tmp_path, capsys):
        assert self.attend(scripts, tmp_path, 60.0, "0", "gone") == 1
        assert "TRAINER IS GONE" in capsys.readouterr().out


class TestArguments:
    def test_a_mix_is_weights_by_group(self, scripts):
        assert scripts["train-on-gpu"].mix_of("re-arc=0.5,made=1") == {"re-arc": 0.5, "made": 1.0}

    def test_options_go_with_their_values(self, scripts):
        given = ["a", "--left", "3", "--detach", "--rows", "4", "--out=x"]
        assert scripts["train-on-gpu"]._without(given, {"--left": 1, "--detach": 0, "--out": 1}) == ["a", "--rows", "4"]

    def test_a_run_must_be_given_an_end(self, scripts, corpus_path, tmp_path):
        command = ["--corpus", str(corpus_path), "--out", str(tmp_path), "--state", str(tmp_path / "state")]
        found = CliRunner().invoke(scripts["train-on-gpu"].main, command)
        assert found.exit_code == 2
        assert "--left" in found.output
