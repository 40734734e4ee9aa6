"""Initial weights against those that PyTorch's layers begin with."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torch import nn

from convscope import nets
from convscope.graph import Builder, Graph, initial_weights

LAYERS: dict[str, nn.Module] = {
    "conv2d": nn.Conv2d(16, 64, (3, 5)),
    "grouped": nn.Conv2d(32, 64, 3, groups=4),
    "conv1d": nn.Conv1d(16, 128, 7),
    "linear": nn.Linear(100, 120),
}


def graph(name: str) -> Graph:
    b = Builder("net")
    if name == "conv2d":
        x = b.conv2d(b.input(16, 9, 9), 64, kernel_size=(3, 5), name="layer")
    elif name == "grouped":
        x = b.conv2d(b.input(32, 9, 9), 64, kernel_size=3, groups=4, name="layer")
    elif name == "conv1d":
        x = b.conv1d(b.input(16, 9), 128, kernel_size=7, name="layer")
    else:
        x = b.linear(b.input(100), 120, name="layer")
    return b.build(x)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("role", ["weight", "bias"])
def test_distribution_is_pytorchs_default(name: str, role: str) -> None:
    """The two-sample Kolmogorov-Smirnov test does not tell them apart; 40 draws of both."""
    torch.manual_seed(0)
    theirs, ours = [], []
    for seed in range(40):
        LAYERS[name].reset_parameters()
        theirs.append(getattr(LAYERS[name], role).detach().numpy().ravel().copy())
        ours.append(initial_weights(graph(name), seed)[f"layer.{role}"].ravel())
    expected, actual = np.concatenate(theirs), np.concatenate(ours)
    assert ks_2samp(expected, actual).pvalue > 0.01
    assert actual.std() == pytest.approx(expected.std(), rel=0.03)
    bound = 1 / math.sqrt(math.prod(LAYERS[name].weight.shape[1:]))
    assert max(abs(expected).max(), abs(actual).max()) <= np.float32(bound)
    assert abs(actual).max() > 0.98 * bound


@pytest.mark.parametrize("name", nets.names())
def test_shapes_and_types_are_the_modules(name: str) -> None:
    net = nets.graph(name)
    weights = initial_weights(net)
    state = net.to_module().state_dict()
    assert list(weights) == list(net.parameters)
    assert {key: (tuple(t.shape), str(t.dtype)) for key, t in state.items()} == {
        key: (value.shape, f"torch.{value.dtype}") for key, value in weights.items()
    }
    assert all(np.isfinite(value).all() for value in weights.values())


def test_normalisation_starts_as_the_identity() -> None:
    theirs = nn.BatchNorm2d(16).state_dict()
    ours = initial_weights(nets.graph("convnet-bn"))
    for role, value in theirs.items():
        np.testing.assert_array_equal(ours[f"norm1.{role}"], value.numpy())


def test_a_seed_is_a_set_of_weights() -> None:
    net = nets.graph("convnet-bn")
    once, again, other = initial_weights(net, 1), initial_weights(net, 1), initial_weights(net, 2)
    assert all(np.array_equal(once[name], again[name]) for name in once)
    drawn = [name for name, spec in net.parameters.items() if spec.initial == "uniform"]
    assert not any(np.array_equal(once[name], other[name]) for name in drawn)
    assert len({once[name].ravel()[0] for name in drawn}) == len(drawn)  # no layer repeats another
    module = net.to_module(seed=1)
    assert all(np.array_equal(tensor, once[name]) for name, tensor in module.state_dict().items())


def test_a_shared_tensor_is_drawn_once() -> None:
    b = Builder("net")
    names = {"weight": "w", "bias": "b"}
    x = b.append("linear", b.input(5), parameters=names, out_features=5)
    weights = initial_weights(b.build(b.append("linear", x, parameters=names, out_features=5)))
    assert {name: value.shape for name, value in weights.items()} == {"w": (5, 5), "b": (5,)}
