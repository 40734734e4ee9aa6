"""`convscope runs`: the list of runs, and the group of what else is done with them."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from ..bundle import RUNS
from ..columns import columns, shortened
from ..errors import ConvscopeError
from .app import Group, app, command
from .complaint import complain
from .options import Json
from .output import WIDTH, percent, print_json
from .run_choice import Choice, short
from .run_name import named_run

LEAST_ROOM = 20  # of a run's name


class RunsGroup(Group):
    """A first word that is no command belongs to `list`, but for one that was meant to be a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        mistyped = get_close_matches(first, self.commands) and not named_run(Path(first)).exists()
        if first not in (*self.commands, "-h", "--help") and not mistyped:
            args = ["list", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=RunsGroup,
    help="List the training runs, compare two of them, or remove some.",
    epilog="convscope runs [FOLDER] [OPTIONS] is convscope runs list; convscope runs list -h says more.",
)
app.add_typer(group, name="runs")


@command("list", of=group)
def runs(
    folder: Annotated[Path, typer.Argument(help="Where the runs are.")] = Path(RUNS),
    sort: Annotated[
        str,
        typer.Option(help="By date, name, net, data, epochs or accuracy; the newest, most or best first."),
    ] = "date",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way around.")] = False,
    net: Annotated[
        str | None, typer.Option(help="Only of this network; * stands for any letters, as in 'convnet-*'.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Only of this data set, or folder.")] = None,
    min_accuracy: Annotated[
        float | None, typer.Option(help="Only where the final accuracy (0.95, say) is reached.")
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Only what is interrupted, at work or damaged.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    json: Json = False,
) -> None:
    """List the training runs, the newest first; the runs of a `train --seeds` are one line."""
    from ..runs.listing import runs_in

    folder = named_run(folder)
    choice = Choice(sort, reverse, net, data, min_accuracy, unfinished, limit)
    if not folder.is_dir():
        raise ConvscopeError(
            f"there is no folder {folder}; `convscope train` makes runs/ where it is started."
        )
    found = runs_in(folder)
    chosen = choice.of(found)
    if json:
        print_json(chosen)
    elif chosen:
        print("\n".join(_table(chosen)))
    else:
        print(f"None of the {len(found)} in {folder} fits." if found else f"There are no runs in {folder}.")
    for run in chosen:
        if run["problem"] is not None:
            complain(f"warning: {run['problem']}")


def _table(found: list[dict[str, Any]]) -> list[str]:
    """A line per run; a name that would make it longer than 80 columns has a line to itself."""
    names = [("run", ""), *((Path(run["run"]).name, _not_in_its_name(run)) for run in found)]
    rows = [("epochs", "accuracy", "of", "seeds"), *map(_row, found)]
    filled = [i for i in range(len(rows[0])) if any(row[i] for row in rows[1:])]
    facts = columns(
        [[row[i] for i in filled] for row in rows],
        right=[at for at, i in enumerate(filled) if rows[0][i] in ("epochs", "accuracy")],
    )
    room = max(WIDTH - 2 - max(map(len, facts)), LEAST_ROOM)
    labels = [_label(*pair, room) for pair in names]
    width = max(len(label[-1]) for label in labels)
    return [
        line
        for (*above, last), fact in zip(labels, facts, strict=True)
        for line in (*above, f"{last:<{width}}  {fact}")
    ]


def _label(name: str, more: str, room: int) -> list[str]:
    """A run's name, and what it does not say; on two lines where one has no room for it."""
    label = "  ".join(filter(None, [name, more]))
    return [label] if len(label) <= room else [name, f"  {shortened(more, room - 2)}" if more else ""]


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    accuracy = run["state"] if run["accuracy"] is None else percent(run["accuracy"])
    if run["std"] is not None:
        accuracy += f" ± {percent(run['std'])}"
    epochs = "" if run["epochs"] is None else str(run["epochs"])
    if run["state"] in ("interrupted", "at work") and run["seeds"] is None:
        epochs += f"/{run['epochs_wanted']}"
    seeds = "" if run["seeds"] is None else str(run["seeds"])
    if run["accuracy"] is not None and run["seeds"] != run["wanted"]:
        seeds += f"/{run['wanted']}" + (", at work" if run["state"] == "at work" else "")
    split = run["split"] or ""
    if run["accuracy"] is not None and run["seeds"] is None and run["state"] != "finished":
        split += f", {run['state']}"
    return epochs, accuracy, split, seeds


def _not_in_its_name(run: dict[str, Any]) -> str:
    """The network and the data of a run whose name does not say them."""
    name = Path(run["run"]).name
    net, data = (word if word not in name else "" for word in (short(run, "net"), short(run, "data")))
    return " on ".join(filter(None, [net, data])) if net else f"on {data}" if data else ""
