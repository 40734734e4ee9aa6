"""Uneven classes: weights by scikit-learn's formula, one loss in both engines, and what they are for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

import convscope
from convscope.data import Dataset, Preprocessing, Split
from convscope.errors import UsageError
from convscope.graph import Builder, initial_weights
from convscope.metrics import evaluate
from convscope.recipe import Recipe
from convscope.training.batches import epoch_batches
from convscope.training.engines.engine import Engine
from convscope.training.engines.lanes_engine import LanesEngine
from convscope.training.engines.torch_engine import TorchEngine
from convscope.training.loop import Loop
from convscope.training.progress import Silent
from convscope.training.stepping import steps
from convscope.training.uneven import balanced_weights, uneven_note, weighted

from ..conftest import needs_lanes
from .conftest import make_dataset
from .test_lanes_engine import same_arrays
from .test_torch_engine import RATES, Plain, recipe_of, small_graph, ten_batches

ENGINES = [pytest.param("lanes", marks=needs_lanes), "torch"]


def engine_of(name: str, dataset: Dataset, **settings: Any) -> Engine:
    graph = small_graph()
    recipe, weights = recipe_of(**settings), initial_weights(graph, 1)
    if name == "torch":
        return TorchEngine(graph.to_module(weights), dataset, recipe)
    return LanesEngine(graph, weights, dataset, recipe)


def with_weights(dataset: Dataset, weights: np.ndarray | None) -> Dataset:
    return replace(dataset, train=replace(dataset.train, weights=weights))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_the_weights_are_those_of_scikit_learn(labels: list[int]) -> None:
    array = np.array(labels)
    present = np.unique(array)
    expected = np.zeros(6)
    expected[present] = compute_class_weight("balanced", classes=present, y=array)
    np.testing.assert_allclose(balanced_weights(array, 6), expected, rtol=1e-12)


def test_weights_of_classes_multiply_those_of_pictures() -> None:
    dataset, recipe = make_dataset(), Recipe.of(class_weights="balanced")
    labels = dataset.train.labels
    of_class = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    given = np.linspace(0, 2, len(labels)).astype(np.float32)
    weights = weighted(with_weights(dataset, given), recipe).train.weights
    assert weights is not None
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, given * of_class[labels], rtol=1e-6)
    assert weighted(dataset, Recipe.of()) is dataset


@pytest.mark.parametrize("settings", [{}, {"label_smoothing": 0.2}, {"optimizer": "sgd", "clip_norm": 0.5}])
@pytest.mark.parametrize("name", ENGINES)
def test_ten_steps_are_those_of_a_plain_loop(name: str, settings: dict[str, Any]) -> None:
    weights = np.random.default_rng(2).choice([0, 0.2, 1, 6], 50).astype(np.float32)
    dataset = with_weights(make_dataset(), weights)
    engine = engine_of(name, dataset, **settings)
    plain = Plain()
    plain.load_state_dict({key: torch.from_numpy(value) for key, value in engine.weights().items()})
    rule: torch.optim.Optimizer = torch.optim.AdamW(plain.parameters(), weight_decay=0)
    if "optimizer" in settings:
        rule = torch.optim.SGD(plain.parameters(), momentum=0.9)
    figures = list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    smoothing, loss_sum = settings.get("label_smoothing", 0.0), 0.0
    for positions, rate in zip(ten_batches(), RATES, strict=True):
        pictures = dataset.train.images[positions].astype(np.float64) / 255
        batch = torch.from_numpy(((pictures - 0.3) / 0.2).transpose(0, 3, 1, 2).astype(np.float32))
        rule.param_groups[0]["lr"] = rate
        rule.zero_grad()
        total, whole = torch.zeros(()), 0.0
        logits = plain.train()(batch)
        for row, label, w in zip(logits, dataset.train.labels[positions], weights[positions], strict=True):
            target = torch.tensor(label)
            total = total + w * F.cross_entropy(row, target, label_smoothing=smoothing)
            whole += float(w)
        loss = total / whole
        loss.backward()
        if "clip_norm" in settings:
            torch.nn.utils.clip_grad_norm_(plain.parameters(), settings["clip_norm"])
        rule.step()
        loss_sum += loss.item()
    for key, value in plain.state_dict().items():
        np.testing.assert_allclose(engine.weights()[key], value.numpy(), rtol=1e-4, atol=3e-6, err_msg=key)
    assert sum(part.losses.sum() for part in figures) == pytest.approx(loss_sum, rel=1e-5)
    assert sum(part.pictures for part in figures) == 50 + 24


@pytest.mark.parametrize("name", ENGINES)
def test_a_batch_that_weighs_nothing_has_no_loss_and_moves_nothing(name: str) -> None:
    engine = engine_of(
        name, with_weights(make_dataset(), np.zeros(50, np.float32)), optimizer="sgd", label_smoothing=0.1
    )
    before = engine.weights()
    (part,) = engine.train(ten_batches()[:1], [0.1], epoch=1, first_step=0)
    assert part.losses.tolist() == [0]
    for key, value in engine.weights().items():
        if "running" not in key and "tracked" not in key:
            np.testing.assert_array_equal(value, before[key])


@needs_lanes
def test_balanced_weights_without_smoothing_are_the_class_weights_of_pytorch() -> None:
    dataset = make_dataset()
    settings = {"optimizer": "sgd"}
    mine = engine_of("lanes", weighted(dataset, Recipe.of(class_weights="balanced")), **settings)
    theirs = engine_of("torch", dataset, **settings)
    assert isinstance(theirs, TorchEngine)
    of_class = torch.tensor(balanced_weights(dataset.train.labels, 3), dtype=torch.float32)
    theirs.loss = lambda logits, at, _: F.cross_entropy(logits, theirs.labels[at], of_class)  # type: ignore[method-assign]
    for engine in (mine, theirs):
        list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    same_arrays(mine.weights(), theirs.weights(), rtol=1e-4, atol=3e-6)


def uneven_dataset() -> Dataset:
    """Two kinds of noise that overlap, 20 : 1; as many of both to test on."""
    random = np.random.default_rng(0)

    def split(counts: tuple[int, int]) -> Split:
        labels = np.repeat([0, 1], counts)
        images = random.normal(110, 40, (len(labels), 6, 6, 1)) + 12 * labels[:, None, None, None]
        return Split(images.clip(0, 255).astype(np.uint8), labels, [""] * len(labels))

    size = Preprocessing(height=6, width=6, channels=1, mean=(0.45,), std=(0.16,))
    return Dataset(
        "uneven", ("common", "rare"), size, split((600, 30)), None, split((300, 300)), (), "0" * 64
    )


@pytest.mark.parametrize("name", ENGINES)
def test_the_recall_of_a_rare_class_rises(name: str) -> None:
    dataset = uneven_dataset()
    b = Builder("small")
    x = b.relu(b.conv2d(b.input(1, 6, 6), 4, kernel_size=3))
    graph = b.build(b.linear(b.global_average_pool(x), 2))
    assert dataset.test is not None

    def recall(**settings: str) -> float:
        recipe = Recipe.of(epochs=12, lr=0.02, weight_decay=0.0, batch_size=32, **settings)
        data, weights = weighted(dataset, recipe), initial_weights(graph, 1)
        engine: Engine = (
            LanesEngine(graph, weights, data, recipe)
            if name == "lanes"
            else TorchEngine(graph.to_module(weights), data, recipe)
        )
        for _ in Loop(engine, data, recipe, Silent()).run():
            pass
        result = evaluate(engine.logits(dataset.test.images), dataset.test.labels, dataset.classes)
        return result.per_class[1].recall

    plain = recall()
    assert plain < 0.5
    assert recall(class_weights="balanced") > plain + 0.3
    assert recall(sampling="balanced") > plain + 0.3


def test_uneven_classes_are_said_unless_something_is_done() -> None:
    labels = np.repeat([0, 1, 3], [1000, 400, 40])
    note = uneven_note(labels, "abcd", Recipe.of())
    assert note == (
        "classes are uneven: 1,000 training pictures of 'a', 40 of 'd'; "
        "--class-weights balanced or --sampling balanced makes up for that."
    )
    assert uneven_note(labels, "abcd", Recipe.of(class_weights="balanced")) is None
    assert uneven_note(labels, "abcd", Recipe.of(sampling="balanced")) is None
    assert uneven_note(np.repeat([0, 1], [29, 10]), "ab", Recipe.of()) is None
    assert uneven_note(np.repeat([0, 1], [30, 10]), "ab", Recipe.of()) is not None


def test_both_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="class_weights = 'balanced' and sampling = 'balanced' each make up"):
        Recipe.of(class_weights="balanced", sampling="balanced")


@pytest.mark.parametrize("setting", ["class_weights", "sampling"])
def test_a_run_on_uneven_classes(setting: str, picture_folder: Any, tmp_path: Path) -> None:
    folder = picture_folder({"many": 60, "few": 9})
    plain = convscope.train(folder, epochs=2, out=tmp_path / "plain", quiet=True)
    assert any("classes are uneven: 46 training pictures of 'many', 7 of 'few'" in n for n in plain.notes)
    run = convscope.train(folder, epochs=2, out=tmp_path / "run", quiet=True, **{setting: "balanced"})
    assert not any("uneven" in note for note in run.notes)
    assert f'{setting} = "balanced"' in (tmp_path / "run" / "recipe.toml").read_text()
    assert run.evaluation.count == plain.evaluation.count  # measured on the same pictures, all alike
    again = convscope.train(recipe=tmp_path / "run" / "recipe.toml", out=tmp_path / "again", quiet=True)
    same_arrays(dict(again.bundle.weights), dict(run.bundle.weights))
    assert any((plain.bundle.weights[key] != value).any() for key, value in run.bundle.weights.items())


def test_steps_in_ones_own_hands_are_weighted_too(picture_folder: Any) -> None:
    """A step whose outputs were looked at, and one that the engine takes by itself."""
    folder = picture_folder({"many": 60, "few": 9})

    def losses(look: bool) -> list[float]:
        settings = {"class_weights": "balanced", "label_smoothing": 0.1}
        training = steps(folder, epochs=2, engine="torch", quiet=True, **settings)
        return [step.take() for step in training if not look or step.logits is not None]

    assert losses(True) == losses(False)


def test_an_epoch_of_balanced_sampling_reaches_the_engine() -> None:
    """What the loop hands to the engine is what `epoch_batches` draws."""
    dataset, recipe = uneven_dataset(), Recipe.of(sampling="balanced", epochs=1, lr=0.1, batch_size=100)
    seen: list[np.ndarray] = []

    class Listening(TorchEngine):
        def train(self, batches: Any, learning_rates: Any, **where: Any) -> Any:
            seen.extend(batches)
            yield from super().train(batches, learning_rates, **where)

    b = Builder("small")
    graph = b.build(b.linear(b.flatten(b.input(1, 6, 6)), 2))
    engine = Listening(graph.to_module(seed=0), dataset, recipe.but(weight_decay=0.0))
    list(Loop(engine, dataset, recipe, Silent()).run())
    expected = epoch_batches(dataset.train.labels, recipe, 1)
    assert [batch.tolist() for batch in seen] == [batch.tolist() for batch in expected]
