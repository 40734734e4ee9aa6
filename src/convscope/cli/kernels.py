"""`convscope kernels`"""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ..ops.kernels import KERNELS, NamedKernel, named
from .app import command
from .complaint import complain
from .options import Json
from .output import WIDTH, print_json

FEW = 9  # numbers along a side that are printed for one kernel; in the list, those of 3×3
SIDE = 240  # pixels of a picture in the gallery
FOOT = """They are written for cross-correlation, which does not flip them, as in a CNN.
Try one: convscope conv picture.jpg --kernel sobel-x"""


@command("kernels")
def kernels(
    name: Annotated[
        str | None, typer.Argument(help="One of them, with settings: gaussian:2.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A picture of a sample photo under each.", metavar="FILE", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Show the kernels that go by a name: their numbers and what they do."""
    from .conv_files import PICTURES, check

    check({"--out": out}, {"--out": PICTURES})
    if name is None:
        chosen = [(key, KERNELS[key], KERNELS[key].make()) for key in KERNELS]
    else:
        chosen = [(name, *_named(name))]
    if json:
        documents = [_document(*each) for each in chosen]
        print_json(documents if name is None else documents[0])
    else:
        print("\n".join(line for each in chosen for line in _told(*each, alone=name is not None)))
        if name is None:
            print(FOOT)
    if out is not None:
        _write_gallery(out, [(key, numbers) for key, _, numbers in chosen])


def _named(name: str) -> tuple[NamedKernel, np.ndarray]:
    """A kernel of the gallery, and its numbers with the settings behind its name."""
    from .conv_input import read_kernel

    return named(name.split(":")[0]), read_kernel(name, 2, option="").numbers


def _settings(name: str, kernel: NamedKernel) -> list[tuple[str, Any]]:
    """What may stand behind colons, with what does, or the default.

    >>> _settings("gaussian:2", KERNELS["gaussian"])
    [('sigma', 2.0), ('size', None)]
    """
    parameters = inspect.signature(kernel.make).parameters.values()
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    given = map(float, name.split(":")[1:])
    return [(p.name, next(given, p.default)) for p in positional]


def _told(name: str, kernel: NamedKernel, numbers: np.ndarray, *, alone: bool) -> list[str]:
    """The lines of one kernel: name, size and settings, then its numbers beside what it does."""
    size = "×".join(map(str, numbers.shape))
    head = f"{name}, {size}"
    settings = [f"{key}={value:g}" if value is not None else key for key, value in _settings(name, kernel)]
    shown = _rows(numbers) if max(numbers.shape) <= (FEW if alone else 3) else []
    indent = max(map(len, shown), default=1) + 3
    told = kernel.purpose.replace("`", "") + (f" Settings: {', '.join(settings)}." if settings else "")
    if alone and shown and indent > 30:
        return [
            head,
            *textwrap.wrap(told, WIDTH - 4, initial_indent="    ", subsequent_indent="    "),
            *shown,
            "",
        ]
    words = textwrap.wrap(told, WIDTH - indent)
    height = max(len(words), len(shown))
    shown += [""] * (height - len(shown))
    words += [""] * (height - len(words))
    lines = [f"{row:<{indent}}{line}".rstrip() for row, line in zip(shown, words, strict=True)]
    if alone and max(numbers.shape) > FEW:
        lines.append(
            f"    {numbers.size} numbers, from {numbers.min():.3g} to {numbers.max():.3g}: --json has them."
        )
    return [head, *lines, ""]


def _rows(numbers: np.ndarray) -> list[str]:
    """Numbers in columns.

    >>> _rows(np.array([[1.0, -0.5]]))
    ['     1  -0.5']
    """
    from ..ops.rendering.shades import cell_text

    texts = [[cell_text(number) for number in row] for row in numbers]
    wide = max(len(text) for row in texts for text in row)
    return ["  " + " ".join(f" {text:>{wide}}" for text in row) for row in texts]


def _document(name: str, kernel: NamedKernel, numbers: np.ndarray) -> dict[str, Any]:
    return {
        "name": name,
        "purpose": kernel.purpose.replace("`", ""),
        "shape": list(numbers.shape),
        "sum": float(numbers.sum()),
        "settings": dict(_settings(name, kernel)),
        "numbers": numbers.tolist(),
    }


def _write_gallery(out: Path, kernels: list[tuple[str, np.ndarray]]) -> None:
    """The sample photo under each kernel, as one picture."""
    from ..atomic import write_bytes
    from ..ops.rendering.tiles import tile
    from .conv_files import encoded
    from .conv_input import Kernel, read_input
    from .conv_result import compute
    from .conv_shades import ROBUST

    photo = read_input(None, grey=True, crop=None)
    ways: dict[str, Any] = {
        "padding": "valid",
        "stride": 1,
        "dilation": 1,
        "border": "zeros",
        "flip": False,
    }
    results = [(name, compute(photo, Kernel(name, numbers), None, **ways)) for name, numbers in kernels]
    pictures = [(name, result.picture(robust=True)[0]) for name, result in results]
    write_bytes(out, encoded(tile(pictures, columns=4, side=SIDE), out))
    complain(
        f"note: in {out} a kernel that sums to 1 leaves shades as they are; else 0 is mid-grey where some "
        f"numbers are negative, and black or white is what {ROBUST:.0%} of the magnitudes lie within."
    )
