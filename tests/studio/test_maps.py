"""Maps in Chromium: their colours on light and dark ground, the pointer, the keyboard, no barriers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .parts_page import Open
from .parts_page import open_parts as open_parts
from .parts_page import parts_page as parts_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

PIXEL = """([map, row, column]) => {
    const canvas = document.querySelectorAll('.maps canvas')[map];
    return [...canvas.getContext('2d').getImageData(column, row, 1, 1).data];
}"""


def pixel(page: Page, map_: int, row: int, column: int) -> list[int]:
    red_to_alpha: list[int] = page.evaluate(PIXEL, [map_, row, column])
    return red_to_alpha


def test_a_map_has_the_paper_of_its_ground_at_0_and_follows_when_that_turns(open_parts: Open) -> None:
    page = open_parts(color_scheme="light")
    assert pixel(page, 9, 0, 0) == [255, 255, 255, 255]  # sin(0) is 0
    assert pixel(page, 3, 25, 0)[3] == 0  # no number: what is behind shows
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"({PIXEL})([9, 0, 0])[0] < 40")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.wait_for_function(f"({PIXEL})([9, 0, 0])[0] === 255")


def test_above_0_is_blue_and_below_is_orange(open_parts: Open) -> None:
    page = open_parts()
    page.evaluate("turn(0)")
    red, _, blue, _ = pixel(page, 9, 13, 0)  # sin(13 / 9) · cos(0)
    assert blue > red
    red, _, blue, _ = pixel(page, 9, 13, 25)  # · cos(25 / 9), which is below 0
    assert red > blue


def test_the_pointer_tells_a_number_and_a_click_points(open_parts: Open) -> None:
    page = open_parts()
    box = page.get_by_role("application", name="map 9").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5 / 26, box["y"] + box["height"] * 9.5 / 26)
    page.get_by_text("0.8415 at row 9, column 0").wait_for()  # sin(1)
    page.mouse.down()
    page.mouse.up()
    assert page.locator("#point").inner_text() == "9,0"
    page.mouse.move(0, 0)
    assert page.get_by_text("at row").count() == 0


def test_keys_go_over_the_cells_and_point(open_parts: Open) -> None:
    page = open_parts()
    field = page.get_by_role("application", name="map 9")
    page.get_by_role("tab", name="Draw").focus()
    while not field.evaluate("element => element === document.activeElement"):
        page.keyboard.press("Tab")
    told = field.locator("[aria-live]")
    assert told.inner_text().endswith("at row 12, column 7")  # where the chosen cell is
    for keys, row, column in (
        ("ArrowUp ArrowRight", 11, 8),
        ("Home PageUp", 1, 0),
        ("PageUp ArrowLeft", 0, 0),
        ("End PageDown PageDown PageDown ArrowDown", 25, 25),
    ):
        for key in keys.split():
            page.keyboard.press(key)
        assert told.inner_text().endswith(f"at row {row}, column {column}")
    page.keyboard.press("Enter")
    assert page.locator("#point").inner_text() == "25,25"
    page.keyboard.press("Tab")
    assert told.inner_text() == ""


def test_a_bar_tells_its_ends(open_parts: Open) -> None:
    page = open_parts()
    bar = page.get_by_role("img", name="Colours: from −0.9")
    assert bar.inner_text().split()[1] == "0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("way", ["Draw", "Open", "Paste", "Camera", "Samples"])
def test_axe_finds_no_barrier(
    open_parts: Open, axe: Callable[[Page], list[str]], scheme: str, way: str
) -> None:
    page = open_parts(color_scheme=scheme)
    page.get_by_role("tab", name=way).click()
    page.mouse.move(0, 0)
    assert axe(page) == []


@pytest.mark.parametrize("width", [360, 3840])
def test_nothing_reaches_beyond_the_page(open_parts: Open, width: int) -> None:
    page = open_parts("sample:discs", viewport={"width": width, "height": 700})
    page.get_by_role("application", name="map 15").hover(position={"x": 2, "y": 2})  # at the right edge
    page.get_by_text("at row").wait_for()
    for way in ("Draw", "Open", "Paste", "Camera", "Samples"):
        page.get_by_role("tab", name=way).click()
        wide, seen = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide == seen


def test_the_ways_are_turned_over_with_arrow_keys(open_parts: Open) -> None:
    page = open_parts()
    page.get_by_role("tab", name="Draw").focus()
    for key, way in (("ArrowLeft", "Samples"), ("ArrowRight", "Draw"), ("End", "Samples"), ("Home", "Draw")):
        page.keyboard.press(key)
        tab = page.get_by_role("tab", name=way)
        assert tab.get_attribute("aria-selected") == "true"
        assert tab.evaluate("element => element === document.activeElement")
