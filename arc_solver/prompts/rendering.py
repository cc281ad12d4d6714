"""From a prompt to the tokens that a model continues: the same in training and at inference.

A tokenizer with a chat template gets system and user turns and the generation prompt through that template. One
without, a base model's, gets them as a document: the system's text, an empty line, the user's text, and the prefill on
a line of its own. In both cases the prefill comes last, unchanged, so that the model continues it.

Works on any Hugging Face tokenizer and imports none of its libraries. It knows nothing of models, devices or tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from arc_solver.prompts.base import Prompt


class PromptEncoder:
    """Turns prompts into the tokens that a model is to continue.

    Args:
        tokenizer: Any Hugging Face tokenizer.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._has_template = bool(getattr(tokenizer, "chat_template", None))

    def render(self, prompt: Prompt) -> str:
        """The text that the model is to continue."""
        if not self._has_template:
            question = _closed(prompt.system, n_newlines=2) + prompt.user
            return _closed(question, n_newlines=1) + prompt.prefill if prompt.prefill else question
        turns = [{"role": "user", "content": prompt.user}]
        if prompt.system and self._has_system_role:
            turns.insert(0, {"role": "system", "content": prompt.system})
        elif prompt.system:
            turns[0]["content"] = f"{prompt.system}\n\n{prompt.user}"
        text: str = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return text + prompt.prefill

    def encode(self, prompt: Prompt) -> tuple[int, ...]:
        """Token ids of the rendered prompt.

        A chat template writes its own start token; without one the tokenizer adds its start token if it has that habit,
        and an end token that it would add is taken off again, since the text is to be continued.
        """
        split = self._tokenizer(self.render(prompt), add_special_tokens=not self._has_template)
        return self._open_ended(split["input_ids"])

    def encode_with_spans(self, prompt: Prompt) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
        """`encode`, and for each token the characters of the rendered text that it stands for (none: an empty span)."""
        split = self._tokenizer(
            self.render(prompt), add_special_tokens=not self._has_template, return_offsets_mapping=True
        )
        ids = self._open_ended(split["input_ids"])
        return ids, list(split["offset_mapping"])[: len(ids)]

    @cached_property
    def _has_system_role(self) -> bool:
        return _shows_system_turn(self._tokenizer)

    def _open_ended(self, ids: Sequence[int]) -> tuple[int, ...]:
        if not self._has_template and len(ids) > 1 and ids[-1] == self._tokenizer.eos_token_id:
            return tuple(ids[:-1])
        return tuple(ids)


def _closed(text: str, n_newlines: int) -> str:
    """A text that ends with so many newlines at least; an empty one stays empty."""
    n_there = len(text) - len(text.rstrip("\n"))
    return text + "\n" * (n_newlines - n_there) if text else text


def _shows_system_turn(tokenizer: Any) -> bool:
    """False for templates that refuse a system turn (they say so by raising) or that drop it silently."""
    probe = "system turn probe"
    turns = [{"role": "system", "content": probe}, {"role": "user", "content": "user turn"}]
    try:
        return probe in tokenizer.apply_chat_template(turns, tokenize=False)
    except Exception as error:
        # jinja2's TemplateError, by name: jinja2 itself is only a dependency of transformers.
        if any(kind.__name__ == "TemplateError" for kind in type(error).__mro__):
            return False
        raise
