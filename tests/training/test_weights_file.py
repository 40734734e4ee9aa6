"""Files of weights: what is read, and that nothing in them is run."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from convscope.errors import ConvscopeError, UsageError
from convscope.runs.run import Run
from convscope.training.transfer.weights_file import read_weights

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.steps": torch.tensor(3)}


def saved(path: Path, content: Any, **settings: Any) -> str:
    torch.save(content, path, **settings)
    return str(path)


def refusal(file: Path | str) -> str:
    with pytest.raises(ConvscopeError) as refused:
        read_weights(str(file))
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 500
    return sentence


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state, "optimizer": {"lr": 0.1}},
        lambda state: {"model": {"state_dict": state}},
        lambda state: {"model_state_dict": state},
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_torch_files(tmp_path: Path, wrap: Callable[[Any], Any], zipped: bool) -> None:
    file = saved(tmp_path / "w.pth", wrap(STATE), _use_new_zipfile_serialization=zipped)
    read = read_weights(file)
    np.testing.assert_array_equal(read.tensors["a.weight"], [[0, 1, 2], [3, 4, 5]])
    assert read.tensors["a.weight"].dtype == np.float32
    assert read.tensors["a.steps"] == 3
    assert read.sha256 == hashlib.sha256(Path(file).read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_float32(tmp_path: Path, kind: torch.dtype) -> None:
    values = torch.linspace(-3, 3, 50).to(kind)
    save_file({"w": values}, tmp_path / "w.safetensors")
    files = [str(tmp_path / "w.safetensors"), saved(tmp_path / "w.pth", {"w": values})]
    for file in files:
        read = read_weights(file).tensors["w"]
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, values.float().numpy())


def test_the_content_tells_the_format_not_the_name(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes()[0] == 0x80  # as a pickle begins: here a length of 128
    assert read_weights(str(tmp_path / "w.pth")).tensors.keys() == STATE.keys()
    file = saved(tmp_path / "w.safetensors", STATE)
    assert read_weights(file).tensors.keys() == STATE.keys()


def test_a_run_and_its_bundle(digits_run: Run) -> None:
    for path in (digits_run.path, digits_run.path / "bundle.safetensors"):
        read = read_weights(str(path))
        assert read.bundle is not None
        assert read.path.name == "bundle.safetensors"
        assert read.name == digits_run.path.name
        for name, value in digits_run.bundle.weights.items():
            np.testing.assert_array_equal(read.tensors[name], value)


class Touch:
    """What a hostile pickle does: it calls a function when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["zip", "legacy", "plain pickle", "among tensors"])
def test_a_pickle_that_tries_more_is_refused_and_not_run(tmp_path: Path, kind: str) -> None:
    file, trace = tmp_path / "w.pth", tmp_path / "executed"
    hostile: Any = Touch(trace)
    if kind == "plain pickle":
        file.write_bytes(pickle.dumps(hostile, protocol=2))
    else:
        content = {**STATE, "b": hostile} if kind == "among tensors" else hostile
        saved(file, content, _use_new_zipfile_serialization=kind != "legacy")
    sentence = refusal(file)
    assert not trace.exists()
    assert f"{file} is refused, and nothing in it was run" in sentence
    assert "mkdir" in sentence
    torch.load(file, weights_only=False) if kind != "plain pickle" else pickle.loads(file.read_bytes())
    assert trace.exists(), "the file was harmless, so the test shows nothing"


def test_a_setting_of_the_environment_does_not_open_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    file, trace = tmp_path / "w.pth", tmp_path / "executed"
    saved(file, Touch(trace))
    assert "mkdir" in refusal(file)
    assert not trace.exists()


def test_what_is_no_file_of_weights(tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    assert f"there is no weights file {file}" in refusal(file)
    assert "no bundle in the folder" in refusal(tmp_path)
    for content, expected in (
        (b"", "is empty"),
        (b"<html>not found</html>", "neither a safetensors file nor one that torch.save wrote"),
        (b"version https://git-lfs.github.com/spec/v1\n", "neither a safetensors file nor"),
        (b"\x80\x02 no pickle", "cannot be read as weights"),
        (b"PK\x03\x04 no zip", "cannot be read as weights"),
    ):
        file.write_bytes(content)
        sentence = refusal(file)
        assert str(file) in sentence
        assert expected in sentence
    saved(file, torch.nn.Linear(2, 2))
    assert "asks for torch.nn.modules.linear.Linear; torch.save(module.state_dict()" in refusal(file)
    saved(file, [torch.zeros(2)])
    assert "holds a list" in refusal(file)
    saved(file, {"epoch": 3, "lr": 0.1})
    assert "holds 'epoch', 'lr', and no tensors by name" in refusal(file)
    saved(file, {"w": torch.zeros(2), "epoch": 3})
    assert "'epoch'" in refusal(file)
    saved(file, {"w": torch.eye(2).to_sparse()})
    assert "'w'" in refusal(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch would rather have no TorchScript made any more
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), file)
    assert "is TorchScript" in refusal(file)
    np.savez(tmp_path / "w.npz", w=np.zeros(2))
    assert "cannot be read as weights" in refusal(tmp_path / "w.npz")
    save_file({"w": torch.zeros(2, dtype=torch.complex64)}, tmp_path / "c.safetensors")
    assert "'w'" in refusal(tmp_path / "c.safetensors")


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy", "bundle"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_was_cut_off(tmp_path: Path, kind: str, share: float, digits_run: Run) -> None:
    file = tmp_path / "w"
    if kind == "safetensors":
        save_file({"w": torch.zeros(5000)}, file)
    elif kind == "bundle":
        shutil.copy(digits_run.path / "bundle.safetensors", file)
    else:
        saved(file, {"w": torch.zeros(5000)}, _use_new_zipfile_serialization=kind == "zip")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    sentence = refusal(file)
    assert str(file) in sentence
    assert "cut off" in sentence or "damaged" in sentence


def test_a_pinned_file_that_changed_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "w#1.pth"
    pinned = read_weights(saved(file, STATE)).pinned
    assert pinned.startswith(f"{file}#sha256=")
    assert read_weights(pinned).pinned == pinned
    saved(file, {"a.weight": torch.zeros(2, 3)})
    sentence = refusal(pinned)
    assert f"the weights {file} have changed" in sentence
    assert f"--pretrained {file} takes them" in sentence


def test_an_exported_program_has_no_weights_by_name(own_runs: dict[str, Run]) -> None:
    with pytest.raises(UsageError, match="Sampler as an exported program"):
        read_weights(str(own_runs["sampler"].path))


@pytest.mark.parametrize(("spec", "said"), [("", "is empty"), ("https://a.b/c.pth", "is an address")])
def test_what_names_no_file(spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_weights(spec)
