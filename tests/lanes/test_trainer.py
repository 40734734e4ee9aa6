"""`lanes.Trainer`, against PyTorch's own loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope import lanes, nets
from convscope.errors import ConvscopeError, DataError, ShapeError, UnknownName, UsageError
from convscope.graph import Builder

from ..conftest import needs_lanes
from .test_compiled import Net, a_net, batch

pytestmark = needs_lanes

LABELS = np.random.default_rng(1).integers(0, 3, 21)
SHAPE = (1, 12, 12)


class Plain(nn.Sequential):
    """Without dropout, which draws otherwise; a bias before batch norm has no gradient but noise."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(
            nn.Conv2d(1, 8, 3, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(200, 3),
        )


@pytest.mark.parametrize(
    ("settings", "optimizer"),
    [
        ({"lr": 0.01}, lambda p: torch.optim.Adam(p, lr=0.01)),
        (
            {"optimizer": "adamw", "lr": 0.01, "betas": (0.8, 0.99), "weight_decay": 0.1},
            lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99), weight_decay=0.1),
        ),
        (
            {"optimizer": "sgd", "lr": 0.1, "momentum": 0.8, "nesterov": True, "clip_norm": 0.1},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
        ),
        (
            {"lr": 0.01, "label_smoothing": 0.1, "class_weights": [1.0, 2.0, 0.5]},
            lambda p: torch.optim.Adam(p, lr=0.01),
        ),
    ],
)
def test_steps_are_those_of_pytorch(settings: dict[str, Any], optimizer: Any) -> None:
    module = Plain()
    trainer = lanes.Trainer(module, SHAPE, **settings)
    rule = optimizer(module.parameters())
    weights = settings.get("class_weights")
    for number in range(5):
        images, labels = batch(), torch.from_numpy(LABELS)
        rate = 0.02 if number == 3 else None
        for group in rule.param_groups:
            group["lr"] = rate or settings["lr"]
        rule.zero_grad()
        loss = F.cross_entropy(
            module.train()(images),
            labels,
            weight=None if weights is None else torch.tensor(weights),
            label_smoothing=settings.get("label_smoothing", 0.0),
        )
        loss.backward()
        expected = {name: p.grad.numpy().copy() for name, p in module.named_parameters()}
        if "clip_norm" in settings:
            nn.utils.clip_grad_norm_(module.parameters(), settings["clip_norm"])
        rule.step()
        given = (images, labels) if number % 2 else (images.numpy(), LABELS.astype(np.int32))
        assert trainer.step(*given, lr=rate) == pytest.approx(loss.item(), rel=1e-5)
        assert trainer.gradients().keys() == expected.keys()
        for name, gradient in trainer.gradients().items():
            np.testing.assert_allclose(gradient, expected[name], rtol=1e-3, atol=1e-5, err_msg=name)
    assert trainer.step_count == 5
    for name, value in module.state_dict().items():
        np.testing.assert_allclose(trainer.weights()[name], value.numpy(), rtol=1e-3, atol=2e-5, err_msg=name)
    with torch.no_grad():
        torch.testing.assert_close(trainer.logits(batch()), module.eval()(batch()), rtol=1e-3, atol=1e-3)
    assert isinstance(trainer.logits(batch().numpy()), np.ndarray)


def test_weights_go_back_into_the_module() -> None:
    module = a_net()
    trainer = lanes.Trainer(module, SHAPE)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    trainer.step(batch(), LABELS)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
    trainer.copy_to(module)
    for name, value in module.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), trainer.weights()[name])
    assert module.norm.num_batches_tracked == 1
    with torch.no_grad():
        torch.testing.assert_close(module.eval()(batch()), trainer.logits(batch()), rtol=1e-5, atol=1e-5)
    with pytest.raises(ShapeError, match=r"'conv\.weight' is missing in the module"):
        trainer.copy_to(Plain())
    wider = Net()
    wider.fc = nn.Linear(200, 4)
    with pytest.raises(ShapeError, match=r"'fc\.weight' is \(4, 200\) in the module, not \(3, 200\)"):
        trainer.copy_to(wider)


def test_logits_follow_the_weights() -> None:
    trainer = lanes.Trainer(Plain(), SHAPE, lr=0.1)
    first, weights = trainer.logits(batch()), trainer.weights()
    trainer.step(batch(), LABELS)
    assert not torch.equal(trainer.logits(batch()), first)
    trainer.set_weights(weights)
    assert torch.equal(trainer.logits(batch()), first)


def test_many_steps_are_single_ones() -> None:
    random = np.random.default_rng(2)
    images = random.integers(0, 256, (60, 12, 12, 1)).astype(np.uint8)
    labels = random.integers(0, 3, 60)
    batches = [random.permutation(60)[:20] for _ in range(7)]
    rates = np.linspace(0.02, 0.01, 7)
    dropout = a_net()  # from (seed, step), so that the division into calls does not matter
    one, many = (lanes.Trainer(dropout, SHAPE, seed=4, threads=threads) for threads in (1, 2))
    losses = many.steps(images, labels, batches, rates, factor=[1 / 64], offset=-0.5)
    for positions, rate, loss in zip(batches, rates, losses, strict=True):
        floats = images[positions].transpose(0, 3, 1, 2).astype(np.float32) / 64 - np.float32(0.5)
        assert one.step(floats, labels[positions], rate) == pytest.approx(loss, rel=1e-6)
    for name, value in one.weights().items():
        np.testing.assert_allclose(value, many.weights()[name], rtol=1e-5, atol=1e-6)
    assert many.steps(images, labels, []).shape == (0,)
    on_tensors, on_arrays = (lanes.Trainer(dropout, SHAPE, seed=4) for _ in range(2))
    tensors = (torch.from_numpy(images), torch.from_numpy(labels), [torch.from_numpy(b) for b in batches])
    np.testing.assert_array_equal(
        on_tensors.steps(*tensors),  # type: ignore[arg-type]
        on_arrays.steps(images, labels, batches),
    )
    assert many.steps(images, labels, batches[:2]).shape == (2,)


def test_a_graph_begins_with_the_weights_of_the_seed() -> None:
    graph = nets.graph("simple-cnn-4-8")
    first, again, other = (lanes.Trainer(graph, seed=seed).weights() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["conv1.weight"], again["conv1.weight"])
    assert (first["conv1.weight"] != other["conv1.weight"]).any()
    np.testing.assert_array_equal(
        lanes.Trainer(graph, weights=other).weights()["conv1.weight"], other["conv1.weight"]
    )


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        (np.array([0, 3]), DataError, "label 3 at 1 is not one of 3 classes"),
        (np.array([-1, 0]), DataError, "label -1 at 0"),
        (np.array([0.0, 1.0]), DataError, "float64.*they are integers"),
        (np.array([[0], [1]]), DataError, r"\(2, 1\)"),
        (np.array([0]), DataError, "2 pictures take as many labels, not 1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: np.ndarray, error: type[Exception], words: str) -> None:
    trainer = lanes.Trainer(Plain(), SHAPE)
    before = trainer.weights()
    with pytest.raises(error, match=words):
        trainer.step(batch(2), labels)
    np.testing.assert_array_equal(trainer.weights()["0.weight"], before["0.weight"])
    assert trainer.step_count == 0


def test_inputs_that_do_not_fit_are_refused() -> None:
    trainer = lanes.Trainer(Plain(), SHAPE)
    pictures, labels = np.zeros((4, 12, 12, 1), np.uint8), np.zeros(4, int)
    with pytest.raises(DataError, match="this batch has none"):
        trainer.step(batch(0), np.zeros(0, int))
    with pytest.raises(ShapeError, match=r"takes inputs of \(N, 1, 12, 12\)"):
        trainer.step(batch(2)[:, :, 1:], labels[:2])
    with pytest.raises(DataError, match="uint8; the network takes float32"):
        trainer.step(pictures, labels)
    with pytest.raises(ShapeError, match=r"float32 \(2, 1, 12, 12\), not uint8 \(N, 12, 12, 1\)"):
        trainer.steps(batch(2).numpy(), labels[:2], [np.arange(2)])
    with pytest.raises(DataError, match="position 4 of 4 pictures"):
        trainer.steps(pictures, labels, [np.arange(5)])
    with pytest.raises(DataError, match="one of the batches has none"):
        trainer.steps(pictures, labels, [np.arange(4), np.arange(0)])
    with pytest.raises(UsageError, match="factor='a' should be a number"):
        trainer.steps(pictures, labels, [np.arange(4)], factor="a")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="factor has the shape"):
        trainer.steps(pictures, labels, [np.arange(4)], factor=[1.0, 2.0])
    with pytest.raises(UsageError, match=r"3 learning rates for 1 batch\."):
        trainer.steps(pictures, labels, [np.arange(4)], [0.1, 0.1, 0.1])
    for rate in (-0.1, float("nan"), "a"):
        with pytest.raises(UsageError, match=r"lr=.* should be (a number, )?0 or more"):
            trainer.step(batch(2), labels[:2], rate)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"lr=.* should be (a number, )?0 or more"):
            trainer.steps(pictures, labels, [np.arange(4)], [rate])  # type: ignore[list-item]
    with pytest.raises(ShapeError, match="takes signals"):
        lanes.Trainer(nets.graph("simple-cnn-1d")).steps(pictures, labels, [np.arange(4)])


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"optimizer": "adm"}, UnknownName, "did you mean 'adam'"),
        ({"optimizer": torch.optim.Adam}, UnknownName, "unknown optimizer .*Adam"),
        ({"lr": -1}, UsageError, "lr=-1 should be 0 or more"),
        ({"lr": float("nan")}, UsageError, "lr=nan should be 0 or more"),
        ({"lr": float("inf")}, UsageError, "lr=inf should be 0 or more"),
        ({"lr": "a"}, UsageError, "lr='a' should be a number, 0 or more"),
        ({"betas": (1.0, 0.9)}, UsageError, "beta1=1.0 should be from 0 to below 1"),
        ({"betas": 0.9}, UsageError, r"betas=0.9 should be two numbers, such as \(0.9, 0.999\)"),
        ({"betas": (0.9, 0.9, 0.9)}, UsageError, "should be two numbers"),
        ({"momentum": -0.1}, UsageError, "momentum=-0.1"),
        ({"label_smoothing": 1.5}, UsageError, "label_smoothing=1.5"),
        ({"weight_decay": float("inf")}, UsageError, "weight_decay=inf"),
        ({"clip_norm": 0.0}, UsageError, "clip_norm=0.0 should be above 0"),
        ({"threads": 0}, UsageError, "threads=0"),
        ({"threads": 1.5}, UsageError, "threads=1.5 should be a whole number, 1 or more"),
        ({"seed": -1}, UsageError, "seed=-1 should be a whole number, 0 or more"),
        ({"class_weights": [1.0]}, ShapeError, "1 class_weights for 3 classes"),
        ({"class_weights": 1.0}, ShapeError, "class_weights=1.0 should be 3 numbers"),
        ({"class_weights": [1, -1, 1]}, UsageError, r"class_weights\[1\]=-1 should be 0 or more"),
        ({"class_weights": torch.zeros(3)}, UsageError, "class_weights are all 0"),
        ({"nesterov": True}, UsageError, "nesterov=True is of 'sgd' with momentum, not of 'adam'"),
        ({"optimizer": "sgd", "momentum": 0, "nesterov": True}, UsageError, "not of 'sgd' and momentum=0"),
    ],
)
def test_settings_that_no_training_could_use(
    settings: dict[str, Any], error: type[ConvscopeError], words: str
) -> None:
    with pytest.raises(error, match=words):
        lanes.Trainer(Plain(), SHAPE, **settings)


def test_without_parameters_there_is_nothing_to_train() -> None:
    builder = Builder("nothing")
    with pytest.raises(UsageError, match="no parameters to train"):
        lanes.Trainer(builder.build(builder.flatten(builder.input(1, 2, 2))))
