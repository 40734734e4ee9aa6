"""What every screen owes everybody: axe-core finds nothing, the keyboard reaches all, a phone shows it.

Errors in the console and requests that leave the machine fail every test of a page: `open_screen` sees to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from .conftest import ROOT, STATIC, OpenScreen, needs_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

WEB = ROOT / "web" / "src"
pytestmark = [needs_page, pytest.mark.xdist_group("studio")]

SCREENS = {
    "network": "#/network?model=starter",
    "network, a cell": "#/network?model=starter&layer=conv2&cell=conv2:3:5:7",
    "network, a corner": "#/network?model=starter&layer=conv1&cell=conv1:0:0:0",
    "network, a class": "#/network?model=starter&cell=probability:3",
    "network, a larger one": "#/network?model=untrained:resnet-8",
    "network, signals": "#/network?model=untrained:simple-cnn-1d",
    "convolution": "#/convolution",
    "convolution, padded": "#/convolution?kernel=sobel-x&padding=1&stride=2&border=reflect",
    "convolution, a photo": "#/convolution?picture=sample:photo&kernel=sharpen",
    "convolution, a chain": "#/convolution?padding=1&then=relu|max:2|flatten|softmax",
    "convolution, a pool": "#/convolution?kernel=&pool=max:2",
}
# What an address may hold, as the screens have it.
KNOWN = {
    name: set(
        re.findall(
            r"^  (\w+): '", (WEB / file).read_text("utf-8").partition("INITIAL")[2].split("};")[0], re.M
        )
    )
    for name, file in (("network", "network/state.svelte.ts"), ("convolution", "convolution/address.ts"))
}
screens = pytest.mark.parametrize("hash", SCREENS.values(), ids=SCREENS)
widths = pytest.mark.parametrize("width", [360, 1280])


def settled(page: Page) -> Page:
    """A page that has its answers, and shows what it makes of them."""
    page.wait_for_load_state("networkidle")
    shown = ""
    while shown != (shown := page.inner_text("body")):
        page.wait_for_timeout(300)
    return page


@screens
def test_axe_finds_nothing(open_screen: OpenScreen, axe: Callable[[Page], list[str]], hash: str) -> None:
    page = settled(open_screen(hash))
    found = {}
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(100)  # maps are drawn again in the colours of the scheme
            found |= dict.fromkeys(axe(page), f"{width} px, {scheme}")
    assert not found, "\n".join(f"{form}: {line}" for line, form in found.items())


@screens
def test_nothing_is_wider_than_the_window(open_screen: OpenScreen, hash: str) -> None:
    page = settled(open_screen(hash))
    for width in (3840, 1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, page.evaluate(WIDER)


# The first elements that reach beyond the window, and are not held by a box with scroll bars of its own.
WIDER = """() => [...document.querySelectorAll('body *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .filter((one) => {
    for (let box = one.parentElement; box; box = box.parentElement)
      if (box !== document.body && getComputedStyle(box).overflowX !== 'visible') return false;
    return true;
  })
  .slice(0, 5).map((one) => one.outerHTML.slice(0, 150)).join('\\n')"""


# `unreached` is what was there for the keyboard to reach, and was not. Of the radio buttons of a group it
# needs one; what arrow keys do for the element around it needs none.
MARK = """() => {
  const roles = 'button slider tab switch gridcell checkbox radio option application'.split(' ');
  const wanted = ['a[href]', 'button', 'input', 'select', 'textarea', 'summary', '[tabindex="0"]',
    ...roles.map((role) => `[role=${role}][tabindex]`)].join();
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const there = [...document.querySelectorAll(wanted)].filter((one) => shown(one) && !one.disabled);
  window.reached = new Set();
  const sameName = (one) => one.type === 'radio' && [...reached].some((other) => other.name === one.name);
  const within = (one) => one.tabIndex < 0 && reached.has(one.parentElement.closest('[tabindex="0"]'));
  const left = (one) => one.isConnected && !reached.has(one) && !sameName(one) && !within(one);
  window.unreached = () => there.filter(left);
}"""
# What has the focus now, whether it had it before, and whether it shows it.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return { end: true };
  const again = reached.has(one);
  reached.add(one);
  const style = getComputedStyle(one);
  const line = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== 'none';
  const box = one.getBoundingClientRect();
  return {
    again, number: [...reached].indexOf(one), html: one.outerHTML.slice(0, 160),
    shown: line || style.boxShadow !== 'none',
    inside: box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight,
  };
}"""
# The stops of Tab from which arrow keys go on: one of a group, of which others are not in the order of Tab.
GROUPS = """() => {
  const roving = unreached().filter((one) => one.tabIndex < 0);
  return [...reached].filter((one) => one.tabIndex >= 0 && !one.matches('select, [type=range], [type=number]')
    && roving.some((other) => other.tagName === one.tagName)).map((one, place) => {
      one.dataset.stop = place;
      return place;
    });
}"""


@screens
def test_the_keyboard_reaches_everything(open_screen: OpenScreen, hash: str) -> None:
    page = settled(open_screen(hash))
    page.evaluate(MARK)
    stops = []
    for _ in range(400):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop.get("end") or stop["again"]:
            break
        stops.append(stop)
    else:
        pytest.fail("Tab does not come to an end: 400 stops")
    for fault in ("shown", "inside"):
        wrong = [stop["html"] for stop in stops if not stop[fault]]
        assert not wrong, f"what has the focus is not {fault}:\n" + "\n".join(wrong)
    for place in page.evaluate(GROUPS):
        stop = page.locator(f"[data-stop='{place}']")
        if stop.count():  # what another group shows may be gone
            stop.focus()
            walk_through(page)
    left = page.evaluate("unreached().map((one) => one.outerHTML.slice(0, 160))")
    assert not left, "the keyboard does not reach:\n" + "\n".join(left)


def walk_through(page: Page) -> None:
    """From the first of a group on: along its rows, down its rows, and from map to map."""
    walk(page, "ArrowUp")
    page.keyboard.press("Home")
    for _ in range(100):
        walk(page, "ArrowRight")
        page.keyboard.press("Home")
        before = page.evaluate(FOCUSED)
        page.keyboard.press("ArrowDown")
        after = page.evaluate(FOCUSED)
        if after.get("end") or after["again"] or after["number"] == before.get("number"):
            break
    for key in ("Control+ArrowLeft", "Control+ArrowRight"):
        walk(page, key)


def walk(page: Page, key: str) -> None:
    """Press a key for as long as it leads somewhere else."""
    seen: set[int] = set()
    while not (stop := page.evaluate(FOCUSED)).get("end") and stop["number"] not in seen:
        seen.add(stop["number"])
        page.keyboard.press(key)


@screens
def test_the_address_is_understood_and_nothing_is_wrong(open_screen: OpenScreen, hash: str) -> None:
    page = settled(open_screen(hash))
    known = KNOWN["network" if hash.startswith("#/network") else "convolution"]
    assert set(parse_qs(hash.partition("?")[2], keep_blank_values=True)) <= known
    page.wait_for_timeout(300)  # what is asked for has come, or is refused
    said = [one.inner_text() for one in page.locator(".wrong").all() if one.is_visible()]
    assert [text for text in said if not ("untrained:" in hash and text.startswith("Untrained:"))] == []


def test_everything_that_is_shown_comes_from_here(open_screen: OpenScreen) -> None:
    asked: list[str] = []
    page = open_screen("#/nothing")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page.url.split("#")[0] + SCREENS["network, a cell"])
    page.reload()
    settled(page)
    home = page.url.split("#")[0]
    assert asked
    assert not [url for url in asked if not url.startswith((home, "data:", "blob:"))]


def test_the_page_of_the_documentation_needs_no_server(browser: object) -> None:
    page_file = STATIC / "convolution.html"
    if not page_file.is_file():
        pytest.skip("the page of the documentation is not built: make web")
    context = browser.new_context(offline=True)  # type: ignore[attr-defined]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(page_file.as_uri())
    assert page.get_by_role("main").inner_text().strip()
    context.close()
    assert not said
