"""Two runs or series as rows of a table: their figures, and what differs in how they were made."""

from __future__ import annotations

from typing import Any

from ..spread import Spread
from .comparison import Comparison
from .wording import difference, figure_names, mean_and_std, number


def figure_rows(result: Comparison) -> list[tuple[str, str, str, str]]:
    """Figure, A's, B's and B − A; the last is empty where it would say nothing."""
    splits = {result.a.conditions.split, result.b.conditions.split}
    names = figure_names(splits.pop() if len(splits) == 1 else "final")
    rows = []
    for figure, name in names.items():
        a, b = result.a.spread_or_value(figure), result.b.spread_or_value(figure)
        change = ""
        if a is not None and b is not None and result.same_pictures:
            less, more = (side.mean if isinstance(side, Spread) else side for side in (a, b))
            change = difference(figure, more - less)
        rows.append((name, _figure(figure, a), _figure(figure, b), change))
    return rows


def difference_rows(result: Comparison) -> list[tuple[str, str, str]]:
    """What differs, A's and B's: settings, versions, data, what the figures are of, and parameters."""
    rows = [(name, _text(a), _text(b)) for name, (a, b) in {**result.settings, **result.versions}.items()]
    a, b = result.a.conditions, result.b.conditions
    if not result.same_data:
        rows.append(("data checksum", a.checksum[:12], b.checksum[:12]))
    if a.count != b.count or a.split != b.split:
        rows.append(("figures of", a.counted, b.counted))
    if a.parameters != b.parameters:
        rows.append(("parameters", f"{a.parameters:,}", f"{b.parameters:,}"))
    return rows


def what_is_same(result: Comparison) -> list[str]:
    """What does not differ, in words."""
    parts = (
        ("settings", not result.settings),
        (f"data ({result.a.conditions.data})", result.same_data),
        ("versions and machine", not result.versions),
    )
    return [what for what, is_same in parts if is_same]


def _figure(figure: str, value: Spread | float | None) -> str:
    if value is None:
        return ""
    return mean_and_std(figure, value) if isinstance(value, Spread) else number(figure, value)


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    return "×".join(map(str, value)) if isinstance(value, list) else str(value)
