"""The weighted mean of a batch: PyTorch's loss of each picture, repeated pictures, absent ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope import lanes, nets
from convscope.errors import DataError
from convscope.graph import Builder, Graph
from convscope.lanes.network import Network
from convscope.lanes.settings import OptimizerSettings

from ..conftest import needs_lanes
from .oracle import INSTRUCTION_SETS, Arrays, batch, coarse_weights
from .test_loss import SETTINGS, engine_and_torch, of_logits
from .test_trainer import Plain

pytestmark = needs_lanes


def step(
    graph: Graph,
    weights: Arrays,
    x: np.ndarray,
    labels: np.ndarray,
    picture_weights: np.ndarray | None,
    name: str = "",
    **settings: Any,
) -> tuple[float, Arrays]:
    """Loss and gradients of one batch."""
    rule = OptimizerSettings("sgd", **settings)
    network = Network(graph, weights, training=True, threads=1, settings=rule, instruction_set=name)
    losses, _ = network.train(x, labels, [np.arange(len(x))], [0.0], picture_weights=picture_weights)
    return float(losses[0]), network.named(network.native.gradients)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("classes", [1, 2, 10, 37])
def test_the_loss_is_the_weighted_mean(classes: int, settings: str) -> None:
    graph, weights = of_logits(classes)
    generator = np.random.default_rng(classes)
    mine, theirs = engine_and_torch(SETTINGS[settings], classes)
    of_class = torch.tensor(theirs.get("weight", [1.0] * classes), dtype=torch.float64)
    if "weight" in theirs:
        theirs["weight"] = of_class
    for count in (1, 15, 16, 33):
        x = (3 * generator.normal(size=(count, 1, 1, classes))).astype(np.float32)
        labels = generator.integers(0, classes, count)
        labels[0] = 0  # a class that weighs something
        given = generator.choice([0.0, 0.3, 1.0, 7.5], count).astype(np.float32)
        given[0] = 0.3
        module = graph.to_module(weights).double()
        target = torch.from_numpy(labels)
        losses = F.cross_entropy(module(torch.from_numpy(x).double()), target, reduction="none", **theirs)
        w = torch.from_numpy(given).double()
        loss = (w * losses).sum() / (w * of_class[target]).sum()
        loss.backward()
        for name in INSTRUCTION_SETS:
            value, gradients = step(graph, weights, x, labels, given, name, **mine)
            assert value == pytest.approx(loss.item(), rel=2e-6, abs=1e-7)
            for parameter, tensor in module.named_parameters():
                np.testing.assert_allclose(gradients[parameter], tensor.grad.numpy(), rtol=1e-5, atol=6e-6)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_weight_of_two_is_the_picture_twice_and_of_zero_its_absence(settings: str) -> None:
    graph = nets.graph("simple-cnn-4-8", (1, 16, 16), 5)
    weights = coarse_weights(graph, 1)
    x, labels = batch(graph, 37, 2)
    mine, _ = engine_and_torch(SETTINGS[settings], 5)
    times = np.random.default_rng(3).integers(0, 4, len(x))
    loss, gradients = step(graph, weights, x, labels, times.astype(np.float32), **mine)
    repeated = np.repeat(np.arange(len(x)), times)
    expected, wanted = step(graph, weights, x[repeated], labels[repeated], None, **mine)
    assert loss == pytest.approx(expected, rel=1e-6)
    for name, gradient in wanted.items():
        largest = np.abs(gradient).max()
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-4, atol=1e-5 * largest, err_msg=name)


@pytest.mark.parametrize("settings", SETTINGS)
def test_weights_that_are_all_one_change_no_bit(settings: str) -> None:
    graph = nets.graph("simple-cnn-4-8", (1, 16, 16), 5)
    weights = coarse_weights(graph, 1)
    x, labels = batch(graph, 37, 2)
    mine, _ = engine_and_torch(SETTINGS[settings], 5)
    loss, gradients = step(graph, weights, x, labels, np.ones(len(x), np.float32), **mine)
    expected, wanted = step(graph, weights, x, labels, None, **mine)
    assert loss == expected
    for name, gradient in wanted.items():
        np.testing.assert_array_equal(gradients[name], gradient)


def test_a_batch_that_weighs_nothing_has_no_loss_and_no_gradient() -> None:
    graph, weights = of_logits(3)
    x, labels = batch(graph, 20, 1)
    loss, gradients = step(graph, weights, x, labels, np.zeros(20, np.float32), label_smoothing=0.1)
    assert loss == 0
    assert not any(gradient.any() for gradient in gradients.values())


def test_a_picture_has_its_weight_wherever_a_batch_takes_it_from() -> None:
    """Batches are positions; the weights are those of the pictures there, in any order."""
    b = Builder("linear")
    graph = b.build(b.linear(b.flatten(b.input(1, 6, 6)), 3))
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (60, 6, 6, 1)).astype(np.uint8), random.integers(0, 3, 60)
    given = random.random(60).astype(np.float32)
    batches = [random.permutation(60)[:20] for _ in range(7)]
    many, one = (lanes.Trainer(graph, optimizer="sgd", lr=0.1) for _ in range(2))
    losses = many.steps(images, labels, batches, picture_weights=given)
    for positions, loss in zip(batches, losses, strict=True):
        floats = images[positions].transpose(0, 3, 1, 2).astype(np.float32) / 255
        single = one.step(floats, labels[positions], picture_weights=given[positions].tolist())
        assert single == pytest.approx(loss, rel=1e-5)


def test_steps_of_the_trainer_are_those_of_a_loop_in_pytorch() -> None:
    module = Plain()
    settings = {"label_smoothing": 0.1, "class_weights": [1.0, 2.0, 0.5]}
    trainer = lanes.Trainer(module, (1, 12, 12), lr=0.01, **settings)  # type: ignore[arg-type]
    rule = torch.optim.Adam(module.parameters(), lr=0.01)
    random = np.random.default_rng(4)
    of_class = torch.tensor(settings["class_weights"])
    for _ in range(5):
        images = torch.from_numpy(random.random((21, 1, 12, 12), dtype=np.float32))
        labels = torch.from_numpy(random.integers(0, 3, 21))
        w = torch.from_numpy(random.random(21).astype(np.float32))
        rule.zero_grad()
        losses = nn.CrossEntropyLoss(of_class, label_smoothing=0.1, reduction="none")(
            module.train()(images), labels
        )
        loss = (w * losses).sum() / (w * of_class[labels]).sum()
        loss.backward()
        rule.step()
        assert trainer.step(images, labels, picture_weights=w) == pytest.approx(loss.item(), rel=1e-5)
    for name, value in module.state_dict().items():
        np.testing.assert_allclose(trainer.weights()[name], value.numpy(), rtol=1e-3, atol=2e-5, err_msg=name)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.ones(3), "4 pictures take as many weights, not 3"),
        (np.array([1, -0.5, 1, 1]), r"the weight -0\.5.* at 1 should be a finite number, 0 or more"),
        (np.array([1, 1, np.nan, 1]), r"the weight -?nan at 2"),
        (np.array([np.inf, 1, 1, 1]), "the weight inf at 0"),
        (np.ones((4, 1)), r"a row of numbers, not float64 of shape \(4, 1\)"),
        (np.array(["a"] * 4), "a row of numbers, not <U1"),
    ],
)
def test_weights_that_do_not_fit_are_refused(given: np.ndarray, words: str) -> None:
    trainer = lanes.Trainer(Plain(), (1, 12, 12))
    with pytest.raises(DataError, match=words):
        trainer.step(np.zeros((4, 1, 12, 12), np.float32), np.zeros(4, int), picture_weights=given)
    assert trainer.step_count == 0
