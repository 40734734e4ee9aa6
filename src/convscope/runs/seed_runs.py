"""Runs that differ in their seed alone: their figures, how these spread, and the file that keeps them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import atomic
from ..errors import ConvscopeError, UnknownName, UsageError
from ..metrics import EpochFigures, Evaluation
from ..spread import Spread
from .recorded import Conditions

SEEDS_FILE = "seeds.json"

#: The figures of a run, and the bounds that each cannot leave.
FIGURES = {
    "accuracy": (0.0, 1.0),
    "loss": (0.0, math.inf),
    "validation_accuracy": (0.0, 1.0),
    "validation_loss": (0.0, math.inf),
    "train_loss": (0.0, math.inf),
    "best_epoch": (1.0, math.inf),
    "seconds": (0.0, math.inf),
}


@dataclass(frozen=True)
class SeedFigures:
    """One run of a series. Accuracies and recalls are shares of 1, losses nats; a loss may be NaN.

    `accuracy`, `loss` and `recall` (by class) are of the final evaluation, the validation figures of the
    best epoch (None without validation pictures), `train_loss` of the last epoch.
    """

    seed: int
    run: str  # the name of its folder
    accuracy: float
    loss: float
    validation_accuracy: float | None
    validation_loss: float | None
    train_loss: float
    best_epoch: int
    seconds: float
    recall: Mapping[str, float]

    @classmethod
    def of(cls, result: Mapping[str, Any], *, seed: int, run: str) -> SeedFigures:
        """From the document of a run (`Run.to_dict`, `result.json`); `ConvscopeError` if it is none."""
        try:
            best_epoch, seconds = int(result["best_epoch"]), float(result["seconds"])
            epochs = [EpochFigures.from_dict(record) for record in result["epochs"]]
            test = Evaluation.from_dict(result["test"])
            best = epochs[best_epoch - 1]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ConvscopeError(f"{run} has no whole result: {error} is missing.") from error
        return cls(
            seed=seed,
            run=run,
            accuracy=test.accuracy,
            loss=test.loss,
            validation_accuracy=best.validation_accuracy,
            validation_loss=best.validation_loss,
            train_loss=epochs[-1].train_loss,
            best_epoch=best_epoch,
            seconds=seconds,
            recall={figures.name: figures.recall for figures in test.per_class},
        )

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON; a loss that is no number becomes None."""
        return {name: None if _is_nan(value) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> SeedFigures:
        """The inverse of `to_dict`."""
        losses = {name: math.nan for name in ("loss", "train_loss") if record[name] is None}
        return cls(**{**record, **losses})


@dataclass(frozen=True, eq=False)
class SeedRuns:
    """The finished runs of a series, each in a folder of its own below `path`."""

    path: Path
    conditions: Conditions
    wanted: int  # how many seeds were asked for
    notes: tuple[str, ...]
    runs: tuple[SeedFigures, ...]

    def __repr__(self) -> str:
        made = self.conditions
        return f"SeedRuns({str(self.path)!r}, {made.net!r}, {len(self.runs)} of {self.wanted} seeds)"

    def spread(self, figure: str) -> Spread | None:
        """How one of `FIGURES` spreads over the runs; None for fewer than two, or where a run lacks it.

        Raises `UnknownName` for another figure.
        """
        if figure not in FIGURES:
            raise UnknownName("figure", figure, FIGURES)
        return _spread([getattr(run, figure) for run in self.runs], FIGURES[figure])

    def recall(self) -> dict[str, Spread | None]:
        """How the recall of each class spreads."""
        names = self.runs[0].recall if self.runs else ()
        return {name: _spread([run.recall[name] for run in self.runs], (0.0, 1.0)) for name in names}

    def plus(self, run: SeedFigures, pictures: str) -> SeedRuns:
        """With one more run, whose final figures are of these `pictures`."""
        same = self.conditions.pictures == pictures
        conditions = self.conditions if same else replace(self.conditions, pictures=None)
        return replace(self, conditions=conditions, runs=(*self.runs, run))

    def to_dict(self) -> dict[str, Any]:
        """The document that `train --seeds --json` prints, and that `seeds.json` is."""
        figures = {name: self.spread(name) for name in FIGURES}
        return {
            "run": str(self.path),
            "wanted": self.wanted,
            "seeds": [run.seed for run in self.runs],
            "figures": {name: spread.to_dict() if spread else None for name, spread in figures.items()},
            "recall": {name: spread.to_dict() if spread else None for name, spread in self.recall().items()},
            "runs": [run.to_dict() for run in self.runs],
            **self.conditions.to_dict(),
            "notes": list(self.notes),
        }

    def save(self) -> None:
        """Write `seeds.json`, whole or not at all."""
        document = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        atomic.write_text(self.path / SEEDS_FILE, document + "\n")

    @classmethod
    def load(cls, path: Path) -> SeedRuns:
        """The series in a folder; raises `ConvscopeError` where its `seeds.json` is damaged."""
        file = path / SEEDS_FILE
        try:
            document = json.loads(file.read_text("utf-8"))
            return cls(
                path=path,
                conditions=Conditions.from_dict(document),
                wanted=int(document["wanted"]),
                notes=tuple(document["notes"]),
                runs=tuple(SeedFigures.from_dict(record) for record in document["runs"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConvscopeError(f"{file} is not what `convscope train --seeds` wrote: {error}.") from error


def first_unfinished(path: Path) -> Path | None:
    """The first run of a series of which no seed is finished; None for what is no such folder."""
    return None if (path / SEEDS_FILE).is_file() else first_run(path)


def first_run(path: Path) -> Path | None:
    """The run of the first seed of a series; None for what is no such folder."""
    runs = (file.parent for file in path.glob("seed-*/recipe.toml"))
    return min(runs, key=lambda run: int(run.name.removeprefix("seed-")), default=None)


def check_seeds(seeds: int) -> None:
    """Raises `UsageError` for a number of seeds that has no spread."""
    if seeds < 2:
        raise UsageError(f"--seeds {seeds} has no spread: give 2 or more, or --seed for a single run.")


def seed_line(run: SeedFigures, *, split: str, done: int, wanted: int) -> str:
    """A finished run of a series in one line of at most 80 columns.

    >>> run = SeedFigures(7, "seed-7", 0.9916, 0.0303, 0.99, 0.03, 0.01, 14, 1.93, {})
    >>> seed_line(run, split="test", done=8, wanted=30)
    ' 8/30  seed 7  test accuracy  99.16 %  loss 0.0303  best epoch 14     1.9 s'
    """
    accuracy = f"{run.accuracy:>7.2%}".replace("%", " %")
    return (
        f"{done:>{len(str(wanted))}}/{wanted}  seed {run.seed}  {split} accuracy {accuracy}  "
        f"loss {run.loss:.4f}  best epoch {run.best_epoch}  {run.seconds:>6.1f} s"
    )


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _spread(values: list[Any], within: tuple[float, float]) -> Spread | None:
    if len(values) < 2 or any(value is None or not math.isfinite(value) for value in values):
        return None
    return Spread.of(values, within=within)
