"""One number of a network as its arithmetic, for `convscope explain --why`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..columns import columns
from ..look.arithmetic.forward_pass import ForwardPass
from ..look.arithmetic.sentences import how
from ..look.arithmetic.why import Term, Why
from ..ops.steps import plain
from .output import print_json
from .why_display import show

Stage = tuple[Why, Term | None]  # and the term that the number is in the one above it


def show_why(bundle: Bundle, picture: Path, place: str, *, json: bool, down: bool = False) -> None:
    """Print where a number comes from; with `down` also each number below it, to the pixel that adds most."""
    forward = ForwardPass(bundle, picture)
    answer = forward.why(place)
    stages = list(_stages(forward.path(answer.cell))) if down else []
    if json:
        document = {"net": bundle.net, "picture": str(picture), **answer.to_dict()}
        if down:
            document["down"] = [_stage_to_dict(stage) for stage in stages]
        print_json(document)
        return
    show(forward, answer)
    if down:
        print("\n".join(["", *_table(stages)]))
    elif answer.next is not None:
        print(f"\nNext    --why {answer.next}, or --down to a pixel.")


def _stages(path: Iterable[Why]) -> Iterable[Stage]:
    """Each number of the path with the term that it is in a sum above."""
    above = None
    for answer in path:
        yield answer, None if above is None or above.follow is not None else above.leading
        above = answer


def _table(stages: list[Stage]) -> list[str]:
    rows = [("down from", "value", "is", "adds above")]
    for answer, term in stages:
        adds = "" if term is None else plain(term.contribution)
        rows.append((str(answer.cell), plain(answer.value, 5), how(answer), adds))
    return columns(rows, right=[1, 3])


def _stage_to_dict(stage: Stage) -> dict[str, Any]:
    answer, term = stage
    return {
        "cell": str(answer.cell),
        "operation": answer.operation,
        "value": answer.to_dict()["value"],
        "how": how(answer),
        "contribution": None if term is None else term.to_dict()["contribution"],
        "sees": answer.sight.to_dict(),
    }
