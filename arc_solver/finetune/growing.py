"""A model of ours with the words that the DSL gained since it was trained.

Words that its tokenizer does not have are spelled in bytes, which it never saw: its loss on programs with them is worse
than that of guessing. Each gets a token whose embedding starts from the mean of its spelling; everything else stays as
it was learned. Knows nothing of training.
"""

from __future__ import annotations

import copy
from typing import Any


def grow(model: Any, tokenizer: Any, larger: Any) -> tuple[Any, int]:
    """`model`, which reads `tokenizer`, for `larger`.

    Args:
        model: A causal language model of transformers with tied embeddings.
        tokenizer: Its own.
        larger: Another one over the same bytes (`build_tokenizer`). Tokens that only `tokenizer` has are lost.

    Returns:
        The grown model in fp32, and how many tokens are new to it.
    """
    config = copy.deepcopy(model.config)
    config.vocab_size = -(-len(larger) // 64) * 64
    config.eos_token_id, config.pad_token_id = larger.eos_token_id, larger.pad_token_id
    config.dtype = "float32"
    grown = type(model)(config)
    known = tokenizer.get_vocab()
    table = model.get_input_embeddings().weight
    old = table.detach().float()
    # Rows that only fill up the table are never looked up, but the head gives them a logit.
    rows = old[: len(tokenizer)].mean(dim=0).repeat(config.vocab_size, 1)
    n_new = 0
    for text, index in larger.get_vocab().items():
        if text in known:
            rows[index] = old[known[text]]
        else:
            n_new += 1
            rows[index] = old[tokenizer.encode(text, add_special_tokens=False)].mean(dim=0)
    # The head is the table of embeddings by another name.
    weights = {
        name: rows if value.data_ptr() == table.data_ptr() else value.float()
        for name, value in model.state_dict().items()
    }
    grown.load_state_dict(weights)
    return grown, n_new
