"""An exercise as one HTML file: it prints, needs no network, and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..page_template import page_template
from . import wording
from .content import Block
from .size_sum import FORMULA, LETTERS


def render(blocks: Iterable[Block], title: str) -> str:
    template = page_template(__package__, number=wording.number, unbroken=_unbroken)
    return template.render(blocks=list(blocks), title=title, formula=FORMULA.split("_"), letters=LETTERS)


def _unbroken(text: str) -> str:
    """With the result beside its sign in whichever line."""
    return re.sub(r"([=≈]) ", "\\1\N{NO-BREAK SPACE}", text)
