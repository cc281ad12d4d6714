"""What goes into a bundle, and what never does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from arc_solver.config import WEIGHTS
from arc_solver.errors import InputError, ModelError
from arc_solver.packaging.images import Target
from arc_solver.packaging.payload import check_folder, choose_payload


def test_a_model_and_its_adapter_are_taken_whole_but_for_caches(
    target: Target, model: Path, make_adapter: Callable[[int], Path]
) -> None:
    (model / ".cache").mkdir()
    (model / ".cache" / "leftover.bin").write_bytes(b"")
    payload = choose_payload(target, model, str(make_adapter(8)))
    own = {name for name in payload.files if not name.startswith("weights/")}
    assert own == {
        "model/config.json", "model/model.safetensors", "model/tokenizer_config.json",
        "adapter/adapter_config.json", "adapter/adapter_model.safetensors",
    }  # fmt: skip
    assert (payload.model, payload.adapter) == ("model", "adapter")


def test_the_bundled_weights_are_those_of_their_manifest(target: Target) -> None:
    payload = choose_payload(target, None, None)
    assert {"weights/manifest.json", "weights/base/model.safetensors"} <= set(payload.files)
    assert all(path.is_file() for path in payload.files.values())
    assert (payload.model, payload.adapter) == (None, None)
    assert choose_payload(target, None, "none").adapter == "none"


def test_an_adapter_for_another_base_is_refused(
    target: Target, model: Path, make_adapter: Callable[[int], Path]
) -> None:
    with pytest.raises(ModelError, match="made for another base"):
        choose_payload(target, model, str(make_adapter(12)))
    with pytest.raises(ModelError, match=r"another base|does not have"):
        choose_payload(target, model, str(WEIGHTS / "adapter"))


def test_a_missing_adapter_or_model_is_named(target: Target, model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere: no such folder"):
        choose_payload(target, model, str(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match=r"nothing: no such folder"):
        choose_payload(target, tmp_path / "nothing", None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"adapter_config\.json is missing"):
        choose_payload(target, model, str(tmp_path / "empty"))


def test_an_adapter_that_vllm_cannot_serve_is_refused_for_gpus(
    target: Target, model: Path, make_adapter: Callable[[int], Path]
) -> None:
    adapter = make_adapter(8)
    path = adapter / "adapter_config.json"
    path.write_text(path.read_text().replace('"r": 2', '"r": 2, "use_dora": true'))
    with pytest.raises(ModelError, match="DoRA"):
        choose_payload(target, model, str(adapter))


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "optimizer.pt", "scheduler.pth", "state.pkl", "training_args.bin", "MODEL.CKPT"]
)
def test_pickles_are_refused_by_name(target: Target, model: Path, name: str) -> None:
    (model / name).write_bytes(b"\x80\x04")
    with pytest.raises(InputError, match=rf"{name}: a pickle"):
        choose_payload(target, model, None)


@pytest.mark.parametrize(
    "name",
    [
        "kaggle.json",
        ".env",
        ".env.local",
        "server.pem",
        ".netrc",
        ".git/config",
        "id_rsa",
        ".pypirc",
        "deep/kaggle.json",
    ],
)
def test_files_that_hold_secrets_are_refused_by_name(target: Target, model: Path, name: str) -> None:
    path = model / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    with pytest.raises(InputError, match="looks like a secret") as caught:
        choose_payload(target, model, None)
    assert name.partition("/")[0] in str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("token = 'hf_" + "aB3" * 12 + "'", "Hugging Face"),
        ('{"username": "me", "key": "' + "0a" * 16 + '"}', "Kaggle key"),
        ("KGAT_" + "c" * 32, "Kaggle token"),
        ("ghp_" + "d" * 36, "GitHub"),
        ("-----BEGIN RSA PRIVATE KEY-----", "private key"),
    ],
)
def test_secrets_in_a_file_are_found_wherever_they_stand(model: Path, text: str, what: str) -> None:
    # Behind more than one piece of reading, over its border.
    (model / "notes.txt").write_text("x" * ((1 << 22) - 10) + " " + text)
    with pytest.raises(InputError, match=rf"notes\.txt: holds an? {what}"):
        check_folder(model)


def test_a_secret_in_the_notes_of_a_weights_file_is_found(model: Path) -> None:
    path = model / "model.safetensors"
    content = path.read_bytes()
    note = b'{"__metadata__": {"token": "hf_' + b"a" * 34 + b'"}}'
    path.write_bytes(len(note).to_bytes(8, "little") + note + content)
    with pytest.raises(InputError, match="Hugging Face"):
        check_folder(model)


def test_links_that_would_not_be_copied_are_refused(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "elsewhere")
    (model / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="link to a folder"):
        check_folder(model)
    (model / "more").unlink()
    (model / "gone.json").symlink_to(tmp_path / "gone.json")
    with pytest.raises(InputError, match="link to nothing"):
        check_folder(model)


def test_linked_files_are_followed(target: Target, model: Path, tmp_path: Path) -> None:
    (model / "config.json").rename(tmp_path / "blob")
    (model / "config.json").symlink_to(tmp_path / "blob")
    assert "model/config.json" in choose_payload(target, model, None).files
