"""How the report writes numbers, times and settings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence


def percent(share: float, decimals: int = 1) -> str:
    r"""A share of 0..1 in percent, never parted from its sign; 100 only for all, 0 only for none.

    >>> percent(0.9834), percent(1.0), percent(0.99999), percent(0.00001)
    ('98.3\xa0%', '100\xa0%', '99.9\xa0%', '0.1\xa0%')
    """
    if share in (0.0, 1.0) or not math.isfinite(share):
        return f"{share * 100:.0f}\xa0%"
    step = 10.0**-decimals
    return f"{min(max(share * 100, step), 100 - step):.{decimals}f}\xa0%"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, with its sign.

    >>> points(0.0123), points(-0.25), points(0.0)
    ('+1.2', '−25.0', '0.0')
    """
    size = f"{abs(difference) * 100:.1f}"
    return size if float(size) == 0 else f"{'−' if difference < 0 else '+'}{size}"


def loss(value: float) -> str:
    """Four significant digits, two of a very small one, or what is wrong with it.

    >>> loss(0.061234), loss(2.302585), loss(1.8231e-12), loss(0.0), loss(float("nan"))
    ('0.06123', '2.303', '1.8e-12', '0', 'not a number')
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4g}"


def significant(value: float) -> str:
    """Two significant digits, or all before the point.

    >>> significant(0.4142), significant(123.4), significant(2.0), significant(1.5e-7)
    ('0.41', '123', '2', '1.5e-07')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def duration(seconds: float) -> str:
    """
    >>> duration(0.0123), duration(4.25), duration(75), duration(3725)
    ('0.01 s', '4.2 s', '1 min 15 s', '1 h 02 min')
    """
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def settings(recipe: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The settings as names and texts; a section's name goes before its settings.

    >>> list(settings({"seed": 0, "optimizer": {"name": "sgd", "nesterov": True}, "mean": [0.5, 0.25]}))
    [('seed', '0'), ('optimizer.name', 'sgd'), ('optimizer.nesterov', 'true'), ('mean', '0.5, 0.25')]
    """
    for name, value in recipe.items():
        if isinstance(value, Mapping) and value:
            yield from settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _setting(value)


def _setting(value: object) -> str:
    if value is None or value == "" or value == {} or value == [] or value == ():
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ", ".join(_setting(item) for item in value)
    return str(value)
