"""A scene as SVG: text stays text, colours follow the reader's light or dark screen."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from html import escape

import numpy as np
from PIL import Image

from .layout import Box, Drawing, Label, Pixels, Shape, lay_out
from .scene import Scene
from .theme import DARK, FILLS, LIGHT

FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif'


def style() -> str:
    """The rules that drawings share, with names of their own: they may stand among others on a page."""
    light, dark = (
        ";".join(f"--cs-{name}:{colour}" for name, colour in theme.items()) for theme in (LIGHT, DARK)
    )
    fills = "".join(f".cs-{kind}{{fill:var(--cs-{name})}}" for kind, name in FILLS.items())
    return (
        f".cs{{{light};color-scheme:light dark;background:var(--cs-paper);font-family:{FONT};"
        "font-variant-numeric:tabular-nums}"
        f"@media(prefers-color-scheme:dark){{.cs{{{dark}}}}}"
        f"{fills}.cs-cells{{stroke:var(--cs-line)}}.cs-later{{stroke:none}}.cs-paper{{fill:var(--cs-paper)}}"
        ".cs-photo{fill:none;stroke:var(--cs-line)}.cs-hatch{stroke:var(--cs-hatch);stroke-width:1.2}"
        ".cs-marked{fill:none;stroke:var(--cs-mark);stroke-width:3}"
        ".cs-winner{fill:none;stroke:var(--cs-winner);stroke-width:3}"
        ".cs text{dominant-baseline:central;fill:var(--cs-ink);white-space:pre}"
        ".cs .cs-heading{font-weight:650}"
        ".cs .cs-title,.cs .cs-sign,.cs .cs-faint{fill:var(--cs-faint)}"
    )


def draw(scene: Scene) -> str:
    """One SVG file."""
    return element(lay_out(scene), styled=True)


def element(
    drawing: Drawing, *, styled: bool = False, picture: Callable[[np.ndarray], str] | None = None
) -> str:
    """The `<svg>` of a drawing; `picture` gives what stands for the pixels where they are held elsewhere."""
    width, height = _n(drawing.width), _n(drawing.height)
    rules = f"<style>{style()}</style>" if styled else ""
    body = "".join(_shapes(drawing.shapes, picture or embedded))
    return (
        f'<svg class="cs" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(drawing.description)}">'
        f"<title>{escape(drawing.title)}</title><desc>{escape(drawing.description)}</desc>{rules}"
        f'<rect class="cs-paper" width="{width}" height="{height}"/>{body}</svg>'
    )


def embedded(values: np.ndarray) -> str:
    """The attribute of an `<image>` that holds its pixels as PNG."""
    content = io.BytesIO()
    Image.fromarray(values).save(content, format="PNG", optimize=True)
    return f'href="data:image/png;base64,{base64.b64encode(content.getvalue()).decode("ascii")}"'


def _shapes(shapes: list[Shape], picture: Callable[[np.ndarray], str]) -> Iterator[str]:
    """Elements in order; cells of one kind that follow each other are one path."""
    run: list[Box] = []
    for shape in shapes:
        if run and not (isinstance(shape, Box) and shape.kind == run[0].kind):
            yield from _boxes(run)
            run = []
        if isinstance(shape, Box):
            run.append(shape)
        elif isinstance(shape, Label):
            yield _text(shape)
        else:
            yield _image(shape, picture)
    yield from _boxes(run) if run else ()


def _boxes(boxes: list[Box]) -> Iterator[str]:
    kind = boxes[0].kind
    path = "".join(f"M{_n(b.x)} {_n(b.y)}h{_n(b.width)}v{_n(b.height)}h-{_n(b.width)}z" for b in boxes)
    if kind == "winner":
        for b in boxes:
            x, y, radius = b.x + b.width / 2, b.y + b.height / 2, b.height / 2 - 3
            yield f'<circle class="cs-winner" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'
        return
    cells = " cs-cells" if kind in FILLS and kind != "later" else ""
    yield f'<path class="cs-{kind}{cells}" d="{path}"/>'
    if kind == "beyond":
        yield f'<path class="cs-hatch" d="{"".join(map(_hatch, boxes))}"/>'


def _hatch(b: Box) -> str:
    """Two lines across the corners of a cell, which leave its number free."""
    part = b.width * 0.3
    return (
        f"M{_n(b.x)} {_n(b.y + part)}L{_n(b.x + part)} {_n(b.y)}"
        f"M{_n(b.x + b.width - part)} {_n(b.y + b.height)}L{_n(b.x + b.width)} {_n(b.y + b.height - part)}"
    )


def _text(label: Label) -> str:
    anchor = ' text-anchor="middle"' if label.anchor == "middle" else ""
    return (
        f'<text class="cs-{label.kind}" x="{_n(label.x)}" y="{_n(label.y)}" font-size="{_n(label.size)}"'
        f"{anchor}>{escape(label.text)}</text>"
    )


def _image(shape: Pixels, picture: Callable[[np.ndarray], str]) -> str:
    place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
    if (content := picture(shape.values)).startswith("#"):
        scale = shape.width / shape.values.shape[1], shape.height / shape.values.shape[0]
        move = f"translate({_n(shape.x)} {_n(shape.y)}) scale({scale[0]:.5g} {scale[1]:.5g})"
        return f'<use href="{content}" transform="{move}"/>'
    return f'<image {place} preserveAspectRatio="none" style="image-rendering:pixelated" {content}/>'


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
