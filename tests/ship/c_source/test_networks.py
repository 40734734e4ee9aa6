"""Whole networks in C say what their bundles say, however inputs enter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope import Bundle, nets
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.data.input_preprocessing import InputPreprocessing
from convscope.errors import ConvscopeWarning, DataError, UnsupportedOperation
from convscope.graph import Builder, Graph
from convscope.ship.c_source import source
from convscope.ship.c_source.form import runner, written
from convscope.ship.entrance import Entrance
from convscope.ship.proof import prove

from ...look.networks import inputs_of
from .networks import bundle_of, by_c, needs_compiler

LONG = os.environ.get("CONVSCOPE_LONG") == "1"
LARGE = ("resnet-18", "multilayer-cnn")  # whose weights take a C compiler long


def pictures(graph: Graph, **settings: Any) -> Preprocessing:
    channels, height, width = graph.input_shape
    return Preprocessing(height=height, width=width, channels=channels, **settings)  # type: ignore[arg-type]


def usual(graph: Graph) -> InputPreprocessing:
    if len(graph.input_shape) == 2:
        return ArrayPreprocessing(shape=graph.input_shape)
    channels = graph.input_shape[0]
    return pictures(graph, mean=(0.45, 0.5, 0.4)[:channels], std=(0.25, 0.2, 0.3)[:channels])


@needs_compiler
@pytest.mark.parametrize("name", nets.names())
@pytest.mark.filterwarnings("ignore:.*large-c")
def test_every_net_of_the_catalogue_agrees(name: str) -> None:
    if name in LARGE and not LONG:
        pytest.skip("a C compiler takes long: CONVSCOPE_LONG=1")
    graph = nets.graph(name)
    bundle = bundle_of(graph, usual(graph))
    stored = inputs_of(bundle, 8)
    wanted = bundle.probabilities(stored)
    assert np.ptp(wanted, axis=0).max() > 0.2  # they differ
    np.testing.assert_allclose(by_c(bundle, stored), wanted, atol=1e-4)


@needs_compiler
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("statistics", [{}, {"mean": (0.2, 0.5, 0.4), "std": (0.3, 0.2, 0.25)}])
@pytest.mark.parametrize("invert", [False, True])
def test_pictures_enter_bit_for_bit(
    inside: bool, statistics: dict[str, Sequence[float]], invert: bool
) -> None:
    """A network that gives its input back gives the bits of `Preprocessing.batch`, for every byte."""
    builder = Builder("nothing")
    graph = builder.build(builder.flatten(builder.input(3, 8, 32)))
    bundle = bundle_of(graph, pictures(graph, invert=invert, **statistics), outputs="probabilities")
    stored = np.tile(np.arange(256, dtype=np.uint8).reshape(1, 8, 32, 1), (1, 1, 1, 3))
    stored[..., 1] = 255 - stored[..., 1]
    found = by_c(bundle, stored, inside=inside)
    np.testing.assert_array_equal(found, bundle.preprocessing.batch(stored).reshape(1, -1))


@needs_compiler
@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 4)])
@pytest.mark.parametrize("repeat", [1, 3])
@pytest.mark.parametrize("statistics", [{}, {"mean": (1000.0, -3.0), "std": (0.7, 11.0)}])
@pytest.mark.parametrize("inside", [True, False])
def test_arrays_enter_bit_for_bit(shape: Any, repeat: int, statistics: dict[str, Any], inside: bool) -> None:
    of = ArrayPreprocessing(shape=shape, repeat=repeat, **statistics)
    builder = Builder("nothing")
    graph = builder.build(builder.flatten(builder.input(*of.input_shape)))
    bundle = bundle_of(graph, of, outputs="probabilities")
    stored = np.random.default_rng(0).normal(900, 50, (3, *shape)).astype(np.float32)
    found = by_c(bundle, stored, inside=inside)
    np.testing.assert_array_equal(found, of.batch(stored).reshape(3, -1))


class Branches(nn.Module):
    """A user's own: a layer used twice, a residual sum, a concatenation, attention to channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.twice = nn.Conv2d(6, 6, (3, 1), padding="same", groups=2)
        self.squeeze, self.fc = nn.Linear(6, 6), nn.Linear(12 * 5 * 6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(x)))
        y = F.silu(self.twice(F.relu(self.twice(x)))) + x
        y = y * torch.sigmoid(self.squeeze(y.mean((2, 3)))).reshape(-1, 6, 1, 1)
        x = torch.cat([F.max_pool2d(x, 2, ceil_mode=True), F.avg_pool2d(y, 2, ceil_mode=True)], 1)
        return self.fc(torch.flatten(x, 1))


@needs_compiler
def test_a_module_of_a_users_own_with_an_odd_size() -> None:
    torch.manual_seed(3)
    module = Branches()
    with torch.no_grad():
        module.norm.running_mean.normal_()  # type: ignore[operator, union-attr]
        module.norm.running_var.uniform_(0.2, 2)  # type: ignore[operator, union-attr]
        module.fc.weight.mul_(4)
    of = Preprocessing(height=9, width=11, channels=3, invert=True, mean=(0.4,) * 3, std=(0.2,) * 3)
    bundle = Bundle.of(module, ["a", "b", "c", "d"], of)
    entrance = Entrance(of)
    content = written(bundle, entrance)
    assert content.count(b"twice_weight[") == 1  # shared weights are there once
    run = runner(content, bundle, entrance)
    assert prove(bundle, entrance, inputs_of(bundle, 16), run, batches=(1,)).largest < 1e-5


@needs_compiler
def test_shared_layers_with_different_norms_fold_apart() -> None:
    builder = Builder("siamese")
    x = builder.input(2, 6, 6)
    a = builder.conv2d(x, 4, kernel_size=3, name="shared")
    names = {"weight": "shared.weight", "bias": "shared.bias"}
    settings = dict(a.attributes)
    b = builder.append("conv2d", x, name="again", parameters=names, **settings)
    y = builder.add(builder.batch_norm(a), builder.batch_norm(b))
    graph = builder.build(builder.linear(builder.flatten(y), 3))
    bundle = bundle_of(graph, ArrayPreprocessing(shape=(2, 6, 6)))
    stored = inputs_of(bundle, 4)
    np.testing.assert_allclose(by_c(bundle, stored), bundle.probabilities(stored), atol=1e-5)


@needs_compiler
def test_softmax_in_the_network_is_not_taken_twice() -> None:
    builder = Builder("ends")
    x = builder.linear(builder.flatten(builder.input(1, 4, 4)), 3)
    graph = builder.build(builder.append("softmax", x))
    bundle = bundle_of(graph, ArrayPreprocessing(shape=(1, 4, 4)), outputs="probabilities")
    stored = inputs_of(bundle, 4)
    np.testing.assert_allclose(by_c(bundle, stored), bundle.probabilities(stored), atol=1e-6)


@needs_compiler
def test_the_file_is_the_same_for_the_same_bundle_and_the_answer_for_the_same_picture() -> None:
    graph = nets.graph("simple-cnn-4-8")
    bundle = bundle_of(graph, usual(graph))
    entrance = Entrance(bundle.preprocessing)
    assert written(bundle, entrance) == written(Bundle.from_bytes(bundle.to_bytes()), entrance)
    stored = inputs_of(bundle, 3)
    found = by_c(bundle, stored[[0, 1, 2, 1, 0]])  # nothing of one picture stays for the next
    np.testing.assert_array_equal(found[[0, 1]], found[[4, 3]])


# what is refused, what is warned of


def test_a_program_is_refused_and_what_works_is_named() -> None:
    class Sorts(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sort(x.flatten(1), 1).values[:, :2]

    of = Preprocessing(height=2, width=2, channels=1)
    with pytest.warns(ConvscopeWarning, match="program"):
        bundle = Bundle.of(Sorts(), ["a", "b"], of)
    with pytest.raises(UnsupportedOperation, match=r"Sorts .* as onnx or torch"):
        written(bundle, Entrance(of))


def test_weights_that_are_not_finite_are_refused_by_name() -> None:
    graph = nets.graph("simple-cnn-4-8")
    bundle = bundle_of(graph, usual(graph))
    bundle.weights["conv2.weight"][0, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match=r"weight of 'conv2' .* not finite: the training diverged"):
        written(bundle, Entrance(bundle.preprocessing))


def test_a_network_too_large_for_a_c_file_is_written_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nets.graph("simple-cnn-4-8")
    bundle = bundle_of(graph, usual(graph))
    monkeypatch.setattr(source, "SENSIBLE", 2000)
    with pytest.warns(ConvscopeWarning, match=r"\[large-c\] .* 2,348 weights"):  # 2 are of the scaling
        written(bundle, Entrance(bundle.preprocessing))


def test_writing_imports_no_torch(tmp_path: Path) -> None:
    graph = nets.graph("convnet-bn")
    bundle_of(graph, usual(graph)).save(tmp_path / "net.safetensors")
    script = f"""
import sys
from convscope import Bundle
from convscope.ship.c_source import source
from convscope.ship.c_source.form import written
from convscope.ship.entrance import Entrance
bundle = Bundle.load({str(tmp_path / "net.safetensors")!r})
assert written(bundle, Entrance(bundle.preprocessing))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
