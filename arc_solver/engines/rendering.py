"""From tokens to text: where a completion ends, at an end token or a stop string, and what it says before that.

Works on any Hugging Face tokenizer and imports none of its libraries; the way from prompts to tokens is
`prompts.rendering`. It knows nothing of models, devices or ARC.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


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
