"""Models that nobody here made: other layouts, other words, a chat template; each gets an adapter of its own kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")
pytestmark = [
    pytest.mark.model,
    pytest.mark.filterwarnings("ignore:fan_in_fan_out is set to False"),
    pytest.mark.filterwarnings("ignore:Model (has|with) .tie_word_embeddings"),
]

from arc_solver.budget import Deadline  # noqa: E402
from arc_solver.engines.base import Request, Sampling  # noqa: E402
from arc_solver.engines.transformers_engine import TransformersEngine  # noqa: E402
from arc_solver.finetune.test_time.child import learn  # noqa: E402
from arc_solver.finetune.test_time.wire import ALL_TASKS, Dropped, Learned, LearnSpec, PromptStyle  # noqa: E402
from arc_solver.prompts.base import Prompt  # noqa: E402
from arc_solver.tasks import Task  # noqa: E402

TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPOKEN = PromptStyle("v0", "rows", max_pairs=2, symmetries=False, colors=False)


def save(folder: Path, kind: str) -> Path:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE(vocab={symbol: index for index, symbol in enumerate(alphabet)}, merges=[]))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words.decoder = decoders.ByteLevel()
    template = TEMPLATE if kind == "llama" else None
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|end|>", chat_template=template
    )
    sizes: dict[str, Any] = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    torch.manual_seed(1)
    if kind == "llama":
        config = transformers.LlamaConfig(
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=4096,
            **sizes,
        )
        model = transformers.LlamaForCausalLM(config)
    else:
        model = transformers.GPT2LMHeadModel(
            transformers.GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=4096, **sizes)
        )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_foreign_model_without_an_adapter_gets_one_that_its_engine_takes(
    kind: str, tmp_path: Path, new_spec: Callable[..., LearnSpec], paint_task: Callable[..., Task]
) -> None:
    base = save(tmp_path / kind, kind)
    deadline = Deadline.after(300.0)
    spec = new_spec((paint_task("a", 3), paint_task("b", 5)), deadline.end_s, mode="per-task", batch_tokens=4096)
    spec = dataclasses.replace(spec, model=base, grids=SPOKEN, programs=SPOKEN)
    reports = list(learn(spec, deadline))
    assert [report for report in reports if isinstance(report, Dropped)] == []
    names = {report.task_id: report.name for report in reports if isinstance(report, Learned)}
    assert set(names) == {ALL_TASKS, "a", "b"}
    engine = TransformersEngine(base, spec.folder / names[ALL_TASKS], device="cpu", context_length=512)
    asked = [
        Request(task_id or "own", Prompt("0 1 2"), Sampling(12), spec.folder / name if task_id else None)
        for task_id, name in names.items()
    ]
    assert len(dict(engine.generate(asked, Deadline.after(60.0)))) == 3
