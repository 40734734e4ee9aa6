"""Steps as one HTML page with a slider, and the same page inside a notebook.

Every step is in the page as SVG, so it shows all of them, one below the other, where no script runs.
"""

from __future__ import annotations

from html import escape

import numpy as np

from . import svg
from .layout import Drawing, lay_out
from .story import Story

MOST_IN_NOTEBOOK = 32
BYTES_OF_PAGE = 2_000_000  # of all its steps together
BYTES_IN_NOTEBOOK = 320_000  # which the frame's attribute makes half as much again

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{drawing_style}
html {{ color-scheme: light dark; }}
body {{ margin: 0; background: #fff; color: #1f2933; font: 15px/1.5 {font}; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #1a2027; color: #e6eaef; }} }}
main {{ padding: 1rem; }}
figure {{ margin: 0 0 1.5rem; overflow-x: auto; }}
svg.cs {{ display: block; min-width: 560px; max-width: 100%; height: auto; }}
.turns {{ display: none; align-items: center; gap: .6rem; flex-wrap: wrap; margin: 0 0 .8rem; }}
.turns input {{ flex: 1 1 12rem; max-width: 30rem; accent-color: #c2410c; }}
.turns button {{ font: inherit; padding: .2rem .9rem; min-height: 2.2rem; }}
.live .turns {{ display: flex; }}
.live figure {{ display: none; }}
.live figure.now {{ display: block; }}
.held {{ position: absolute; width: 0; height: 0; }}
</style>
<main>
{held}
<div class="turns">
<button type="button" id="back">Back</button>
<button type="button" id="on">Next</button>
<input type="range" id="at" min="0" max="{last}" value="0" aria-label="Step">
<output id="said" for="at" aria-live="polite"></output>
</div>
{note}
{figures}
</main>
<script>
(() => {{
  const figures = [...document.querySelectorAll("figure")];
  const at = document.getElementById("at"), said = document.getElementById("said");
  const back = document.getElementById("back"), on = document.getElementById("on");
  const turn = (to) => {{
    const n = Math.min(Math.max(to, 0), figures.length - 1);
    figures.forEach((figure, i) => figure.classList.toggle("now", i === n));
    at.value = n;
    back.disabled = n === 0;
    on.disabled = n === figures.length - 1;
    said.textContent = "step " + figures[n].dataset.step;
    at.setAttribute("aria-valuetext", figures[n].querySelector("svg").getAttribute("aria-label"));
  }};
  back.addEventListener("click", () => turn(+at.value - 1));
  on.addEventListener("click", () => turn(+at.value + 1));
  at.addEventListener("input", () => turn(+at.value));
  document.documentElement.classList.add("live");
  turn(0);
}})();
</script>
</html>
"""


class Held:
    """Pictures that many drawings share: each is in the page once."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.images: list[str] = []
        self.kept: list[np.ndarray] = []  # so that no other array gets the same id

    def name(self, values: np.ndarray) -> str:
        """What stands for the pixels in a drawing."""
        if id(values) not in self.names:
            self.names[id(values)] = f"#cs-picture-{len(self.images)}"
            self.kept.append(values)
            height, width = values.shape
            self.images.append(
                f'<image id="cs-picture-{len(self.images)}" width="{width}" height="{height}" '
                f'preserveAspectRatio="none" style="image-rendering:pixelated" {svg.embedded(values)}/>'
            )
        return self.names[id(values)]

    def element(self) -> str:
        """The pictures, not shown where they stand."""
        if not self.images:
            return ""
        return f'<svg class="held" aria-hidden="true"><defs>{"".join(self.images)}</defs></svg>'


def draw(story: Story, most: int) -> str:
    """The page with at most `most` steps, and fewer where they would fill more than `BYTES_OF_PAGE`."""
    return _page(story, most, BYTES_OF_PAGE)[0]


def inside_a_notebook(story: Story) -> str:
    """The page in a frame of its own, so that neither its style nor its names meet those of the notebook."""
    page, drawings = _page(story, MOST_IN_NOTEBOOK, BYTES_IN_NOTEBOOK)
    height = round(max(drawing.height for drawing in drawings)) + 130
    return (
        f'<iframe srcdoc="{escape(page)}" title="{escape(drawings[0].title)}" '
        f'style="width:100%;height:{height}px;border:0"></iframe>'
    )


def _fitting(story: Story, most: int, room: int) -> list[int]:
    """At most `most` steps, evenly chosen, that fill `room` bytes: the first and the last in any case."""
    chosen = story.chosen(most)
    last = svg.element(lay_out(story.scene(chosen[-1])), picture=Held().name)  # the one with most numbers
    return story.chosen(min(len(chosen), max(2, room // len(last.encode()))))


def _page(story: Story, most: int, room: int) -> tuple[str, list[Drawing]]:
    chosen, count = _fitting(story, most, room), len(story.steps)
    drawings = [lay_out(story.scene(index)) for index in chosen]
    held = Held()
    figures = "\n".join(
        f'<figure data-step="{index + 1:,} of {count:,}">{svg.element(drawing, picture=held.name)}</figure>'
        for index, drawing in zip(chosen, drawings, strict=True)
    )
    note = (
        ""
        if len(chosen) == count
        else f"The page holds {len(chosen)} of {count:,} steps, evenly chosen, with the first and the last, "
        "so that it stays small."
    )
    page = PAGE.format(
        title=escape(drawings[0].title.split(", step")[0].capitalize() + ", step by step"),
        drawing_style=svg.style(),
        font=svg.FONT,
        held=held.element(),
        last=len(chosen) - 1,
        note=note and f"<p>{escape(note)}</p>",
        figures=figures,
    )
    return page, drawings
