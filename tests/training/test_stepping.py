"""`convscope.training.steps`: the same training, taken step by step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import convscope
from convscope.bundle import Bundle
from convscope.errors import UsageError
from convscope.runs.comparison import compare
from convscope.training import steps
from convscope.training.stepping import BY_HAND, Step

from ..conftest import needs_lanes
from .test_pipeline import assert_same_weights

SETTINGS: dict[str, Any] = {
    "net": "convnet-bn",
    "epochs": 2,
    "batch_size": 128,
    "shift": 1,
    "label_smoothing": 0.1,
    "clip_norm": 2.0,
    "quiet": True,
}


def own(step: Step) -> float:
    return step.take(F.cross_entropy(step.logits, step.labels, label_smoothing=0.1))


def by_module(step: Step) -> float:
    return step.take(F.cross_entropy(step.module(step.images), step.labels, label_smoothing=0.1))


def looked_at(step: Step) -> float:
    assert step.logits.shape == (len(step.positions), 10)
    return step.take()


@pytest.mark.parametrize("engine", [pytest.param("lanes", marks=needs_lanes), "torch"])
def test_it_is_the_training_of_train(engine: str, tmp_path: Path) -> None:
    whole = convscope.train("digits", engine=engine, out=tmp_path / "whole", **SETTINGS)
    training = steps("digits", engine=engine, **SETTINGS)
    losses = [step.take() for step in training]
    assert len(losses) == len(training) == 22
    run = training.finish(tmp_path / "steps")
    assert_same_weights(run.bundle, whole.bundle)
    assert run.evaluation.to_dict() == whole.evaluation.to_dict()
    for ours, theirs in zip(run.epochs, whole.epochs, strict=True):
        assert {**ours.to_dict(), "seconds": 0} == {**theirs.to_dict(), "seconds": 0}
        assert ours.train_loss == pytest.approx(np.mean(losses[11 * ours.epoch - 11 : 11 * ours.epoch]))
    files = [{path.name for path in r.path.iterdir()} for r in (run, whole)]
    assert files[0] == files[1]
    assert run.notes == (*whole.notes, BY_HAND)
    assert json.loads((run.path / "result.json").read_text())["notes"][-1] == BY_HAND


@pytest.mark.parametrize("take", [own, by_module, looked_at])
def test_a_loss_of_ones_own_gives_the_same_bits(take: Any) -> None:
    """Dropout too: the random numbers of a step are its own."""
    expected = steps("digits", engine="torch", **SETTINGS)
    for step in expected:
        step.take()
    training = steps("digits", engine="torch", **SETTINGS)
    for step in training:
        take(step)
    assert_same_weights(training.bundle(), expected.bundle())
    assert [e.train_loss for e in training.history] == [e.train_loss for e in expected.history]
    if take is not by_module:  # there the pictures are counted in eval mode
        assert [e.train_accuracy for e in training.history] == [e.train_accuracy for e in expected.history]


def test_another_loss_is_another_training() -> None:
    """Mean squared error on one-hot targets, beside a loop of its own."""
    settings = {**SETTINGS, "clip_norm": None, "optimizer": "sgd", "lr": 0.1, "keep": "last"}
    training = steps("digits", engine="torch", **settings)
    module = training.bundle().to_module().train()
    rule = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    for step in training:
        target = F.one_hot(step.labels, 10).float()
        rule.param_groups[0]["lr"] = step.lr
        rule.zero_grad()
        F.mse_loss(module(step.images), target).backward()
        rule.step()
        step.take(F.mse_loss(step.logits, target))
    for name, value in module.state_dict().items():
        np.testing.assert_allclose(
            training.bundle().weights[name], value.numpy(), rtol=1e-4, atol=1e-6, err_msg=name
        )


@needs_lanes
def test_a_schedule_of_ones_own() -> None:
    """Set by hand to what `train` would have chosen, and in the figures of the epoch."""
    constant = steps("digits", schedule="constant", lr=0.002, **SETTINGS)
    by_hand = steps("digits", schedule="one-cycle", lr=0.05, **SETTINGS)
    for step in constant:
        step.take()
    for step in by_hand:
        step.lr = 0.002
        step.take()
    assert_same_weights(by_hand.bundle(), constant.bundle())
    assert [figures.learning_rate for figures in by_hand.history] == [0.002, 0.002]


@needs_lanes
def test_what_a_step_knows() -> None:
    training = steps("digits", **SETTINGS)
    seen: list[tuple[int, int, bool]] = []
    positions: list[np.ndarray] = []
    for step in training:
        seen.append((step.epoch, step.number, step.last))
        positions.append(step.positions)
        step.take()
        if step.last:
            images = training.dataset.validation.images
            assert training.logits(images).shape == (len(images), 10)
            assert len(training.history) == step.epoch - 1
    assert seen == [(1 + number // 11, number, number % 11 == 10) for number in range(22)]
    for epoch in (positions[:11], positions[11:]):
        assert sorted(np.concatenate(epoch)) == list(range(len(training.dataset.train)))
    assert training.evaluate("train").count == len(training.dataset.train)


def test_the_best_weights_are_kept(tmp_path: Path) -> None:
    """A second epoch that wrecks what the first has learned."""
    training = steps("digits", engine="torch", **{**SETTINGS, "clip_norm": None})
    for step in training:
        if step.epoch == 2:
            step.lr = 3.0
        step.take()
    first, second = (figures.validation_accuracy for figures in training.history)
    assert first > second
    run = training.finish(tmp_path / "run")
    assert run.best_epoch == 1
    assert Bundle.load(run.path).info["metrics"]["epoch"] == 1


def test_wrong_use_is_said() -> None:
    training = steps("digits", engine="torch", **SETTINGS)
    with pytest.raises(UsageError, match="no epoch is over yet"):
        training.finish()
    running = iter(training)
    step = next(running)
    with pytest.raises(UsageError, match=r"loss of step 0 is a tensor of shape \(128,\)"):
        step.take(F.cross_entropy(step.logits, step.labels, reduction="none"))
    with pytest.raises(UsageError, match="is a number without gradient"):
        step.take(torch.tensor(1.0))
    with pytest.raises(UsageError, match=r"is 3\.0, not a tensor of PyTorch's"):
        step.take(3.0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="is complex; it should be"):
        step.take(torch.complex(step.logits.sum(), step.logits.sum()))
    step.take()
    with pytest.raises(UsageError, match="step 0 is taken already"):
        step.take()
    next(running)
    with pytest.raises(UsageError, match="step 1 was not taken"):
        next(running)
    with pytest.raises(UsageError, match="are taken once"):
        next(iter(training))
    with pytest.raises(UsageError, match="no 'test' pictures to evaluate on during"):
        training.evaluate("test")


@needs_lanes
def test_lanes_takes_no_loss_of_others() -> None:
    for step in steps("digits", engine="lanes", **SETTINGS):
        with pytest.raises(UsageError, match='give engine="torch"'):
            own(step)
        break


@needs_lanes
def test_it_is_not_taken_for_a_run_of_its_recipe(tmp_path: Path) -> None:
    plain = convscope.train("digits", engine="lanes", out=tmp_path / "plain", **SETTINGS)
    training = steps("digits", engine="lanes", **SETTINGS)
    for step in training:
        step.lr = 0.001
        step.take()
    training.finish(tmp_path / "own")
    compared = compare(tmp_path / "own", plain.path)
    assert list(compared.settings) == ["steps"]
    assert compared.same_seeds == ()
    for lr in (0.0, -1.0, float("nan")):
        step = next(iter(steps("digits", engine="lanes", **SETTINGS)))
        step.lr = lr
        with pytest.raises(UsageError, match=r"the lr of step 0 is .*; it should be above 0"):
            step.take()
