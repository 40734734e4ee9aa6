"""What has been measured of a run after its training, for its report; and the commands that measure it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bundle import Bundle
from ...data import Dataset
from ...look import Patches, Robustness, Suspects
from ...report import Absent, Explained, ShownSuspects
from ..progress import Progress
from .kept import Foreign, kept_robustness, kept_suspects
from .looked_at import excited, explained


@dataclass(frozen=True, eq=False)
class Measured:
    """What a training leaves out of its report: each part there, or absent with the command that adds it."""

    patches: Sequence[Patches] | Absent
    attributions: Sequence[Explained] | Absent
    robustness: Robustness | Absent
    suspects: ShownSuspects | Absent

    @classmethod
    def not_yet(cls, run: Path, noun: str = "picture") -> Measured:
        """Those of a run that was just trained: none, and how to have them; its data are of `noun`s."""
        name = shlex.quote(str(run))
        again = f"convscope report {name}"
        return cls(
            patches=Absent("The pieces of pictures for which each channel gives most.", (again,)),
            attributions=Absent("Which pixels speak for a class, and checks of the maps.", (again,)),
            robustness=(
                Absent("Accuracy under attacks, noise and moves.", (f"convscope attack {name}", again))
                if noun == "picture"
                else Absent(f"Attacks and changes are of pictures; the data are {noun}s.")
            ),
            suspects=Absent(
                "Wrong labels, near-duplicates and outliers of the data.",
                (f"convscope data suspects --run {name}", again),
            ),
        )

    @classmethod
    def of(
        cls, run: Path, bundle: Bundle, dataset: Dataset, probabilities: np.ndarray, progress: Progress
    ) -> Measured:
        """What lies in a run's folder, and what is computed when its report is made again.

        `probabilities` are (N, classes), of `dataset.evaluation`. Imports torch. Raises `ConvscopeError` for
        a file that is not what it is called. What is of another network or other data stays absent.
        """
        _, split = dataset.evaluation
        found = replace(
            cls.not_yet(run, bundle.preprocessing.noun),
            patches=excited(bundle, split, progress),
            attributions=explained(bundle, split, probabilities, progress),
        )
        same_data = {"", dataset.checksum, str((bundle.info.get("data") or {}).get("checksum"))}
        curves, suspects = kept_robustness(run, bundle, same_data), kept_suspects(run, same_data)
        if curves is not None:
            of_run = _foreign(found.robustness, curves) if isinstance(curves, Foreign) else curves
            found = replace(found, robustness=of_run)
        if isinstance(suspects, Foreign):
            found = replace(found, suspects=_foreign(found.suspects, suspects))
        elif suspects is not None:
            found = replace(found, suspects=ShownSuspects(suspects, _records(suspects, dataset)))
        return found


def _foreign(part: Any, foreign: Foreign) -> Absent:
    """`part` as it is where nothing was measured, and why the file in the folder does not count."""
    assert isinstance(part, Absent)
    return replace(part, reason=f"{part.reason} {foreign}")


def _records(found: Suspects, dataset: Dataset) -> dict[tuple[str, int], Any]:
    """The pictures of the suspects, by part and position; a suspect is known by its picture's name."""
    splits = [split for split in (dataset.train, dataset.validation, dataset.test) if split is not None]
    places = [place for one in found.suspects for place in (one.place, one.twin) if place is not None]
    wanted = {place.name for place in places}
    records = {
        name: split.images[i] for split in splits for i, name in enumerate(split.names) if name in wanted
    }
    return {(p.part, p.position): records[p.name] for p in places if p.name in records}
