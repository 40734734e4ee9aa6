"""One recipe under many seeds: what a training gives, and how much of it is the seed's."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..data import Source
from ..data.reading_once import ReadOnce
from ..errors import ConvscopeError, UsageError
from ..recipe import Recipe
from ..runs.directory import RunDirectory
from ..runs.recorded import Conditions, graph_digest, read_predictions, read_result
from ..runs.seed_runs import SEEDS_FILE, SeedFigures, SeedRuns, check_seeds, first_run, seed_line
from ..runs.state import at_work, is_finished
from .network import Network, is_own, open_network
from .pipeline import chosen_recipe
from .prepare import open_source, prepare_aloud
from .progress import Lines, Progress, SeriesProgress, Silent
from .resuming import check_settings
from .resuming import resume as resume_run
from .running import run_prepared

DEFAULT_SEEDS = 30

SAME_START = "every seed starts from the same weights: they are given, not drawn."


def train_seeds(
    data: str | Path | Source | None = None,
    *,
    seeds: int | None = None,
    net: Any = None,
    recipe: Recipe | str | Path | None = None,
    out: Path | str | None = None,
    resume: Path | str | None = None,
    progress: Progress | None = None,
    quiet: bool = False,
    **settings: Any,
) -> SeedRuns:
    """Train under `seeds` seeds (30), from the recipe's `seed` on, and keep every run in one folder.

    Takes what `train` takes. A run of the series has the same bits as `train` gives with its seed; the
    pictures are read once for all of them, and the runs have no report. `seeds.json` in the folder is
    rewritten after each run, so an interrupted series keeps what it has; `resume`, its folder, goes on with
    it, and with more `seeds` than it was to have makes it longer. The test pictures of a run are read once,
    at its end.

    >>> import tempfile
    >>> series = train_seeds("digits", seeds=2, net="simple-cnn-16-32", epochs=1, out=tempfile.mkdtemp(),
    ...                      quiet=True)
    >>> [run.seed for run in series.runs], series.spread("accuracy").count
    ([0, 1], 2)
    """
    if seeds is not None:
        check_seeds(seeds)
    if resume is not None:
        if recipe is not None or out is not None:
            raise UsageError("a series that is resumed keeps its recipe and its folder; leave both out.")
        place = {} if data is None or isinstance(data, Source) else {"data": str(data)}
        series = _Series.taken_up(Path(resume), seeds, net, {**place, **settings})
    else:
        chosen = chosen_recipe(data, net, recipe, settings)
        if out is not None:
            RunDirectory.check_new(Path(out))  # before the data is read
        series = _Series(chosen, net if net is not None else chosen.net, seeds or DEFAULT_SEEDS, _path(out))
    listener = SeriesProgress(progress or (Silent() if quiet else Lines()), series.wanted)
    return series.train(listener, data if isinstance(data, Source) else None)


class _Series:
    """A series at work: the runs that are done, and how the next one is made."""

    def __init__(self, recipe: Recipe, net: Any, wanted: int, out: Path | None) -> None:
        self.recipe, self.net, self.wanted, self.out = recipe, net, wanted, out
        self.directory: RunDirectory | None = None
        self.done: SeedRuns | None = None
        self.first: Network | None = None  # of the first run, until the next one is compared with it
        self.held = contextlib.ExitStack()  # the lock of the folder
        self.place: dict[str, Any] = {}  # settings of the place, of a series that is taken up

    @classmethod
    def taken_up(cls, path: Path, seeds: int | None, net: Any, place: dict[str, Any]) -> _Series:
        """One that was interrupted; raises `ConvscopeError` for a folder that has none."""
        check_settings(place, net)
        path = RunDirectory.opened(path).path
        first = first_run(path)
        if first is None:
            raise ConvscopeError(f"{path} is no series of seeds; `convscope runs` lists what there is.")
        done = SeedRuns.load(path) if (path / SEEDS_FILE).is_file() else None
        if seeds and done and seeds < done.wanted:
            raise UsageError(f"--seeds {seeds} is fewer than the {done.wanted} that {path} is to have.")
        wanted = seeds or (done.wanted if done else None)
        if wanted is None:
            raise UsageError(
                f"{path} has no finished seed, and does not say how many there were to be; give --seeds."
            )
        recipe = Recipe.of(**Recipe.read(first / "recipe.toml"))
        series = cls(recipe.but(**place), net if net is not None else recipe.net, wanted, path)
        series.directory, series.place = RunDirectory(path), place
        series.done = replace(done, wanted=wanted) if done else None
        initial = RunDirectory(first).initial
        if done and len(done.runs) == 1 and initial.is_file() and (bundle := Bundle.load(initial)).graph:
            series.first = open_network(bundle, bundle.graph.input_shape, len(bundle.classes), seed=0)
        return series

    def train(self, listener: SeriesProgress, source: Source | None) -> SeedRuns:
        """Train what is left, on a source that is given or the one that the recipe names."""
        code = _Code(self.net)
        source = ReadOnce(source or open_source(self.recipe, listener))
        start = self.recipe.seed
        finished = {run.seed for run in self.done.runs} if self.done else set()
        if len(finished) >= self.wanted:
            listener.note(f"all {self.wanted} seeds are finished; a larger --seeds does more of them.")
        try:
            if self.directory is not None:
                self.held.enter_context(at_work(self.directory.path))
            for seed in range(start, start + self.wanted):
                if seed in finished:
                    continue
                code.check(seed)
                self._add(seed, self._run(seed, source, listener), listener)
        except BaseException as error:
            self._note_what_is_left(error)
            raise
        finally:
            self.held.close()
        assert self.done is not None
        return self.done

    def _run(self, seed: int, source: Source, listener: SeriesProgress) -> dict[str, Any]:
        """The document of the run of a seed: trained, taken up, or found."""
        folder = self.directory.path / f"seed-{seed}" if self.directory else None
        if folder is not None and (folder / "recipe.toml").is_file():
            if is_finished(folder):
                return read_result(folder)
            net = None if isinstance(self.net, str) else self.net
            run = resume_run(folder, listener, net=net, source=source, with_report=False, **self.place)
            return run.to_dict()
        prepared = prepare_aloud(self.recipe.but(seed=seed), self.net, listener, source=source)
        if self.directory is None:
            name = f"{prepared.network.name}-seeds"
            self.directory = RunDirectory.create(source.name, name, self.out)
            self.held.enter_context(at_work(self.directory.path))
            self.first = prepared.network
            self.recipe = self.recipe.but(pretrained=prepared.recipe.pretrained)  # with its checksum, for all
            last = seed + self.wanted - 1
            listener.note(f"{self.wanted} seeds, {seed} to {last}, in {self.directory.path}.")
        elif self.done is not None:
            self._compare(prepared.network, listener)
        return run_prepared(
            prepared, self.directory.path / f"seed-{seed}", listener, with_report=False
        ).to_dict()

    def _compare(self, network: Network, listener: SeriesProgress) -> None:
        assert self.done is not None
        if graph_digest(network.graph) != self.done.conditions.graph:
            raise ConvscopeError(f"{network.name} is another network than that of the seeds before.")
        if self.first is not None and _same_weights(self.first, network):
            listener.note(f"note: {SAME_START}")
            self.done = replace(self.done, notes=(*self.done.notes, SAME_START))
        self.first = None

    def _add(self, seed: int, result: dict[str, Any], listener: SeriesProgress) -> None:
        assert self.directory is not None
        run = self.directory.path / f"seed-{seed}"
        figures = SeedFigures.of(result, seed=seed, run=run.name)
        if self.done is None:
            notes = tuple(result["notes"])
            self.done = SeedRuns(self.directory.path, Conditions.read(run), self.wanted, notes, (figures,))
        else:
            self.done = self.done.plus(figures, read_predictions(run).pictures)
        self.done.save()
        split, done = self.done.conditions.split, len(self.done.runs)
        listener.seed(seed_line(figures, split=split, done=done, wanted=self.wanted))

    def _note_what_is_left(self, error: BaseException) -> None:
        """What is kept of the series, instead of what its run says of itself."""
        if self.directory is None:
            return
        path = self.directory.path
        with contextlib.suppress(OSError):
            path.rmdir()  # where it is empty
        if not path.is_dir():
            error.add_note(f"It was the first of {self.wanted} seeds.")
            return
        done = len(self.done.runs) if self.done else 0
        more = f" --seeds {self.wanted}" if not done else ""
        error.__notes__ = [
            f"{done} of {self.wanted} seeds are finished. To do the others:\n"
            f"  convscope train --resume {shlex.quote(str(path))}{more}"
        ]


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
