"""Dropout seen from outside: the mask can be read off the gradients of the layers around it."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.graph import Builder, Graph
from convscope.lanes.network import Network
from convscope.lanes.settings import OptimizerSettings

from .oracle import INSTRUCTION_SETS, Arrays

CHANNELS, SIZE = 20, (5, 10)
FEATURES = CHANNELS * SIZE[0] * SIZE[1]


def probe(kind: str, p: float, *, twice: bool = False) -> tuple[Graph, Arrays]:
    """Dropout of ones between a pointwise convolution and a linear layer of two classes."""
    b = Builder("probe")
    x = b.conv2d(b.input(1, *SIZE), CHANNELS, kernel_size=1, name="before")
    x = b.append(kind, x, p=p)
    if twice:
        x = b.append(kind, x, p=p)
    graph = b.build(b.linear(b.flatten(x), 2, name="after"))
    weights = {
        "before.weight": np.ones((CHANNELS, 1, 1, 1), np.float32),
        "before.bias": np.zeros(CHANNELS, np.float32),
        "after.weight": np.stack([np.ones(FEATURES), np.zeros(FEATURES)]).astype(np.float32) * 1e-3,
        "after.bias": np.zeros(2, np.float32),
    }
    return graph, weights


def gradients(
    graph: Graph,
    weights: Arrays,
    count: int = 1,
    *,
    seed: int = 0,
    step: int = 0,
    set: str = "",
    threads: int = 1,
) -> Arrays:
    net = Network(
        graph,
        weights,
        training=True,
        threads=threads,
        settings=OptimizerSettings("sgd"),
        instruction_set=set,
    )
    x = np.ones((count, 1, *SIZE), np.float32)
    net.train(x, np.zeros(count, np.int64), [np.arange(count)], [0.0], seed=seed, first_step=step)
    return net.named(net.native.gradients)


def mask(
    kind: str, p: float, *, seed: int = 0, step: int = 0, set: str = "", twice: bool = False
) -> np.ndarray:
    """What dropout makes of one picture of ones."""
    found = gradients(*probe(kind, p, twice=twice), seed=seed, step=step, set=set)
    kept = found["after.weight"][0] / found["after.bias"][0]
    return kept.reshape(CHANNELS, *SIZE)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_numbers_become_zero_with_probability_p_or_are_scaled(p: float) -> None:
    kept = np.stack([mask("dropout", p, step=step) for step in range(10)])
    zero = np.abs(kept) < 1e-6
    np.testing.assert_allclose(kept[~zero], 1 / (1 - p), rtol=1e-5)
    deviation = np.sqrt(p * (1 - p) / kept.size)
    assert abs(zero.mean() - p) < 4 * deviation
    for axis in range(4):  # no step, channel, row or column is special
        share = zero.mean(axis=tuple(a for a in range(4) if a != axis))
        assert np.abs(share - p).max() < 5 * np.sqrt(p * (1 - p) * len(share) / kept.size)


def test_neighbours_are_independent() -> None:
    zero = np.stack([mask("dropout", 0.5, step=step) for step in range(10)]) == 0
    centred = zero - 0.5
    for axis in range(4):
        near, far = np.delete(centred, 0, axis), np.delete(centred, -1, axis)
        correlation = 4 * (near * far).mean()
        assert abs(correlation) < 4 / np.sqrt(near.size)


def test_whole_channels_of_dropout2d() -> None:
    kept = np.stack([mask("dropout2d", 0.4, step=step) for step in range(30)])
    assert (kept == kept[:, :, :1, :1]).all()
    zero = kept[:, :, 0, 0] == 0
    assert abs(zero.mean() - 0.4) < 4 * np.sqrt(0.24 / zero.size)
    np.testing.assert_allclose(kept[kept != 0], 1 / 0.6, rtol=1e-5)


@pytest.mark.parametrize("kind", ["dropout", "dropout2d"])
@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_the_same_mask_forward_and_backward(kind: str, instruction_set: str) -> None:
    """With 37 pictures.

    The loss knows a channel's scale s only by w * s * mask: at s = 1 its gradient is w times that of w.
    """
    graph, weights = probe(kind, 0.3)
    generator = np.random.default_rng(0)
    weights["after.weight"] = generator.normal(size=(2, FEATURES)).astype(np.float32) / 100
    found = gradients(graph, weights, 37, set=instruction_set)
    forward = (weights["after.weight"] * found["after.weight"]).reshape(2, CHANNELS, -1).sum(axis=(0, 2))
    np.testing.assert_allclose(found["before.weight"].ravel(), forward, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", ["dropout", "dropout2d"])
def test_seed_and_step_determine_the_mask(kind: str) -> None:
    first = mask(kind, 0.5, seed=1, step=5)
    for set in INSTRUCTION_SETS:
        assert np.array_equal(mask(kind, 0.5, seed=1, step=5, set=set), first)
    for seed, step in ((1, 6), (2, 5), (5, 1), (2**64 - 1, 5), (1, 2**40)):
        other = mask(kind, 0.5, seed=seed, step=step)
        assert 0.2 < ((other == 0) != (first == 0)).mean() < 0.8


def test_two_layers_draw_their_own() -> None:
    """Of one mask used twice half would be left; of two a quarter."""
    kept = np.stack([mask("dropout", 0.5, step=step, twice=True) for step in range(5)])
    assert abs((kept != 0).mean() - 0.25) < 0.03
    np.testing.assert_allclose(kept[kept != 0], 4, rtol=1e-5)


def test_pictures_of_a_batch_draw_their_own() -> None:
    """How many of 64 pictures keep a number: about 32 of them, in every block."""
    graph, weights = probe("dropout", 0.5)
    weights["after.weight"][:] = 0  # all gradients at the outputs are alike
    found = gradients(graph, weights, 64)
    kept = found["after.weight"][0] / found["after.bias"][0] * 64 / 2
    assert abs(kept.mean() - 32) < 1
    assert abs(kept.std() - 4) < 0.5
    assert np.allclose(kept, np.round(kept), atol=1e-3)


def test_everything_and_nothing() -> None:
    assert np.abs(mask("dropout", 1.0)).max() == 0
    assert np.allclose(mask("dropout", 0.0), 1)


def test_no_dropout_in_outputs() -> None:
    graph, weights = probe("dropout", 0.5)
    outputs = Network(graph, weights, training=False, threads=1).outputs(np.ones((3, 1, *SIZE), np.float32))
    np.testing.assert_allclose(outputs, [[1.0, 0.0]] * 3, rtol=1e-5)
