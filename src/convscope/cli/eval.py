"""`convscope eval`"""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from ..columns import columns
from ..errors import GateFailed, UsageError
from .app import command
from .options import Json, Model, Quiet
from .output import evaluation_sentence, percent, print_json


@command("eval")
def evaluate(
    model: Model,
    data: Annotated[str | None, typer.Option(help="Other data than the run's own.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where downloaded data sets lie.")] = None,
    test_fraction: Annotated[
        float | None, typer.Option(help="Share that is measured of data without parts; 0.15 of each class.")
    ] = None,
    min_accuracy: Annotated[
        float | None, typer.Option(help="Exit with 3 where the accuracy (0.95, say) is lower.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a trained network on its test pictures."""
    from ..bundle import Bundle
    from ..training.evaluation import evaluate_bundle
    from ..untrained import warn_if_untrained
    from .progress import listening

    if min_accuracy is not None and not 0 <= min_accuracy <= 1:
        raise UsageError(f"--min-accuracy {min_accuracy:g} should be a share of 1, such as 0.95.")
    given = {"data_dir": data_dir, "test_fraction": test_fraction}
    settings = {name: value for name, value in given.items() if value is not None}
    bundle = Bundle.load(model)
    warn_if_untrained(bundle)
    with listening(quiet) as progress:
        evaluation, notes = evaluate_bundle(bundle, data, progress=progress, **settings)
        for note in notes:
            progress.note(f"note: {note}")
    with contextlib.suppress(BrokenPipeError):  # whoever reads may leave, and the gate still counts
        if json:
            print_json({**evaluation.to_dict(), "notes": list(notes)})
        else:
            print(evaluation_sentence(evaluation))
            rows = [("class", "precision", "recall", "F1", f"{bundle.preprocessing.noun}s")]
            rows += [
                (c.name, percent(c.precision, 1), percent(c.recall, 1), percent(c.f1, 1), f"{c.support:,}")
                for c in evaluation.per_class
            ]
            print("\n".join(columns(rows, right=[1, 2, 3, 4])))
    if min_accuracy is not None and evaluation.accuracy < min_accuracy:
        raise GateFailed(
            f"the {evaluation.split} accuracy is {percent(evaluation.accuracy)}, "
            f"below the {percent(min_accuracy)} that --min-accuracy asks for."
        )
