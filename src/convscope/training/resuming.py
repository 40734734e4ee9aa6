"""An interrupted run taken up again: the same weights at its end as if it had never stopped."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..data import Source
from ..errors import ConvscopeError, UsageError
from ..metrics import Evaluation
from ..recipe import Recipe, flag
from ..runs.directory import RunDirectory
from ..runs.run import Run
from ..runs.seed_runs import first_run
from ..runs.state import is_finished
from ..versions import versions
from .checkpoint import Checkpoint
from .engines.making import make_engine
from .prepare import Prepared, prepare_aloud
from .progress import Progress
from .running import run_in

#: Settings of where a run computes; the others are the run's own and stay.
OF_THE_PLACE = ("data", "data_dir", "engine", "device", "threads", "checkpoint_minutes")


def resume(
    path: Path,
    progress: Progress,
    *,
    net: Any = None,
    source: Source | None = None,
    evaluated: Callable[[Evaluation], None] | None = None,
    with_report: bool = True,
    **settings: Any,
) -> Run:
    """Go on with the run at `path` from its checkpoint, or from the start where it has none.

    `settings` may name another place for the same data, and what computes; `net` is needed again only
    where it was a module that the graph cannot express. Raises `ConvscopeError` where there is no run, it
    is finished or at work, or its data has changed, and `UsageError` for settings that would change it.
    """
    check_settings(settings, net)
    directory = RunDirectory.opened(path)
    path = directory.path
    recipe = _recipe(directory)
    checkpoint = Checkpoint.load(directory.checkpoint) if directory.checkpoint.is_file() else None
    if checkpoint is not None:
        _check_recipe(path, recipe, checkpoint)
    prepared = prepare_aloud(
        recipe.but(**settings), _network(directory, recipe, net), progress, source=source
    )
    if checkpoint is not None:
        if checkpoint.data != prepared.dataset.checksum:
            raise ConvscopeError(
                f"{prepared.dataset.name} is not what {path} was trained on so far, by its checksum; the run "
                "cannot go on with it."
            )
        prepared = _with_notes(prepared, _what_differs(checkpoint, recipe, prepared.recipe), progress)
    progress.note(_from_where(path, checkpoint, prepared.recipe.epochs or 0))
    engine = make_engine(prepared, progress)
    return run_in(
        directory, prepared, engine, progress, checkpoint, evaluated=evaluated, with_report=with_report
    )


def check_settings(settings: Mapping[str, Any], net: Any) -> None:
    """Raises `UsageError` for a setting that a run keeps as it is."""
    for name in (*settings, *(["net"] if isinstance(net, str) else [])):
        if name not in OF_THE_PLACE:
            places = ", ".join(flag(place) for place in OF_THE_PLACE if place != "data")
            raise UsageError(
                f"{flag(name)} does not go with --resume: the run goes on with its own recipe. "
                f"It may be given {places}, and the data's new place."
            )


def _recipe(directory: RunDirectory) -> Recipe:
    path, recipe = directory.path, directory.path / "recipe.toml"
    if first_run(path) is not None:
        raise ConvscopeError(f"{path} is a series of seeds: --resume, or train_seeds(resume=...), takes it.")
    if not recipe.is_file():
        raise ConvscopeError(f"{path} is no run; `convscope runs` lists those there are.")
    if is_finished(path):
        raise ConvscopeError(
            f"{path} is finished, there is nothing to resume. To train longer, from the start:\n"
            f"  convscope train --recipe {shlex.quote(str(recipe))} --epochs 50"
        )
    return Recipe.of(**Recipe.read(recipe))


def _check_recipe(path: Path, recipe: Recipe, checkpoint: Checkpoint) -> None:
    """Raises `ConvscopeError` for a recipe that somebody has changed since the checkpoint."""
    now = recipe.model_dump(mode="json")
    changed = [
        f"{name} was {was!r}"
        for name, was in checkpoint.recipe.items()
        if name not in OF_THE_PLACE and now.get(name) != was
    ]
    if changed:
        raise ConvscopeError(
            f"{path / 'recipe.toml'} is not what the run was trained with so far: {', '.join(changed)}. "
            "Put it back, or train anew with --recipe."
        )


def _network(directory: RunDirectory, recipe: Recipe, net: Any) -> Any:
    """What `open_network` takes: a person's own code is not run again where its graph is there."""
    if directory.initial.is_file() and (bundle := Bundle.load(directory.initial)).graph is not None:
        return bundle
    return net if net is not None else recipe.net


def _what_differs(checkpoint: Checkpoint, before: Recipe, now: Recipe) -> list[str]:
    """Sentences on what moves the last bits of the weights."""
    changed = [
        f"{name} {checkpoint.versions[name]}"
        for name, version in versions().items()
        if checkpoint.versions.get(name, version) != version
    ]
    of_place = ("engine", "device", "threads") if now.engine == "torch" else ("engine", "device")
    changed += [
        f"{name} {getattr(before, name)}" for name in of_place if getattr(before, name) != getattr(now, name)
    ]
    if not changed:
        return []
    return [
        f"the run began with {', '.join(changed)}: its last bits may differ from those of a run in one go."
    ]


def _with_notes(prepared: Prepared, sentences: list[str], progress: Progress) -> Prepared:
    for sentence in sentences:
        progress.note(f"note: {sentence}")
    return replace(prepared, notes=(*prepared.notes, *sentences))


def _from_where(path: Path, checkpoint: Checkpoint | None, epochs: int) -> str:
    if checkpoint is None:
        return f"{path} has no checkpoint yet: it begins at its start."
    standing = checkpoint.standing
    if standing.is_over(epochs):
        return f"{path} is trained; its results are written."
    step = f", after {standing.steps:,} of its steps" if standing.steps else ""
    return f"Going on with {path} in epoch {standing.epoch}{step}."
