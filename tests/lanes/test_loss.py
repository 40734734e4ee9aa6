"""Cross-entropy and its gradient, against PyTorch and against finite differences in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from convscope.graph import Builder, Graph

from .oracle import INSTRUCTION_SETS, Arrays, batch, coarse_weights, lanes_step, torch_step

SETTINGS: dict[str, dict[str, object]] = {
    "plain": {},
    "smoothed": {"label_smoothing": 0.1},
    "all the same": {"label_smoothing": 1.0},
    "weighted": {"class_weights": True},
    "weighted and smoothed": {"label_smoothing": 0.3, "class_weights": True},
}


def engine_and_torch(
    settings: dict[str, object], classes: int
) -> tuple[dict[str, object], dict[str, object]]:
    """The same settings in both languages; one class in three weighs nothing."""
    mine = dict(settings)
    theirs: dict[str, object] = {"label_smoothing": mine.get("label_smoothing", 0.0)}
    if "class_weights" in mine:
        mine["class_weights"] = theirs["weight"] = [
            float(k % 3) + 0.25 * (k % 2) for k in range(1, classes + 1)
        ]
    return mine, theirs


def of_logits(classes: int) -> tuple[Graph, Arrays]:
    """A network whose inputs are its logits: the gradient of its bias is that of the logits, summed."""
    b = Builder("logits")
    graph = b.build(b.linear(b.flatten(b.input(1, 1, classes)), classes))
    return graph, {
        "linear1.weight": np.eye(classes, dtype=np.float32),
        "linear1.bias": np.zeros(classes, np.float32),
    }


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("classes", [1, 2, 10, 37])
def test_cross_entropy(classes: int, settings: str) -> None:
    graph, weights = of_logits(classes)
    generator = np.random.default_rng(classes)
    mine, theirs = engine_and_torch(SETTINGS[settings], classes)
    for count, spread in ((1, 1.0), (15, 5.0), (16, 1.0), (33, 60.0)):
        x = (spread * generator.normal(size=(count, 1, 1, classes))).astype(np.float32)
        labels = generator.integers(0, classes, count)
        labels[0] = 0  # at least one that weighs something
        expected = torch_step(graph.to_module(weights), x, labels, **theirs)
        for name in INSTRUCTION_SETS:
            actual = lanes_step(graph, weights, x, labels, name, **mine)
            assert actual.loss == pytest.approx(expected.loss, rel=2e-6, abs=1e-7)
            assert actual.correct == expected.correct
            for parameter, gradient in expected.gradients.items():
                atol = 2e-6 * max(1, spread)
                np.testing.assert_allclose(actual.gradients[parameter], gradient, rtol=1e-5, atol=atol)


def test_logits_far_apart() -> None:
    """exp(-1000) is 0; the loss is 1000 all the same."""
    graph, weights = of_logits(3)
    x = np.array([0.0, -1000.0, 5.0], np.float32).reshape(1, 1, 1, 3)
    for name in INSTRUCTION_SETS:
        assert lanes_step(graph, weights, x, np.array([1]), name).loss == pytest.approx(1005.0067, rel=1e-6)


def test_the_first_of_equal_outputs_is_the_answer() -> None:
    graph, weights = of_logits(4)
    x = np.array([[1, 3, 3, 0], [2, 2, 2, 2], [0, 0, 0, 1]], np.float32).reshape(3, 1, 1, 4)
    for labels, right in (([1, 0, 3], 3), ([2, 1, 3], 1), ([2, 3, 0], 0)):
        assert lanes_step(graph, weights, x, np.array(labels)).correct == right


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number_is_seen(value: float) -> None:
    graph, weights = of_logits(3)
    x = np.zeros((5, 1, 1, 3), np.float32)
    x[2, 0, 0, 1] = value
    for name in INSTRUCTION_SETS:
        step = lanes_step(graph, weights, x, np.zeros(5, np.int64), name)
        assert not np.isfinite(step.loss)
        assert not np.isfinite(step.gradients["linear1.bias"]).all()


def test_empty_lanes_count_for_nothing() -> None:
    """One picture, alone in a block of up to 16, gives the same as 16 of it."""
    graph, weights = of_logits(3)
    x = np.array([0.3, -1.0, 2.0], np.float32).reshape(1, 1, 1, 3)
    one = lanes_step(graph, weights, x, np.array([1]))
    many = lanes_step(graph, weights, np.repeat(x, 16, axis=0), np.ones(16, np.int64))
    assert many.loss == pytest.approx(one.loss, rel=1e-6)
    np.testing.assert_allclose(many.gradients["linear1.bias"], one.gradients["linear1.bias"], rtol=1e-6)


@pytest.mark.parametrize("settings", SETTINGS)
def test_gradients_against_finite_differences(settings: str) -> None:
    """Along random directions: (L(w + h d) - L(w - h d)) / 2h in float64 is the gradient times d."""
    b = Builder("smooth")
    x = b.tanh(b.batch_norm(b.conv2d(b.input(2, 6, 7), 3, kernel_size=3, stride=2, padding=1, bias=False)))
    x = b._pool("average_pool", b.append("gelu", b.conv2d(x, 5, kernel_size=2)), 2, 1, 0, None)
    graph = b.build(b.linear(b.flatten(x), 4))
    weights = coarse_weights(graph, 1)
    pictures, labels = batch(graph, 19, 2)
    labels[0] = 0
    mine, theirs = engine_and_torch(SETTINGS[settings], 4)
    gradients = lanes_step(graph, weights, pictures, labels, **mine).gradients
    module = graph.to_module(weights).double().train()
    if "weight" in theirs:
        theirs["weight"] = torch.tensor(theirs["weight"], dtype=torch.float64)
    generator = np.random.default_rng(3)

    def loss(moved: dict[str, np.ndarray], step: float) -> float:
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                parameter.copy_(torch.from_numpy(weights[name] + step * moved[name]))
            outputs = module(torch.from_numpy(pictures).double())
            return F.cross_entropy(outputs, torch.from_numpy(labels), **theirs).item()

    for _ in range(5):
        direction = {name: generator.normal(size=value.shape) for name, value in gradients.items()}
        difference = (loss(direction, 1e-5) - loss(direction, -1e-5)) / 2e-5
        product = sum(float((gradients[name] * direction[name]).sum()) for name in gradients)
        assert product == pytest.approx(difference, rel=1e-4, abs=1e-6)
