"""A small world for packaging: fake wheels in a folder that pip takes for its index, a tiny model, an image."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from arc_solver.packaging.bundle import Bundle, Order, build
from arc_solver.packaging.images import Target, load_target
from arc_solver.packaging.metadata import Names
from arc_solver.packaging.wheel import write_wheel

IMAGE = """
python = "3.12"
glibc = "2.35"
cuda = "12.8"
overlay = ["fakevllm==1.0"]
[packages]
numpy = ["2.0.2"]
click = ["8.1.8", "8.4.1"]
rich = ["13.9.4"]
torch = ["2.10.0+cu128"]
transformers = ["5.9.0"]
tokenizers = ["0.22.2"]
peft = ["0.19.1", "0.20.0"]
safetensors = ["0.7.0"]
"""


class Quiet:
    """Listens and says nothing."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.expected = (0, 0)
        self.moves: list[tuple[int, int]] = []

    def stage(self, text: str) -> None:
        self.stages.append(text)

    def expect(self, n_files: int, n_bytes: int) -> None:
        self.expected = (n_files, n_bytes)

    def moved(self, n_files: int, n_bytes: int) -> None:
        self.moves.append((n_files, n_bytes))


def write_fake(
    folder: Path, name: str, version: str = "1.0", requires: Sequence[str] = (), tag: str = "py3-none-any"
) -> Path:
    """A wheel with nothing in it but what it requires."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    lines += [f"Provides-Extra: {extra}" for extra in ("more",) if any(f'"{extra}"' in item for item in requires)]
    info = f"{name}-{version}.dist-info"
    files = {
        f"{info}/METADATA": "\n".join(lines).encode() + b"\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    return write_wheel(folder / f"{name}-{version}-{tag}.whl", info, files)


@pytest.fixture
def fake_wheel() -> Callable[..., Path]:
    """Writes a wheel: folder, name, version, what it requires, tag."""
    return write_fake


@pytest.fixture
def quiet() -> Quiet:
    """Someone who listens and says nothing."""
    return Quiet()


def write_index(folder: Path) -> Path:
    """All that pip can find: a package, what it needs, and what that needs, some of it on the target only."""
    needs = ['newer; python_version > "3.11"', 'linuxish; sys_platform == "linux"', 'never; sys_platform == "win32"']
    needs += ["middle>=1", "torch==2.10.0"]
    write_fake(folder, "fakevllm", requires=needs, tag="cp38-abi3-manylinux_2_31_x86_64")
    write_fake(folder, "middle", requires=["deep[more]>=1", "numpy<2.1"])
    write_fake(folder, "deep", requires=['extra_of_deep; extra == "more"'])
    for name in ("newer", "linuxish", "extra_of_deep"):
        write_fake(folder, name)
    write_fake(folder, "numpy", "2.4.0")
    return folder


def show_pip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip find what lies in a folder and nothing else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def write_target(path: Path) -> Target:
    """Two T4s with an image of few packages, for an overlay."""
    path.write_text(IMAGE)
    return load_target("t4x2", "overlay", str(path))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip takes for its index."""
    folder = write_index(tmp_path / "index")
    show_pip(folder, monkeypatch)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """Two T4s with an image of few packages, for an overlay."""
    return write_target(tmp_path / "image.toml")


def safetensors(path: Path, tensors: Mapping[str, tuple[int, ...]], note: str = "") -> None:
    """A file of float32 zeros."""
    header: dict[str, object] = {"__metadata__": {"note": note}} if note else {}
    offset = 0
    for name, shape in tensors.items():
        n_bytes = 4
        for side in shape:
            n_bytes *= side
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + n_bytes]}
        offset += n_bytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(offset))


def write_model(folder: Path) -> Path:
    """A causal LM of one layer."""
    folder.mkdir()
    config = {
        "architectures": ["Qwen2ForCausalLM"], "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 2,
        "num_hidden_layers": 1, "vocab_size": 16, "max_position_embeddings": 4096, "eos_token_id": 1,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text("{}")
    safetensors(
        folder / "model.safetensors",
        {"model.embed_tokens.weight": (16, 8), "model.layers.0.self_attn.q_proj.weight": (8, 8)},
    )
    return folder


def write_adapter(folder: Path, width: int) -> Path:
    """A LoRA for a base whose matrices have that width."""
    folder.mkdir()
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    shapes = {f"{name}.lora_A.weight": (2, width), f"{name}.lora_B.weight": (width, 2)}
    safetensors(folder / "adapter_model.safetensors", shapes)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A causal LM of one layer."""
    return write_model(tmp_path / "my-model")


@pytest.fixture
def make_adapter(tmp_path: Path) -> Callable[[int], Path]:
    """A LoRA for a base whose matrices have that width."""
    return lambda width: write_adapter(tmp_path / f"my-adapter-{width}", width)


@dataclass(frozen=True)
class Built:
    """A bundle that was built, and from what."""

    order: Order
    bundle: Bundle
    teller: Quiet


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """A bundle with a user's model and adapter, not to be changed. As long as it lives, pip sees the fake index."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as monkeypatch:
        show_pip(write_index(folder / "index"), monkeypatch)
        order = Order(
            out=folder / "bundle",
            names=Names("some-one", subtitle="A line that says what it is"),
            target=write_target(folder / "image.toml"),
            cache=folder / "cache",
            model=write_model(folder / "my-model"),
            adapter=str(write_adapter(folder / "my-adapter", 8)),
            competition="arc-prize-2026-arc-agi-2",
        )
        teller = Quiet()
        yield Built(order, build(order, teller), teller)
