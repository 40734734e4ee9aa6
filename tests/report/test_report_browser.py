"""The page in a real Chromium, at three widths, light, dark and printed, with no network."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convscope.graph.receptive_field import ReceptiveField
from convscope.look import (
    Attribution,
    Checks,
    Curve,
    LayerShift,
    Patch,
    Patches,
    Robustness,
    Suspect,
    Suspects,
)
from convscope.look.suspicion.suspect import Place
from convscope.report import (
    Absent,
    Answer,
    Explained,
    Report,
    ShownSuspects,
    write,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MakeReport = Callable[..., Report]
STYLE = Path(__file__).parents[2] / "src/convscope/report/style.css"
# elements that reach beyond the window and are not inside something that scrolls by itself
OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(element =>
    element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.scroll, .large, pre')
).map(element => element.outerHTML.slice(0, 200))"""
BROKEN = "() => [...document.images].filter(i => !i.complete || i.naturalWidth === 0).map(i => i.alt)"


def reports(make_report: MakeReport, kind: str) -> Report:
    signal = np.sin(np.linspace(0, 9, 200, dtype=np.float32))[None]
    absent = Absent("It is not there.")
    checks = Checks(0.1, 0.8, 0.4, 0.4, 0.9, ("It is much the same with random weights.",))
    attribution = Attribution("integrated-gradients", "3", np.eye(28, dtype=np.float32), checks=checks)
    curves = tuple(Curve(name, "pixels", (0.0, 1.0), (8, 2)) for name in ("shift", "blur", "scale", "turn"))
    place = Place("train", 1, "a/folder/" + "long" * 20 + ".png", "3")
    suspect, pieces = Suspect("label", place, 0.9, suggested="7"), np.zeros((5, 5, 3), np.uint8)
    field, extent = ReceptiveField((5, 5), (1, 1), (2.0, 2.0)), ((0, 5), (0, 5))
    patch = Patch(0, "a", (2, 2), 1.0, extent, extent, pieces)
    kinds: dict[str, Callable[[], Report]] = {
        "digits": lambda: make_report([str(i) for i in range(10)], count=300, epochs=20),
        "letters": lambda: make_report([chr(65 + i) for i in range(26)], count=900, channels=3),
        "names": lambda: make_report(
            ["a_very_long_name_without_a_gap_" * 4, "two words " * 20, "猫"],
            skill=0.5,
            title="t" * 200,
            notes=["A note. " * 30, "n" * 200],
            checksum="0" * 64,
            recipe={"data": "/a/folder/with/a/long/name" * 8},
        ),
        "bare": lambda: make_report(
            epochs=0, validation=False, skill=90.0, calibration=absent, filters=absent, feature_maps=absent
        ),
        "measured": lambda: make_report(
            [str(i) for i in range(10)],
            attributions=[Explained(make_report().answers[0], (attribution,) * 5)],
            robustness=Robustness("test", 9, 8, curves, (LayerShift("a.long.name.of.a.layer" * 3, 0.5),)),
            suspects=ShownSuspects(Suspects("data", "", 9, (suspect,) * 30, {"net": "convnet-bn"}), {}),
            patches=[Patches("conv1", field, 9, (28, 28), ((patch,) * 9,) * 32)],
        ),
        "signals": lambda: make_report(
            records="signals", answers=[Answer(signal, "wave/1", "cat", [("dog", 0.9), ("cat", 0.1)], 0.1)]
        ),
    }
    return kinds[kind]()


@pytest.mark.parametrize("kind", ["digits", "letters", "names", "bare", "measured", "signals"])
def test_the_page_fits_every_window_and_asks_for_nothing(
    browser: Browser, make_report: MakeReport, tmp_path: Path, kind: str
) -> None:
    path = write(reports(make_report, kind), tmp_path)
    complaints: list[str] = []
    requests: list[str] = []
    for width in (360, 800, 1400):
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme=scheme,  # type: ignore[arg-type]
                offline=True,
            )
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: requests.append(request.url))
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(OVERFLOWING) == []
            assert page.evaluate(BROKEN) == []
            assert complaints == []
            assert {url for url in requests if not url.startswith("data:")} == {path.as_uri()}
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            light = sum(map(int, re.findall(r"\d+", background)[:3])) > 3 * 128
            assert light == (scheme == "light")
            context.close()


def test_no_picture_is_cut_by_a_page_of_paper(
    browser: Browser, make_report: MakeReport, tmp_path: Path
) -> None:
    path = write(reports(make_report, "letters"), tmp_path)
    page = browser.new_page(color_scheme="dark")
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert page.evaluate(style.format("figure", "breakInside")) == "avoid"
    assert page.evaluate(style.format(".mistakes li", "breakInside")) == "avoid"
    assert (
        page.evaluate(style.format(".figure img", "filter")) == "none"
    )  # ink on paper, also from a dark screen
    pdf = page.pdf(format="A4", print_background=True)
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 12
    page.close()


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_text_has_the_contrast_that_wcag_asks_for() -> None:
    themes: list[dict[str, Any]] = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", STYLE.read_text("utf-8"), flags=re.DOTALL)
    ]
    assert len(themes) == 2
    assert themes[0].keys() == themes[1].keys()
    for theme in themes:
        for ink, ground in (
            ("ink", "page"),
            ("ink", "card"),
            ("ink", "bar"),
            ("ink", "note"),
            ("muted", "page"),
            ("muted", "card"),
            ("accent", "card"),
        ):
            light, dark = sorted((luminance(theme[ink]), luminance(theme[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
