"""An exercise as one HTML file: it prints, needs no network, and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

import jinja2

from . import wording
from .content import Block
from .size_sum import FORMULA, LETTERS


def render(blocks: Iterable[Block], title: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, package_path=""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=wording.number, unbroken=_unbroken)
    return environment.get_template("template.html").render(
        blocks=list(blocks), title=title, formula=FORMULA.split("_"), letters=LETTERS
    )


def _unbroken(text: str) -> str:
    """With the result beside its sign in whichever line."""
    return re.sub(r"([=≈]) ", "\\1\N{NO-BREAK SPACE}", text)
