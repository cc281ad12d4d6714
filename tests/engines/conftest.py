"""A tiny random model with a byte-level tokenizer, and a tiny random adapter for it: made once a session."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

BUNDLED = Path(__file__).resolve().parents[2] / "weights" / "base"
END = "<|end|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers, four heads over two key/value heads, context 256, no chat template."""
    return _save_model(tmp_path_factory.mktemp("models") / "tiny", chat_template=None)


@pytest.fixture(scope="session")
def tiny_chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model with a chat template."""
    return _save_model(tmp_path_factory.mktemp("models") / "tiny-chat", chat_template=CHAT_TEMPLATE)


@pytest.fixture(scope="session")
def tiny_adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA with random weights, large enough to change what the model writes."""
    return _save_adapter(tiny_model, tmp_path_factory.mktemp("adapters") / "one", seed=11)


@pytest.fixture(scope="session")
def other_adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one, that also adapts the output head, which shares its weight with the embeddings."""
    return _save_adapter(tiny_model, tmp_path_factory.mktemp("adapters") / "two", seed=12, head=True)


@pytest.fixture(scope="session")
def second_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another adapter for the bundled base, with random weights."""
    return _save_adapter(BUNDLED, tmp_path_factory.mktemp("adapters") / "second", seed=13)


@pytest.fixture(scope="session")
def dora_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for the bundled base that vLLM cannot serve."""
    return _save_adapter(BUNDLED, tmp_path_factory.mktemp("adapters") / "dora", seed=14, use_dora=True)


def _save_model(folder: Path, chat_template: str | None) -> Path:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizer = _byte_tokenizer(transformers, chat_template)
    torch.manual_seed(5)
    config = transformers.Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,  # the least that vLLM has CPU kernels for
        max_position_embeddings=256,
        initializer_range=0.4,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=None,
        bos_token_id=None,
    )
    model = transformers.Qwen3ForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _byte_tokenizer(transformers, chat_template: str | None):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={symbol: index for index, symbol in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, chat_template=chat_template, model_max_length=256
    )


def _save_adapter(model_folder: Path, folder: Path, seed: int, head: bool = False, use_dora: bool = False) -> Path:
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(seed)
    base = transformers.AutoModelForCausalLM.from_pretrained(model_folder)
    targets = ["q_proj", "v_proj", "down_proj"] + ["lm_head"] * head
    config = peft.LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=targets,
        use_rslora=True,
        use_dora=use_dora,
        init_lora_weights=False,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Model has `tie_word_embeddings=True`")
        adapted = peft.get_peft_model(base, config)
        adapted.save_pretrained(folder, save_embedding_layers=False)
    return folder
