"""`convscope runs`: the list of runs, and the group of what else is done with them."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from ..columns import columns, shortened
from ..errors import ConvscopeError
from .app import Group, app, command
from .options import Json
from .output import WIDTH, percent, print_json


class RunsGroup(Group):
    """A first word that is no command belongs to `list`, but for one that was meant to be a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        mistyped = get_close_matches(first, self.commands) and not Path(first).exists()
        if first not in (*self.commands, "-h", "--help") and not mistyped:
            args = ["list", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=RunsGroup,
    help="List the training runs, or compare two of them.",
    epilog="convscope runs [FOLDER] [--json] lists without saying so.",
)
app.add_typer(group, name="runs")


@command("list", of=group)
def runs(
    folder: Annotated[Path, typer.Argument(help="Where the runs are.")] = Path("runs"),
    json: Json = False,
) -> None:
    """List the training runs, the newest first; the runs of a `train --seeds` are one line."""
    from ..training.listing import runs_in

    if not folder.is_dir():
        raise ConvscopeError(
            f"there is no folder {folder}; `convscope train` makes runs/ where it is started."
        )
    found = runs_in(folder)
    if json:
        print_json(found)
        return
    print("\n".join(_table(found)) if found else f"There are no runs in {folder}.")


def _table(found: list[dict[str, Any]]) -> list[str]:
    """A line per run; a name that would make it longer than 80 columns has a line to itself."""
    names = ["run", *(Path(run["run"]).name for run in found)]
    rows = [("net", "epochs", "accuracy", "of", "seeds"), *map(_row, found)]
    filled = [i for i in range(len(rows[0])) if any(row[i] for row in rows[1:])]
    facts = columns(
        [[row[i] for i in filled] for row in rows],
        right=[at for at, i in enumerate(filled) if rows[0][i] in ("epochs", "accuracy")],
    )
    room = WIDTH - 2 - max(map(len, facts))
    width = max(len(name) for name in names if len(name) <= max(room, len("run")))
    lines = []
    for name, fact in zip(names, facts, strict=True):
        lines += [f"{name:<{width}}  {fact}"] if len(name) <= width else [name, f"{'':<{width}}  {fact}"]
    return lines


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    """What is known of a run; its network only where its name does not say it."""
    accuracy = "unfinished" if run["accuracy"] is None else percent(run["accuracy"])
    if run["std"] is not None:
        accuracy += f" ± {percent(run['std'])}"
    seeds = "" if run["seeds"] is None else str(run["seeds"])
    if run["seeds"] != run["wanted"] and run["wanted"] is not None:
        seeds += f"/{run['wanted']}"
    name = run["net"].rpartition(":")[2]  # file.py:Class
    net = "" if name in Path(run["run"]).name else shortened(name)
    return net, str(run["epochs"]), accuracy, run["split"] or "", seeds
