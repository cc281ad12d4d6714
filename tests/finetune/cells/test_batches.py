"""Corpora on disk and packed batches."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.errors import InputError
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.batches import PADDING, DrawConfig, make_batch, padded_parts, parts, stream
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.grids import as_grid, grids_equal
from arc_solver.tasks import Pair


def random_pairs(rng, n):
    def grid():
        return as_grid(rng.integers(0, 10, size=rng.integers(1, 9, size=2)))

    return [Pair(grid(), grid()) for _ in range(n)]


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    return Corpus.build(
        [("a", "one", random_pairs(rng, 3)), ("a", "two", random_pairs(rng, 5)), ("b", "one", random_pairs(rng, 9))]
    )


def same(first, second):
    return all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in ("tokens", "documents", "targets")
    )


class TestCorpus:
    def test_entries_of_one_task_share_its_number(self, corpus):
        assert corpus.numbers.tolist() == [0, 1, 0]
        assert corpus.n_tasks == 2

    def test_what_is_saved_is_read(self, corpus, tmp_path):
        corpus.save(tmp_path / "corpus.npz")
        again = Corpus.load(tmp_path / "corpus.npz")
        assert again.names == corpus.names
        assert {name: members.tolist() for name, members in again.groups.items()} == {"a": [0, 1], "b": [2]}
        for entry in range(3):
            for first, second in zip(corpus.pairs(entry), again.pairs(entry), strict=True):
                assert grids_equal(first.input, second.input)
                assert grids_equal(first.output, second.output)

    def test_grids_cannot_be_written_to(self, corpus):
        with pytest.raises(ValueError, match="read-only"):
            corpus.pair(0, 0).input[0, 0] = 1

    def test_another_file_is_refused_by_name(self, tmp_path):
        (tmp_path / "x.npz").write_bytes(b"nothing")
        with pytest.raises(InputError, match=r"x\.npz"):
            Corpus.load(tmp_path / "x.npz")

    def test_names_are_unique(self, corpus):
        with pytest.raises(ValueError, match="share"):
            Corpus.build([("a", "one", corpus.pairs(0))] * 2)


CONFIG = DrawConfig({"a": 1.0, "b": 1.0}, n_rows=3, n_tokens=256)


class TestBatches:
    def test_the_same_seed_and_number_give_the_same_batch(self, corpus):
        assert same(make_batch(corpus, CONFIG, 7, 3), make_batch(corpus, CONFIG, 7, 3))
        assert not same(make_batch(corpus, CONFIG, 7, 3), make_batch(corpus, CONFIG, 7, 4))
        assert not same(make_batch(corpus, CONFIG, 7, 3), make_batch(corpus, CONFIG, 8, 3))

    @pytest.mark.parametrize("n_workers", [0, 2])
    def test_workers_do_not_change_the_stream(self, corpus, n_workers):
        batches = stream(corpus, CONFIG, 1, start=5, n_workers=n_workers)
        try:
            for index in range(5, 10):
                assert same(next(batches), make_batch(corpus, CONFIG, 1, index))
        finally:
            batches.close()

    def test_documents_stand_side_by_side_and_padding_last(self, corpus):
        batch = make_batch(corpus, CONFIG, 0, 0)
        assert (np.diff(batch.documents, axis=1) >= 0).all()
        assert (batch.tokens[batch.documents == PADDING] == words.PAD).all()
        assert (batch.tokens[batch.documents != PADDING] != words.PAD).all()
        for row, numbers in zip(batch.tokens, batch.documents, strict=True):
            for number in set(numbers.tolist()) - {PADDING}:
                one = row[numbers == number]
                assert one[0] >= words.TASK
                assert one[-1] == words.END

    def test_a_target_is_the_next_token_of_the_same_document(self, corpus):
        batch = make_batch(corpus, CONFIG, 0, 0)
        at = np.argwhere(batch.targets > 0)
        assert len(at) > 100
        for row, place in at:
            assert batch.targets[row, place] == batch.tokens[row, place + 1]
            assert batch.documents[row, place] == batch.documents[row, place + 1]

    def test_rows_are_well_filled(self, corpus):
        share = np.mean([(make_batch(corpus, CONFIG, 0, i).documents != PADDING).mean() for i in range(5)])
        assert share > 0.9

    def test_groups_are_drawn_by_weight(self, corpus):
        config = DrawConfig({"a": 1.0, "b": 3.0}, n_rows=40, n_tokens=256)
        first = np.concatenate([make_batch(corpus, config, 0, i).tokens.ravel() for i in range(3)])
        # Only group a has the second task: half of a quarter.
        tasks = first[first >= words.TASK] - words.TASK - 1
        assert np.mean(tasks == 1) == pytest.approx(1 / 8, abs=0.03)

    def test_unknown_tasks_show_a_pair_before_they_ask(self, corpus):
        config = DrawConfig({"b": 1.0}, n_rows=4, n_tokens=512, max_pairs=3, share_several=1.0, share_unknown=1.0)
        batch = make_batch(corpus, config, 0, 0)
        assert (batch.tokens == words.TASK).any()
        for row, numbers in zip(batch.tokens, batch.documents, strict=True):
            for number in set(numbers.tolist()) - {PADDING}:
                one = row[numbers == number]
                n_outputs = int((one == words.OUTPUT).sum())
                assert (one[0] == words.TASK) == (n_outputs > 1)


class TestParts:
    def test_every_document_once_in_order_and_no_padding(self, corpus):
        batch = make_batch(corpus, DrawConfig({"a": 1.0}, n_rows=3, n_tokens=256), 0, 0)
        found = list(parts(batch, 100))
        assert len(found) > 3
        real = batch.documents != PADDING
        for name in ("tokens", "targets"):
            joined = np.concatenate([getattr(part, name)[0] for part in found])
            np.testing.assert_array_equal(joined, getattr(batch, name)[real])
        assert all((part.documents != PADDING).all() for part in found)
        n_documents = sum(len(set(row[row != PADDING].tolist())) for row in batch.documents)
        assert sum(int(part.documents.max()) + 1 for part in found) == n_documents

    def test_a_part_is_as_long_as_asked_unless_one_document_is_longer(self, corpus):
        batch = make_batch(corpus, DrawConfig({"a": 1.0}, n_rows=3, n_tokens=256), 0, 0)
        for part in parts(batch, 60):
            assert part.tokens.shape[1] <= 60 or part.documents.max() == 0


class TestPaddedParts:
    def test_every_document_once_and_one_a_row(self, corpus):
        batch = make_batch(corpus, DrawConfig({"a": 1.0}, n_rows=3, n_tokens=300), 0, 0)
        found = list(padded_parts(batch, 200))
        assert all(part.is_one_a_row for part in found)
        assert sorted(rows_of(batch)) == sorted(row for part in found for row in rows_of(part))

    def test_no_part_is_larger_than_asked_unless_one_document_is(self, corpus):
        batch = make_batch(corpus, DrawConfig({"a": 1.0}, n_rows=3, n_tokens=300), 0, 0)
        for n_tokens in (1, 150, 10_000):
            assert all(part.tokens.size <= n_tokens or len(part.tokens) == 1 for part in padded_parts(batch, n_tokens))

    def test_packed_rows_are_not_one_a_row(self, corpus):
        assert not make_batch(corpus, DrawConfig({"a": 1.0}, n_rows=1, n_tokens=300), 0, 0).is_one_a_row


def rows_of(batch):
    """Tokens and targets of each document."""
    for row, numbers in enumerate(batch.documents):
        for number in np.unique(numbers[numbers != PADDING]):
            at = numbers == number
            yield (*batch.tokens[row][at].tolist(), *batch.targets[row][at].tolist())
