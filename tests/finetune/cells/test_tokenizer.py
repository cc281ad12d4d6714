"""The tokenizer of a written-out cell model and the sequences of training name the same tokens."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.model

from arc_solver.augment import sample_view  # noqa: E402
from arc_solver.finetune.cells import vocabulary  # noqa: E402
from arc_solver.finetune.cells.sequences import prompt  # noqa: E402
from arc_solver.finetune.cells.tokenizer import build_tokenizer, save_tokenizer, token_words  # noqa: E402
from arc_solver.grids import as_grid, grids_equal  # noqa: E402
from arc_solver.prompts.cells import cells_prompt, grid_words, parse_grid_words  # noqa: E402
from arc_solver.tasks import Pair  # noqa: E402


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(build_tokenizer(), folder)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def test_every_token_has_a_word_of_its_own():
    assert len(set(token_words())) == vocabulary.N_TOKENS


@pytest.mark.parametrize("seed", range(5))
def test_a_prompt_becomes_the_tokens_that_were_trained(tokenizer, seed):
    rng = np.random.default_rng(seed)
    first, second = (as_grid(rng.integers(0, 10, rng.integers(1, 31, 2))) for _ in range(2))
    view, pair = sample_view(rng), Pair(first, second)
    asked = cells_prompt(seed, view, [pair], second)
    assert tokenizer(asked.user)["input_ids"] == prompt(vocabulary.TASK + seed, view, [pair], second).tolist()


def test_an_answer_is_read_back(tokenizer):
    grid = as_grid([[1, 2, 3], [4, 5, 6]])
    ids = [*vocabulary.size_tokens(grid.shape), *vocabulary.cell_tokens(grid).tolist(), vocabulary.END]
    text = tokenizer.decode(ids, skip_special_tokens=True)
    assert text == grid_words(grid)
    assert grids_equal(parse_grid_words(text), grid)


def test_it_ends_and_pads_with_its_own_words(tokenizer):
    assert (tokenizer.eos_token_id, tokenizer.pad_token_id) == (vocabulary.END, vocabulary.PAD)
