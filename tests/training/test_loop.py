"""The loop, with an engine whose answers are written down."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import ConvscopeError
from convscope.recipe import Recipe
from convscope.training.engines.engine import Engine, StepFigures
from convscope.training.loop import Loop
from convscope.training.progress import Silent
from convscope.training.standing import Standing

from .conftest import make_dataset


class Scripted:
    """Epoch e has the validation figures `script[e - 1]`: how many are right, and how sure it is of all."""

    name = "scripted"

    def __init__(
        self, labels: np.ndarray, script: Sequence[tuple[int, float]], losses: Sequence[float]
    ) -> None:
        self.labels, self.script, self.losses = labels, script, losses
        self.epoch, self.calls = 0, []

    def train(
        self, batches: Sequence[np.ndarray], learning_rates: Sequence[float], *, epoch: int, first_step: int
    ) -> Iterator[StepFigures]:
        self.epoch = epoch
        self.calls.append((batches, list(learning_rates), epoch, first_step))
        half = len(batches) // 2
        for part in (batches[:half], batches[half:]):
            if part:
                yield StepFigures(
                    np.full(len(part), self.losses[epoch - 1]), sum(map(len, part)), len(part[0])
                )

    def logits(self, images: np.ndarray) -> np.ndarray:
        right, margin = self.script[self.epoch - 1]
        answers = self.labels.copy()
        answers[right:] = (answers[right:] + 1) % 3
        return (margin * np.eye(3)[answers]).astype(np.float32)

    def weights(self) -> dict[str, np.ndarray]:
        return {"epoch": np.array(self.epoch)}

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        self.epoch = int(weights["epoch"])

    def state(self) -> dict[str, np.ndarray]:
        return self.weights()

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        self.set_weights(state)


class Heard(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.kept: list[int] = []
        self.steps: list[tuple[Any, ...]] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def step(self, *figures: Any) -> None:
        self.steps.append(figures)


def run(
    script: Sequence[tuple[int, float]],
    *,
    losses: Sequence[float] | None = None,
    validation: int = 20,
    **settings: Any,
) -> tuple[Loop, Scripted, Heard]:
    """The loop at its end, its engine, and what was heard of it."""
    dataset = make_dataset(50, validation)
    labels = dataset.validation.labels if dataset.validation else np.zeros(0, int)
    recipe = Recipe.of(
        **{"epochs": len(script), "lr": 0.1, "batch_size": 8, "schedule": "constant", **settings}
    )
    engine = Scripted(labels, script, losses or [1.0] * len(script))
    checked: Engine = engine
    heard = Heard()
    loop = Loop(checked, dataset, recipe, heard)
    heard.kept = [loop.standing.epoch - 1 for ended in loop.run() if ended and loop.standing.keeps]
    return loop, engine, heard


def kept(script: Sequence[tuple[int, float]], **settings: Any) -> list[int]:
    """The epochs whose weights were to be kept; the last of them stays."""
    loop, _, heard = run(script, **settings)
    assert loop.standing.kept_epoch == heard.kept[-1]
    return heard.kept


def test_the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss() -> None:
    assert kept([(10, 1), (12, 1), (11, 9), (15, 1), (15, 1)]) == [1, 2, 4]
    surer_and_mostly_right = [(15, 1.0), (15, 2.0), (15, 0.5), (14, 2.0), (15, 3.0)]
    assert kept(surer_and_mostly_right) == [1, 2]
    assert kept([(0, 1), (0, 1), (0, 1)]) == [1]


def test_keep_last_keeps_every_epoch() -> None:
    assert kept([(10, 1), (12, 1), (11, 9)], keep="last") == [1, 2, 3]
    assert kept([(0, 1)] * 3, validation=0) == [1, 2, 3]


def test_early_stopping_counts_from_the_best_epoch() -> None:
    script = [(10, 1), (12, 1), (11, 1), (12, 1), (19, 1), (20, 1)]
    loop, _, heard = run(script, early_stopping=2)
    assert [figures.epoch for figures in loop.standing.history] == [1, 2, 3, 4]
    assert heard.notes == ["stopped after epoch 4: no better one since epoch 2."]
    assert loop.over
    assert len(run(script, early_stopping=3)[0].standing.history) == 6
    assert len(run([(5, 1)] * 4, early_stopping=1, validation=0)[0].standing.history) == 4
    last = run([(10, 1), (9, 1), (8, 1), (7, 1)], early_stopping=2, keep="last")[0].standing
    assert (last.best_epoch, last.kept_epoch, len(last.history)) == (1, 3, 3)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_the_training(loss: float) -> None:
    with pytest.raises(ConvscopeError, match=r"in epoch 2, by step 3 of 7.*--lr.*0\.1\b"):
        run([(10, 1)] * 3, losses=[1.0, loss, 1.0])


def test_figures_are_means_over_batches_and_over_pictures() -> None:
    loop, engine, heard = run([(10, 3.0), (5, 3.0)], losses=[0.5, 0.25])
    first, second = loop.standing.history
    # 50 pictures in batches of 8: seven steps; both parts have a first batch of 8 "right"
    assert (first.train_loss, first.train_accuracy) == (0.5, 0.32)
    assert (second.train_loss, second.train_accuracy) == (0.25, 0.32)
    assert (first.validation_accuracy, second.validation_accuracy) == (0.5, 0.25)
    wrong_or_right = [np.log(np.exp(3) + 2) - 3, np.log(np.exp(3) + 2)]
    assert first.validation_loss == pytest.approx(np.mean(wrong_or_right), rel=1e-6)
    assert heard.steps[:2] == [(1, 3, 7, 0.5, 8 / 24, 24), (1, 7, 7, 0.5, 16 / 50, 50)]
    assert [(epoch, first) for _, _, epoch, first in engine.calls] == [(1, 0), (2, 7)]


def test_the_schedule_runs_through_all_epochs() -> None:
    loop, engine, _ = run([(1, 1)] * 3, schedule="cosine")
    rates = np.concatenate([rates for _, rates, _, _ in engine.calls])
    np.testing.assert_allclose(rates, 0.05 * (1 + np.cos(np.pi * np.arange(21) / 21)))
    assert [figures.learning_rate for figures in loop.standing.history] == rates[6::7].tolist()


def test_without_validation_there_are_no_such_figures() -> None:
    (figures,) = run([(0, 1)], validation=0)[0].standing.history
    assert (figures.validation_loss, figures.validation_accuracy) == (None, None)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=40), st.data())
def test_the_sum_of_losses_does_not_depend_on_how_they_come(losses: list[float], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(losses)), max_size=5)))
    whole, parted = Standing(), Standing()
    whole.add(StepFigures(np.array(losses), 1, 1))
    for start, stop in itertools.pairwise([0, *cuts, len(losses)]):
        parted.add(StepFigures(np.array(losses[start:stop]), 1, 1))
    assert parted.loss_sum == whole.loss_sum == sum(losses)
    assert Standing.from_dict(json.loads(json.dumps(parted.to_dict()))) == parted


@pytest.mark.parametrize("stops", [(), (0,), (3, 5), (7, 14, 21), (1, 2, 3, 20), (6, 8, 100)])
def test_it_hands_over_after_the_steps_it_is_told(stops: tuple[int, ...]) -> None:
    """7 steps an epoch, 3 epochs; the engine gets what lies between two stops."""
    dataset = make_dataset(50, 20)
    assert dataset.validation is not None
    recipe = Recipe.of(epochs=3, lr=0.1, batch_size=8, schedule="constant")
    engine = Scripted(dataset.validation.labels, [(1, 1.0)] * 3, [1.0] * 3)
    checked: Engine = engine
    loop = Loop(checked, dataset, recipe, Silent(), stops=stops)
    handed_over = [loop.first_step for _ in loop.run()]
    assert {stop for stop in stops if 0 < stop <= 21} <= set(handed_over)
    whole, _, _ = run([(1, 1.0)] * 3)
    assert loop.standing.history[-1].train_loss == whole.standing.history[-1].train_loss
    taken = [batch.tolist() for batches, *_ in engine.calls for batch in batches]
    other = Scripted(dataset.validation.labels, [(1, 1.0)] * 3, [1.0] * 3)
    list(Loop(other, dataset, recipe, Silent()).run())
    assert taken == [batch.tolist() for batches, *_ in other.calls for batch in batches]
    assert [first for _, _, _, first in engine.calls] == sorted({0, 7, 14, *(s for s in stops if s < 21)})
