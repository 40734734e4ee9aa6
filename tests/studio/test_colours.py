"""The page has the colours of the drawings: one name means one pair of colours in both."""

from __future__ import annotations

import re

from convscope.ops.rendering.theme import COLOURS

from .conftest import ROOT

PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


def test_what_has_the_same_name_has_the_same_colours() -> None:
    css = (ROOT / "web" / "src" / "app" / "theme.css").read_text("utf-8")
    page = {name: (light, dark) for name, light, dark in PAIR.findall(css)}
    assert len(page) == css.count("light-dark(")  # every pair was read
    shared = page.keys() & COLOURS.keys()
    assert shared >= {"paper", "ink", "faint", "line", "cell", "beyond", "hatch", "plus", "minus", "winner"}
    assert {name: page[name] for name in shared} == {name: COLOURS[name] for name in shared}
    assert page["ground"] == COLOURS["later"]
