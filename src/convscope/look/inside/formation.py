"""How a network formed: the snapshots of a watched training, of one that is at work too."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ConvscopeError
from ...metrics import EpochFigures
from ...runs.state import WATCH
from .snapshot import WATCHED, Snapshot, Watched, steps_in


@dataclass(frozen=True, eq=False)
class Formation:
    """The snapshots in a run directory, read when they are asked for.

    While the training is at work `steps` grows; whoever follows it asks again. `watched` says what is
    looked at: `watched.layers`, `watched.images` with `labels` and `names`, and when (`planned`).
    """

    run: Path
    watched: Watched

    @classmethod
    def open(cls, run: Path) -> Formation:
        """That of a run directory; raises `ConvscopeError` where the training was not watched."""
        folder = run / WATCH
        if not (folder / WATCHED).is_file():
            recipe = run / "recipe.toml"
            if run.is_file():
                raise ConvscopeError(f"{run} is one network; how it formed is kept in the folder of its run.")
            if not recipe.is_file():
                raise ConvscopeError(f"{run} is no run; `convscope runs` lists those there are.")
            raise ConvscopeError(
                f"{run} was not watched while it was trained. To train it again and keep how it forms:\n"
                f"  convscope train --recipe {shlex.quote(str(recipe))} --watch"
            )
        return cls(run, Watched.load(folder))

    @property
    def folder(self) -> Path:
        """Where the snapshots are."""
        return self.run / WATCH

    @property
    def steps(self) -> tuple[int, ...]:
        """After how many steps there is a snapshot, as of now."""
        return tuple(steps_in(self.folder))

    def snapshot(self, step: int) -> Snapshot:
        """That after `step` steps; raises `ConvscopeError` where there is none, or it is damaged."""
        if step not in self.steps:
            raise ConvscopeError(f"{self.run} has no snapshot of step {step:,}.")
        return Snapshot.load(self.folder, step, self.watched)

    def filters(self, step: int) -> dict[str, np.ndarray]:
        """The filters after `step` steps by layer, float32 (filters, channels, *kernel)."""
        return dict(self.snapshot(step).filters)

    def maps(self, step: int) -> dict[str, np.ndarray]:
        """Maps by layer, float32 (pictures, channels, height, width) or (pictures, channels, length)."""
        return dict(self.snapshot(step).maps)

    def epochs(self) -> list[EpochFigures]:
        """The figures of the epochs that are over, as of now."""
        file = self.run / "metrics.jsonl"
        try:
            lines = file.read_text("utf-8").splitlines() if file.is_file() else []
            return [EpochFigures.from_dict(json.loads(line)) for line in lines]
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ConvscopeError(f"{file} cannot be read: {error}.") from error
