"""What `convscope export` says at its end: what was written, what it takes and gives, how it was compared."""

from __future__ import annotations

import json
import shlex
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from ..columns import in_bytes, printable, shortened
from ..data import Preprocessing
from ..ship import in_words
from ..ship.formats import format_of
from ..ship.proof import TOLERANCE, Proof
from .output import WIDTH

if TYPE_CHECKING:
    from ..ship.entrance import Entrance
    from ..ship.exporting import Exported

INDENT = 10
LISTED = 44  # columns of class names


def sentences(exported: Exported) -> str:
    """Lines of at most 80 columns, but for a path that is longer."""
    words = format_of(exported.format).words
    lines = [
        f"File      {printable(str(exported.path))}",
        *_labelled("Form", f"{words} of {printable(exported.net)}, {in_bytes(exported.bytes)}"),
        *_labelled("Takes", _takes(exported.entrance)),
        *_labelled("Gives", _gives(exported.classes)),
        *_labelled("Compared", _compared(exported)),
    ]
    if exported.quantized is not None:
        first, *others = exported.quantized.sentences
        lines += _labelled("In int8", first)
        lines += [line for sentence in others for line in _labelled("", sentence)]
    return "\n".join([*lines, *_use(exported)])


def card_line(page: Path) -> str:
    """Where a card is, and how much of it is left to a person."""
    from ..ship.card.description import TO_FILL_IN

    places = page.read_text("utf-8").count(TO_FILL_IN)
    left = f", with {places} place{'s' if places > 1 else ''} to fill in" if places else ""
    return f"Card      {printable(str(page))}{left}"


def _compared(exported: Exported) -> str:
    if exported.proof is None:
        return "not: see the note"
    return f"{'before int8, ' if exported.quantized else ''}{compared(exported.proof)}"


def compared(proof: Proof) -> str:
    """
    >>> compared(Proof(256, "256 test pictures of digits", (1, 7, 64), 2.1e-7, 1e-9, 0))
    '256 test pictures of digits, in batches of 1, 7, 64: at most 2.1e-07 from the bundle (0.0001 is allowed)'
    """
    sizes = ", ".join(map(str, proof.batches))
    how = "one at a time" if proof.batches == (1,) else f"in batches of {sizes}"
    text = f"{proof.what}, {how}: at most {proof.largest:.2g} from the bundle ({TOLERANCE:g} is allowed)"
    if proof.close:
        text += f"; of {proof.close} the two best classes are too close to tell which is first"
    return text


def _use(exported: Exported) -> list[str]:
    """A line or two of code for it."""
    file = exported.path.name
    quoted = printable(json.dumps(file, ensure_ascii=False))
    if exported.format == "onnx":
        from ..ship.onnx_model.entering import input_name

        return [
            f"Use       session = onnxruntime.InferenceSession({quoted})",
            f'          session.run(None, {{"{input_name(exported.entrance)}": batch}})',
        ]
    if exported.format == "torch":
        return [f"Use       torch.export.load({quoted}).module()(batch)"]
    return [
        f"Use       cc -std=c99 -O2 main.c {shlex.quote(printable(file))} -lm",
        "          with the main.c in its first lines",
    ]


def _takes(entrance: Entrance) -> str:
    shape = ", ".join(("N", *map(str, entrance.shape)))
    return f"{entrance.dtype} ({shape}): {_outside(entrance)}"


def _outside(entrance: Entrance) -> str:
    """What has to be done before."""
    of = entrance.outside
    if not isinstance(of, Preprocessing):
        return ", ".join(filter(None, (f"{of.noun}s as they were measured", in_words.formula(of))))
    colour = "grey" if of.channels == 1 else "red, green and blue"
    size = f"pictures of {of.height}×{of.width}, {colour}"
    if entrance.inside:
        return f"{size}, 0 to 255{', as they are given (it inverts them)' if entrance.inverts else ''}"
    steps = ["inverted"] if of.invert else []
    return f"{size}, {', '.join([*steps, in_words.formula(of)])}, channels first"


def _gives(classes: tuple[str, ...]) -> str:
    listed = ""
    for number, name in enumerate(classes):
        longer = f"{listed}{', ' if listed else ''}{shortened(printable(name))}"
        if len(longer) > LISTED:
            return f"float32 (N, {len(classes)}): probabilities of {listed} and {len(classes) - number} more"
        listed = longer
    return f"float32 (N, {len(classes)}): probabilities of {listed}"


def _labelled(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=label.ljust(INDENT),
        subsequent_indent=" " * INDENT,
        break_on_hyphens=False,
    )
