"""The built widgets in Chromium, each with the real widget of Python behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convscope.widgets import Convolution, Network
from convscope.widgets.scripts import FOLDER

from .conftest import Notebook
from .test_network import signals, untrained

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from .hosting import Host

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.xdist_group("browser")]
NINE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.fixture
def host(
    browser: Browser, notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Host]:
    from .hosting import Host

    monkeypatch.chdir(tmp_path)
    page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
    yield Host(page, notebook)
    page.close()
    assert not said


def wait(page: Page, holds: Any) -> None:
    """Until something holds in Python; what the page says meanwhile is heard."""
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(25)
    assert holds()


def output_cell(shown: Locator, row: int, column: int) -> Locator:
    grid = shown.get_by_role("grid", name=re.compile("^Output"))
    return grid.get_by_role("gridcell", name=re.compile(f"row {row}, column {column}:"))


# -- convolution


def test_a_step_in_the_page_is_read_in_python_and_the_other_way_round(host: Host) -> None:
    widget = Convolution(NINE, [[1, 0], [0, -1]], padding=1)
    shown = host.show("one", widget)
    shown.get_by_role("button", name="Step", exact=True).click()
    wait(host.page, lambda: widget.at == (0, 1))
    shown.get_by_text(f"{widget.step.result}".replace("-", "−"), exact=True).first.wait_for()
    output_cell(shown, 2, 1).click()
    wait(host.page, lambda: widget.at == (2, 1))
    assert widget.step.result == 3 - 7

    widget.at = (1, 2)
    host.tell("one")
    shown.get_by_role("heading", name="row 1, column 2 comes about").wait_for()
    shown.get_by_text("7 of 16", exact=True).wait_for()
    assert output_cell(shown, 1, 2).get_attribute("aria-label") is not None
    widget.kernel = "box"
    widget.padding = "same"
    host.tell("one")
    expected = f"{widget.step.result:.4g}".removesuffix(".0")
    shown.get_by_text(expected, exact=False).first.wait_for()
    shown.get_by_text("6 of 9", exact=True).wait_for()
    assert widget.at == (1, 2)


def test_settings_of_the_page_are_pythons(host: Host) -> None:
    widget = Convolution(NINE, [[1, 0], [0, -1]])
    shown = host.show("one", widget)
    shown.get_by_text("Flip the kernel").click()
    wait(host.page, lambda: widget.flip is True)
    shown.get_by_label("Kernel from the gallery").select_option("sobel-y")
    wait(host.page, lambda: widget.kernel == "sobel-y")
    shown.get_by_label("Padding", exact=True).select_option("same")
    wait(host.page, lambda: widget.padding == "same")
    assert widget.output.shape == (3, 3)
    shown.get_by_role("button", name="Pool", exact=True).click()
    wait(host.page, lambda: widget.kernel is None and widget.pool == "max:2")
    assert widget.problem == ""


def test_a_cell_of_the_kernel_that_is_typed(host: Host) -> None:
    widget = Convolution(NINE, [[1, 0], [0, -1]])
    shown = host.show("one", widget)
    cell = shown.get_by_label(re.compile("row 0, column 1$")).first
    cell.fill("2.5")
    cell.press("Tab")
    wait(host.page, lambda: np.array_equal(widget.kernel, [[1, 2.5], [0, -1]]))


def test_pictures_of_python_are_shown(host: Host) -> None:
    widget = Convolution(NINE, [[1, 0], [0, -1]])
    shown = host.show("one", widget)
    shown.get_by_text("1 of 4", exact=True).wait_for()
    photo = np.random.default_rng(0).integers(0, 255, (3, 40, 50)).astype(np.uint8)
    with widget.hold_trait_notifications():
        widget.picture, widget.kernel, widget.at = photo, "sobel-x", (2, 37, 47)
    host.tell("one")
    shown.get_by_text("blue, row 37, column 47").first.wait_for()
    result = f"{abs(int(widget.step.result))}"
    shown.get_by_text(result).first.wait_for()
    widget.signal, widget.kernel, widget.picture = False, [1, 1], [1, 2, 4, 8]
    host.tell("one")
    shown.get_by_text("1·1 + 2·1").first.wait_for()
    assert widget.at is None
    assert np.array_equal(widget.picture, [1, 2, 4, 8])


def test_two_views_of_one_widget_and_two_widgets(host: Host) -> None:
    first, second = Convolution(NINE, [[1, 0], [0, -1]]), Convolution(NINE, [[2]])
    one, other = host.show("one", first), host.show("other", second)
    one.get_by_role("button", name="Step", exact=True).click()
    wait(host.page, lambda: first.at == (0, 1))
    other.get_by_text("1 of 9", exact=True).wait_for()
    assert second.at is None
    assert second.kernel.tolist() == [[2]]


def test_a_view_that_is_taken_away_leaves_nothing(host: Host) -> None:
    shown = host.show("one", Network("starter"))
    shown.get_by_role("heading", name="Prediction").wait_for()
    assert host.page.evaluate("window.listening('one')") > 0
    host.page.evaluate("window.close_('one')")
    assert shown.locator("*").count() == 0
    assert host.page.evaluate("window.listening('one')") == 0


# -- the page around it


def test_no_style_gets_in_or_out(host: Host) -> None:
    page = host.page
    styles = (
        "([selector, names]) => names.map((name) => getComputedStyle(document.querySelector(selector))[name])"
    )
    names = ["display", "letterSpacing", "fontSize", "color", "boxSizing", "minHeight", "backgroundColor"]
    before = [page.evaluate(styles, [selector, names]) for selector in ("#own", "#button", "body")]
    shown = host.show("one", Convolution(NINE, [[1, 0], [0, -1]]))
    button = shown.get_by_role("button", name="Step", exact=True)
    button.wait_for()
    assert [page.evaluate(styles, [selector, names]) for selector in ("#own", "#button", "body")] == before
    names = ["display", "letterSpacing", "fontSize", "boxSizing", "textAlign", "whiteSpace", "minHeight"]
    own = "(element, names) => names.map((name) => getComputedStyle(element)[name])"
    assert button.evaluate(own, names) == [
        "block",
        "normal",
        "16px",
        "border-box",
        "center",
        "normal",
        "36px",
    ]
    panel = shown.locator(".panel").first
    assert panel.evaluate("element => getComputedStyle(element).transform") == "none"
    assert panel.evaluate("element => getComputedStyle(element).textAlign") == "start"


@pytest.mark.parametrize("light", [True, False])
def test_light_and_dark_are_the_notebooks(light: bool, host: Host) -> None:
    shown = host.show("one", Convolution(NINE, [[1, 0], [0, -1]]))
    ink = "element => getComputedStyle(element).color"
    panel = shown.locator(".panel").first
    panel.wait_for()
    host.page.evaluate(
        "light => document.body.setAttribute('data-jp-theme-light', light)", str(light).lower()
    )
    host.page.wait_for_timeout(50)
    red = int(re.findall(r"\d+", panel.evaluate(ink))[0])
    assert red < 80 if light else red > 180


def test_keys_of_the_widget_are_not_the_notebooks(host: Host) -> None:
    host.page.evaluate("document.addEventListener('keydown', () => (window.pressed = true))")
    widget = Convolution(NINE, [[1, 0], [0, -1]])
    shown = host.show("one", widget)
    output_cell(shown, 0, 0).focus()
    host.page.keyboard.press("ArrowDown")
    wait(host.page, lambda: widget.at == (1, 0))
    assert host.page.evaluate("window.pressed") is None
    assert shown.locator(".convscope").get_attribute("data-lm-suppress-shortcuts") == "true"


@pytest.mark.parametrize("name", ["convolution", "network"])
def test_a_script_holds_all_that_it_needs(name: str) -> None:
    code = (FOLDER / f"{name}.js").read_text("utf-8")
    assert not re.search(
        r"\bimport\s*[\"'{*(]|\bimport\s+\w+\s+from|\brequire\(|process\.env|import\.meta", code
    )
    assert code.count("export") == 1
    assert {path.name for path in FOLDER.iterdir()} == {"convolution.js", "network.js"}


# -- network


def draw_seven(host: Host, shown: Locator) -> None:
    pad = shown.get_by_role("application", name=re.compile("^Drawing"))
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    points = [(0.28, 0.25), (0.72, 0.25), (0.6, 0.5), (0.48, 0.8)]
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    host.page.mouse.move(*at[0])
    host.page.mouse.down()
    for x, y in at[1:]:
        host.page.mouse.move(x, y, steps=12)
    host.page.mouse.up()


def test_what_is_drawn_is_read_in_python(host: Host) -> None:
    widget = Network("starter")
    shown = host.show("one", widget)
    shown.get_by_role("heading", name="Prediction").wait_for()
    shown.get_by_role("button", name="Clear").click()
    draw_seven(host, shown)
    wait(host.page, lambda: widget.picture is not None and widget.prediction.label == "7")
    assert widget.picture.array.shape == (28, 28)
    assert widget.picture.array.max() > 200
    shown.get_by_text(f"{100 * widget.prediction.probability:.1f}").first.wait_for()


def test_a_picture_that_the_browser_cannot_read_leaves_all_as_python_has_it(host: Host) -> None:
    host.page.evaluate("void (window.createImageBitmap = () => Promise.reject(new Error('none')))")
    given = np.full((28, 28), 9, np.uint8)
    widget = Network("untrained:simple-cnn-4-8", given, layer="conv2")
    shown = host.show("one", widget)
    shown.get_by_text("picture.png ends early or is damaged").first.wait_for()
    host.page.wait_for_timeout(200)
    assert (widget.model, widget.layer, widget.problem) == ("untrained:simple-cnn-4-8", "conv2", "")
    assert np.array_equal(widget.picture.array, given)


def test_a_network_of_another_kind_comes_with_its_picture(host: Host) -> None:
    widget = Network("starter")
    shown = host.show("one", widget)
    shown.get_by_role("heading", name="Prediction").wait_for()
    numbers = np.random.default_rng(0)
    signal = numbers.normal(size=(2, 64)).astype(np.float32)
    picture = numbers.integers(0, 255, (28, 28)).astype(np.uint8)
    for bundle, given in ((signals(), signal), (untrained(), picture)):
        with widget.hold_trait_notifications():
            widget.bundle, widget.picture = bundle, given
        host.tell("one")
        shown.get_by_text(f"{100 * widget.prediction.probability:.1f}").first.wait_for()
        host.page.wait_for_timeout(200)
        assert np.array_equal(widget.picture.array, given)


def test_a_picture_layer_and_cell_of_python_are_shown(host: Host) -> None:
    widget = Network("starter")
    shown = host.show("one", widget)
    shown.get_by_role("heading", name="Prediction").wait_for()
    blank = np.zeros((28, 28), np.uint8)
    blank[4:24, 13:16] = 255
    widget.picture, widget.layer, widget.cell = blank, "conv2", "conv2:3:5:7"
    host.tell("one")
    shown.get_by_role("heading", name=re.compile("^conv2")).first.wait_for()
    shown.get_by_text("conv2:3:5:7").first.wait_for()
    wait(host.page, lambda: not host.notebook.messages)
    host.page.wait_for_timeout(300)
    assert np.array_equal(widget.picture.array, blank)
    assert (widget.layer, widget.cell, widget.problem) == ("conv2", "conv2:3:5:7", "")
    shown.get_by_role("group", name=re.compile("^Shift")).get_by_text("↓").click()
    wait(host.page, lambda: np.array_equal(widget.picture.array, np.roll(blank, 1, 0)))


def test_signals_of_python_are_shown(host: Host) -> None:
    signal = np.random.default_rng(0).normal(size=(2, 64)).astype(np.float32)
    widget = Network(signals(), signal, layer="conv1")
    shown = host.show("one", widget)
    shown.get_by_role("heading", name="Prediction").wait_for()
    shown.get_by_role("heading", name=re.compile("^conv1")).first.wait_for()
    widget.picture = signal[:, ::-1]
    host.tell("one")
    shown.get_by_text(f"{100 * widget.prediction.probability:.1f}").first.wait_for()
    assert np.array_equal(widget.picture.array, signal[:, ::-1])


def test_what_is_clicked_is_read_in_python(host: Host) -> None:
    widget = Network("starter")
    shown = host.show("one", widget)
    shown.get_by_role("button", name=re.compile("^pool1")).click()
    wait(host.page, lambda: widget.layer == "pool1")


def test_the_kernels_refusal_is_shown(host: Host) -> None:
    widget = Network("starter")
    shown = host.show("one", widget)
    shown.get_by_role("heading", name="Prediction").wait_for()
    words = {"model": "nothing", "layer": "", "cell": "", "path": ""}
    update = {"method": "update", "state": {"_words": words}, "buffer_paths": []}
    host.page.evaluate("message => window.hear('one', [[message, []]])", update)
    shown.get_by_text("is not among the models").wait_for()
