"""The page of two runs in a real Chromium: it fits, asks for nothing, and shows what they disagree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from convscope.metrics import evaluate
from convscope.report import ComparedRun, Disagreement, Disagreements, Report, ReportOfTwo, write_two

from .test_report_browser import BROKEN, OVERFLOWING
from .test_report_page import EVIL, Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MakeReport = Callable[..., Report]


def report_of_two(make_report: MakeReport, classes: list[str], *, pictures: bool = True) -> ReportOfTwo:
    base = make_report(classes, count=400)
    rng = np.random.default_rng(1)
    labels = rng.integers(0, len(classes), 400)
    others = [rng.normal(size=(400, len(classes))).astype(np.float32) for _ in "ab"]
    a, b = (
        ComparedRun(f"runs/{name}", f"net on {classes[0]}", base.epochs, evaluate(logits, labels, classes))
        for name, logits in zip("ab", others, strict=True)
    )
    picture = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8) if pictures else None
    one = Disagreement(picture, "a/1.png", classes[0], (classes[0], 0.75), (classes[1], 0.5))
    return ReportOfTwo(
        a,
        b,
        sentences=["B is better; `convscope train --seeds 30` says more."],
        figures=[("test accuracy", "90.00 %", "91.00 %", "+1.00 points")],
        differences=[("net", "a-very-long-name-of-a-network-" * 3, "b")],
        same=["data"],
        only_a=Disagreements(30, [one] * 24),
        only_b=Disagreements(1, [one]),
        notes=["A note."],
    )


@pytest.mark.parametrize("count", [2, 10, 40])
def test_it_fits_every_window_and_asks_for_nothing(
    browser: Browser, make_report: MakeReport, tmp_path: Path, count: int
) -> None:
    path = write_two(report_of_two(make_report, [f"class {i}" for i in range(count)]), tmp_path / "two.html")
    Page(path.read_text("utf-8"))
    complaints: list[str] = []
    requests: list[str] = []
    for width, scheme in ((360, "light"), (800, "dark"), (1400, "light")):
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            offline=True,
        )
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(OVERFLOWING) == []
        assert page.evaluate(BROKEN) == []
        context.close()
    assert complaints == []
    assert {url for url in requests if not url.startswith("data:")} == {path.as_uri()}


def test_what_is_said_of_both_is_there(make_report: MakeReport, tmp_path: Path) -> None:
    content = report_of_two(make_report, ["cat", "dog"])
    result = Page(write_two(content, tmp_path / "new" / "two.html").read_text("utf-8"))
    for words in (
        "A note.",
        "B is better; convscope train --seeds 30 says more.",
        "test accuracy 90.00 % 91.00 % +1.00 points",
        "The same: data.",
        "24 of 30 pictures, first those where the one that is wrong is surest.",
        "The only one.",
        "cat A cat 75.0 % B dog 50.0 %",
    ):
        assert words in result.text, words
    a, b = (run.evaluation.per_class[0] for run in (content.a, content.b))
    change = f"{100 * (b.recall - a.recall):+.1f}".replace("-", "−")
    assert f"cat {100 * a.recall:.1f} % {100 * b.recall:.1f} % {change}" in result.text


def test_of_different_pictures_there_is_no_difference(make_report: MakeReport, tmp_path: Path) -> None:
    content = replace(report_of_two(make_report, ["cat", "dog"]), only_a=None, only_b=None)
    source = write_two(content, tmp_path / "two.html").read_text("utf-8")
    a, b = (run.evaluation.per_class[0] for run in (content.a, content.b))
    shares = [f"{100 * share:.1f} %" for share in (a.recall, b.recall, a.precision, b.precision)]
    assert " ".join(["cat", *shares]) in Page(source).text
    assert 'class="number change"' not in source


def test_names_are_escaped_and_pictures_may_be_missing(make_report: MakeReport, tmp_path: Path) -> None:
    content = report_of_two(make_report, [EVIL, "b"], pictures=False)
    source = write_two(content, tmp_path / "two.html").read_text("utf-8")
    assert "<script" not in source
    assert EVIL in Page(source).text
