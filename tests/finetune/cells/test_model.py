"""The cell model: what it computes is what its written-out checkpoint computes, and documents do not see each other."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.augment import View  # noqa: E402
from arc_solver.finetune.cells import vocabulary as words  # noqa: E402
from arc_solver.finetune.cells.adapting import answer_in_views, reset_tasks, views  # noqa: E402
from arc_solver.finetune.cells.batches import DrawConfig, make_batch, stream  # noqa: E402
from arc_solver.finetune.cells.corpus import Corpus  # noqa: E402
from arc_solver.finetune.cells.decoding import answer  # noqa: E402
from arc_solver.finetune.cells.model import (  # noqa: E402
    CellConfig,
    CellModel,
    document_mask,
    exported_config,
    exported_weights,
    log_total,
    token_losses,
)
from arc_solver.finetune.cells.sequences import prompt  # noqa: E402
from arc_solver.finetune.cells.training import FitConfig, fit  # noqa: E402
from arc_solver.grids import as_grid  # noqa: E402
from arc_solver.tasks import Pair  # noqa: E402

SMALL = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=4)


@pytest.fixture
def model():
    made = CellModel(SMALL, seed=1)
    with torch.no_grad():
        made.head.normal_(0, 1, generator=torch.Generator().manual_seed(2))
    return made.eval()


def random_tokens(seed, *shape):
    return torch.randint(0, words.TASK + 4, shape, generator=torch.Generator().manual_seed(seed))


class TestWrittenOut:
    @pytest.fixture
    def plain(self, model):
        from transformers import Qwen3ForCausalLM

        slots = model.tasks.detach()[:1].repeat(words.N_TASK_SLOTS, 1)
        slots[:4] = model.tasks.detach()
        plain = Qwen3ForCausalLM(exported_config(SMALL)).eval()
        plain.load_state_dict(exported_weights(model, slots))
        return plain

    @torch.no_grad()
    def test_logits_are_the_same(self, model, plain):
        tokens = random_tokens(0, 2, 60)
        mine = model(tokens)[..., model.head_rows].sum(-1)
        assert torch.allclose(mine, plain(tokens).logits, atol=1e-3)

    @torch.no_grad()
    def test_losses_are_its_cross_entropy(self, model, plain):
        tokens, targets = random_tokens(0, 2, 60), random_tokens(1, 2, 60)
        logits = plain(tokens).logits
        wanted = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        assert torch.allclose(token_losses(model, model(tokens), targets), wanted.where(targets > 0, 0.0), atol=1e-3)
        assert torch.allclose(log_total(model(tokens)), logits.logsumexp(-1), atol=1e-3)


class TestDocuments:
    NUMBERS = np.sort(np.random.default_rng(0).integers(0, 5, (2, 256)), axis=1).astype(np.int16)

    @torch.no_grad()
    def test_each_is_read_as_if_alone(self, model):
        tokens = random_tokens(3, 2, 256)
        together = model(tokens, document_mask(self.NUMBERS))
        for row in range(2):
            for number in np.unique(self.NUMBERS[row]):
                at = np.flatnonzero(self.NUMBERS[row] == number)
                # Rotary positions are relative, so where a document begins does not matter.
                assert torch.allclose(together[row, at], model(tokens[row : row + 1, at])[0], atol=1e-3)

    def test_packed_documents_begin_where_numbers_change(self):
        numbers = np.array([[0, 0, 1], [4, 5, 5]], dtype=np.int16)
        assert document_mask(numbers, packed=True).tolist() == [0, 2, 3, 4, 6]

    def test_known_places_of_tasks_change_nothing(self, model):
        tokens = random_tokens(4, 2, 50)
        tokens[0, 7] = words.TASK + 2
        at = (tokens.flatten() >= words.TASK).nonzero()[:, 0]
        assert torch.equal(model.embed(tokens), model.embed(tokens, at))


def test_queries_have_the_type_of_the_stream_whatever_the_norm_gives(model, monkeypatch):
    norm = torch.nn.functional.rms_norm
    # As torch 2.12 and later do under autocast on a GPU.
    monkeypatch.setattr(torch.nn.functional, "rms_norm", lambda *given: norm(*given).float())
    x, rotary = torch.randn(1, 3, 64).bfloat16(), model.rotary(torch.arange(3), torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        assert {part.dtype for part in model.layers[0].project(x, *rotary)} == {torch.bfloat16}


def random_grid(rng, largest=6):
    return as_grid(rng.integers(0, 10, size=rng.integers(2, largest, size=2)))


class TestAnswers:
    def test_a_logprob_is_that_of_the_whole_sequence(self, model):
        rng = np.random.default_rng(0)
        prompts = [prompt(words.TASK, View(int(s)), [], random_grid(rng)) for s in range(5)]
        for given, found in zip(prompts, answer(model, prompts, batch_size=3), strict=True):
            wanted = [*words.size_tokens(found.grid.shape), *words.cell_tokens(found.grid), words.END]
            tokens = torch.tensor([[*given, *wanted]])
            targets = torch.zeros_like(tokens)
            targets[0, len(given) - 1 : -1] = tokens[0, len(given) :]
            with torch.no_grad():
                loss = token_losses(model, model(tokens), targets).sum()
            assert found.logprob == pytest.approx(-float(loss), abs=0.05)

    def test_views_are_turned_back(self, model):
        grid = as_grid([[1, 2, 3], [4, 5, 6]])
        chosen = views(3, 0)
        found = answer_in_views(model, [(words.TASK, (), grid)], chosen)[0]
        for view, one in zip(chosen, found, strict=True):
            raw = answer(model, [prompt(words.TASK, view, [], grid)])[0]
            assert np.array_equal(view.apply(one.grid), raw.grid)

    def test_the_eight_symmetries_come_first_and_colours_later(self):
        chosen = views(10, 0)
        assert [view.symmetry for view in chosen[:8]] == list(range(8))
        assert all(view.colors == tuple(range(10)) for view in chosen[:8])
        assert chosen[8].colors != tuple(range(10))
        assert all(view.colors[0] == 0 for view in chosen)


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)

    def pairs(rule):
        grids = [random_grid(rng) for _ in range(30)]
        return [Pair(grid, as_grid(rule(grid))) for grid in grids]

    return Corpus.build([("a", "same", pairs(lambda g: g)), ("a", "flipped", pairs(lambda g: g[::-1]))])


class TestTraining:
    DRAW = DrawConfig({"a": 1.0}, n_rows=2, n_tokens=256)

    def fitted(self, corpus, steps, **changed):
        model = CellModel(SMALL, seed=0)
        records = []
        how = FitConfig(1e9, steps, **{"precision": "fp32", "warmup_steps": 5, "log_every_steps": 5, **changed})
        result = fit(model, stream(corpus, self.DRAW, 0), how, log=records.append)
        return model, result, records

    def test_the_loss_falls(self, corpus):
        _, result, records = self.fitted(corpus, 30)
        assert result.steps == 30
        assert records[-1]["loss"] < 0.7 * records[0]["loss"]

    def test_the_same_seed_gives_the_same_model(self, corpus):
        first, second = self.fitted(corpus, 3)[0], self.fitted(corpus, 3)[0]
        assert all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))

    def test_a_step_in_parts_is_the_same_step(self, corpus):
        (first, whole, _), (second, in_parts, _) = self.fitted(corpus, 1), self.fitted(corpus, 1, part_tokens=100)
        assert in_parts.loss == pytest.approx(whole.loss)
        for name, value in first.state_dict().items():
            torch.testing.assert_close(second.state_dict()[name], value, rtol=1e-3, atol=1e-4)

    def test_the_narrow_range_of_fp16_does_not_stop_it(self, corpus):
        # In the first steps the scaled gradient is too large: they are left out, and the scale is halved.
        _, result, records = self.fitted(corpus, 60, precision="fp16")
        assert np.isfinite(result.loss)
        assert records[-1]["loss"] < 0.7 * records[0]["loss"]

    def test_it_ends_by_the_clock(self, corpus):
        ticks = iter(range(1000))
        how = FitConfig(20.0, precision="fp32")
        result = fit(
            CellModel(SMALL),
            stream(corpus, self.DRAW, 0),
            how,
            log=lambda record: None,
            clock=lambda: float(next(ticks)),
        )
        assert 0 < result.steps < 20

    def test_padding_and_unanswered_places_have_no_loss(self, corpus):
        batch = make_batch(corpus, self.DRAW, 0, 0)
        model = CellModel(SMALL)
        losses = token_losses(model, model(torch.from_numpy(batch.tokens)), torch.from_numpy(batch.targets).long())
        assert ((losses > 0) == torch.from_numpy(batch.targets > 0)).all()

    def test_new_tasks_begin_as_the_mean_of_the_trained(self):
        model = CellModel(SMALL)
        before = model.tasks.detach().clone()
        reset_tasks(model, {2}, {0, 1})
        assert torch.allclose(model.tasks[3], before[1:3].mean(0))
        assert torch.equal(model.tasks[:3], before[:3])
