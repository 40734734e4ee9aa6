"""Why a number is what it is, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...graph.operation import spell
from ...graph.pixels_seen import Spans
from ...ops.steps import plain, spelled
from .terms import Folding

WEIGHTED = ("conv1d", "conv2d", "linear", "batch_norm", "affine")

if TYPE_CHECKING:
    from .why import Sight, Why


def sentences(why: Why) -> list[str]:
    """What it is, where it comes from, what it sees, what follows."""
    said = [f"{title(why)} is {plain(why.value, 6)}"]
    said += [seen_through(why)] if why.windows else []
    said += [folded(folding) for folding in why.folds]
    said += [equation(why), agreement(why)]
    said += [sight(why.sight)] if why.operation != "input" else []
    said += [followed(why)] if why.followers else []
    return [f"{sentence}." for sentence in (*said, *why.about)]


def title(why: Why) -> str:
    """The place, and what layer it is of: `linear:7 (linear, class 7)`."""
    label = "" if why.label is None else f", class {why.label}"
    return f"{why.cell} ({kind(why.operation)}{label})"


def kind(operation: str) -> str:
    """
    >>> kind("max_pool2d"), kind("batch_norm"), kind("conv2d")
    ('max pool', 'batch norm', 'conv2d')
    """
    words = operation.replace("_", " ")
    return words if words.startswith("conv") else words.removesuffix("1d").removesuffix("2d")


def seen_through(why: Why) -> str:
    """Which numbers the operation looks at."""
    numbers = sum(window.values.size for window in why.windows)
    beyond = sum(int((~window.inside).sum()) for window in why.windows)
    names = listed(dict.fromkeys(window.layer for window in why.windows))
    what = f"{numbers:,} numbers" if numbers > 1 else "one number"
    shape = why.windows[0].values.shape
    size = f" ({spell(shape)})" if len(why.windows) == 1 and numbers > 1 and len(shape) > 1 else ""
    padding = f", {beyond:,} of them in the padding" if beyond else ""
    makes = "make" if len(why.layers) > 1 else "makes"
    return f"{listed(why.layers)} {makes} it of {what} of {names}{size}{padding}"


def folded(folding: Folding) -> str:
    """A batch norm, with its numbers.

    >>> print(folded(Folding("norm1", "conv1", 0.25, 2.0, 0.5, 1.0, 4.0, 0.0, 1.0)))
    Batch norm norm1 is folded into conv1: its weights times 2 / √(4 + 0) = 1, its bias (0.25 - 1) · 1 + 0.5
    """
    scale = plain(folding.scale)
    making = f"{plain(folding.weight)} / √({plain(folding.variance)} + {plain(folding.eps)}) = {scale}"
    bias = f"- {spelled(folding.mean)}) · {spelled(folding.scale)} + {spelled(folding.shift)}"
    if folding.into == folding.norm:
        return f"{folding.norm} stands by itself: the number times {making}, plus the bias (0 {bias}"
    into = f"Batch norm {folding.norm} is folded into {folding.into}"
    return f"{into}: its weights times {making}, its bias ({plain(folding.bias)} {bias}"


def equation(why: Why) -> str:
    """All steps in a row.

    The number that a step takes stands behind it.
    """
    words = []
    for number, step in enumerate(why.steps):
        takes = "" if step.number is None or step.number == step.result else f" {spelled(step.number)}"
        sign = "+ " if step.what == "bias" and number else ""
        words.append(f"{sign}{step.what}{takes} = {plain(step.result)}")
    text = ", ".join(words)
    return text[0].upper() + text[1:]


def agreement(why: Why) -> str:
    """What the network computed beside it."""
    if not np.isfinite(why.value):
        return f"The network's own number is {why.value}"
    if why.difference == 0:
        return f"The network's {plain(why.value)} is exactly that"
    verb = "equals" if why.agrees else "differs from"
    return f"It {verb} the network's {plain(why.value)} (difference {brief(why.difference)})"


def brief(number: float) -> str:
    """One significant digit.

    >>> brief(2.98e-08), brief(0.02)
    ('3e-8', '0.02')
    """
    return f"{number:.1g}".replace("e-0", "e-")


def sight(seen: Sight) -> str:
    """What a number sees of the input."""
    if not seen.size or seen.whole:
        return f"It sees the whole input{f' ({spell(seen.size)})' if seen.size else ''}"
    size = spell(seen.size)
    if seen.pixels is None:
        return f"Its field of {size} lies in the padding: it sees nothing of the input"
    if seen.pixels == seen.field:
        return f"It sees {places(seen.pixels)} of the input ({size})"
    return f"It sees {places(seen.pixels)} of the input; its field of {size} reaches over the border"


def places(spans: Spans) -> str:
    """
    >>> places(((3, 7), (5, 5))), places(((0, 9),))
    ('rows 3 to 7, column 5', 'places 0 to 9')
    """
    names = ("row", "column") if len(spans) == 2 else ("place",)
    return ", ".join(
        f"{name} {first}" if first == last else f"{name}s {first} to {last}"
        for name, (first, last) in zip(names, spans, strict=True)
    )


def followed(why: Why) -> str:
    """What comes after it in the network."""
    return f"{listed(why.followers)} {'follow' if len(why.followers) > 1 else 'follows'}"


def listed(words: Sequence[str] | dict[str, None]) -> str:
    """
    >>> listed(["conv1"]), listed(["conv1", "norm1", "relu1"])
    ('conv1', 'conv1, norm1 and relu1')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def how(why: Why) -> str:
    """In a few words, for a table: `400 products + bias, relu`, `max pool of 4`, `flatten`."""
    count = sum(window.values.size for window in why.windows)
    name = kind(why.operation)
    if len(why.layers) == 1 and (not why.windows or why.windows[0].weights is None):
        return f"{name} of {count:,}" if count > 1 else name
    if why.windows[0].weights is None:
        return f"{why.steps[0].what}, {name}"
    bias = " + bias" if any(step.what == "bias" for step in why.steps) else ""
    after = "" if why.operation in WEIGHTED else f", {name}"
    return f"{count:,} product{'s' * (count > 1)}{bias}{after}"
