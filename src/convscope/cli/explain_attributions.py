"""Attributions of a picture with their checks, for `convscope explain`."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import write_bytes
from ..bundle import Bundle
from ..columns import columns, printable, shortened
from ..errors import UnknownName, UsageError
from .conv_files import check as check_files
from .output import WIDTH, percent, print_json
from .progress import listening

if TYPE_CHECKING:
    from ..look import Attribution

QUICK = ("grad-cam", "integrated-gradients", "gradient")
ALL = "all"


def show_attributions(
    bundle: Bundle,
    picture: Path,
    *,
    methods: list[str] | None,
    target: str | None,
    layer: str | None,
    out: Path | None,
    seed: int,
    check: bool,
    json: bool,
    quiet: bool,
) -> None:
    """Compute the maps, write them as one picture, and print their figures."""
    from ..drawing.explanation import explanation
    from ..drawing.tiles import to_png
    from ..look import attributions

    out = out or Path(f"{picture.stem}-explained.png")
    check_files({"--out": out}, {"--out": (".png",)}, read={"the picture": str(picture)})
    names = _chosen(bundle, methods, layer)
    stored = bundle.preprocessing.one(picture)
    with listening(quiet or json) as progress:
        progress.waiting("the network")
        (found,) = attributions(
            bundle,
            stored[None],
            names,
            targets=None if target is None else [target],
            layer=layer,
            seed=seed,
            check=check,
            progress=progress.waiting,
        )
    first, row = found[0], bundle.probabilities(stored[None])[0]
    predicted = bundle.classes[row.argmax()]
    says = f"{bundle.net} says {predicted}, {percent(float(row.max()), 1)}"
    asked = (
        "the class it names"
        if first.target == predicted
        else f"{first.target}, {percent(first.probability or 0.0, 1)}"
    )
    size = "×".join(map(str, stored.shape[:2] if stored.dtype == "uint8" else stored.shape))
    title = [shortened(picture.name, 44), says, f"Maps for {asked}", f"As the network saw it, {size}"]
    write_bytes(out, to_png(explanation(title, stored, found)))
    if json:
        print_json(_document(bundle, picture, predicted, found, out))
    else:
        print("\n".join(_lines(picture, says, asked, found, out)))


def _chosen(bundle: Bundle, given: list[str] | None, layer: str | None) -> list[str]:
    """The methods that were asked for, each once; else the quick ones that the network allows."""
    from ..look import METHODS, methods_for

    methods = [word.strip() for name in given or () for word in name.split(",") if word.strip()]
    if given and not methods:
        raise UsageError("--method should be some of the methods, such as gradient,occlusion, or all.")
    for name in methods:
        if name not in METHODS and name != ALL:
            raise UnknownName("method", name, [*METHODS, ALL])
    if methods and ALL not in methods:
        return list(dict.fromkeys(methods))
    allowed = list(METHODS) if layer is not None else methods_for(bundle)  # a layer is wanted: say why not
    return [name for name in allowed if methods or name in QUICK]


def _lines(picture: Path, says: str, asked: str, found: list[Attribution], out: Path) -> list[str]:
    lines = textwrap.wrap(f"{printable(picture.name)}: {says}; maps for {asked}.", WIDTH)
    checked = all(one.checks is not None for one in found)
    heading = ["method", "deletion", "insertion", "random", "similar", "checks"]
    rows = []
    for one in found:
        row = [one.method]
        if (checks := one.checks) is not None:
            figures = (checks.deletion, checks.insertion, checks.random_deletion, checks.similarity)
            row += [*(f"{figure:.2f}" for figure in figures), "passed" if checks.passed else "failed"]
        rows.append(row)
    if checked:
        lines += columns([heading, *rows], right=range(1, len(heading) - 1))
    else:
        lines += textwrap.wrap(f"Not checked: {', '.join(one.method for one in found)}.", WIDTH)
    for one in found:
        for sentence in one.checks.failed if one.checks else ():
            lines += textwrap.wrap(f"{one.method}: {sentence}", WIDTH, subsequent_indent="  ")
    if found[0].score == "probability":
        lines += textwrap.wrap(
            "Of the probability: the network is an exported program that ends in softmax.", WIDTH
        )
    lines += [f"Layer   {printable(one.layer)}, for {one.method}" for one in found if one.layer is not None]
    lines.append(f"Maps    {out}")
    return lines


def _document(
    bundle: Bundle, picture: Path, predicted: str, found: list[Attribution], out: Path
) -> dict[str, Any]:
    return {
        "picture": str(picture),
        "net": bundle.net,
        "predicted": predicted,
        "maps": [
            {**one.to_dict(), "passed": None if one.checks is None else one.checks.passed} for one in found
        ],
        "out": str(out),
    }
