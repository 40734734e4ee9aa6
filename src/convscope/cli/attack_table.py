"""The figures of `convscope attack` as lines of at most 80 columns."""

from __future__ import annotations

import textwrap

from ..columns import columns, shortened
from ..look.robustness import Curve, LayerShift, Robustness
from ..metrics import wilson_interval
from .output import WIDTH, percent

MOST = 7  # levels on a line
NAME = 10


def table(measured: Robustness, data: str) -> str:
    """What was measured, a pair of lines per curve, and a line per layer."""
    low, high = (percent(share, 1) for share in wilson_interval(measured.clean, measured.count))
    head = (
        f"{measured.count:,} {measured.split} pictures of {data}: {measured.clean:,} right unchanged, "
        f"{percent(measured.clean / measured.count)}; 95 % interval {low.removesuffix(' %')} to {high}"
    )
    parts = [textwrap.fill(head, WIDTH)]
    parts += [_curve(curve, measured.count) for curve in measured.curves]
    if measured.shifts:
        parts.append(_layers(measured.shifts))
    return "\n\n".join(parts)


def _curve(curve: Curve, count: int) -> str:
    lines = []
    for start in range(0, len(curve.levels), MOST):
        levels = curve.levels[start : start + MOST]
        shares = [percent(right / count, 1) for right in curve.correct[start : start + MOST]]
        lines += [[*(f"{level:g}" for level in levels)], shares]
    labels = [curve.name, ""]
    width = max(len(cell) for line in lines for cell in line)
    rows = [
        f"{labels[i] if i < 2 else '':{NAME}}  " + "  ".join(cell.rjust(width) for cell in line)
        for i, line in enumerate(lines)
    ]
    unit = f"{curve.unit}, {curve.how}" if curve.unit and curve.how else curve.unit or curve.how
    return "\n".join([*rows, *textwrap.wrap(unit, WIDTH - NAME - 2, initial_indent="", subsequent_indent="")])


def _layers(shifts: tuple[LayerShift, ...]) -> str:
    rows = [("layer", "jump", "1 pixel", "jump pixels", "")]
    for shift in shifts:
        rows.append(
            (
                shortened(shift.layer),
                str(shift.jump),
                f"{shift.distance:.3f}",
                "" if shift.aligned is None else f"{shift.aligned:.3f}",
                "" if shift.interior else "with the border's part",
            )
        )
    head = textwrap.fill(
        "How far the maps of a shifted picture are from the shifted maps, of their size:", WIDTH
    )
    return "\n".join([head, *columns(rows, right=[1, 2, 3])])
