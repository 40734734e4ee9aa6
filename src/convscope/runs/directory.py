"""The folder of a training run: what is in it, how it is made, and which is the latest."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from .. import atomic
from ..bundle import FILE_NAME, LATEST, RUNS, Bundle
from ..errors import ConvscopeError
from ..metrics import EpochFigures
from ..recipe import Recipe
from .latest import last_begun, point_latest_to, target_of
from .state import CHECKPOINTS, RESULT, WATCH, at_work

ROOT = Path(RUNS)


class RunDirectory:
    """`runs/<date>-<time>-<data>-<net>/`; every file in it is written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = 0  # the epoch whose weights its bundle has

    @property
    def checkpoint(self) -> Path:
        """The file of the checkpoint; its folder is there while the run is not finished."""
        return self.path / CHECKPOINTS / "checkpoint.safetensors"

    @property
    def initial(self) -> Path:
        """The file of the first weights, which only some runs have."""
        return self.path / "initial.safetensors"

    @classmethod
    def create(cls, data: str, net: str, out: Path | None) -> RunDirectory:
        """A new folder under `runs`, or `out`, which must be empty or not there yet."""
        try:
            if out is not None:
                cls.check_new(out)
                out.mkdir(parents=True, exist_ok=True)
                return cls(out)
            stem = f"{datetime.now():%Y-%m-%d-%H%M%S}-{_plain(data)}-{_plain(net)}"
            for attempt in range(1, 1000):
                path = ROOT / (stem if attempt == 1 else f"{stem}-{attempt}")
                with contextlib.suppress(FileExistsError):
                    path.mkdir(parents=True)
                    return cls(path)
        except OSError as error:
            raise ConvscopeError(f"cannot make the folder {error.filename}: {error.strerror}.") from error
        raise ConvscopeError(f"{ROOT / stem} is taken a thousand times; choose another --out.")

    @staticmethod
    def check_new(out: Path) -> None:
        """Raises `ConvscopeError` for what is there and is not an empty folder."""
        if out.exists() and not out.is_dir():
            raise ConvscopeError(f"{out} is a file; --out is a folder, new or empty.")
        if out.exists() and any(out.iterdir()):
            raise ConvscopeError(f"{out} is there already and not empty; choose another --out.")

    @classmethod
    def opened(cls, path: Path) -> RunDirectory:
        """The folder at `path` to go on with; `latest` is the run or series that was begun last."""
        if path.name == LATEST and (target_of(path) is not None or not path.exists()):
            path = last_begun(path.parent) or path
        return cls(target_of(path) or path)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Keep other processes out, and take the checkpoint away at the end.

        What breaks off a run gets a note of what is kept; without a checkpoint that is nothing.
        Raises `ConvscopeError` where another process is at work in the folder.
        """
        folder = self.checkpoint.parent
        with at_work(self.path):
            try:
                folder.mkdir(exist_ok=True)
            except OSError as error:
                raise ConvscopeError(f"cannot make the folder {folder}: {error.strerror}.") from error
            try:
                yield
            except BaseException as error:  # Ctrl-C too
                if not self.checkpoint.is_file():
                    self._discard()
                    error.add_note("Nothing is kept of this run.")
                else:
                    error.add_note(self._what_is_kept())
                raise
            shutil.rmtree(folder, ignore_errors=True)

    def _what_is_kept(self) -> str:
        weights = f" its best weights (epoch {self._kept}) and" if self._kept else ""
        return (
            f"{self.path} keeps{weights} a checkpoint. To go on:\n"
            f"  convscope train --resume {shlex.quote(str(self.path))}"
        )

    def _discard(self) -> None:
        for folder in (self.checkpoint.parent, self.path / WATCH):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (
            self.initial,
            *(self.path / name for name in ("recipe.toml", "metrics.jsonl", FILE_NAME)),
        ):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def write_recipe(self, recipe: Recipe) -> None:
        atomic.write_text(self.path / "recipe.toml", recipe.to_toml())

    def write_initial(self, bundle: Bundle) -> None:
        """Keep the first weights, where the seed alone does not give them again."""
        bundle.save(self.initial)

    def write_bundle(self, bundle: Bundle) -> None:
        """Keep the bundle; from its first one on the run, or this run of a series, is `runs/latest`."""
        bundle.save(self.path / FILE_NAME)
        self._kept = bundle.info["metrics"]["epoch"]
        if ROOT in (self.path.parent, self.path.parent.parent):
            point_latest_to(self.path, ROOT)

    def write_epochs(self, history: Sequence[EpochFigures]) -> None:
        """`metrics.jsonl`, a line per epoch."""
        records = ({**figures.to_dict(), "learning_rate": figures.learning_rate} for figures in history)
        atomic.write_text(
            self.path / "metrics.jsonl", "".join(f"{json.dumps(record)}\n" for record in records)
        )

    def write_result(self, result: dict[str, Any]) -> None:
        """The document that `train --json` prints."""
        atomic.write_text(self.path / RESULT, json.dumps(result, indent=1, ensure_ascii=False) + "\n")

    def write_predictions(
        self, names: Sequence[str], labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
    ) -> None:
        """`predictions.csv`: a row per picture of the final evaluation."""
        best = probabilities.argmax(axis=1)
        rows: Iterable[tuple[object, ...]] = (
            (name, classes[truth], classes[guess], f"{row[guess]:.6f}", int(guess == truth))
            for name, truth, guess, row in zip(names, labels, best, probabilities, strict=True)
        )
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("picture", "class", "predicted", "probability", "correct"))
        writer.writerows(rows)
        atomic.write_text(self.path / "predictions.csv", text.getvalue())


def _plain(name: str) -> str:
    """A name as part of a folder's name."""
    stem = Path(name).name or "data"
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip(".-") or "data"
