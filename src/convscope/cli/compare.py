"""`convscope runs compare`"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..columns import columns, shortened
from .app import command
from .options import Json
from .output import WIDTH, print_json
from .run_name import named_run
from .runs import group

if TYPE_CHECKING:
    from ..runs.comparison import Comparison, Side

Run = Annotated[
    Path,
    typer.Argument(
        help="A run directory or the folder of a `train --seeds`, its name in runs/, or latest.",
        callback=named_run,
    ),
]


@command("compare", of=group)
def compare(a: Run, b: Run, json: Json = False) -> None:
    """Say what differs between two runs, and whether their figures differ by more than chance."""
    from ..runs import comparison, verdict
    from ..runs.latest import target_of
    from ..runs.side_by_side import figure_rows

    result = comparison.compare(a, b)
    said = verdict.sentences(result)
    if json:
        print_json({**result.to_dict(), "sentences": said})
        return
    for name, side in (("A", result.a), ("B", result.b)):
        target = target_of(side.path)
        print(f"{name}  {side.path}" + (f", which is {target.name}" if target else ""))
        print(f"   {_seeds(side)}")
    print()
    print("\n".join(_differences(result)))
    print()
    print("\n".join(columns([("figure", "A", "B", "B − A"), *figure_rows(result)], right=[1, 2, 3])))
    for sentence in said:
        print("\n" + _filled(sentence))


def _seeds(side: Side) -> str:
    seeds = [run.seed for run in side.runs]
    if not side.is_series:
        return f"seed {seeds[0]}"
    whole = seeds == list(range(seeds[0], seeds[-1] + 1))
    return f"{len(seeds)} {'seeds,' if whole else 'of the seeds'} {seeds[0]} to {seeds[-1]}"


def _filled(sentence: str) -> str:
    """In lines of 80 columns, with a number beside its sign or unit: a break there is hard to read."""
    bound = re.sub(r"(?<=[p=<\d]) (?=[=<\d%])", "\N{NO-BREAK SPACE}", sentence)
    lines = textwrap.fill(bound, WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines.replace("\N{NO-BREAK SPACE}", " ")


def _differences(result: Comparison) -> list[str]:
    """What differs as a table, and what is the same as a sentence."""
    from ..runs.side_by_side import difference_rows, what_is_same

    rows = [(name, shortened(a), shortened(b)) for name, a, b in difference_rows(result)]
    same = map(shortened, what_is_same(result))
    lines = columns([("different", "A", "B"), *rows]) if rows else []
    return [*lines, *([f"The same: {said}."] if (said := ", ".join(same)) else [])]
