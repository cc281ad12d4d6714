"""Templates, system turns, end tokens and stop strings, on a tokenizer made of plain Python."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from arc_solver.engines.rendering import CompletionText, PromptEncoder
from arc_solver.prompts.base import Prompt

START, END = 1, 2


class TemplateError(Exception):
    """Stands for jinja2's."""


class FakeTokenizer:
    """Characters are tokens; adds start and end tokens when asked for special ones."""

    eos_token_id = END

    def __init__(self, chat: str = "") -> None:
        self.chat_template = chat or None

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        ids = [ord(character) for character in text]
        return {"input_ids": [START, *ids, END] if add_special_tokens else ids}

    def apply_chat_template(
        self, turns: list[dict[str, str]], tokenize: bool, add_generation_prompt: bool = False
    ) -> str:
        if self.chat_template == "refuses" and turns[0]["role"] == "system":
            raise TemplateError("no system role")
        shown = [turn for turn in turns if not (self.chat_template == "drops" and turn["role"] == "system")]
        text = "".join(f"[{turn['role']}]{turn['content']}" for turn in shown)
        return text + "[assistant]" * add_generation_prompt

    def decode(
        self, ids: Sequence[int], skip_special_tokens: bool = False, clean_up_tokenization_spaces: bool = True
    ) -> str:
        assert not clean_up_tokenization_spaces
        return "".join(chr(i) for i in ids if i > END)


PROMPT = Prompt("user turn", system="system turn", prefill="pre")


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        ("", "system turnuser turnpre"),
        ("full", "[system]system turn[user]user turn[assistant]pre"),
        ("refuses", "[user]system turn\n\nuser turn[assistant]pre"),
        ("drops", "[user]system turn\n\nuser turn[assistant]pre"),
    ],
)
def test_rendering(chat: str, expected: str) -> None:
    assert PromptEncoder(FakeTokenizer(chat)).render(PROMPT) == expected


def test_without_a_system_turn_there_is_none() -> None:
    assert PromptEncoder(FakeTokenizer("full")).render(Prompt("hello")) == "[user]hello[assistant]"


def test_special_tokens_come_from_the_template_or_else_from_the_tokenizer_but_never_an_end_token() -> None:
    assert PromptEncoder(FakeTokenizer()).encode(Prompt("ab")) == (START, ord("a"), ord("b"))
    assert PromptEncoder(FakeTokenizer("full")).encode(Prompt(""))[0] == ord("[")


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
