"""One recipe under many seeds: what a training gives, and how much of it is the seed's."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.reading_once import ReadOnce
from ..errors import ConvscopeError
from .network import Network, is_own
from .pipeline import chosen_recipe, prepare_aloud, run_prepared
from .prepare import open_source
from .progress import Lines, Progress, SeriesProgress, Silent
from .recipe import Recipe
from .recorded import Conditions, read_predictions
from .run import Run
from .run_directory import RunDirectory
from .run_state import at_work
from .seed_runs import SEEDS_FILE, SeedFigures, SeedRuns, check_seeds, seed_line

SAME_START = "every seed starts from the same weights: the network brings its own."


def train_seeds(
    data: str | Path | None = None,
    *,
    seeds: int = 30,
    net: Any = None,
    recipe: Recipe | str | Path | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
    quiet: bool = False,
    **settings: Any,
) -> SeedRuns:
    """Train under `seeds` seeds, from the recipe's `seed` on, and keep every run in one folder.

    Takes what `train` takes. A run of the series has the same bits as `train` gives with its seed; the
    pictures are read once for all of them, and the runs have no report. `seeds.json` in the folder is
    rewritten after each run, so an interrupted series keeps what it has. The test pictures of a run are
    read once, at its end.

    >>> import tempfile
    >>> series = train_seeds("digits", seeds=2, net="simple-cnn-16-32", epochs=1, out=tempfile.mkdtemp(),
    ...                      quiet=True)
    >>> [run.seed for run in series.runs], series.spread("accuracy").count
    ([0, 1], 2)
    """
    check_seeds(seeds)
    chosen = chosen_recipe(data, net, recipe, settings)
    listener = SeriesProgress(progress or (Silent() if quiet else Lines()), seeds)
    net = net if net is not None else chosen.net
    code = _Code(net)
    source = ReadOnce(open_source(chosen, listener))
    directory: RunDirectory | None = None
    series: SeedRuns | None = None
    first: Network | None = None
    seed = chosen.seed
    holding = contextlib.ExitStack()
    try:
        for seed in range(chosen.seed, chosen.seed + seeds):
            code.check(seed)
            prepared = prepare_aloud(chosen.but(seed=seed), net, listener, source=source)
            if directory is None:
                directory = RunDirectory.create(source.name, f"{prepared.network.name}-seeds", _path(out))
                holding.enter_context(at_work(directory.path))
                first = prepared.network
                listener.note(f"{seeds} seeds, {seed} to {seed + seeds - 1}, in {directory.path}.")
            elif first is not None and series is not None:
                if _same_weights(first, prepared.network):
                    listener.note(f"note: {SAME_START}")
                    series = replace(series, notes=(*series.notes, SAME_START))
                first = None
            run = run_prepared(prepared, directory.path / f"seed-{seed}", listener, with_report=False)
            series = _with(series, run, directory.path, seeds)
            series.save()
            split, done = series.conditions.split, len(series.runs)
            listener.seed(seed_line(series.runs[-1], split=split, done=done, wanted=seeds))
            del prepared, run  # their pictures, before the next ones are laid out
    except BaseException as error:
        _note_what_is_left(error, directory, series, seed, seeds)
        raise
    finally:
        holding.close()
    assert series is not None
    return series


def _with(series: SeedRuns | None, run: Run, path: Path, wanted: int) -> SeedRuns:
    figures = SeedFigures.of(run.to_dict(), seed=run.recipe.seed, run=run.path.name)
    if series is None:
        return SeedRuns(path, Conditions.read(run.path), wanted, run.notes, (figures,))
    return series.plus(figures, read_predictions(run.path).pictures)


def _note_what_is_left(
    error: BaseException, directory: RunDirectory | None, series: SeedRuns | None, seed: int, wanted: int
) -> None:
    if directory is None:
        return
    if series is None:
        with contextlib.suppress(OSError):
            directory.path.rmdir()
        error.add_note(f"It was the first of {wanted} seeds.")
        return
    done = f"{len(series.runs)} of {wanted} seeds"
    error.add_note(f"It was seed {seed}; {directory.path / SEEDS_FILE} has the {done} that are finished.")


class _Code:
    """The file of a person's own network, which each seed runs anew: it has to stay as it was."""

    def __init__(self, net: Any) -> None:
        own = isinstance(net, str) and is_own(net)
        self.file = Path(net.rpartition(":")[0] if ".py:" in net else net) if own else None
        self.content = self._read()

    def check(self, seed: int) -> None:
        if self._read() != self.content:
            raise ConvscopeError(
                f"{self.file} has changed before seed {seed} was trained; all seeds need one network."
            )

    def _read(self) -> bytes | None:
        return self.file.read_bytes() if self.file is not None and self.file.is_file() else None


def _same_weights(first: Network, second: Network) -> bool:
    return all(np.array_equal(value, second.weights[name]) for name, value in first.weights.items())


def _path(out: Path | str | None) -> Path | None:
    return Path(out) if out is not None else None
