"""A pool as people write it, on the command line and in a file: max:2, average:3x3:1, lp:2, global-max."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .errors import UnknownName, UsageError

SIDES = r"[1-9]\d{0,3}(?:[x×,][1-9]\d{0,3})?"
KINDS = ("max", "average", "lp", "l1", "l2", "global-max", "global-average")


@dataclass(frozen=True)
class Pooling:
    """KIND, KIND:WINDOW or KIND:WINDOW:STRIDE, or global-max and global-average.

    lp is the 2-norm unless its p stands last (lp:2:2:3); l3 is the 3-norm.

    >>> Pooling.parse("max:2"), Pooling.parse("l2:3x2:1").window
    (Pooling(kind='max', p=2, window=(2,), stride=None), (3, 2))
    """

    kind: str  # "max", "average" or "lp"
    p: float = 2  # of "lp"
    window: tuple[int, ...] | None = None  # one number for all axes, or one each; None: all of the map
    stride: tuple[int, ...] | None = None  # None: the window

    @classmethod
    def parse(cls, text: str) -> Pooling:
        """Raises `UsageError` for what is not a pool."""
        kind = text.partition(":")[0]
        if kind not in KINDS and not re.fullmatch(r"l[1-9]", kind):
            raise UnknownName("pool", kind, KINDS, "Window and stride stand behind colons, such as max:3:2.")
        if text.startswith("global-") and text in KINDS:
            return cls(text.removeprefix("global-"))
        found = re.fullmatch(rf"(?:max|average|l(p|\d))(?::({SIDES})(?::({SIDES})(?::([\d.]+))?)?)?", text)
        power, window, stride, last = found.groups() if found else (None,) * 4
        p = _number(last or (power if power != "p" else None) or "2")
        if not found or not p or (last and power != "p"):
            raise UsageError(
                f"pool {text!r} should be max, average or lp, with a window and maybe a stride, such as "
                "max:2 or average:3x3:1; or global-max or global-average."
            )
        return cls("lp" if power else kind, p, _sides(window or "2"), _sides(stride) if stride else None)

    def __str__(self) -> str:
        if self.window is None:
            return f"global-{self.kind}"
        window, stride = ("x".join(map(str, sides or ())) for sides in (self.window, self.stride))
        if self.kind == "lp" and self.p not in range(1, 10):
            return f"lp:{window}:{stride or window}:{self.p:g}"
        kind = f"l{self.p:g}" if self.kind == "lp" else self.kind
        return ":".join([kind, window, stride] if stride else [kind, window])

    @property
    def name(self) -> str:
        """
        >>> Pooling.parse("l2:2").name, Pooling.parse("global-average").name
        ('L2 pooling', 'global average pooling')
        """
        kind = f"L{self.p:g}" if self.kind == "lp" else self.kind
        return f"global {kind} pooling" if self.window is None else f"{kind} pooling"

    def fitted(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
        """Window and stride, a number for each axis of a map of `shape`. Raises `UsageError` for too many.

        >>> Pooling.parse("max:3:2").fitted((9, 9)), Pooling.parse("global-max").fitted((9, 8))
        (((3, 3), (2, 2)), ((9, 8), None))
        """
        window = self.window or shape
        if len(shape) == 1 < max(len(window), len(self.stride or ())):
            raise UsageError(
                f"pool {str(self)!r} has numbers for two axes, and a signal has one; write one each."
            )
        sides = [None if n is None else n * len(shape) if len(n) == 1 else n for n in (window, self.stride)]
        return sides[0] or shape, sides[1]


def _number(text: str) -> int | float:
    """
    >>> _number("2"), _number("2.5"), _number("1..2")
    (2, 2.5, 0)
    """
    try:
        number = float(text)
    except ValueError:
        return 0
    return int(number) if number.is_integer() else number if math.isfinite(number) else 0


def _sides(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.split("[x×,]", text)))
