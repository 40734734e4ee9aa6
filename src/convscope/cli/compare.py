"""`convscope runs compare`"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..columns import columns, shortened
from ..spread import Spread
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
    print("\n".join(columns(_figures(result), right=[1, 2, 3])))
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
    rows = [(name, *map(_cell, pair)) for name, pair in {**result.settings, **result.versions}.items()]
    a, b = result.a.conditions, result.b.conditions
    if not result.same_data:
        rows.append(("data checksum", a.checksum[:12], b.checksum[:12]))
    if a.count != b.count or a.split != b.split:
        rows.append(("figures of", a.counted, b.counted))
    if a.parameters != b.parameters:
        rows.append(("parameters", f"{a.parameters:,}", f"{b.parameters:,}"))
    same = [
        what
        for what, is_same in (
            ("settings", not result.settings),
            (f"data ({shortened(a.data)})", result.same_data),
            ("versions and machine", not result.versions),
        )
        if is_same
    ]
    lines = columns([("different", "A", "B"), *rows]) if rows else []
    return [*lines, *([f"The same: {', '.join(same)}."] if same else [])]


def _figures(result: Comparison) -> list[tuple[str, str, str, str]]:
    from ..runs.wording import difference, figure_names

    splits = {result.a.conditions.split, result.b.conditions.split}
    names = figure_names(splits.pop() if len(splits) == 1 else "final")
    rows = [("figure", "A", "B", "B − A")]
    for figure, name in names.items():
        a, b = result.a.spread_or_value(figure), result.b.spread_or_value(figure)
        change = ""
        if a is not None and b is not None and result.same_pictures:
            less, more = (side.mean if isinstance(side, Spread) else side for side in (a, b))
            change = difference(figure, more - less)
        rows.append((name, _figure(figure, a), _figure(figure, b), change))
    return rows


def _figure(figure: str, value: Spread | float | None) -> str:
    from ..runs.wording import mean_and_std, number

    if value is None:
        return ""
    return mean_and_std(figure, value) if isinstance(value, Spread) else number(figure, value)


def _cell(value: Any) -> str:
    text = (
        "not set" if value is None else "×".join(map(str, value)) if isinstance(value, list) else str(value)
    )
    return shortened(text)
