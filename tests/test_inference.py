"""The forward pass of bundles: on lanes and with PyTorch the same numbers."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from convscope import inference, native, nets
from convscope.bundle import Bundle
from convscope.data import Preprocessing
from convscope.errors import ShapeError
from convscope.graph import Builder, Graph, initial_weights

from .conftest import needs_lanes

PICTURE_NETS = [name for name, net in nets.CATALOGUE.items() if len(net.input_shape) == 3]


def random_weights(graph: Graph) -> dict[str, np.ndarray]:
    """Weights of a size that keeps values near 1, and running statistics that are no identity."""
    random = np.random.default_rng(5)
    weights = initial_weights(graph, 5)
    for name, value in weights.items():
        if name.endswith("running_var"):
            weights[name] = random.uniform(0.5, 1.5, value.shape).astype(np.float32)
        elif value.dtype == np.float32 and value.ndim == 1:
            weights[name] = (value + random.normal(0, 0.2, value.shape)).astype(np.float32)
        elif value.ndim > 1:
            weights[name] = (value * 1.5).astype(np.float32)
    return weights


def preprocessing_for(graph: Graph) -> Preprocessing:
    channels, height, width = graph.input_shape
    statistics = {"mean": (0.4, 0.5, 0.6)[:channels], "std": (0.2, 0.3, 0.25)[:channels]}
    return Preprocessing(height=height, width=width, channels=channels, **statistics)


def assert_near(found: np.ndarray, expected: np.ndarray) -> None:
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    assert (abs(found - expected) <= 1e-5 * np.maximum(1, abs(expected))).all(), abs(found - expected).max()


@needs_lanes
@pytest.mark.parametrize("name", PICTURE_NETS)
def test_lanes_and_torch_give_the_same_logits(name: str) -> None:
    shape = (3, 64, 64) if name == "resnet-18" else None
    graph = nets.graph(name, shape)
    weights, preprocessing = random_weights(graph), preprocessing_for(graph)
    channels, height, width = graph.input_shape
    pictures = np.random.default_rng(1).integers(0, 256, (64, height, width, channels)).astype(np.uint8)
    bundle = Bundle(name, tuple("abcdefghij"), preprocessing, graph, weights)
    expected = inference.logits(graph.to_module(weights).eval(), preprocessing, pictures)
    assert abs(expected).max() > 0.3
    for count in (1, 7, 64):
        assert_near(bundle.logits(pictures[:count]), expected[:count])
    np.testing.assert_array_equal(bundle.logits(pictures[5:6])[0], bundle.logits(pictures)[5])


@needs_lanes
def test_signals_give_the_same_outputs() -> None:
    import torch

    graph = nets.graph("simple-cnn-1d")
    weights = random_weights(graph)
    network = inference.plan_network(graph, weights)
    assert network is not None
    signals = np.random.default_rng(1).normal(size=(64, *graph.input_shape)).astype(np.float32)
    with torch.no_grad():
        expected = graph.to_module(weights).eval()(torch.from_numpy(signals)).numpy()
    for count in (1, 7, 64):
        assert_near(network.outputs(signals[:count]), expected[:count])


def no_plan() -> Graph:
    b = Builder("odd")
    x = b.linear(b.conv2d(b.input(1, 8, 8), 2, kernel_size=3), 5)  # over the last axis
    return b.build(b.linear(b.flatten(x), 3))


@pytest.mark.parametrize("available", [True, False])
def test_what_lanes_cannot_do_torch_does(available: bool, monkeypatch: Any) -> None:
    graph = no_plan() if available else nets.graph("simple-cnn-4-8", classes=3)
    if not available:
        monkeypatch.setattr(native.extension, "_native", None)
    weights, preprocessing = random_weights(graph), preprocessing_for(graph)
    _, height, width = graph.input_shape
    pictures = np.random.default_rng(1).integers(0, 256, (300, height, width, 1)).astype(np.uint8)
    bundle = Bundle("odd", ("a", "b", "c"), preprocessing, graph, weights)
    assert inference.plan_network(graph, weights) is None
    expected = inference.logits(graph.to_module(weights).eval(), preprocessing, pictures)
    np.testing.assert_array_equal(bundle.logits(pictures), expected)


@pytest.mark.parametrize(
    "pictures",
    [
        np.zeros((2, 28, 28), np.uint8),
        np.zeros((2, 28, 28, 3), np.uint8),
        np.zeros((2, 27, 28, 1), np.uint8),
        np.zeros((2, 1, 28, 28), np.uint8),
        np.zeros((2, 28, 28, 1), np.float32),
    ],
)
def test_pictures_of_another_shape_are_refused(pictures: np.ndarray) -> None:
    graph = nets.graph("simple-cnn-4-8")
    bundle = Bundle("net", tuple("abcdefghij"), preprocessing_for(graph), graph, initial_weights(graph))
    with pytest.raises(ShapeError, match=r"takes uint8 \(N, 28, 28, 1\), which `predict` makes"):
        bundle.logits(pictures)


def test_pictures_need_not_be_contiguous_and_threads_may_share_a_bundle() -> None:
    graph = nets.graph("simple-cnn-rgb")
    bundle = Bundle("net", tuple("abcdefghij"), preprocessing_for(graph), graph, random_weights(graph))
    pictures = np.random.default_rng(1).integers(0, 256, (200, 32, 32, 3)).astype(np.uint8)
    expected = bundle.logits(pictures)
    turned = pictures[::2, ::-1, ::-1]
    np.testing.assert_allclose(bundle.logits(turned), bundle.logits(turned.copy()), atol=1e-6)
    found: dict[int, np.ndarray] = {}

    def use(number: int) -> None:
        for _ in range(5):
            found[number] = bundle.logits(pictures[number * 50 : number * 50 + 50])

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(np.concatenate([found[i] for i in range(4)]), expected, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_view_in_a_program_gets_pictures_in_its_own_order(channels: int) -> None:
    """The pixels of a picture lie with their channels side by side, in which order a `view` cannot be had."""
    torch = pytest.importorskip("torch")

    class Viewed(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(channels, 4, 3, padding=1)
            self.fc = torch.nn.Linear(256, 3)

        def forward(self, x: Any) -> Any:
            return self.fc(torch.sort(self.conv(x).view(-1, 256), dim=1).values)

    net = Viewed()
    preprocessing = Preprocessing(height=8, width=8, channels=channels)  # type: ignore[arg-type]
    with pytest.warns(match="not-in-graph"):
        bundle = Bundle.of(net, "abc", preprocessing)
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8, channels), dtype=np.uint8)
    with torch.no_grad():
        expected = net(torch.tensor(preprocessing.batch(pictures).tolist())).numpy()
    np.testing.assert_allclose(bundle.logits(pictures), expected, atol=1e-5)
