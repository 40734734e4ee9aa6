"""From data and a network to a run directory: everything `convscope train` does, in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..data import Source
from ..errors import UsageError
from ..metrics import Evaluation
from ..recipe import Recipe
from ..runs.directory import RunDirectory
from ..runs.run import Run
from .prepare import prepare_aloud
from .progress import Lines, Progress, Silent
from .resuming import resume as resume_run
from .running import run_prepared


def train(
    data: str | Path | Source | None = None,
    *,
    net: Any = None,
    recipe: Recipe | str | Path | None = None,
    out: Path | str | None = None,
    resume: Path | str | None = None,
    progress: Progress | None = None,
    quiet: bool = False,
    evaluated: Callable[[Evaluation], None] | None = None,
    **settings: Any,
) -> Run:
    """Train a network on pictures or signals and keep everything about it in a run directory.

    `data` is a data set's name or path (`convscope.data.open_source`), or a source made of arrays
    (`convscope.data.SignalSource`); `net` a name of the catalogue, `file.py:Class`, an `nn.Module` class
    or a module. `settings` are the fields of `Recipe` (`epochs`, `batch_size`, `lr`, `optimizer`,
    `schedule`, `seed`, `validation`, `size`, ...; `help(convscope.Recipe)` lists them), and win over
    those of `recipe`, which may also be a recipe file or the name of one that comes with convscope,
    "mnist-fast". Prints a line per epoch to standard error unless `quiet`, or tells `progress`;
    `evaluated` is called with the final figures, before the report is written.

    The test pictures are read once, at the end, with the weights that validation chose. Interrupted, it
    leaves a bundle with the best weights so far and a checkpoint; `resume`, the run's folder, goes on from
    there with the run's own recipe, and ends with the weights of a run in one go, to the bit on a CPU.

    >>> import tempfile
    >>> run = train("digits", net="simple-cnn-16-32", epochs=1, out=tempfile.mkdtemp(), quiet=True)
    >>> run.parameters, len(run.epochs), run.evaluation.split
    (6090, 1, 'test')
    """
    listener: Progress = progress or (Silent() if quiet else Lines())
    source = data if isinstance(data, Source) else None
    if resume is not None:
        if recipe is not None or out is not None:
            raise UsageError("a run that is resumed keeps its recipe and its folder; leave both out.")
        place: dict[str, Any] = {} if data is None or source else {"data": str(data)}
        return resume_run(
            Path(resume), listener, net=net, source=source, evaluated=evaluated, **place, **settings
        )
    chosen = chosen_recipe(data, net, recipe, settings)
    if out is not None:
        RunDirectory.check_new(Path(out))  # before the data is read
    prepared = prepare_aloud(chosen, net if net is not None else chosen.net, listener, source=source)
    return run_prepared(prepared, Path(out) if out is not None else None, listener, evaluated=evaluated)


def chosen_recipe(
    data: str | Path | Source | None, net: Any, recipe: Recipe | str | Path | None, settings: dict[str, Any]
) -> Recipe:
    """The recipe that the arguments of `train` come to."""
    if isinstance(recipe, str | Path):
        recipe = Recipe.of(**Recipe.read(Path(recipe)))
    if data is not None:
        settings["data"] = data.name if isinstance(data, Source) else str(data)
    if isinstance(net, str):
        settings["net"] = net
    if isinstance(settings.get("pretrained"), Path):
        settings["pretrained"] = str(settings["pretrained"])
    return (recipe if recipe is not None else Recipe.of()).but(**settings)
