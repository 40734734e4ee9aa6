"""Programs: the same numbers as the module, and nothing in a file is run."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from convscope import program
from convscope.errors import ConvscopeError, UnsupportedOperation


class Sampler(nn.Module):
    """Transformed pictures, instance norm, an LSTM over rows, a constant: none of it in the graph."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.eye(2, 3) + 0.1)
        self.conv = nn.Conv2d(1, 2, 3, padding="same")
        self.norm = nn.InstanceNorm2d(2, affine=True, track_running_stats=True)
        self.drop = nn.Dropout(0.5)
        self.rows = nn.LSTM(16, 5, batch_first=True)
        self.final = nn.Linear(5, 3)
        self.final.bias = self.final.bias
        self.scale = torch.tensor([1.0, 2.0, 3.0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        grid = F.affine_grid(self.theta.repeat(x.shape[0], 1, 1), x.shape, align_corners=False)
        x = self.norm(self.conv(F.grid_sample(x, grid, align_corners=False)))
        x = F.interpolate(x, scale_factor=0.5, mode="bilinear").to(torch.float32)
        x, _ = self.rows(self.drop(x).permute(0, 2, 1, 3).reshape(x.shape[0], -1, 16))
        return self.final(x[:, -1]) * self.scale + torch.arange(3, device=x.device)


@pytest.fixture(scope="module")
def sampler() -> nn.Module:
    torch.manual_seed(0)
    module = Sampler()
    module(torch.rand(4, 1, 16, 16))  # running statistics other than the first ones
    return module.eval()


@pytest.fixture(scope="module")
def content(sampler: nn.Module) -> bytes:
    return program.save(sampler, (1, 16, 16))


def rewritten(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The program with another document."""
    tensors = load_tensors(content)
    document = json.loads(bytes(tensors["program"].tolist()))
    change(document)
    tensors["program"] = torch.frombuffer(bytearray(json.dumps(document).encode()), dtype=torch.uint8)
    return save_tensors(tensors)


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_a_loaded_program_is_the_module(sampler: nn.Module, content: bytes, batch: int) -> None:
    loaded = program.load(content)
    pictures = torch.rand(batch, 1, 16, 16)
    with torch.inference_mode():
        assert torch.equal(loaded(pictures), sampler(pictures))
        assert torch.equal(loaded.train()(pictures), sampler(pictures))  # it is always in eval mode


def test_saving_leaves_the_module_as_it_is(sampler: nn.Module) -> None:
    before = {name: value.clone() for name, value in sampler.state_dict().items()}
    sampler.train()
    program.save(sampler, (1, 16, 16))
    assert sampler.training
    sampler.eval()
    for name, value in sampler.state_dict().items():
        assert torch.equal(value, before[name])


def test_other_weights_make_the_other_module(sampler: nn.Module, content: bytes) -> None:
    torch.manual_seed(1)
    other = Sampler()
    other(torch.rand(4, 1, 16, 16))
    weights = {name: value.numpy() for name, value in other.eval().state_dict().items()}
    loaded = program.load(program.with_weights(content, weights))
    pictures = torch.rand(3, 1, 16, 16)
    with torch.inference_mode():
        assert torch.equal(loaded(pictures), other(pictures))
        assert not torch.equal(loaded(pictures), sampler(pictures))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.erf(self.second(self.first(x.flatten(1))))


def test_shared_parameters_and_large_half_precision_constants() -> None:
    module = Tied()
    module.first.bias.data[0] = float("inf")
    module.register_buffer("unused", torch.zeros(2, dtype=torch.bfloat16))
    loaded = program.load(program.save(module, (1, 2, 2)))
    pictures = torch.rand(2, 1, 2, 2)
    with torch.inference_mode():
        assert torch.equal(loaded(pictures), module(pictures))


class NoGrad(Tied):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            x = x * 2
        return super().forward(x)


class Branch(Tied):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.sum() > 0 else -x)


@pytest.mark.parametrize(
    ("kind", "sentence"), [(NoGrad, "cannot be kept"), (Branch, "decides by the values of a picture")]
)
def test_what_cannot_be_kept_is_refused_by_a_sentence(kind: type[nn.Module], sentence: str) -> None:
    with pytest.raises(UnsupportedOperation, match=sentence):
        program.save(kind(), (1, 2, 2))


@pytest.mark.parametrize(
    "target",
    [
        "torch.hub.load",
        "torch.load",
        "os.system",
        "builtins.eval",
        "operator.call",
        "operator.attrgetter",
        "operator.methodcaller",
        "math.__class__",
        "torch.ops.aten.relu.default",
        "torch.ops.higher_order.cond",
        "higher_order.cond",
        "aten.from_file.default",
        "aten.from_file.out",
        "aten.save.default",
        "aten.save.",
        "aten.relu",
        "aten.relu.nothing",
        "aten.nothing.default",
        "aten.__class__.mro",
        "aten.relu.__call__",
        "aten._cslt_compress.default",
        "prims.add.default",
        "aten.relu.default\n",
        "",
        None,
        7,
        ["aten.relu.default"],
    ],
)
def test_a_call_of_anything_but_numbers_and_tensors_is_refused(content: bytes, target: Any) -> None:
    def change(document: dict[str, Any]) -> None:
        document["calls"][0][1] = target

    with pytest.raises(ConvscopeError, match="not a program that convscope wrote"):
        program.load(rewritten(content, change))


def test_every_operator_that_names_a_file_is_refused() -> None:
    names = {
        f"{schema.name.replace('::', '.')}.{schema.overload_name or 'default'}"
        for schema in torch._C._jit_get_all_schemas()
        if schema.name.startswith("aten::") and any("file" in a.name for a in schema.arguments)
    }
    assert "aten.from_file.default" in names
    for name in names:
        with pytest.raises(ConvscopeError):
            program._function(name)


@pytest.mark.parametrize(
    "argument",
    [
        {"value": "nobody"},
        {"dtype": "load"},
        {"dtype": "hub"},
        {"dtype": "channels_last"},
        {"memory_format": "float32"},
        {"device": "nowhere"},
        {"pickle": "gASV"},
        {"value": "x", "dtype": "float32"},
        {},
        {"value": ["x"]},
        "text",
    ],
)
def test_an_argument_that_means_nothing_fails_with_a_sentence(content: bytes, argument: Any) -> None:
    def change(document: dict[str, Any]) -> None:
        document["calls"][1][2][0] = argument

    loaded = program.load(rewritten(content, change))
    with pytest.raises(ConvscopeError, match="the network fails at"):
        loaded(torch.rand(2, 1, 16, 16))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("calls"),
        lambda d: d.pop("input"),
        lambda d: d.update(version=2),
        lambda d: d.update(format="other"),
        lambda d: d.update(tensors=3),
        lambda d: d.update(calls=[["a"]]),
        lambda d: d["tensors"].update(p_theta="no.such"),
        lambda d: d["tensors"].update(p_theta="__class__"),
        lambda d: d["tensors"].update(p_theta=3),
    ],
)
def test_a_document_that_does_not_fit_is_refused(content: bytes, change: Any) -> None:
    with pytest.raises(ConvscopeError, match="not a program that convscope wrote"):
        program.load(rewritten(content, change))


def test_an_output_that_is_never_made_fails_with_a_sentence(content: bytes) -> None:
    loaded = program.load(rewritten(content, lambda d: d.update(output="nobody")))
    with pytest.raises(ConvscopeError, match="nobody"):
        loaded(torch.rand(2, 1, 16, 16))


class Malicious:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def test_files_of_torch_are_not_opened(sampler: nn.Module, tmp_path: Path) -> None:
    """Neither torch.save's nor torch.export's: their loaders can run what is in them."""
    trap = tmp_path / "trap"
    pickled = io.BytesIO()
    torch.save(Malicious(trap), pickled)
    exported = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(sampler, (torch.rand(2, 1, 16, 16),)), exported)
    for file in (pickled, exported):
        with pytest.raises(ConvscopeError, match="not a program that convscope wrote"):
            program.load(file.getvalue())
    assert not trap.exists()


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(noise: bytes) -> None:
    with pytest.raises(ConvscopeError):
        program.load(noise)


@given(st.data())
def test_a_truncated_or_changed_program_is_refused_or_the_same(content: bytes, data: st.DataObject) -> None:
    with pytest.raises(ConvscopeError):
        program.load(content[: data.draw(st.integers(0, len(content) - 1))])
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        loaded = program.load(bytes(changed))
        with torch.inference_mode():
            loaded(torch.zeros(1, 1, 16, 16))
    except ConvscopeError:
        pass


def test_the_tensors_are_those_of_the_state_dict(sampler: nn.Module, content: bytes) -> None:
    tensors = {
        name.removeprefix("tensor."): value
        for name, value in load_tensors(content).items()
        if name != "program"
    }
    for name, value in sampler.state_dict().items():
        if name in tensors:
            np.testing.assert_array_equal(tensors[name].numpy(), value.numpy())
    assert set(tensors) - set(sampler.state_dict()) == {"scale"}
