"""A finished training run, and the document that `train --json` prints of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..metrics import EpochFigures, Evaluation
from ..recipe import Recipe
from .state import WATCH


@dataclass(frozen=True, eq=False)
class Run:
    """A finished training run."""

    path: Path
    bundle: Bundle
    recipe: Recipe
    engine: str
    parameters: int
    seconds: float  # of training and validation, without reading the data and writing the report
    epochs: tuple[EpochFigures, ...]
    best_epoch: int  # whose weights the bundle holds
    evaluation: Evaluation
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        figures = self.evaluation
        accuracy = f"{figures.split} accuracy {figures.accuracy:.2%}"
        return f"Run({str(self.path)!r}, {self.bundle.net!r}, {accuracy})"

    def to_dict(self) -> dict[str, Any]:
        """The document that `train --json` prints.

        `test` is the final evaluation; its `split` is "validation" where the data has no test pictures
        ("train" where it has neither), and a note says so. `watch` is the folder of the snapshots, None
        where there are none.
        """
        return {
            "run": str(self.path),
            "net": self.bundle.net,
            "data": self.bundle.info["data"]["name"],
            "engine": self.engine,
            "parameters": self.parameters,
            "seconds": self.seconds,
            "epochs": [figures.to_dict() for figures in self.epochs],
            "best_epoch": self.best_epoch,
            "test": self.evaluation.to_dict(),
            "watch": str(self.path / WATCH) if self.recipe.watches else None,
            "notes": list(self.notes),
        }
