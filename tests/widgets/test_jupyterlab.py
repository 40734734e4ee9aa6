"""The widgets in JupyterLab itself: `make notebook`."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .jupyter import jupyterlab, notebook_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [
    pytest.mark.skipif(
        "CONVSCOPE_NOTEBOOK" not in os.environ, reason="with JupyterLab itself: make notebook"
    ),
    pytest.mark.usefixtures("built"),
    pytest.mark.xdist_group("browser"),
]
CELLS = (
    "import numpy as np\n"
    "from convscope.widgets import Convolution, Network\n"
    "shown = Convolution([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, -1]], padding=1)\n"
    "shown",
    "print('read', shown.at, shown.step.result, shown.kernel.tolist())",
    "shown.at = (2, 3)\nshown.kernel = [[2, 0], [0, 0]]\nprint('set', shown.step.result)",
    "network = Network()\nnetwork",
    "print('drawn', network.picture.array.shape, network.prediction.label, network.layer)",
    "network.cell = 'conv1:3:9:9'\nprint('asked', network.why.value)",
)
SCREENSHOTS = os.environ.get("CONVSCOPE_SCREENSHOTS")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "widgets.ipynb").write_text(json.dumps(notebook_of(*CELLS)))
    with jupyterlab(folder) as address:
        yield address, folder


@pytest.fixture
def page(browser: Browser, lab: tuple[str, Path]) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1500, "height": 1300})
    opened.goto(f"{lab[0]}lab/tree/widgets.ipynb?reset")
    opened.locator(".jp-Notebook").wait_for(timeout=90_000)
    yield opened
    opened.close()


def run(page: Page, number: int, said: str = "") -> Locator:
    """Runs a cell; its output, with what it printed."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    output = cell.locator(".jp-OutputArea")
    if said:
        output.get_by_text(re.compile(f"^{said}")).wait_for(timeout=90_000)
    return output


def picture(page: Page, output: Locator, name: str) -> None:
    if SCREENSHOTS:
        output.locator(".convscope").evaluate("element => element.scrollIntoView()")
        page.wait_for_timeout(300)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def test_a_convolution_and_a_network_in_jupyterlab(page: Page) -> None:
    page.get_by_text("| Idle").wait_for(timeout=120_000)  # the kernel has started
    shown = run(page, 0)
    shown.get_by_role("button", name="Step", exact=True).wait_for(timeout=90_000)
    for _ in range(6):
        shown.get_by_role("button", name="Step", exact=True).click()
    shown.get_by_text("7 of 16", exact=True).wait_for()
    run(page, 1, r"read \(1, 2\) -4 ")
    picture(page, shown, "jupyterlab-convolution")

    # keys of the grid stay there: arrows move the step, and no cell of the notebook is selected or made
    present = shown.get_by_role("grid", name=re.compile("^Output")).get_by_role(
        "gridcell", name=re.compile("this step")
    )
    present.focus()
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    for key in ("ArrowUp", "a", "b", "Enter"):
        page.keyboard.press(key)
    shown.get_by_text("3 of 16", exact=True).wait_for()
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    run(page, 1, r"read \(0, 2\) -3 ")

    run(page, 2, "set 12")
    shown.get_by_text("12 of 16", exact=True).wait_for()
    shown.get_by_role("heading", name="row 2, column 3 comes about").wait_for()

    drawn = run(page, 3)
    drawn.get_by_role("heading", name="Prediction").wait_for(timeout=90_000)
    drawn.get_by_role("button", name="Clear").click()
    pad = drawn.get_by_role("application", name=re.compile("^Drawing"))
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    points = [(0.28, 0.25), (0.72, 0.25), (0.6, 0.5), (0.48, 0.8)]
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=12)
    page.mouse.up()
    drawn.get_by_text(re.compile("^7$")).first.wait_for()
    drawn.get_by_role("button", name=re.compile("^pool1")).click()
    page.wait_for_timeout(500)
    run(page, 4, r"drawn \(28, 28\) 7 pool1")
    run(page, 5, "asked ")
    drawn.get_by_text("conv1:3:9:9").first.wait_for()
    picture(page, drawn, "jupyterlab-network")

    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_text("Theme", exact=True).hover()
    page.get_by_text("JupyterLab Dark", exact=True).click()
    page.locator("body[data-jp-theme-light='false']").wait_for(state="attached")
    page.wait_for_timeout(500)
    picture(page, drawn, "jupyterlab-dark")
    ink = drawn.locator(".panel").first.evaluate("element => getComputedStyle(element).color")
    assert int(re.findall(r"\d+", ink)[0]) > 180

    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.locator(".jp-Dialog").wait_for(state="hidden")
    drawn.get_by_role("button", name="Clear").click()
    drawn.get_by_text(re.compile("kernel of the notebook was restarted")).wait_for(timeout=60_000)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_converted_notebook_has_the_drawings(form: str, lab: tuple[str, Path]) -> None:
    folder = lab[1]
    (folder / "static.ipynb").write_text(json.dumps(notebook_of(CELLS[0], "Network()")))
    words = ["-m", "nbconvert", "--execute", "--ExecutePreprocessor.store_widget_state=False", "--to", form]
    done = subprocess.run(
        [sys.executable, *words, "static.ipynb"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    if form == "html":
        page = (folder / "static.html").read_text("utf-8")
        drawings = [
            base64.b64decode(found) for found in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)
        ]
    else:
        drawings = [path.read_bytes() for path in sorted(folder.glob("static_files/*.svg"))]
    step, network = (drawing for drawing in drawings if b'role="img"' in drawing)
    assert "0·1 + 0·0 + 0·0 + 1·(-1) = -1" in step.decode()
    assert "conv1" in network.decode()
