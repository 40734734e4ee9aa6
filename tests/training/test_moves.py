"""Augmentation in training: the same pictures for both engines, others in each epoch."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope import native
from convscope.errors import UsageError
from convscope.graph import initial_weights
from convscope.recipe import Recipe
from convscope.training.engines.lanes_engine import LanesEngine
from convscope.training.engines.moves import EpochMoves
from convscope.training.engines.torch_engine import TorchEngine
from convscope.training.stepping import steps

from ..conftest import needs_lanes
from .conftest import make_dataset
from .test_lanes_engine import RATES, engine_of, same_arrays, ten_batches
from .test_pipeline import FAST, assert_same_weights
from .test_torch_engine import recipe_of, small_graph

ENGINES = ["torch", *(["lanes"] if native.available() else [])]
AUGMENTATIONS = [
    {"shift": 2, "flip": True},
    {"crop": 2, "cutout": 3},
    {"cutout": 2, "flip": True},
    {"rotate": 25, "scale": 0.3, "shift": 1},
    {"brightness": 0.4, "contrast": 0.4, "crop": 1, "rotate": 10},
    {"mixup": 0.5},
    {"mixup": 1.0, "shift": 1, "rotate": 10, "label_smoothing": 0.1},
]


@needs_lanes
@pytest.mark.parametrize("settings", AUGMENTATIONS)
def test_both_engines_train_on_the_same_pictures(settings: dict[str, Any]) -> None:
    engines = {name: engine_of(name, **settings) for name in ("lanes", "torch")}
    for epoch in (1, 2):
        figures = {
            name: list(engine.train(ten_batches(), RATES, epoch=epoch, first_step=0))
            for name, engine in engines.items()
        }
    same_arrays(engines["lanes"].state(), engines["torch"].state(), rtol=1e-3, atol=1e-5)
    lanes, torch = (sum(part.correct for part in figures[name]) for name in ("lanes", "torch"))
    assert lanes == torch


@pytest.mark.parametrize("name", ENGINES)
def test_the_epoch_and_the_seed_decide(name: str) -> None:
    def trained(*, epoch: int = 1, **settings: Any) -> np.ndarray:
        engine = engine_of(name, **{"shift": 2, "cutout": 2, **settings})
        list(engine.train(ten_batches()[:3], RATES[:3], epoch=epoch, first_step=0))
        return engine.weights()["linear1.weight"]

    first = trained()
    np.testing.assert_array_equal(trained(), first)
    others: list[dict[str, Any]] = [{"epoch": 2}, {"seed": 4}, {"shift": 1}, {"shift": 0, "crop": 2}]
    others += [{move: value} for move, value in (("cutout", 0), ("rotate", 9), ("scale", 0.1))]
    others += [{move: value} for move, value in (("brightness", 0.1), ("contrast", 0.1), ("mixup", 0.2))]
    for other in others:
        assert (trained(**other) != first).any(), other
    np.testing.assert_array_equal(trained(shift=0, cutout=0), trained(shift=0, cutout=0, epoch=2))


@pytest.mark.parametrize("name", ENGINES)
def test_evaluation_moves_nothing(name: str) -> None:
    images = make_dataset().validation.images
    np.testing.assert_array_equal(engine_of(name, shift=2).logits(images), engine_of(name).logits(images))


def test_a_table_is_drawn_once_per_epoch() -> None:
    moves = EpochMoves(make_dataset(), Recipe.of(shift=1))
    first = moves.table(1)
    assert first is not None
    assert moves.table(1) is first
    assert first.shape == (50, 11)
    second = moves.table(2)
    assert second is not None
    assert (second != first).any()
    assert EpochMoves(make_dataset(), Recipe.of()).table(1) is None


def test_a_run_repeats_with_its_recipe(tmp_path: Path) -> None:
    settings = {**FAST, "net": "convnet-bn", "shift": 1, "flip": True, "cutout": 2, "beta1": 0.8}
    runs = [convscope.train("digits", **settings, out=tmp_path / "first")]
    recipe = Recipe.of(**Recipe.read(tmp_path / "first" / "recipe.toml"))
    assert (recipe.shift, recipe.flip, recipe.cutout, recipe.beta1) == (1, True, 2, 0.8)
    runs.append(convscope.train(recipe=recipe, out=tmp_path / "again", quiet=True))
    assert_same_weights(runs[0].bundle, runs[1].bundle)
    plain = convscope.train(recipe=recipe, flip=False, out=tmp_path / "plain", quiet=True)
    assert (plain.bundle.weights["conv1.weight"] != runs[0].bundle.weights["conv1.weight"]).any()


@needs_lanes
def test_mixed_gradients_are_those_of_the_torch_engine() -> None:
    """With weights of the pictures too, one step from the same start: sgd's first moment is the gradient."""
    dataset = make_dataset()
    weights = np.random.default_rng(0).choice([0.0, 0.5, 2.0], len(dataset.train)).astype(np.float32)
    graph, settings = small_graph(), {"optimizer": "sgd", "mixup": 0.6, "flip": True, "label_smoothing": 0.1}
    for given in (None, weights):
        weighted = replace(dataset, train=replace(dataset.train, weights=given))
        recipe, start = recipe_of(**settings), initial_weights(graph, 1)
        engines = [
            LanesEngine(graph, start, weighted, recipe),
            TorchEngine(graph.to_module(start), weighted, recipe),
        ]
        losses = []
        for engine in engines:
            (figures,) = engine.train([np.arange(3, 47)], [0.0], epoch=2, first_step=0)
            losses.append((float(figures.losses[0]), figures.correct))
        assert losses[0] == pytest.approx(losses[1], rel=1e-6)
        lanes, torch = (engine.state() for engine in engines)
        for name in graph.trained:
            gradients = lanes[f"moment1/{name}"], torch[f"moment1/{name}"]
            assert abs(gradients[1]).max() > 0.01
            np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ENGINES)
def test_a_run_interrupted_anywhere_goes_on_with_the_same_bits(name: str) -> None:
    settings = {"crop": 2, "rotate": 15, "contrast": 0.2, "mixup": 0.3, "flip": True}

    def trained(*cuts: int) -> dict[str, np.ndarray]:
        state: dict[str, np.ndarray] = {}
        for start, end in pairwise((0, *cuts, 10)):
            engine = engine_of(name, **settings)
            if state:
                engine.set_state(state)
            list(engine.train(ten_batches()[start:end], RATES[start:end], epoch=1, first_step=start))
            state = engine.state()
        return state

    same_arrays(trained(1, 4), trained())


def test_a_step_by_hand_takes_the_mixed_loss() -> None:
    """The recipe's own loss is the same whether somebody has looked at the outputs before or not."""

    def losses(*, look: bool) -> list[float]:
        settings = {"net": "simple-cnn-16-32", "engine": "torch", "mixup": 0.5, "epochs": 1, "quiet": True}
        found = []
        for step in steps("digits", **settings):
            if look:
                assert step.labels.shape == (len(step.logits),)
            found.append(step.take())
        return found

    assert losses(look=True) == pytest.approx(losses(look=False), rel=1e-5)


def test_moves_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give one of them"):
        Recipe.of(shift=1, crop=1)
    with pytest.raises(UsageError, match="shift = -1 should be 0 or more"):
        Recipe.of(shift=-1)
    for name in ("shift", "crop", "cutout"):
        with pytest.raises(UsageError, match=f"--{name} 8 is too much for pictures of 8×8"):
            convscope.train("digits", **{**FAST, "net": "convnet-bn", name: 8}, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
