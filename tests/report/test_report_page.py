"""The report as written: sound HTML, whole, self-contained, with every number in it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import atomic
from convscope.errors import ConvscopeError, ShapeError
from convscope.metrics import evaluate, wilson_interval
from convscope.report import Absent, Answer, Report, drawing, write

MakeReport = Callable[..., Report]
VOID = {"meta", "link", "img", "br", "wbr", "hr", "input"}
EVIL = "<script>alert('x')</script> & \"friends\""
OUR_SCRIPTS = 2  # the answers as JSON, and what shows them


class Page(HTMLParser):
    """A page read strictly: every tag is closed in order; `text`, `tags` and attributes are kept."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\xa0", " ").split())

    def values(self, attribute: str) -> list[str]:
        return [value for _, name, value in self.attributes if name == attribute]


def scripts(source: str) -> int:
    return source.count("<script")


def page(report: Report, folder: Path) -> Page:
    return Page(write(report, folder).read_text("utf-8"))


def answer(record: np.ndarray, *, name: str = "a.png", probability: float = 0.9) -> Answer:
    return Answer(record, name, "cat", [("dog", probability), ("cow", 0.05)], 0.0123)


def pictures_of(page: Page) -> dict[str, bytes]:
    """The pictures of a page by their alternative texts."""
    return {
        alt: base64.b64decode(source.partition(",")[2])
        for alt, source in zip(page.values("alt"), page.values("src"), strict=True)
    }


@pytest.mark.parametrize("classes", [1, 2, 10, 11, 100])
@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_every_size_of_report_is_sound(
    make_report: MakeReport, tmp_path: Path, classes: int, epochs: int
) -> None:
    for skill in (2.0, 90.0):  # with mistakes and without
        report = make_report([f"c{i}" for i in range(classes)], epochs=epochs, count=200, skill=skill)
        result = page(report, tmp_path)
        assert result.tags.count("h1") == 1
        identifiers = result.values("id")
        assert len(set(identifiers)) == len(identifiers)
        assert set(result.values("aria-labelledby")) <= set(identifiers)
        assert ("curves" in identifiers) == (epochs > 0)


def test_the_files_are_where_they_belong(make_report: MakeReport, tmp_path: Path) -> None:
    path = write(make_report(), tmp_path / "runs" / "new")
    assert path == tmp_path / "runs" / "new" / "report.html"
    files = sorted(str(file.relative_to(path.parent)) for file in path.parent.rglob("*") if file.is_file())
    names = ["calibration", "confusion", "curves", *(f"feature-map-0{n}" for n in range(1, 5)), "filters"]
    assert files == [*(f"figures/{name}.png" for name in names), "figures/per-class.png", "report.html"]
    for file in (path.parent / "figures").iterdir():
        width, height = Image.open(io.BytesIO(file.read_bytes())).size
        assert 400 <= width <= 1600
        assert 100 <= height <= 1600
    assert path.stat().st_size < 1_000_000


def test_the_page_needs_nothing_from_outside(make_report: MakeReport, tmp_path: Path) -> None:
    path = write(make_report(channels=3), tmp_path)
    source = path.read_text("utf-8")
    assert not re.search(r"https?://|@import|url\(|eval\(|innerHTML", source)
    result = Page(source)
    assert not {"iframe", "object", "embed"} & set(result.tags)
    for address in result.values("src") + result.values("href") + result.values("srcset"):
        assert address.startswith("data:")
    embedded = [base64.b64decode(address.partition(",")[2]) for address in result.values("src")]
    for figure in (tmp_path / "figures").iterdir():
        if figure.stem != "confusion":  # on the page it is a table
            assert figure.read_bytes() in embedded
    assert len(result.values("alt")) == result.tags.count("img")


def test_no_script_may_run_but_the_page_s_own(make_report: MakeReport, tmp_path: Path) -> None:
    source = write(make_report(), tmp_path).read_text("utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', source)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', source, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert scripts(source) == OUR_SCRIPTS
    bare = write(make_report(answers=[]), tmp_path).read_text("utf-8")
    assert scripts(bare) == 0
    assert "script-src 'none'" in bare


def test_every_number_of_the_evaluation_is_on_the_page(make_report: MakeReport, tmp_path: Path) -> None:
    report = make_report(["ant", "bee", "cow"], count=400)
    result, evaluation = page(report, tmp_path), report.evaluation
    low, high = wilson_interval(evaluation.correct, 400)
    assert f"Test accuracy {evaluation.accuracy:.1%}".replace("%", " %") in result.text
    assert f"95 % interval: {low * 100:.1f} % to {high * 100:.1f} %" in result.text
    assert f"{evaluation.correct} of 400 right" in result.text
    assert f"Test loss {evaluation.loss:.4g} " in result.text
    cells = [word.strip() for word in result.words]
    predicted = evaluation.confusion.sum(axis=0).tolist()
    for i, (row, counts) in enumerate(zip(evaluation.per_class, evaluation.confusion.tolist(), strict=True)):
        precision = "{:.3f}–{:.3f}".format(*wilson_interval(counts[i], predicted[i]))
        recall = "{:.3f}–{:.3f}".format(*wilson_interval(counts[i], row.support))
        figures = [f"{row.precision:.3f}", precision, f"{row.recall:.3f}", recall, f"{row.f1:.3f}"]
        assert cells_follow(cells, [row.name, *figures, str(row.support)])
        assert cells_follow(cells, [row.name, *map(str, counts)])
    for epoch in report.epochs:
        assert f"{epoch.train_loss:.4g}" in cells
        assert f"{epoch.validation_loss:.4g}" in cells
    for words in (
        "61,706",
        "12.3 s",
        "best: epoch 3",
        "optimizer.name sgd",
        "conv1 16 × 28 × 28 1,520",
        "convscope 0.1.0",
        "processor an abacus",
        "0123456789abcdef" * 4,
    ):
        assert words in result.text
    for i, name in enumerate(report.classes):
        assert cells_follow(cells, [name, *(str(counts[i]) for counts in report.counts.values())])
    assert cells_follow(cells, ["all", "134", "133", "133"])


def test_the_calibration_is_on_the_page(make_report: MakeReport, tmp_path: Path) -> None:
    report = make_report(count=400)
    result = page(report, tmp_path)
    found = report.calibration
    assert not isinstance(found, Absent)
    assert f"Expected calibration error {found.expected_error:.4f}" in result.text
    assert f"Brier score {found.brier:.4f}" in result.text
    assert "15 bins" in result.text
    cells = [word.strip() for word in result.words]
    assert str(found.filled[-1].count) in cells


def test_classes_are_numbered_where_a_figure_cannot_write_their_names(
    make_report: MakeReport, tmp_path: Path
) -> None:
    assert "# class" not in page(make_report(["cat", "dog"]), tmp_path).text
    assert "# class precision recall F1 pictures 0 cat" in page(make_report(["cat", "猫"]), tmp_path).text


def test_a_part_that_is_absent_says_why(make_report: MakeReport, tmp_path: Path) -> None:
    reasons = {
        "calibration": "There is no calibration: <nothing>.",
        "filters": "The network has no convolution.",
        "feature_maps": "The network is not in convscope's graph.",
    }
    result = page(make_report(**{part: Absent(reason) for part, reason in reasons.items()}), tmp_path)
    for reason in reasons.values():
        assert reason in result.text
    assert {"calibration", "filters", "maps"} <= set(result.values("id"))
    names = sorted(file.stem for file in (tmp_path / "figures").iterdir())
    assert names == ["confusion", "curves", "per-class"]


def test_without_a_mistake_that_is_said(make_report: MakeReport, tmp_path: Path) -> None:
    sentence = "No picture of the test part was called wrong."
    assert sentence in page(make_report(skill=90.0), tmp_path).text
    report = make_report(answers=[])  # there are some, which are not shown
    wrong = report.evaluation.count - report.evaluation.correct
    assert wrong > 0
    text = page(report, tmp_path).text
    assert sentence not in text
    assert f"None of the {wrong} that were called wrong is shown." in text


def cells_follow(cells: list[str], row: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return any(filled[i : i + len(row)] == row for i in range(len(filled)))


def test_the_most_frequent_mistakes_come_first(make_report: MakeReport, tmp_path: Path) -> None:
    guesses = np.eye(3, dtype=np.float32)[[0, 1, 1, 1, 2, 0]]  # truths 0 0 0 0 1 2
    evaluation = evaluate(guesses, np.array([0, 0, 0, 0, 1, 2]), ["ant", "bee", "cow"])
    text = page(make_report(["ant", "bee", "cow"], evaluation=evaluation), tmp_path).text
    assert "ant bee 3 75.0 % bee cow 1 100 % cow ant 1 100 %" in text


def test_validation_figures_are_called_so_and_notes_come_first(
    make_report: MakeReport, tmp_path: Path
) -> None:
    note = "No test set: these are validation figures."
    text = page(make_report(split="validation", notes=[note]), tmp_path).text
    assert "Validation accuracy" in text
    assert "Test accuracy" not in text
    assert text.index(note) < text.index("Validation accuracy")


@pytest.mark.parametrize("place", ["title", "net", "data", "engine", "summary_text"])
def test_text_is_escaped(make_report: MakeReport, tmp_path: Path, place: str) -> None:
    source = write(make_report(**{place: EVIL}), tmp_path).read_text("utf-8")
    assert scripts(source) == OUR_SCRIPTS
    assert EVIL in Page(source).text


def test_names_settings_and_notes_are_escaped(make_report: MakeReport, tmp_path: Path) -> None:
    report = make_report(
        [EVIL, 'b" onload="x'], recipe={EVIL: EVIL}, versions={EVIL: EVIL}, notes=[EVIL], skill=0.0
    )
    evil = Answer(np.zeros((2, 2, 3), np.uint8), '"><img src=x onerror="y', EVIL, [(EVIL, 1.0)], 1.0)
    source = write(make_report([EVIL, "b"], answers=[evil]), tmp_path / "mistake").read_text("utf-8")
    for text in (source, write(report, tmp_path).read_text("utf-8")):
        assert scripts(text) == OUR_SCRIPTS
        assert not [name for _, name, _ in Page(text).attributes if name.startswith("on")]


def test_names_outside_unicode_are_written(make_report: MakeReport, tmp_path: Path) -> None:
    assert r"\udcff" in page(make_report(["a", "b\udcff"]), tmp_path).text


def test_at_most_twelve_mistakes_the_surest_first(make_report: MakeReport, tmp_path: Path) -> None:
    picture = np.zeros((8, 8, 1), np.uint8)
    mistakes = [answer(picture, name=f"{i}.png", probability=0.5 + i / 100) for i in range(20)]
    result = page(make_report(answers=mistakes), tmp_path)
    names = [alt.partition(":")[0] for alt in result.values("alt") if "taken for" in alt]
    assert names == [f"{i}.png" for i in range(19, 7, -1)]
    assert "cat , taken for dog dog 69.0 % cow 5.0 % cat 1.2 % 19.png" in result.text
    assert result.values("class").count("true") == 13  # of each the truth, also of the one with its maps


def test_the_truth_among_the_most_probable_is_marked_where_it_stands(
    make_report: MakeReport, tmp_path: Path
) -> None:
    known = Answer(np.zeros((8, 8), np.uint8), "a.png", "cat", [("dog", 0.6), ("cat", 0.4)], 0.4)
    source = write(make_report(answers=[known]), tmp_path).read_text("utf-8")
    marked = re.findall(r'<li class="true">.*?<bdi>(.*?)</bdi>.*?>([\d.]+)', source)
    assert ("cat", "40.0") in marked


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((8, 9), "L"), ((8, 9, 1), "L"), ((8, 9, 2), "L"), ((8, 9, 3), "RGB"), ((8, 9, 4), "RGBA")],
)
def test_pictures_keep_their_pixels(
    make_report: MakeReport, tmp_path: Path, shape: tuple[int, ...], mode: str
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    result = page(make_report(answers=[answer(picture)]), tmp_path)
    image = Image.open(io.BytesIO(pictures_of(result)["a.png: cat, taken for dog"]))
    assert image.mode == mode
    expected = picture if len(image.getbands()) > 1 or picture.ndim == 2 else picture[:, :, 0]
    np.testing.assert_array_equal(np.asarray(image), expected)


def test_large_pictures_are_reduced(make_report: MakeReport, tmp_path: Path) -> None:
    picture = np.zeros((600, 900, 3), np.uint8)
    result = page(make_report(answers=[answer(picture)]), tmp_path)
    image = Image.open(io.BytesIO(pictures_of(result)["a.png: cat, taken for dog"]))
    assert image.size == (224, 149)
    assert image.format == "JPEG"


def test_a_signal_is_drawn_as_lines(make_report: MakeReport, tmp_path: Path) -> None:
    signal = np.sin(np.linspace(0, 6, 50, dtype=np.float32))[None].repeat(2, axis=0)
    signal[1] *= -1
    result = page(make_report(answers=[answer(signal, name="wave")], records="signals"), tmp_path)
    image = Image.open(io.BytesIO(pictures_of(result)["wave: cat, taken for dog"]))
    pixels = np.asarray(image.convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 80).argmax(axis=0)  # the first channel, its row in each column
    assert image.size == (224, 112)
    columns = np.flatnonzero(blue)
    rows = np.interp(columns, np.linspace(3, 220, 50), (1 - signal[0]) / 2 * 104 + 3)
    np.testing.assert_allclose(blue[columns], rows, atol=4)
    assert "signals" in result.text


@pytest.mark.parametrize(
    "picture", [np.zeros((2, 2), np.float64), np.zeros(4, np.uint8), np.zeros((0, 2, 3), np.uint8)]
)
def test_a_record_that_is_none_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"'a\.png' is"):
        answer(picture)


def test_a_diverged_run_has_a_report(make_report: MakeReport, tmp_path: Path) -> None:
    logits = np.full((4, 2), np.nan, np.float32)
    evaluation = evaluate(logits, np.array([0, 1, 0, 1]), ["cat", "dog"])
    assert "Test loss not a number" in page(make_report(evaluation=evaluation), tmp_path).text


def test_a_crash_while_writing_leaves_the_old_report(
    make_report: MakeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(make_report(title="old"), tmp_path)
    old = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(ConvscopeError, match="No space left"):
        write(make_report(title="new"), tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == old


@pytest.mark.parametrize("again", [False, True])
def test_ctrl_c_at_any_step_leaves_the_old_report_or_none(
    make_report: MakeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    report = make_report(title="new")
    drawn = drawing.draw(report)
    monkeypatch.setattr(drawing, "draw", lambda _: drawn)
    if again:
        write(make_report(title="old"), tmp_path)
    old = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    replace, left = Path.replace, 0

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left < 0:
            left = 1000  # what is put back is not interrupted too
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)  # each file, and each move of what is whole
    steps = len(drawn) + 1 + (3 if again else 2)
    for step in range(steps):
        left = step
        with pytest.raises(KeyboardInterrupt):
            write(report, tmp_path)
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == old
        assert {file.name for file in tmp_path.iterdir()} == ({"figures", "report.html"} if again else set())
    left = steps
    assert b"new" in write(report, tmp_path).read_bytes()
    assert left == 0


def test_a_smaller_report_leaves_no_figure_of_the_larger(make_report: MakeReport, tmp_path: Path) -> None:
    write(make_report(), tmp_path)
    write(make_report(epochs=0, filters=Absent("None.")), tmp_path)
    names = {file.stem for file in (tmp_path / "figures").iterdir()}
    assert not {"curves", "filters"} & names


def test_a_folder_that_cannot_be_made_is_an_error_with_its_name(
    make_report: MakeReport, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConvscopeError, match="cannot make the folder"):
        write(make_report(), tmp_path / "file")


def test_matplotlib_is_imported_to_draw_and_pyplot_never(tmp_path: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import convscope.report
assert not {{"matplotlib", "jinja2", "PIL", "torch"}} & set(sys.modules)
from conftest import make_report
from pathlib import Path
convscope.report.write(make_report(), Path({str(tmp_path)!r}))
assert "matplotlib" in sys.modules
assert "matplotlib.pyplot" not in sys.modules
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
