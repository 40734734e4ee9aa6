"""Which runs are listed, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..errors import UnknownName, UsageError

DESCENDING = ("date", "epochs", "accuracy")  # the newest, most and best first
ORDERS = ("date", "name", "net", "data", "epochs", "accuracy")
Record = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """What `convscope runs` asks for, checked: raises `UsageError` for what no run could be."""

    sort: str = "date"
    reverse: bool = False
    net: str | None = None
    data: str | None = None
    min_accuracy: float | None = None
    unfinished: bool = False
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.sort not in ORDERS:
            raise UnknownName("order", self.sort, ORDERS)
        if self.min_accuracy is not None and not 0 <= self.min_accuracy <= 1:
            raise UsageError(f"--min-accuracy {self.min_accuracy:g} should be a share of 1, such as 0.95.")

    def of(self, found: Sequence[Record]) -> list[Record]:
        """The records of `runs_in` that fit, in order; those that lack what they are sorted by come last.

        >>> found = [{"run": "runs/a", "accuracy": 0.9}, {"run": "runs/b", "accuracy": None},
        ...          {"run": "runs/c", "accuracy": 0.95}]
        >>> [run["run"] for run in Choice(sort="accuracy").of(found)]
        ['runs/c', 'runs/a', 'runs/b']
        """
        chosen = [run for run in found if self._fits(run)]  # the newest first
        known = [run for run in chosen if _value(run, self.sort) is not None]
        if self.sort != "date":
            backwards = (self.sort in DESCENDING) != self.reverse
            known.sort(key=lambda run: _value(run, self.sort), reverse=backwards)
        elif self.reverse:
            known.reverse()
        rest = [run for run in chosen if _value(run, self.sort) is None]
        return [*known, *rest][: self.limit]

    def _fits(self, run: Record) -> bool:
        return (
            _matches(run, "net", self.net)
            and _matches(run, "data", self.data)
            and (self.min_accuracy is None or (run["accuracy"] or 0.0) >= self.min_accuracy)
            and not (self.unfinished and run["state"] == "finished")
        )


def short(run: Record, what: str) -> str:
    """The name of a run's network (`Class` of `file.py:Class`) or data (the last folder), "" if not known.

    >>> short({"net": "my_net.py:Net", "data": "/home/ada/pets"}, "net")
    'Net'
    """
    value = run[what] or ""
    return value.rpartition(":")[2] if what == "net" else Path(value).name


def _matches(run: Record, what: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    names = (run[what] or "", short(run, what))
    return any(fnmatchcase(name, pattern.rstrip("/") or pattern) for name in names if name)


def _value(run: Record, sort: str) -> Any:
    if sort == "date":
        return run["run"]  # they come in this order
    if sort in ("net", "data"):
        return short(run, sort).lower() or None
    return Path(run["run"]).name if sort == "name" else run[sort]
