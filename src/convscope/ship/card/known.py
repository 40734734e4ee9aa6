"""What is known of a trained network: by its bundle, its run where there is one, and the run's series."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...bundle import FILE_NAME, STARTER, Bundle, find, is_starter
from ...calibration import Bin, binned
from ...errors import ConvscopeError, DataError
from ...look.breaking.robustness import Robustness
from ...look.suspicion.suspect import Suspects
from ...metrics import Evaluation
from ...runs.latest import target_of
from ...runs.recorded import read_predictions
from ...runs.reopened import open_run
from ...runs.run import Run
from ...runs.seed_runs import SEEDS_FILE, SeedRuns
from ...runs.state import is_finished
from ...training.reports.kept import Foreign, kept_robustness, kept_suspects
from ...untrained import is_untrained


@dataclass(frozen=True, eq=False)
class Known:
    """Everything that a card can say; a part that is None is not known, or was not measured.

    `name` is how commands name the model, `file` its file's name alone; `run` is None of a bare bundle.
    `bins` are of the final evaluation, `series` is one of several seeds that the run belongs to.
    """

    bundle: Bundle
    name: str
    file: str
    bytes: int
    comes_along: bool = False  # with convscope, as `starter`
    run: Run | None = None
    evaluation: Evaluation | None = None
    bins: tuple[Bin, ...] | None = None
    series: SeedRuns | None = None
    robustness: Robustness | Foreign | None = None
    suspects: Suspects | Foreign | None = None

    @classmethod
    def of(cls, model: str | os.PathLike[str] | Bundle) -> Known:
        """Of a run, a bundle file, `starter` or a bundle in memory; `ConvscopeError` for what is none."""
        if not isinstance(model, Bundle) and is_untrained(model):
            model = Bundle.load(model)
        if isinstance(model, Bundle):
            return cls(model, FILE_NAME, FILE_NAME, len(model.to_bytes()), evaluation=_evaluation(model))
        path = Path(model)
        file = find(path)
        bundle = Bundle.load(file)
        folder = target_of(file.parent) or file.parent
        if is_starter(path):
            name = STARTER.stem
            return cls(
                bundle, name, name, file.stat().st_size, comes_along=True, evaluation=_evaluation(bundle)
            )
        if file.name != FILE_NAME or not is_finished(folder):
            return cls(bundle, str(path), file.name, file.stat().st_size, evaluation=_evaluation(bundle))
        run = open_run(folder)
        data = {"", (bundle.info.get("data") or {}).get("checksum", "")}
        return cls(
            bundle=bundle,
            name=str(folder),
            file=file.name,
            bytes=file.stat().st_size,
            run=run,
            evaluation=run.evaluation,
            bins=_bins(folder, run.evaluation),
            series=_series(folder),
            robustness=kept_robustness(folder, bundle, data),
            suspects=kept_suspects(folder, data),
        )

    @property
    def info(self) -> Mapping[str, Any]:
        """What the bundle says of where it comes from."""
        return self.bundle.info

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The settings of the training by name; none where they are not known."""
        return self.info.get("recipe") or {}

    @property
    def data(self) -> str | None:
        """The name of the data."""
        name = (self.info.get("data") or {}).get("name")
        return None if name is None else str(name)

    @property
    def counts(self) -> dict[str, list[int]]:
        """How many records each part of the data has of each class; empty where that is not known.

        Of bundles from before they kept it, those of the final evaluation.
        """
        kept = (self.info.get("data") or {}).get("counts")
        if kept:
            return {str(part): list(map(int, counts)) for part, counts in kept.items()}
        found = self.evaluation
        return {found.split: [figures.support for figures in found.per_class]} if found else {}

    @property
    def noun(self) -> str:
        """What one input is called."""
        return self.bundle.preprocessing.noun

    @property
    def title(self) -> str:
        """The network and its data."""
        return f"{self.bundle.net} on {self.data}" if self.data else self.bundle.net

    def command(self, words: str) -> str:
        """A command line of convscope in which `{}` stands for the model."""
        return f"convscope {words.format(shlex.quote(self.name))}"


def _evaluation(bundle: Bundle) -> Evaluation | None:
    """The final figures that a bundle keeps."""
    for record in (bundle.info.get("metrics") or {}).values():
        if isinstance(record, Mapping):
            try:
                return Evaluation.from_dict(record)
            except DataError as error:
                raise ConvscopeError(f"the figures in the bundle are damaged: {error}") from error
    return None


def _bins(folder: Path, evaluation: Evaluation) -> tuple[Bin, ...] | None:
    """How sure the network was; None where `predictions.csv` is not that of the evaluation any more."""
    if not (folder / "predictions.csv").is_file():
        return None
    said = read_predictions(folder)
    if (len(said.right), int(said.right.sum())) != (evaluation.count, evaluation.correct):
        return None
    return binned(said.shares, said.right)


def _series(folder: Path) -> SeedRuns | None:
    """The series of seeds that a run is one of."""
    if not (folder.parent / SEEDS_FILE).is_file():
        return None
    series = SeedRuns.load(folder.parent)
    return series if any(run.run == folder.name for run in series.runs) and len(series.runs) > 1 else None
