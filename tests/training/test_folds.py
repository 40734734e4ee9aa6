"""Folds: no picture is judged by a network that has seen it, and planted suspects come out on top."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_sample_image
from sklearn.model_selection import StratifiedKFold

import convscope
from convscope.data import Dataset, SignalSource, open_source
from convscope.data.source import ArraySource
from convscope.errors import DataError, UnknownName, UsageError
from convscope.look.suspicion.suspect import FILE_NAME, Suspects
from convscope.metrics import probabilities
from convscope.recipe import MOVES, Recipe
from convscope.training.engines.engine import Engine
from convscope.training.engines.making import make_engine
from convscope.training.prepare import Prepared, prepare
from convscope.training.progress import Silent
from convscope.training.suspects import folds as folding
from convscope.training.suspects.folds import Whole, assign_folds, judge
from convscope.training.suspects.search import find_suspects

from .conftest import SAMPLER_NET, make_dataset


def digits(labels: np.ndarray | None = None, images: np.ndarray | None = None) -> ArraySource:
    given = load_digits()
    pictures = np.round(given.images * 15.9375).astype(np.uint8)[..., None] if images is None else images
    classes = [str(k) for k in range(10)]
    return ArraySource(
        "planted", classes, {"train": pictures}, {"train": given.target if labels is None else labels}
    )


@given(st.lists(st.integers(5, 20), min_size=2, max_size=6), st.integers(2, 5), st.integers(0, 99))
def test_folds_are_stratified_as_scikit_learns(sizes: list[int], folds: int, seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    fold = assign_folds(labels, folds, seed=seed, classes=[*map(str, sizes)])
    ours = np.array([np.bincount(labels[fold == k], minlength=len(sizes)) for k in range(folds)])
    theirs = np.array(
        [
            np.bincount(labels[held], minlength=len(sizes))
            for _, held in StratifiedKFold(folds).split(labels, labels)
        ]
    )
    np.testing.assert_array_equal(np.sort(ours, axis=0), np.sort(theirs, axis=0))
    assert np.ptp(ours.sum(axis=1)) <= 1
    np.testing.assert_array_equal(fold, assign_folds(labels, folds, seed=seed, classes=[*map(str, sizes)]))


def test_a_network_judges_what_it_has_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    engines: list[Engine] = []

    def watched(prepared: Prepared, progress: Silent) -> Engine:
        assert prepared.dataset.validation is None
        assert prepared.dataset.test is None
        assert all(getattr(prepared.recipe, name) == none for name, none in MOVES.items())
        seen.append(prepared.dataset.train.images.copy())
        engines.append(make_engine(prepared, progress))
        return engines[-1]

    monkeypatch.setattr(folding, "make_engine", watched)
    recipe = Recipe.of(data="digits", net="simple-cnn-4-8", epochs=1, flip=True, shift=1, early_stopping=2)
    prepared = prepare(recipe, None, Silent())
    whole = Whole.of(prepared.dataset)
    all_held = []
    for judged, number in zip(judge(prepared, whole, 3, Silent(), references=50), range(3), strict=True):
        np.testing.assert_array_equal(seen[number], whole.images[judged.trained])
        assert not set(judged.held) & set(judged.trained)
        assert set(judged.others) <= set(judged.trained)
        assert (judged.features.shape[0], judged.known.shape[0]) == (len(judged.held), 50)
        logits = engines[number].logits(whole.images[judged.held])
        np.testing.assert_array_equal(judged.probabilities, probabilities(logits))
        all_held.append(judged.held)
    np.testing.assert_array_equal(np.sort(np.concatenate(all_held)), np.arange(1797))


def test_places_are_those_of_the_parts() -> None:
    dataset = make_dataset(50, 20)
    dataset = replace(dataset, test=make_dataset(30, 0).train)
    whole = Whole.of(dataset)
    for position in (0, 49, 50, 69, 70, 99):
        part, within, name = whole.place(position)
        split = getattr(dataset, part)
        np.testing.assert_array_equal(split.images[within], whole.images[position])
        assert split.names[within] == name
        assert split.labels[within] == whole.labels[position]
    assert [whole.place(p)[:2] for p in (49, 50, 99)] == [("train", 49), ("validation", 0), ("test", 29)]
    only = replace(dataset, validation=None, test=None)
    assert Whole.of(only).images is dataset.train.images  # not copied


@pytest.mark.parametrize("seed", range(3))
def test_planted_wrong_labels_are_found(seed: int) -> None:
    """At least 80 % of 2 % wrong labels are in the top 4 %, and most are given the right one."""
    truth = load_digits().target.astype(np.int64)
    random = np.random.default_rng(seed)
    wrong = random.choice(1797, 36, replace=False)
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + random.integers(1, 10, 36)) % 10
    found = find_suspects(digits(labels), kinds=["label"], seed=seed, quiet=True)
    by_position = {int(s.place.name.split("/")[-1]): s for s in found.of("label")[: round(0.04 * 1797)]}
    caught = [i for i in wrong.tolist() if i in by_position]
    assert len(caught) >= 0.8 * 36
    assert sum(by_position[i].suggested == str(truth[i]) for i in caught) >= 0.9 * len(caught)
    assert all(by_position[i].place.label == str(labels[i]) for i in caught)
    assert 18 <= found.method["expected_wrong_labels"] <= 72
    assert {s.place.part for s in found.suspects} == {"train", "validation", "test"}


def test_planted_outliers_and_copies_are_found() -> None:
    pictures = np.round(load_digits().images * 15.9375).astype(np.uint8)[..., None]
    random = np.random.default_rng(0)
    strange = [3, 400, 800, 1200, 1500, 1700]
    pictures[strange[:3]] = random.integers(0, 256, (3, 8, 8, 1))
    photo = load_sample_image("flower.jpg").mean(axis=2).astype(np.uint8)
    pictures[strange[3:], ..., 0] = [photo[y : y + 240 : 30, 200:440:30] for y in (0, 80, 160)]
    labels = load_digits().target.astype(np.int64)
    for copy in range(0, 1700, 50):  # some of them fall into another part
        pictures[copy + 1], labels[copy + 1] = pictures[copy], labels[copy]
    labels[101] = (labels[100] + 1) % 10
    found = find_suspects(
        digits(labels, pictures), kinds=["outlier", "duplicate"], net="simple-cnn-16-32", epochs=5, quiet=True
    )
    top = {int(s.place.name.split("/")[-1]) for s in found.of("outlier")[:12]}
    assert set(strange) - {3} <= top | {401, 801, 1201, 1501}
    pairs = {
        tuple(sorted(int(place.name.split("/")[-1]) for place in (s.place, s.twin))): s
        for s in found.of("duplicate")
        if s.twin is not None
    }
    exact = {pair for pair, s in pairs.items() if s.score == 1}
    assert (100, 101) in exact
    assert exact <= {(c, c + 1) for c in range(0, 1700, 50)}
    order = ["train", "validation", "test"]
    for suspect in pairs.values():
        assert suspect.twin is not None
        parts = order.index(suspect.place.part), order.index(suspect.twin.part)
        assert parts[0] < parts[1] or suspect.place.label != suspect.twin.label
    assert found.method["found"]["duplicate"] + found.method["harmless_duplicates"] >= 34
    assert Suspects.from_dict(found.to_dict()) == found


def test_copies_need_no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "make_engine", None)
    found = find_suspects("digits", kinds=["duplicate"], quiet=True)
    assert "net" not in found.method
    assert found.count == 1797


def test_the_same_seed_finds_the_same() -> None:
    settings = {"net": "simple-cnn-4-8", "epochs": 1, "folds": 2, "quiet": True}
    one, two = (find_suspects("digits", **settings).to_dict() for _ in range(2))
    assert one == two
    assert find_suspects("digits", seed=1, **settings).to_dict() != one


def test_suspects_of_a_run_are_kept_in_it(tmp_path: Path) -> None:
    run = convscope.train("digits", net="simple-cnn-4-8", epochs=1, seed=5, out=tmp_path / "r", quiet=True)
    found = find_suspects(run=run.path, folds=2, quiet=True)
    assert (found.method["seed"], found.method["net"], found.method["epochs"]) == (5, "simple-cnn-4-8", 1)
    kept = Suspects.from_dict(json.loads((run.path / FILE_NAME).read_text()))
    assert kept == found
    assert kept.checksum == run.bundle.info["data"]["checksum"]
    with pytest.raises(UsageError, match="brings its own data"):
        find_suspects("digits", run=run.path)
    with pytest.raises(UsageError, match="know its labels"):
        find_suspects("digits", pretrained=str(run.path), quiet=True)


@pytest.mark.parametrize("name", ["traced", "sampler"])
def test_own_networks(own_runs: dict[str, convscope.Run], own_files: dict[str, Path], name: str) -> None:
    """A run's own network is trained anew from its first weights, without its code; or from a file."""
    if name == "traced":
        found = find_suspects(run=own_runs[name].path, folds=2, quiet=True)
        assert found.method["net"] == "Net"
    else:  # not in the graph: features are its outputs
        own_files[name].write_text(SAMPLER_NET, encoding="utf-8")
        found = find_suspects("digits", net=str(own_files[name]), epochs=1, folds=2, quiet=True)
        own_files[name].unlink()
        assert found.method["engine"] == "torch"
    assert found.method["agreement"] > 0.15


def test_signals() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 300)
    angle = 2 * np.pi * (np.where(labels, 9, 4)[:, None] * np.linspace(0, 1, 64) + random.random((300, 1)))
    signals = (np.sin(angle) + random.normal(0, 0.3, (300, 64))).astype("f4")
    signals[17] = random.normal(0, 3, 64)
    signals[41] = signals[40]
    wrong = labels.copy()
    wrong[[7, 100, 200]] ^= 1
    wrong[41] = 1 - wrong[40]
    found = find_suspects(SignalSource(signals, wrong, name="tones"), epochs=8, quiet=True)
    names = [int(s.place.name.split("/")[-1]) for s in found.of("label")]
    assert {7, 100, 200} <= set(names[:8])
    assert int(found.of("outlier")[0].place.name.split("/")[-1]) == 17
    assert found.of("duplicate")[0].score == 1


@pytest.mark.parametrize(
    ("make", "settings", "error", "message"),
    [
        (lambda: digits(), {"folds": 1}, UsageError, "--folds 1 should be 2 or more"),
        (lambda: digits(), {"kinds": ["lable"]}, UnknownName, "did you mean 'label'"),
        (lambda: _few(4), {}, DataError, "class '9' has 4 of the pictures.*--folds 4, or add pictures"),
        (lambda: _few(3), {"validation": 0}, DataError, "class '9' has 3"),
    ],
)
def test_what_cannot_be_is_said(make, settings, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        find_suspects(make(), quiet=True, **settings)


def test_one_class_has_copies_alone() -> None:
    source = digits()
    one = ArraySource("one", ["0"], source._images, {"train": np.zeros(1797, np.int64)})
    with pytest.raises(DataError, match="--kind duplicate"):
        find_suspects(one, quiet=True)
    assert find_suspects(one, kinds=["duplicate"], quiet=True).count == 1797


def _few(count: int) -> ArraySource:
    given = load_digits()
    rare = np.flatnonzero(given.target == 9)[:count]
    kept = np.sort(np.concatenate([np.flatnonzero(given.target != 9), rare]))
    images = np.round(given.images[kept] * 15.9375).astype(np.uint8)[..., None]
    return ArraySource("few", [str(k) for k in range(10)], {"train": images}, {"train": given.target[kept]})


def test_the_catalogues_digits_have_a_checksum() -> None:
    found = find_suspects("digits", kinds=["duplicate"], quiet=True)
    dataset: Dataset = prepare(Recipe.of(), None, Silent()).dataset
    assert found.checksum == dataset.checksum
    assert found.data == open_source("digits").name
