"""Arrays of other shapes, types and layouts: right numbers or a sentence, never memory that is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from convscope import nets
from convscope.data.moving import UNCHANGED
from convscope.errors import DataError, ShapeError
from convscope.graph import Builder, Graph, initial_weights
from convscope.lanes.network import Moves, Network, Pixels
from convscope.lanes.settings import OptimizerSettings

GRAPH = nets.graph("simple-cnn-4-8", (2, 11, 10), classes=3)
WEIGHTS = initial_weights(GRAPH, 0)
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 11, 10, 2), dtype=np.uint8)
FACTOR, OFFSET = np.array([1 / 255, 1 / 128], np.float32), np.array([-0.1, 0.25], np.float32)
PICTURES = (IMAGES * FACTOR + OFFSET).transpose(0, 3, 1, 2).astype(np.float32)
LABELS = np.arange(20) % 3


def network(graph: Graph = GRAPH, *, training: bool = True, **settings: Any) -> Network:
    rule = OptimizerSettings("sgd", **settings)
    return Network(graph, initial_weights(graph, 0), training=training, threads=2, settings=rule)


def losses(
    pictures: Pixels | np.ndarray = PICTURES, labels: np.ndarray = LABELS, **changed: Any
) -> np.ndarray:
    given = {"batches": [np.arange(20), np.arange(7)], "rates": [0.1, 0.1]} | changed
    return network().train(pictures, labels, **given)[0]


# what works: other types and layouts of the same numbers


def scattered(array: np.ndarray) -> np.ndarray:
    """The same numbers, every second of an array of twice the size."""
    double = np.repeat(array, 2, axis=0)
    double[1::2] += 1
    return double[::2]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "fortran order": np.asfortranarray,
    "every second": scattered,
    "mirrored twice": lambda a: a[:, ::-1].copy()[:, ::-1],
    "channels last": lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1),
    "read only": lambda a: np.broadcast_to(a, a.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_other_layouts_of_pictures_and_labels(layout: str) -> None:
    change = LAYOUTS[layout]
    expected = losses()
    assert np.array_equal(losses(change(PICTURES)), expected)
    pixels = Pixels(IMAGES, FACTOR, OFFSET)
    assert np.array_equal(losses(Pixels(change(IMAGES), FACTOR, OFFSET)), losses(pixels))
    outputs = network(training=False)
    assert np.array_equal(outputs.outputs(change(PICTURES)), outputs.outputs(PICTURES))
    changed = Pixels(change(IMAGES), FACTOR, OFFSET)
    assert np.array_equal(outputs.outputs(changed), outputs.outputs(pixels))
    assert np.array_equal(losses(labels=scattered(LABELS)), expected)
    batches = [scattered(np.arange(20)), scattered(np.arange(7))]
    assert np.array_equal(losses(batches=batches), expected)


def test_other_types() -> None:
    expected = losses()
    assert np.array_equal(losses(PICTURES.astype(np.float64)), expected)
    for dtype in (np.uint8, np.int32, np.uint64):
        assert np.array_equal(losses(labels=LABELS.astype(dtype)), expected)
        batches = [np.arange(20, dtype=dtype), np.arange(7, dtype=dtype)]
        assert np.array_equal(losses(batches=batches), expected)
    pixels = Pixels(IMAGES, FACTOR.astype(np.float64), OFFSET.astype(np.float64))
    assert np.array_equal(losses(pixels), losses(Pixels(IMAGES, FACTOR, OFFSET)))
    weights = {name: value.astype(np.float64) for name, value in WEIGHTS.items()}
    wide = Network(GRAPH, weights, training=False, threads=1)
    assert np.array_equal(wide.outputs(PICTURES), network(training=False).outputs(PICTURES))


def test_bytes_and_floats_give_the_same() -> None:
    np.testing.assert_allclose(losses(Pixels(IMAGES, FACTOR, OFFSET)), losses(), rtol=1e-5)
    without = IMAGES.transpose(0, 3, 1, 2) * FACTOR[:, None, None]
    np.testing.assert_allclose(losses(Pixels(IMAGES, FACTOR)), losses(without), rtol=1e-5)


def test_signals() -> None:
    graph = nets.graph("simple-cnn-1d", (2, 15), classes=3)
    x = np.random.default_rng(0).normal(size=(5, 2, 15)).astype(np.float32)
    assert network(graph, training=False).outputs(x).shape == (5, 3)
    with pytest.raises(ShapeError, match=r"takes inputs of \(N, 2, 15\), not \(5, 2, 1, 15\)"):
        network(graph, training=False).outputs(x[:, :, None])


# nothing to do


def test_no_pictures_no_outputs() -> None:
    outputs = network(training=False)
    assert outputs.outputs(PICTURES[:0]).shape == (0, 3)
    assert outputs.outputs(Pixels(IMAGES[:0], FACTOR)).shape == (0, 3)
    assert outputs.outputs(PICTURES[:1]).shape == (1, 3)


def test_no_steps() -> None:
    """Also of a data set without pictures."""
    for pictures, labels in ((PICTURES, LABELS), (PICTURES[:0], LABELS[:0])):
        found, correct = network().train(pictures, labels, [], [])
        assert (found.shape, correct) == ((0,), 0)


def test_a_network_without_parameters() -> None:
    b = Builder("bare")
    graph = b.build(b.flatten(b.input(1, 1, 3)))
    x = np.eye(3, dtype=np.float32)[:, None, None]
    found, correct = network(graph).train(x, np.arange(3), [np.arange(3)], [0.1])
    assert correct == 3
    assert found[0] == pytest.approx(np.log(np.e + 2) - 1, rel=1e-6)
    assert np.array_equal(network(graph, training=False).outputs(x), np.eye(3))


# what is refused


@dataclass
class Wrong:
    """What `losses` is given instead, and what it says."""

    given: dict[str, Any]
    error: type[Exception]
    message: str


MOVES = np.tile(np.array(UNCHANGED, dtype=np.int32), (20, 1))
WRONG = {
    "a row less": Wrong(
        {"pictures": PICTURES[:, :, 1:]}, ShapeError, r"\(N, 2, 11, 10\), not \(20, 2, 10, 10\)"
    ),
    "no channels": Wrong({"pictures": PICTURES[:, 0]}, ShapeError, r"not \(20, 11, 10\)"),
    "one picture": Wrong({"pictures": PICTURES[0]}, ShapeError, r"not \(2, 11, 10\)"),
    "bytes in another order": Wrong(
        {"pictures": Pixels(IMAGES.transpose(0, 3, 1, 2), FACTOR)},
        DataError,
        r"\(N, H, W, C\) = \(N, 11, 10, 2\)",
    ),
    "floats as bytes": Wrong({"pictures": Pixels(IMAGES / 255, FACTOR)}, DataError, "uint8, not float64"),
    "numbers as bytes": Wrong(
        {"pictures": Pixels(IMAGES.astype(int), FACTOR)}, DataError, "uint8, not int64"
    ),
    "a factor for each of three": Wrong(
        {"pictures": Pixels(IMAGES, np.ones(3, np.float32))}, DataError, "one number per channel"
    ),
    "one offset": Wrong(
        {"pictures": Pixels(IMAGES, FACTOR, np.zeros(1, np.float32))}, DataError, "one number per channel"
    ),
    "a label too many": Wrong(
        {"labels": np.arange(21) % 3}, DataError, "20 pictures take as many labels, not 21"
    ),
    "a fourth class": Wrong({"labels": np.arange(20) % 4}, DataError, "label 3 at 3 is not one of 3 classes"),
    "a class before the first": Wrong({"labels": LABELS - 1}, DataError, "label -1 at 0"),
    "a far label": Wrong({"labels": LABELS + 2**40}, DataError, "label 1099511627776 at 0"),
    "labels with an axis": Wrong({"labels": LABELS[:, None]}, DataError, r"row of whole numbers.*\(20, 1\)"),
    "labels between classes": Wrong({"labels": LABELS + 0.5}, DataError, "whole numbers, not float64"),
    "a position beyond": Wrong({"batches": [np.arange(20), np.array([20])]}, DataError, "position 20 of 20"),
    "a position before": Wrong(
        {"batches": [np.array([3, -1]), np.arange(2)]}, DataError, "position -1 of 20"
    ),
    "positions with an axis": Wrong(
        {"batches": [np.zeros((2, 2), int)] * 2}, DataError, "row of whole numbers"
    ),
    "a mask for positions": Wrong({"batches": [np.ones(20, bool)] * 2}, DataError, "whole numbers, not bool"),
    "an empty batch": Wrong({"batches": [np.arange(3), np.arange(0)]}, DataError, "batch 1 has no pictures"),
    "a rate too few": Wrong({"rates": [0.1]}, DataError, "2 batches take as many rates, not 1"),
    "a rate too many": Wrong({"rates": [0.1] * 3}, DataError, "2 batches take as many rates, not 3"),
    "moves of floats": Wrong({"moves": Moves(MOVES)}, DataError, "of uint8 pictures"),
    "moves of others": Wrong(
        {"pictures": Pixels(IMAGES, FACTOR), "moves": Moves(MOVES[:19])},
        DataError,
        r"\(N, 11\)",
    ),
    "moves of ten numbers": Wrong(
        {"pictures": Pixels(IMAGES, FACTOR), "moves": Moves(MOVES[:, :10].copy())},
        DataError,
        r"\(N, 11\)",
    ),
    "a partner that is not there": Wrong(
        {"pictures": Pixels(IMAGES, FACTOR), "moves": Moves(np.where(np.arange(11) == 9, 20, MOVES))},
        DataError,
        "picture 0 is mixed with one that is not there",
    ),
    "more than the whole": Wrong(
        {"pictures": Pixels(IMAGES, FACTOR), "moves": Moves(np.where(np.arange(11) == 10, 65537, MOVES))},
        DataError,
        "by an impossible share",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_fit_is_refused(what: str) -> None:
    wrong = WRONG[what]
    with pytest.raises(wrong.error, match=wrong.message):
        losses(**wrong.given)


def test_a_refused_call_changes_nothing() -> None:
    net = network()
    before = net.native.parameters.copy()
    with pytest.raises(DataError, match="position 20"):
        net.train(PICTURES, LABELS, [np.arange(20), np.array([20])], [0.1, 0.1])
    assert np.array_equal(net.native.parameters, before)
    assert net.native.steps_done == 0
    assert np.array_equal(net.train(PICTURES, LABELS, [np.arange(20), np.arange(7)], [0.1, 0.1])[0], losses())


def test_outputs_refuse_too() -> None:
    outputs = network(training=False)
    with pytest.raises(ShapeError, match="takes inputs of"):
        outputs.outputs(PICTURES[:, :1])
    with pytest.raises(DataError, match="the pictures should be"):
        outputs.outputs(Pixels(IMAGES[:, 1:], FACTOR))
    with pytest.raises(DataError, match="uint8"):
        outputs.outputs(Pixels(PICTURES, FACTOR))


def test_settings_that_read_too_far() -> None:
    with pytest.raises(ValueError, match="at least one thread"):
        Network(GRAPH, WEIGHTS, training=True, threads=0)
    with pytest.raises(ValueError, match="3 classes take as many class weights, not 2"):
        network(class_weights=[1.0, 2.0])
    with pytest.raises(ValueError, match="has no mmx"):
        Network(GRAPH, WEIGHTS, training=True, threads=1, instruction_set="mmx")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("conv2.bias"), "'conv2.bias' of simple-cnn-4-8 are missing, not 8"),
        (lambda w: w.update({"conv1.weight": w["conv1.weight"][:, :1]}), "are 4×1×3×3, not 4×2×3×3"),
        (
            lambda w: w.update({"linear.weight": w["linear.weight"].T}),
            "'linear.weight' of simple-cnn-4-8 are",
        ),
    ],
)
def test_weights_that_do_not_fit(change: Callable[[dict[str, np.ndarray]], Any], message: str) -> None:
    weights = dict(WEIGHTS)
    change(weights)
    for training in (True, False):
        with pytest.raises(ShapeError, match=message):
            Network(GRAPH, weights, training=training, threads=1)


def test_a_plan_does_what_it_was_made_for() -> None:
    with pytest.raises(AssertionError):
        network().outputs(PICTURES)
    with pytest.raises(AssertionError):
        network(training=False).train(PICTURES, LABELS, [np.arange(3)], [0.1])
