"""What `convscope train` says at its end: what was learned, where it is, and what to do next."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle import FILE_NAME, LATEST, RUNS, Bundle
from ..columns import shortened
from ..metrics import Evaluation
from .output import WIDTH, evaluation_sentence, percent

if TYPE_CHECKING:
    from ..runs.run import Run
    from ..runs.seed_runs import SeedRuns

LONGEST_CLASS = 20
MOST_MISTAKEN = 3
INDENT = 8


def learned(evaluation: Evaluation, *, quiet: bool) -> str:
    """The figures, and unless `quiet` where the network is weakest, in lines of at most 80 columns."""
    return "\n".join([evaluation_sentence(evaluation), *([] if quiet else weaknesses(evaluation))])


def kept(trained: Run | SeedRuns, *, quiet: bool) -> str:
    """Where a run or a series of seeds is, and unless `quiet` what to do with it."""
    from ..runs.seed_runs import SeedRuns

    return _of_series(trained, quiet) if isinstance(trained, SeedRuns) else _of_run(trained, quiet)


def weaknesses(evaluation: Evaluation) -> list[str]:
    """The class that it finds worst, and the mistakes it makes most often; nothing where it makes none.

    >>> import numpy as np
    >>> from convscope.metrics import evaluate
    >>> logits, labels = np.eye(3)[[0, 1, 1, 2, 1]], np.array([0, 0, 0, 2, 1])
    >>> print("\\n".join(weaknesses(evaluate(logits, labels, ["cat", "dog", "owl"]))))
    Weakest class cat, 1 of 3 right (33.3 %)
    Most mistaken cat for dog (2)
    """
    if evaluation.correct == evaluation.count:
        return []
    names = [shortened(figures.name, LONGEST_CLASS) for figures in evaluation.per_class]
    confusion = evaluation.confusion
    there = [i for i, figures in enumerate(evaluation.per_class) if figures.support]
    worst = min(there, key=lambda i: evaluation.per_class[i].recall)
    figures = evaluation.per_class[worst]
    right = f"{confusion[worst, worst]:,} of {figures.support:,} right ({percent(figures.recall, 1)})"
    mistakes = [
        (confusion[i, j], f"{names[i]} for {names[j]} ({confusion[i, j]:,})")
        for i in there
        for j in range(len(names))
        if i != j and confusion[i, j]
    ]
    mistakes.sort(key=lambda mistake: -mistake[0])
    most = f"Most mistaken {mistakes[0][1]}"
    for _, mistake in mistakes[1:MOST_MISTAKEN]:
        most += f", {mistake}" if len(most) + len(mistake) + 2 <= WIDTH else ""
    return [f"Weakest class {names[worst]}, {right}", most]


def _of_run(run: Run, quiet: bool) -> str:
    if quiet:
        return _labelled("Run", run.path)
    epochs = f"Weights of epoch {run.best_epoch} of {len(run.epochs)}"
    report, model = run.path / "report.html", run.path / FILE_NAME
    if len(str(model)) + INDENT <= WIDTH:
        inside = [_labelled("Report", report), _labelled("Model", model)]
    else:
        inside = [_labelled("in it", f"{report.name}, and the model: {model.name}")]
    return "\n".join(
        [
            f"{epochs}, trained in {run.seconds:,.1f} s by the {run.engine} engine.",
            _labelled("Run", run.path),
            *inside,
            *(
                [_labelled("Watch", f"convscope look {_model(run.path)} --gif formed.gif")]
                * run.recipe.watches
            ),
            _next(run.path, run.bundle),
        ]
    )


def _of_series(series: SeedRuns, quiet: bool) -> str:
    from .series import series_text

    where = _labelled("Runs", series.path)
    if quiet:
        return f"{series_text(series)}\n{where}"
    last = series.runs[-1]
    following = _next(series.path / last.run)
    return f"{series_text(series)}\n{where}\n{following}\n        with the run of seed {last.seed}"


def _is_latest(run: Path) -> bool:
    """Whether `runs/latest` is this run, and not one that another process has finished meanwhile."""
    from ..runs.latest import target_of

    latest = target_of(Path(RUNS, LATEST))
    return latest is not None and latest.resolve() == run.resolve()


def _model(run: Path) -> str:
    """A run as an argument of a command."""
    return shlex.quote(str(Path(RUNS, LATEST) if _is_latest(run) else run))


def _next(run: Path, bundle: Bundle | None = None) -> str:
    """Commands that can be typed as they stand, where the picture is a file."""
    model = _model(run)
    commands = f"convscope predict {model} {shlex.quote(_picture(run, bundle))}", f"convscope eval {model}"
    return _labelled("Next", *commands)


def _picture(run: Path, bundle: Bundle | None) -> str:
    """A picture to try it with: one that it was tested on, where these are files."""
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))["picture"]
    return first if Path(first).is_file() else f"your-{(bundle or Bundle.load(run)).preprocessing.example}"


def _labelled(label: str, *lines: object) -> str:
    """A word and what belongs to it, beside it; below it where a line would get longer than 80 columns.

    >>> print(_labelled("Run", "runs/a"))
    Run     runs/a
    """
    texts = [*map(str, lines)]
    if max(map(len, texts)) + INDENT > WIDTH:
        return "\n".join([label, *texts])
    return "\n".join(
        f"{start:<{INDENT}}{text}" for start, text in zip([label, *[""] * len(texts)], texts, strict=False)
    )
