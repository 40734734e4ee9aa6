"""The pictures of a data set that a person should look at: wrong labels, copies, outliers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ... import atomic
from ...bundle import Bundle
from ...data import Dataset, Preprocessing, Source
from ...data.loading import without_test
from ...errors import UnknownName, UsageError
from ...look.suspicion.duplicates import duplicates
from ...look.suspicion.label_errors import label_errors
from ...look.suspicion.outliers import FEWEST, distances, outlier_scores, pixel_rows
from ...look.suspicion.suspect import FILE_NAME, Kind, Place, Suspect, Suspects
from ...look.suspicion.trust import majority, trust
from ...recipe import Recipe
from ...runs.directory import RunDirectory
from ..pipeline import chosen_recipe
from ..prepare import ARRAYS, Prepared, load, open_source, prepare_aloud, prepare_inputs
from ..progress import Lines, Progress, Silent
from .folds import Whole, check_classes, judge

KINDS: tuple[Kind, ...] = get_args(Kind)
FOLDS = 5
MOST = 1000  # suspects of a kind that are kept
REFERENCES = 10_000  # pictures among which neighbours are looked for


def find_suspects(
    data: str | Path | Source | None = None,
    *,
    folds: int = FOLDS,
    kinds: Sequence[Kind] = KINDS,
    run: Path | str | None = None,
    net: Any = None,
    recipe: Recipe | str | Path | None = None,
    progress: Progress | None = None,
    quiet: bool = False,
    **settings: Any,
) -> Suspects:
    """Find wrong labels, copies and outliers among all pictures of a data set, those of the test too.

    Takes what `train` takes, or a `run`, whose data and settings it takes then, and in whose folder
    `suspects.json` is written. In each of `folds` folds a network is trained on the other pictures, without
    augmentation. "label": another class is more probable than the label (`look.label_errors`); none where the
    networks are too weak to judge, and `method["trust"]` says how far they are to be trusted. "duplicate":
    nearly the same picture in two parts, or under two labels (`look.duplicates`). "outlier": far from all
    others, in the features of a network or in pixels (`look.outlier_scores`), in classes of 20 pictures or
    more. The 1,000 most suspect of each
    kind are kept; `method` says how many there are, and how they were found.

    >>> found = find_suspects("digits", net="simple-cnn-4-8", epochs=2, kinds=["label"], quiet=True)
    >>> found.count, found.suspects[0].score > 0.5
    (1797, True)
    """
    listener: Progress = progress or (Silent() if quiet else Lines())
    if run is not None:
        if data is not None or recipe is not None:
            raise UsageError("a run brings its own data and recipe; give the run alone.")
        chosen, net = of_run(Path(run), net, settings)
    else:
        chosen = chosen_recipe(data, net, recipe, settings)
    source = data if isinstance(data, Source) else None
    return search(chosen, listener, net=net, source=source, folds=folds, kinds=kinds, run=run).suspects


@dataclass(frozen=True, eq=False)
class Found:
    """Suspects, with the pictures that they are among."""

    suspects: Suspects
    whole: Whole

    @property
    def dataset(self) -> Dataset:
        return self.whole.dataset

    def image(self, place: Place) -> np.ndarray:
        """The picture at a place, uint8 (H, W, C)."""
        picture: np.ndarray = self.whole.images[self.whole.starts[place.part] + place.position]
        return picture


def search(
    recipe: Recipe,
    progress: Progress,
    *,
    net: Any = None,
    source: Source | None = None,
    folds: int = FOLDS,
    kinds: Sequence[Kind] = KINDS,
    run: Path | str | None = None,
    check: Callable[[Whole], None] | None = None,
) -> Found:
    """`find_suspects` for a recipe, with the pictures; `check` hears of them before any training."""
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName("kind", kind, KINDS)
    copies_alone = set(kinds) == {"duplicate"}
    source = source or open_source(recipe, progress, fewest_classes=1 if copies_alone else 2)
    net = net if net is not None else recipe.net
    method: dict[str, Any] = {"kinds": list(kinds), "seed": recipe.seed, "found": {}}
    found: list[Suspect] = []
    prepared: Prepared | None
    if copies_alone:
        preprocessing = prepare_inputs(recipe, net, source).preprocessing
        whole = Whole.of(load(source, preprocessing, recipe, progress))
        prepared = None
    else:
        check_classes(source.classes)
        prepared = prepare_aloud(recipe, net, progress, source=source, unsaid=without_test(source.noun))
        whole = Whole.of(prepared.dataset)
    if check is not None:
        check(whole)
    if prepared is not None:
        says = np.zeros((len(whole), len(source.classes)), np.float32)
        in_features, in_pixels = np.zeros(len(whole)), np.zeros(len(whole))
        pixels = pixel_rows(whole.images) if "outlier" in kinds else None
        for judged in judge(prepared, whole, folds, progress, references=REFERENCES):
            says[judged.held] = judged.probabilities
            if pixels is not None:
                in_features[judged.held] = distances(judged.features, judged.known)
                in_pixels[judged.held] = distances(pixels[judged.held], pixels[judged.others])
        correct = int((says.argmax(axis=1) == whole.labels).sum())
        trained = prepared.recipe
        method |= {"net": prepared.network.name, "folds": folds, "epochs": trained.epochs}
        method |= {"engine": trained.engine, "agreement": round(correct / len(whole), 6)}
        method |= {"largest_class": round(majority(whole.labels), 6), "trust": trust(correct, whole.labels)}
        if "label" in kinds:
            found += _labels(whole, says, method)
        if pixels is not None:
            found += _outliers(whole, outlier_scores([in_features, in_pixels], whole.labels), method)
    if "duplicate" in kinds:
        mirrored = source.subject.photos and source.subject.unmirrored is None

        def told(done: int, count: int) -> None:
            progress.reading(f"comparing {source.noun}s", done, count)

        pairs = duplicates(whole.images, mirrored=mirrored, told=told)
        found += _duplicates(whole, pairs.pairs, pairs.alike, method)
        method |= {"duplicate_threshold": round(1 - pairs.threshold, 6), "mirrored": mirrored}
    found.sort(key=lambda suspect: KINDS.index(suspect.kind))
    dataset = whole.dataset
    suspects = Suspects(dataset.name, dataset.checksum, len(whole), tuple(found), method)
    if run is not None:
        _keep(Path(run), suspects, progress)
    return Found(suspects, whole)


def _labels(whole: Whole, says: np.ndarray, method: dict[str, Any]) -> list[Suspect]:
    if method["trust"] == "too weak":  # what they say of labels is their own error
        method["found"]["label"] = 0
        return []
    errors, classes = label_errors(says, whole.labels), whole.dataset.classes
    ranked = errors.ranked
    method["found"]["label"] = len(ranked)
    if method["trust"] == "good":
        method["expected_wrong_labels"] = errors.expected
    method["class_thresholds"] = {
        name: round(float(threshold), 6) for name, threshold in zip(classes, errors.thresholds, strict=True)
    }
    return [
        Suspect(
            "label", _place(whole, i), float(errors.scores[i]), suggested=classes[int(errors.suggested[i])]
        )
        for i in ranked[:MOST].tolist()
    ]


def _outliers(whole: Whole, scores: np.ndarray, method: dict[str, Any]) -> list[Suspect]:
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= 0.5]
    method["found"]["outlier"] = len(order)
    counts = np.bincount(whole.labels, minlength=len(whole.dataset.classes))
    few = [name for name, count in zip(whole.dataset.classes, counts, strict=True) if count < FEWEST]
    if few:
        method |= {"fewest_of_a_class": FEWEST, "classes_of_fewer": few}
    return [Suspect("outlier", _place(whole, i), float(scores[i])) for i in order[:MOST].tolist()]


def _duplicates(whole: Whole, pairs: np.ndarray, alike: np.ndarray, method: dict[str, Any]) -> list[Suspect]:
    """The pairs that matter: in two parts, or under two labels. Suspect is the one in the earlier part."""
    starts = np.array(list(whole.starts.values()))
    parts = np.searchsorted(starts, pairs, side="right")
    labels = whole.labels[pairs]
    matters = (parts[:, 0] != parts[:, 1]) | (labels[:, 0] != labels[:, 1])
    method["found"]["duplicate"] = int(matters.sum())
    method["harmless_duplicates"] = int((~matters).sum())
    chosen = zip(pairs[matters][:MOST].tolist(), alike[matters][:MOST].tolist(), strict=True)
    return [
        Suspect("duplicate", _place(whole, first), min(1.0, score), twin=_place(whole, second))
        for (first, second), score in chosen
    ]


def _place(whole: Whole, position: int) -> Place:
    part, within, name = whole.place(position)
    return Place(part, within, name, whole.dataset.classes[int(whole.labels[position])])


def of_run(path: Path, net: Any, settings: dict[str, Any]) -> tuple[Recipe, Any]:
    """The recipe of a run with other settings, and its network before the training."""
    bundle = Bundle.load(path)
    if not (path / "recipe.toml").is_file():
        raise UsageError(f"{path} is a bundle without its run; give the folder of the run, or the data.")
    if bundle.info.get("data", {}).get("name") == ARRAYS:
        raise UsageError(f"{path} was trained on arrays in memory, which are not kept; give the data.")
    recipe = Recipe.of(**Recipe.read(path / "recipe.toml")).but(**settings)
    initial = RunDirectory(path).initial
    if net is None and "net" not in settings and initial.is_file():
        first = Bundle.load(initial)
        net = first if first.graph is not None else None
    return recipe, net


def _keep(run: Path, suspects: Suspects, progress: Progress) -> None:
    trained_on = Bundle.load(run).info.get("data", {}).get("checksum")
    if trained_on != suspects.checksum:
        progress.note(f"note: {suspects.data} is no longer what {run} was trained on, by its checksum.")
    document = json.dumps(suspects.to_dict(), indent=1, ensure_ascii=False) + "\n"
    atomic.write_text(run / FILE_NAME, document)


def is_of_pictures(dataset: Dataset) -> bool:
    """Whether there is something to see on a contact sheet."""
    return isinstance(dataset.preprocessing, Preprocessing)
