"""Templates, system turns and start tokens, on a tokenizer made of plain Python."""

from __future__ import annotations

from typing import Any

import pytest

from arc_solver.prompts.base import Prompt
from arc_solver.prompts.rendering import PromptEncoder

START, END = 1, 2


class TemplateError(Exception):
    """Stands for jinja2's."""


class FakeTokenizer:
    """Characters are tokens; adds start and end tokens when asked for special ones."""

    eos_token_id = END

    def __init__(self, chat: str = "") -> None:
        self.chat_template = chat or None

    def __call__(self, text: str, add_special_tokens: bool, return_offsets_mapping: bool = False) -> dict[str, Any]:
        ids = [ord(character) for character in text]
        spans = [(place, place + 1) for place in range(len(text))]
        if add_special_tokens:
            ids, spans = [START, *ids, END], [(0, 0), *spans, (0, 0)]
        return {"input_ids": ids} | ({"offset_mapping": spans} if return_offsets_mapping else {})

    def apply_chat_template(
        self, turns: list[dict[str, str]], tokenize: bool, add_generation_prompt: bool = False
    ) -> str:
        if self.chat_template == "refuses" and turns[0]["role"] == "system":
            raise TemplateError("no system role")
        shown = [turn for turn in turns if not (self.chat_template == "drops" and turn["role"] == "system")]
        text = "".join(f"[{turn['role']}]{turn['content']}" for turn in shown)
        return text + "[assistant]" * add_generation_prompt


PROMPT = Prompt("user turn", system="system turn", prefill="pre")


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        ("", "system turn\n\nuser turn\npre"),
        ("full", "[system]system turn[user]user turn[assistant]pre"),
        ("refuses", "[user]system turn\n\nuser turn[assistant]pre"),
        ("drops", "[user]system turn\n\nuser turn[assistant]pre"),
    ],
)
def test_rendering(chat: str, expected: str) -> None:
    assert PromptEncoder(FakeTokenizer(chat)).render(PROMPT) == expected


def test_without_a_system_turn_there_is_none() -> None:
    assert PromptEncoder(FakeTokenizer("full")).render(Prompt("hello")) == "[user]hello[assistant]"
    assert PromptEncoder(FakeTokenizer()).render(Prompt("hello")) == "hello"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (Prompt("u\n", system="s\n", prefill="p"), "s\n\nu\np"),
        (Prompt("u\n\n\n", system="s\n\n\n", prefill="p"), "s\n\n\nu\n\n\np"),
        (Prompt("u", prefill="p"), "u\np"),
        (Prompt("", prefill="p"), "p"),
        (Prompt("u\n"), "u\n"),
    ],
)
def test_a_base_model_reads_parts_on_lines_of_their_own(prompt: Prompt, expected: str) -> None:
    assert PromptEncoder(FakeTokenizer()).render(prompt) == expected


def test_special_tokens_come_from_the_template_or_else_from_the_tokenizer_but_never_an_end_token() -> None:
    assert PromptEncoder(FakeTokenizer()).encode(Prompt("ab")) == (START, ord("a"), ord("b"))
    assert PromptEncoder(FakeTokenizer("full")).encode(Prompt(""))[0] == ord("[")


@pytest.mark.parametrize("chat", ["", "full"])
def test_spans_are_those_of_the_rendered_text(chat: str) -> None:
    encoder = PromptEncoder(FakeTokenizer(chat))
    ids, spans = encoder.encode_with_spans(PROMPT)
    assert ids == encoder.encode(PROMPT)
    text = encoder.render(PROMPT)
    assert "".join(text[start:end] for start, end in spans) == text
    assert len(spans) == len(ids)
