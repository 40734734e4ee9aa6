"""`convscope runs rm`"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..bundle import LATEST
from ..columns import columns, in_bytes
from ..errors import ConvscopeError, UsageError
from .app import command
from .complaint import complain
from .run_name import named_run
from .runs import group

if TYPE_CHECKING:
    from ..runs.removal import Removable


@command("rm", of=group)
def remove(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run directories, folders of a `train --seeds`, their names, or latest."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Remove runs from the disk, after asking; exits with 1 where one cannot be removed."""
    from ..runs import removal
    from ..runs.latest import mend_latest

    found: dict[Path, removal.Removable] = {}
    for name in runs:
        path = _meant(named_run(name))
        found.setdefault(path.resolve(), removal.removable(path))
    with _saying_when_interrupted("Nothing is removed."):
        if not yes and not _agreed([*found.values()]):
            print("Nothing is removed.")
            return
    failed = 0
    with _saying_when_interrupted(
        "What is half removed is not listed; the next removal there takes the rest."
    ):
        for run in found.values():
            try:
                removal.remove(run)
                print(f"Removed {run.path} ({in_bytes(run.size)}).")
            except ConvscopeError as error:
                complain(f"error: {error}")
                failed += 1
        gone = [run.path for run in found.values() if not run.path.exists()]
        for root in dict.fromkeys(path.parent for path in gone):
            mended, now = mend_latest(root, gone)
            if mended:
                said = f"now {now}" if now else "gone: no run that is left has a bundle"
                print(f"{root / LATEST} is {said}.")
    if failed:
        raise typer.Exit(1)


@contextlib.contextmanager
def _saying_when_interrupted(note: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(note)
        raise


def _meant(path: Path) -> Path:
    """The run itself where `latest` is named."""
    from ..runs.latest import target_of

    target = target_of(path) if path.name == LATEST else None
    if target is None:
        return path
    print(f"{path} is {target}.", file=sys.stderr)
    return target


def _agreed(found: list[Removable]) -> bool:
    """Whether a person at a terminal wants these removed."""
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask at; --yes removes without asking.")
    what = [(str(run.path), _kind(run), in_bytes(run.size)) for run in found]
    print("\n".join(columns(what, right=[2])))
    whole = in_bytes(sum(run.size for run in found))
    them = f"these {len(found)}" if len(found) > 1 else "it"
    try:
        answer = input(f"Remove {them} ({whole}) for good? [y/N] ")
    except EOFError:
        print()
        return False
    return answer.strip().lower() in ("y", "yes")


def _kind(run: Removable) -> str:
    if run.runs is None:
        return "a run"
    return f"a series of {run.runs} run{'s' if run.runs != 1 else ''}"
