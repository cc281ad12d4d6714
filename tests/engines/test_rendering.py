"""End tokens and stop strings, on a tokenizer made of plain Python."""

from __future__ import annotations

from collections.abc import Sequence

from arc_solver.engines.rendering import CompletionText

END = 2


class FakeTokenizer:
    """Characters are tokens."""

    def decode(
        self, ids: Sequence[int], skip_special_tokens: bool = False, clean_up_tokenization_spaces: bool = True
    ) -> str:
        assert not clean_up_tokenization_spaces
        return "".join(chr(i) for i in ids if i > END)


def test_an_end_token_ends_and_is_cut() -> None:
    text = CompletionText(FakeTokenizer(), frozenset({END}))
    ids = [ord("a"), END]
    assert not text.ends(ids[:1], ())
    assert text.ends(ids, ())
    assert text.text(ids, ()) == "a"


def test_a_stop_string_ends_at_its_last_character_only() -> None:
    text = CompletionText(FakeTokenizer(), frozenset({END}))
    ids = [ord(character) for character in "xy stop"]
    assert [text.ends(ids[:n], ("stop",)) for n in range(1, 8)] == [False] * 6 + [True]
    assert text.text(ids, ("stop",)) == "xy "


def test_without_stop_strings_nothing_is_cut() -> None:
    text = CompletionText(FakeTokenizer(), frozenset())
    assert text.text([ord("a"), END], ()) == "a"  # a special token shows no text even if it ends nothing
