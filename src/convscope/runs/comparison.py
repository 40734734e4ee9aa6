"""Two runs or series of seeds side by side: what differs, and whether figures differ by more than chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import bundle
from ..errors import ConvscopeError, UsageError
from ..recipe import Recipe
from ..significance import Prediction, Welch, mcnemar, prediction, welch
from ..spread import Spread
from .recorded import Conditions, read_predictions, read_result
from .seed_runs import FIGURES, SEEDS_FILE, SeedFigures, SeedRuns, first_unfinished

TESTED = ("accuracy", "loss")  # of the final evaluation; a test of every figure would find one by chance
# settings that change where the data is read, how it is computed, or who chose the moves
SAME_TRAINING = ("data", "data_dir", "strict", "threads", "augment")
OF_A_SIDE = ("net", "parameters", "engine", "data", "checksum", "split", "count")
Difference = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class McNemar:
    """Two runs on the same pictures: how many only one of them classifies right, and the exact test's p."""

    only_a: int
    only_b: int
    p: float


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two: a single run, or a series of seeds."""

    path: Path
    conditions: Conditions
    runs: tuple[SeedFigures, ...]
    missing: int | None  # seeds that were asked for and are not finished; None for a single run

    @property
    def is_series(self) -> bool:
        return self.missing is not None

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting but the seed, with the engine that `auto` came to.

        A setting that is younger than the run has its default, as nothing else was possible then.
        """
        defaults = Recipe.of().model_dump(mode="json", exclude={"seed"})
        return {**defaults, **self.conditions.recipe, "engine": self.conditions.engine}

    def without(self, seed: int) -> Side:
        """The side without the run of one seed."""
        return replace(self, runs=tuple(run for run in self.runs if run.seed != seed))

    def values(self, figure: str) -> list[float] | None:
        """The figure of each run; None where a run has none, or one that is no number."""
        values = [getattr(run, figure) for run in self.runs]
        return None if any(value is None or math.isnan(value) for value in values) else values

    def spread(self, figure: str) -> Spread | None:
        """How a figure of a series spreads."""
        values = self.values(figure)
        return Spread.of(values, within=FIGURES[figure]) if values and len(values) > 1 else None

    def spread_or_value(self, figure: str) -> Spread | float | None:
        """The spread of a series, the figure of a single run, or None where there is neither."""
        if self.is_series:
            return self.spread(figure)
        values = self.values(figure)
        return values[0] if values else None

    def to_dict(self) -> dict[str, Any]:
        """What `runs compare --json` says of a side."""
        figures: dict[str, Any] = {}
        for name in FIGURES:
            value = self.spread_or_value(name)
            figures[name] = value.to_dict() if isinstance(value, Spread) else value
        return {
            "run": str(self.path),
            "kind": "seeds" if self.is_series else "run",
            "seeds": [run.seed for run in self.runs],
            "figures": figures,
            **{name: getattr(self.conditions, name) for name in OF_A_SIDE},
        }


@dataclass(frozen=True, eq=False)
class Comparison:
    """A and B; `tests` has the results that could be had, by figure, and is empty for different pictures."""

    a: Side
    b: Side
    left_out: int | None  # the seed of the series that the other side has trained too
    tests: Mapping[str, Welch | Prediction | McNemar]

    @cached_property
    def settings(self) -> Difference:
        """The settings that differ: (A's, B's) by name."""
        settings = _differing(self.a.settings, self.b.settings)
        if not (self.a.is_series or self.b.is_series):
            settings |= _differing({"seed": self.a.runs[0].seed}, {"seed": self.b.runs[0].seed})
        return settings

    @cached_property
    def versions(self) -> Difference:
        """Python, packages and machine that differ."""
        a, b = self.a.conditions, self.b.conditions
        return _differing({**a.versions, **a.machine}, {**b.versions, **b.machine})

    @property
    def same_seeds(self) -> tuple[int, ...]:
        """The seeds that A and B have both trained, with the same recipe: the same trainings, done twice."""
        return _same_seeds(self.a, self.b)

    @property
    def same_data(self) -> bool:
        return self.a.conditions.checksum == self.b.conditions.checksum

    @property
    def same_layers(self) -> bool | None:
        """Whether the networks are the same graph; None where one of them has no graph."""
        a, b = self.a.conditions.graph, self.b.conditions.graph
        return None if a is None or b is None else a == b

    @property
    def same_pictures(self) -> bool:
        """Whether the final figures are of the same pictures, or of some that were held out the same way."""
        return _same_pictures(self.a.conditions, self.b.conditions)

    def to_dict(self) -> dict[str, Any]:
        """The document of `runs compare --json`, but for the sentences."""
        tests = {name: {"test": KINDS[type(result)], **asdict(result)} for name, result in self.tests.items()}
        return {
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "settings": {name: list(pair) for name, pair in self.settings.items()},
            "versions": {name: list(pair) for name, pair in self.versions.items()},
            "same_data": self.same_data,
            "same_pictures": self.same_pictures,
            "same_layers": self.same_layers,
            "left_out": self.left_out,
            "same_seeds": list(self.same_seeds),
            "tests": tests,
        }


KINDS = {Welch: "welch", Prediction: "prediction interval", McNemar: "mcnemar"}


def compare(a: Path, b: Path) -> Comparison:
    """Compare two run directories or folders of seeds; `ConvscopeError` for what is neither, or unfinished.

    Two series: Welch's t-test of the final accuracy and loss. A run against a series: where it lies among
    single runs like those of the series, by a t prediction interval. Two runs: the exact McNemar test on
    the pictures that both classified. Nothing is tested where the final pictures are not the same.

    A run that the series has too, or has trained again with the same recipe and seed, is compared with the
    others. Raises `UsageError` where A and B are one and the same.
    """
    first, second = open_side(a), open_side(b)
    if first.path.resolve() == second.path.resolve():
        what = "series of seeds" if first.is_series else "run"
        raise UsageError(f"A and B are the same {what}, {first.path}; give two.")
    left_out = None
    if first.is_series != second.is_series and (same := _same_seeds(first, second)):
        (left_out,) = same
        first, second = (side.without(left_out) if side.is_series else side for side in (first, second))
    for side in (first, second):
        if side.is_series and len(side.runs) < 2:
            noun = "seed" if len(side.runs) == 1 else "seeds"
            raise ConvscopeError(
                f"{side.path} has {len(side.runs)} finished {noun} to compare with; 2 or more are needed."
            )
    tests = _tests(first, second) if _same_pictures(first.conditions, second.conditions) else {}
    return Comparison(first, second, left_out, tests)


def open_side(path: Path) -> Side:
    """A run directory or a folder of seeds, opened; `ConvscopeError` for what is neither, or not finished."""
    if (path / SEEDS_FILE).is_file():
        series = SeedRuns.load(path)
        return Side(path, series.conditions, series.runs, series.wanted - len(series.runs))
    if (first := first_unfinished(path)) is not None:
        raise ConvscopeError(
            f"{path} is a series of seeds of which none is finished: it is at work, or was interrupted. "
            f"`convscope train --recipe {first / 'recipe.toml'} --seeds N` trains it anew."
        )
    folder = path if path.is_dir() else bundle.find(path).parent
    result = read_result(folder)
    seed = bundle.Bundle.load(folder).info["recipe"]["seed"]
    figures = SeedFigures.of(result, seed=seed, run=folder.name)
    return Side(folder, Conditions.read(folder), (figures,), None)


def _tests(a: Side, b: Side) -> dict[str, Welch | Prediction | McNemar]:
    if not (a.is_series or b.is_series):
        return {"accuracy": _mcnemar(a, b)}
    tests: dict[str, Welch | Prediction | McNemar] = {}
    for figure in TESTED:
        first, second = a.values(figure), b.values(figure)
        if first is None or second is None:
            continue
        result: Welch | Prediction | None
        if a.is_series and b.is_series:
            result = welch(first, second)
        else:
            result = prediction(first, second[0]) if a.is_series else prediction(second, first[0])
        if result is not None:
            tests[figure] = result
    return tests


def _mcnemar(a: Side, b: Side) -> McNemar:
    right = [read_predictions(side.path).right for side in (a, b)]
    only_a, only_b = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    return McNemar(only_a, only_b, mcnemar(only_a, only_b))


def _same_seeds(a: Side, b: Side) -> tuple[int, ...]:
    made = [
        (
            {name: value for name, value in side.settings.items() if name not in SAME_TRAINING},
            *(getattr(side.conditions, name) for name in ("checksum", "graph", "parameters")),
        )
        for side in (a, b)
    ]
    shared = {run.seed for run in a.runs} & {run.seed for run in b.runs}
    return tuple(sorted(shared)) if made[0] == made[1] else ()


def _same_pictures(a: Conditions, b: Conditions) -> bool:
    if (a.checksum, a.split, a.count) != (b.checksum, b.split, b.count):
        return False
    if a.pictures is not None and a.pictures == b.pictures:
        return True
    # held out with the seed: other pictures in every run, drawn the same way
    drawn = ("validation", "test_fraction")
    by_seed = a.pictures is None or b.pictures is None
    return by_seed and all(a.recipe.get(name) == b.recipe.get(name) for name in drawn)


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (a.get(name), b.get(name)) for name in {**a, **b} if a.get(name) != b.get(name)}
