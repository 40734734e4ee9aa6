"""The figures of `convscope attack` as lines of at most 80 columns."""

from __future__ import annotations

import textwrap

from ..columns import columns, shortened
from ..look.breaking.robustness import Curve, LayerShift, Robustness
from ..metrics import wilson_interval
from .output import WIDTH, percent

CELL = 9  # columns of a figure
MOST = WIDTH // CELL  # figures on a line


def table(measured: Robustness, data: str) -> str:
    """What was measured, a few lines per curve, and a line per layer."""
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
    what = ", ".join(part for part in (curve.unit, curve.how) if part)
    lines = [textwrap.fill(f"{curve.name}  {what}", WIDTH)]
    for start in range(0, len(curve.levels), MOST):
        levels = [f"{level:g}" for level in curve.levels[start : start + MOST]]
        shares = [percent(right / count, 1) for right in curve.correct[start : start + MOST]]
        lines += ["".join(cell.rjust(CELL) for cell in row) for row in (levels, shares)]
    return "\n".join(lines)


def _layers(shifts: tuple[LayerShift, ...]) -> str:
    rows = [("layer", "jump", "1 pixel", "jump pixels", "")]
    rows += [
        (
            shortened(shift.layer),
            str(shift.jump),
            f"{shift.distance:.3f}",
            "" if shift.aligned is None else f"{shift.aligned:.3f}",
            "" if shift.interior else "with the border's part",
        )
        for shift in shifts
    ]
    head = "equivariance  how far the maps of a shifted picture are from the shifted maps"
    return "\n".join([head, *columns(rows, right=[1, 2, 3])])
