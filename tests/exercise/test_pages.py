"""Pages: what stands on them, that parts can be separated, and that each format is well-formed."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.errors import UnknownName
from convscope.exercise import Exercise, Pooling, Problem, make, render

from .test_making import SETTINGS

PAGES = ("markdown", "latex", "html")
CHESS = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
LINES = np.array([[1, 1, 1], [0, 0, 0], [1, 1, 1]])
POOLED = np.array([[1, 2, 3, 0], [4, 5, 6, 1], [3, 4, 7, 2], [1, 2, 1, 0]])

LARGE: dict[str, Any] = {
    "size": (12, 12), "kernel": (5, 5), "values": (-99, 99), "padding": "full", "channels": 2
}  # fmt: skip


def page(format: str, **settings: Any) -> str:
    return render([make(**settings)], format)


def test_markdown_has_every_step() -> None:
    text = render([Exercise(Problem(CHESS, LINES, padding=1, stride=2), 0)])
    assert "cross-correlation (kernel not flipped)" in text.lower()
    assert "height  ⌊(4 + 1 + 1 - 1·(3 - 1) - 1) / 2⌋ + 1 = 2\n" in text
    assert (
        "**(1, 1)**: rows 1 to 3, columns 1 to 3\n\n"
        "```text\n"
        "| 1  0  1 |     | 1  1  1 |     | 1  0  1 |\n"
        "| 0  1  0 |  ⊙  | 0  0  0 |  =  | 0  0  0 |\n"
        "| 1  0  1 |     | 1  1  1 |     | 1  0  1 |\n"
        "\n"
        "1 + 0 + 1 + 0 + 0 + 0 + 1 + 0 + 1 = 4\n"
        "```\n"
    ) in text
    assert text.endswith("```text\nresult\n| 1  2 |\n| 2  4 |\n```\n")


def test_pools_are_written_out() -> None:
    def text(pool: str, format: str) -> str:
        return render([Exercise(Problem(POOLED, None, pool=Pooling.parse(pool)), 0)], format)

    assert "max(3, 0, 6, 1) = 6" in text("max:2", "markdown")
    assert "√(7² + 2² + 1² + 0²) = √54 ≈ 7.34847" in text("l2:2", "html").replace("\N{NO-BREAK SPACE}", " ")
    assert r"= \sqrt{54} \approx 7.34847" in text("l2:2", "latex")
    assert r"(3 + 0 + 6 + 1) / 4 = 2.5" in text("average:2", "latex")
    assert "/ 16 = 2.625" in " ".join(text("global-average", "markdown").split())


@pytest.mark.parametrize("format", PAGES)
def test_a_page_says_which_of_the_two_it_is(format: str) -> None:
    plain, flipped = page(format), page(format, flip=True)
    assert "cross-correlation (kernel not flipped)" in plain
    assert "kernel, flipped" not in plain
    assert "convolution (kernel flipped)" in flipped
    assert "kernel, flipped" in flipped


@pytest.mark.parametrize("format", PAGES)
def test_problem_and_solution_separate(format: str) -> None:
    exercises = [make(seed=seed, padding=1, pool="max:2") for seed in (5, 6)]
    problem, solution, both = (
        render(exercises, format, part=part) for part in ("problem", "solution", "both")
    )
    for number in (1, 2):
        heading = f"Exercise {number} (seed {number + 4})", f"Solution {number} (seed {number + 4})"
        assert heading[0] in problem
        assert heading[1] not in problem
        assert heading[0] not in solution
        assert heading[1] in solution
        assert both.count(heading[0]) == both.count(heading[1]) == 1
    assert both.index("Exercise 2") < both.index("Solution 1")
    assert "What size does the result have?" in problem
    assert "1·(3 - 1)" not in problem.replace(r" \cdot ", "·")
    assert "⊙" not in problem.replace(r"\odot", "⊙")


@pytest.mark.parametrize("settings", SETTINGS)
def test_latex_is_balanced_and_plain(settings: dict[str, Any]) -> None:
    text = page("latex", **settings)
    opened: list[str] = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if what == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened
    depth = 0
    for character in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert text.count(r"\[") == text.count(r"\]")
    assert text.count("$") % 2 == 0
    assert text.isascii(), set(re.findall(r"[^\x00-\x7f]", text))
    assert set(re.findall(r"\\usepackage(?:\[\w+\])?\{(\w+)\}", text)) == {
        "inputenc",
        "amsmath",
        "graphicx",
    }


def test_latex_knows_the_columns_of_the_widest_matrix() -> None:
    assert r"\setcounter{MaxMatrixCols}{10}" in page("latex")
    assert r"\setcounter{MaxMatrixCols}{16}" in page("latex", size=(3, 14), padding=1)
    wide = page("latex", size=(8, 8), kernel=(7, 7))
    assert r"\begin{gather*}" in wide


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    for number, settings in enumerate([*SETTINGS, LARGE]):
        (tmp_path / f"{number}.tex").write_text(page("latex", **settings), "utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{number}.tex"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
        assert run.returncode == 0, run.stdout[-2000:]
        assert "Overfull" not in run.stdout


class Tags(HTMLParser):
    """Every element closed, nothing from elsewhere, the text of the page."""

    EMPTY = ("meta", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.labels: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        for name, value in attrs:
            if name in ("src", "href"):
                assert value == "data:,"
            if tag == "table" and name == "aria-label":
                self.labels.append(value)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("settings", SETTINGS)
def test_html_is_well_formed_and_needs_no_network(settings: dict[str, Any]) -> None:
    text = page("html", **settings)
    tags = Tags(text)
    assert not tags.open
    assert "script" not in tags.seen
    assert "http" not in text.replace("http-equiv", "")
    assert tags.seen.count("h1") == 1
    assert {"input", "result"} <= {(label or "").split(",")[0] for label in tags.labels}


@pytest.mark.parametrize("settings", [*SETTINGS, {"size": (20, 20), "kernel": (9, 9), "stride": 5}, LARGE])
def test_markdown_fits_80_columns(settings: dict[str, Any]) -> None:
    text = page("markdown", **settings)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("```") % 2 == 0


def test_markdown_splits_a_wide_matrix_by_columns() -> None:
    text = page("markdown", size=(2, 30), values=(-10_000, -10_000), kernel=(1, 1))
    parts = re.findall(r"columns (\d+) to (\d+)\n((?:\|.*\|\n){2})", text.partition("kernel\n")[0])
    assert [(int(first), int(last)) for first, last, _ in parts] == [(0, 9), (10, 19), (20, 29)]
    assert all(rows.count("-10000") == 20 for _, _, rows in parts)


def test_an_unknown_format_or_part() -> None:
    with pytest.raises(UnknownName, match="did you mean 'html'"):
        render([make()], "htm")
    with pytest.raises(UnknownName, match="did you mean 'solution'"):
        render([make()], part="solutions")
