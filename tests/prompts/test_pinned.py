"""Prompts that weights were trained on: not one byte of them may change. A changed digest here is a new prompt version.

The digests cover system turn, user turn, prefill and completion, in every encoder.
"""

from __future__ import annotations

import hashlib
import json

import pytest

from arc_solver.grids import as_grid
from arc_solver.prompts.build import Mistake, build_prompt, code_completion, grid_completion
from arc_solver.prompts.encoders import ENCODERS, GridEncoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, CODE_REPAIR, OUTPUT_FROM_CODE, OUTPUT_FROM_EXAMPLES
from arc_solver.tasks import Pair

PAIRS = (
    Pair(as_grid([[0, 1, 2], [3, 4, 5]]), as_grid([[6, 7], [8, 9], [0, 0]])),
    Pair(as_grid([[1] * 12] * 11), as_grid([[5]])),
)
TEST = as_grid([[9, 8, 7]])
SOURCE = "def task(grid):\n    result = grid[::-1]\n    return result\n"
MISTAKES = (Mistake(PAIRS[0], as_grid([[5, 0]])), Mistake(PAIRS[1], "raised IndexError"))

DIGESTS = {
    ("output-from-examples", "brief"): "b9c4d5926804fade",
    ("output-from-examples", "v0"): "57411978e580a4bf",
    ("output-from-examples", "v1"): "f2b4f77062e51787",
    ("output-from-examples", "v2"): "9beec047182bca86",
    ("output-from-examples", "v3"): "9beec047182bca86",
    ("code-from-examples", "brief"): "6dadd89688d30ec3",
    ("code-from-examples", "v0"): "725ee224cb98dda6",
    ("code-from-examples", "v1"): "941a2454c2e6672b",
    ("code-from-examples", "v2"): "4f517716aa3393ee",
    ("code-from-examples", "v3"): "1b10b0e0c5e3d173",
    ("output-from-code", "brief"): "4651ff5de7b40779",
    ("output-from-code", "v0"): "6044b4b80e24af16",
    ("output-from-code", "v1"): "ab280c19525f4ca4",
    ("output-from-code", "v2"): "e6451ed8860d1b65",
    ("output-from-code", "v3"): "e6451ed8860d1b65",
    ("code-repair", "brief"): "c5f4b001a4daee43",
    ("code-repair", "v0"): "c888421f0aa56b24",
    ("code-repair", "v1"): "9614487c52087777",
    ("code-repair", "v2"): "7a61e3302756e5df",
    ("code-repair", "v3"): "55977c88d0962368",
}


def digest(recipe: str, version: str) -> str:
    texts = []
    for encoder in ENCODERS.values():
        for n_pairs, mistake in zip((1, 2), MISTAKES, strict=True):
            prompt = build_prompt(recipe, version, encoder, PAIRS[:n_pairs], TEST, SOURCE, mistake)
            texts.append([prompt.system, prompt.user, prompt.prefill, completion(recipe, prompt.prefill, encoder)])
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]


def completion(recipe: str, prefill: str, encoder: GridEncoder) -> str:
    if recipe in (CODE_FROM_EXAMPLES, CODE_REPAIR):
        return code_completion(prefill, SOURCE)
    return grid_completion(prefill, encoder, PAIRS[0].output)


@pytest.mark.parametrize("version", ["brief", "v0", "v1", "v2", "v3"])
@pytest.mark.parametrize("recipe", [OUTPUT_FROM_EXAMPLES, CODE_FROM_EXAMPLES, OUTPUT_FROM_CODE, CODE_REPAIR])
def test_an_old_prompt_is_the_same_to_the_byte(recipe: str, version: str) -> None:
    assert digest(recipe, version) == DIGESTS[recipe, version]
