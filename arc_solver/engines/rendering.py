"""Between prompts and tokens: chat templates, plain concatenation, end tokens, stop strings.

Works on any Hugging Face tokenizer and imports none of its libraries. It knows nothing of models, devices or ARC.

A tokenizer with a chat template gets system and user turns and the generation prompt through that template; one without
gets system, user and prefill one after the other, nothing between them. In both cases the prefill comes last,
unchanged, so that the model continues it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        self._has_system_role = self._has_template and _shows_system_turn(tokenizer)

    def render(self, prompt: Prompt) -> str:
        """The text that the model is to continue."""
        if not self._has_template:
            return prompt.system + prompt.user + prompt.prefill
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
        text = self.render(prompt)
        ids: list[int] = self._tokenizer(text, add_special_tokens=not self._has_template)["input_ids"]
        if not self._has_template and len(ids) > 1 and ids[-1] == self._tokenizer.eos_token_id:
            return tuple(ids[:-1])
        return tuple(ids)


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


class CompletionText:
    """Turns generated tokens into text and sees where a completion ends.

    Args:
        tokenizer: Any Hugging Face tokenizer.
        end_tokens: Ids that end a completion.
    """

    def __init__(self, tokenizer: Any, end_tokens: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._end_tokens = end_tokens
        self._pieces: dict[int, str] = {}

    def ends(self, token_ids: Sequence[int], stop: tuple[str, ...]) -> bool:
        """Whether the last of these tokens ends the completion, given that none before it did."""
        last = token_ids[-1]
        if last in self._end_tokens:
            return True
        if not stop or not self._may_finish_one_of(last, stop):
            return False
        text = self._decode(token_ids)
        return any(string in text for string in stop)

    def text(self, token_ids: Sequence[int], stop: tuple[str, ...]) -> str:
        """The text before end token and stop string."""
        ids = token_ids[:-1] if token_ids and token_ids[-1] in self._end_tokens else token_ids
        text = self._decode(ids)
        cuts = [text.find(string) for string in stop if string in text]
        return text[: min(cuts)] if cuts else text

    def _may_finish_one_of(self, token_id: int, stop: tuple[str, ...]) -> bool:
        """A cheap test that spares decoding the whole text at every token.

        A stop string can only be completed by a token that holds its last character, or a part of a character that is
        spread over several tokens.
        """
        piece = self._pieces.get(token_id)
        if piece is None:
            piece = self._pieces[token_id] = self._decode([token_id])
        return "\ufffd" in piece or any(string[-1] in piece for string in stop)

    def _decode(self, token_ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            list(token_ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text
