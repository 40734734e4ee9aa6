"""What a person does with the page: opens cells, chooses and orders mistakes, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convscope.metrics import evaluate
from convscope.report import Answer, Report, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MakeReport = Callable[..., Report]
# name, width and grey values of each picture that the selector finds, once all of them are drawn
PICTURES = """async selector => {
    const canvases = [...document.querySelectorAll(selector)];
    while (canvases.some(canvas => !canvas.dataset.drawn)) await new Promise(requestAnimationFrame);
    return canvases.map(canvas => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        const name = canvas.getAttribute('aria-label').split(':')[0];
        return [name, canvas.width, [...pixels].filter((_, i) => i % 4 == 0)];
    });
}"""


class Opened:
    """A page in a browser without a network, and all that it complains of or asks for."""

    def __init__(self, browser: Browser, path: Path, **settings: Any) -> None:
        self.context = browser.new_context(offline=True, **settings)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.address = path.as_uri()

    def names(self, list_: str) -> list[str]:
        """The names of the records that a list shows, without their folder."""
        return [text.rpartition("/")[2] for text in self.page.locator(f"{list_} .name").all_inner_texts()]

    def cell(self, truth: int, predicted: int) -> Any:
        return self.page.locator(
            f"#matrix tbody tr:nth-child({truth + 1}) td:nth-child({predicted + 2}) button"
        )


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Opens pages; at the end none of them has complained, or asked for anything but itself."""
    pages: list[Opened] = []

    def open_page(path: Path, **settings: Any) -> Opened:
        pages.append(Opened(browser, path, **settings))
        return pages[-1]

    yield open_page
    for one in pages:
        assert one.complaints == []
        assert {url for url in one.requests if not url.startswith("data:")} == {one.address}
        one.context.close()


def of(report: Report, truth: int, predicted: int) -> list[Answer]:
    """The records of a cell in the order in which they are shown."""
    names = report.classes[truth], report.classes[predicted]
    found = [a for a in report.answers if (a.truth, a.predicted) == names]
    return sorted(found, key=lambda a: a.probability * (1 if truth == predicted else -1))


def busiest(report: Report) -> tuple[int, int]:
    """The cell off the diagonal with the most records."""
    wrong = report.evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0)
    truth, predicted = np.unravel_index(wrong.argmax(), wrong.shape)
    return int(truth), int(predicted)


def last(name: str) -> str:
    return name.rpartition("/")[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_cell_opens_the_pictures_that_are_in_it(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path, scheme: str
) -> None:
    report = make_report([str(i) for i in range(10)], count=800)
    truth, predicted = busiest(report)
    one = opened(write(report, tmp_path), color_scheme=scheme)
    dialog = one.page.locator("dialog#cell")
    assert not dialog.is_visible()
    one.cell(truth, predicted).click()
    assert dialog.is_visible()
    expected = of(report, truth, predicted)
    assert len(expected) == report.evaluation.confusion[truth, predicted] > 3
    assert dialog.locator("h2").inner_text() == f"{truth}, taken for {predicted}"
    assert f"All {len(expected)}, the surest first." in dialog.inner_text()
    pictures = one.page.evaluate(PICTURES, "#cell canvas")
    assert [name for name, *_ in pictures] == [answer.name for answer in expected]
    for (_, width, values), answer in zip(pictures, expected, strict=True):
        assert width == 28
        np.testing.assert_array_equal(np.reshape(values, (28, 28)), answer.record[:, :, 0])
    first = dialog.locator("li").first.inner_text().replace("\xa0", " ")
    for name, share in expected[0].said:
        assert re.search(rf"^{name}\n{100 * share:.1f} %", first, re.MULTILINE)
    one.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert one.cell(truth, predicted).evaluate("button => button === document.activeElement")


def test_the_keyboard_goes_through_the_matrix_and_through_the_pages_of_a_cell(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    report = make_report(["ant", "bee", "cow"], count=300)
    one = opened(write(report, tmp_path))
    press, dialog = one.page.keyboard.press, one.page.locator("dialog#cell")
    while not one.page.evaluate("document.activeElement.closest('#matrix') !== null"):
        press("Tab")
    assert one.cell(0, 0).evaluate("button => button === document.activeElement")
    press("ArrowDown")
    press("ArrowRight")
    press("ArrowRight")
    assert one.cell(1, 2).evaluate("button => button === document.activeElement")
    press("ArrowRight")  # there is no cell: it stays
    press("Enter")
    assert dialog.is_visible()
    expected = of(report, 1, 2)
    assert one.names("#cell") == [last(answer.name) for answer in expected][:24]
    press("Escape")
    assert one.cell(1, 2).evaluate("button => button === document.activeElement")
    press("ArrowLeft")
    press("Space")
    assert dialog.locator("h2").inner_text() == "bee, called bee"
    count = int(report.evaluation.confusion[1, 1])
    assert f"24 of {count} are in this page, the least sure first" in dialog.inner_text() or count <= 24
    press("Escape")
    press("Shift+Tab")  # the matrix is one stop, and its frame none
    assert not one.page.evaluate("document.activeElement.closest('.frame') !== null")
    press("Tab")
    press("Tab")
    assert not one.page.evaluate("document.activeElement.closest('#matrix') !== null")


def test_a_large_cell_has_pages(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    report = make_report(["ant", "bee"], count=400, skill=0.0)
    one = opened(write(report, tmp_path))
    expected = [last(answer.name) for answer in of(report, 0, 1)]
    assert len(expected) > 48
    one.cell(0, 1).click()
    status = one.page.locator("#cell [role=status]")
    assert status.inner_text() == f"1 to 24 of {len(expected)}"
    one.page.keyboard.press("ArrowRight")
    assert one.names("#cell") == expected[24:48]
    one.page.locator("#cell .back").click()
    assert one.names("#cell") == expected[:24]
    one.page.keyboard.press("ArrowLeft")  # there is none before it
    assert status.inner_text() == f"1 to 24 of {len(expected)}"
    one.page.locator("#cell .close").click()
    assert not one.page.locator("dialog#cell").is_visible()


def test_frequent_mistakes_open_their_pictures_too(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    report = make_report([f"c{i}" for i in range(130)], count=600)  # too many classes for a table
    one = opened(write(report, tmp_path))
    assert one.page.locator("#matrix").count() == 0
    button = one.page.locator("[data-cell] button").first
    truth, predicted = map(int, str(button.locator("..").get_attribute("data-cell")).split())
    button.click()
    assert one.names("#cell") == [last(answer.name) for answer in of(report, truth, predicted)]


def test_mistakes_are_chosen_and_ordered(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    report = make_report(["ant", "bee", "cow"], count=300)
    one = opened(write(report, tmp_path))
    wrong = report.mistakes
    shown, status = "#mistaken", one.page.locator("section .pager [role=status]")

    def names(found: list[Answer]) -> list[str]:
        return [last(answer.name) for answer in found][:12]

    assert one.names(shown) == names(wrong)
    assert status.inner_text() == f"1 to 12 of {len(wrong)}"
    one.page.locator("section .pager .next").click()
    assert one.names(shown) == [last(answer.name) for answer in wrong[12:24]]

    one.page.select_option("select[name=truth]", label="bee")
    bees = [answer for answer in wrong if answer.truth == "bee"]
    assert one.names(shown) == names(bees)
    assert status.inner_text() == f"1 to {min(12, len(bees))} of {len(bees)}"
    one.page.select_option("select[name=predicted]", label="cow")
    cows = [answer for answer in bees if answer.predicted == "cow"]
    assert one.names(shown) == names(cows)
    one.page.select_option("select[name=order]", "name")
    assert one.names(shown) == names(sorted(cows, key=lambda answer: answer.name))
    one.page.select_option("select[name=order]", "unsure")
    assert one.names(shown) == names(cows[::-1])
    one.page.select_option("select[name=order]", "missed")
    assert one.names(shown) == names(sorted(cows, key=lambda answer: answer.truth_probability))

    one.page.select_option("select[name=truth]", "")
    one.page.select_option("select[name=predicted]", "")
    one.page.select_option("select[name=order]", "sure")
    part = last(wrong[-1].name)[:4]
    one.page.fill("input[name=name]", part)
    assert one.names(shown) == names([answer for answer in wrong if part in answer.name])
    one.page.fill("input[name=name]", "no such name")
    assert status.inner_text() == "No mistake is like that."
    assert one.page.locator("section .pager button:visible").count() == 0
    assert one.names(shown) == []
    pictures = one.page.evaluate(PICTURES, "#mistaken canvas")
    assert pictures == []
    one.page.fill("input[name=name]", "")
    one.page.keyboard.press("Enter")  # sends nothing
    by_name = {answer.name: answer.record[:, :, 0] for answer in wrong}
    pictures = one.page.evaluate(PICTURES, "#mistaken canvas")
    assert len(pictures) == 12
    for name, _, values in pictures:
        np.testing.assert_array_equal(np.reshape(values, (28, 28)), by_name[name])


def test_the_caption_and_the_pager_say_what_is_shown(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    report = make_report(["ant", "bee", "cow"], count=300, skill=0.5)
    wrong, kept = report.mistakes, report.mistakes[:20]
    answers = [answer for answer in report.answers if answer.right] + list(kept)
    one = opened(write(make_report(["ant", "bee", "cow"], count=300, skill=0.5, answers=answers), tmp_path))
    status, caption = one.page.locator("section .pager [role=status]"), one.page.locator("#as-chosen")
    assert status.inner_text() == f"1 to 12 of 20; 20 shown of {len(wrong)}"
    assert caption.inner_text() == f", the 12 surest of the {len(wrong)} mistakes first"
    one.page.select_option("select[name=order]", "name")
    assert caption.inner_text() == ", by name"
    one.page.select_option("select[name=truth]", label="bee")
    assert caption.inner_text() == ", only those chosen above, by name"
    shown, all_of = (sum(answer.truth == "bee" for answer in part) for part in (kept, wrong))
    assert status.inner_text().endswith(f"; {shown} shown of {all_of}")
    assert one.page.locator("section .pager button:visible").count() == (2 if shown > 12 else 0)
    one.page.fill("input[name=name]", "0")  # how many of the others have such a name is not known
    assert "shown" not in status.inner_text()


@pytest.mark.parametrize("width", [360, 760, 800, 900, 1000, 1400])
def test_no_number_and_no_name_of_the_matrix_is_cut(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path, width: int
) -> None:
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    labels = np.repeat(np.arange(10), 1135)
    evaluation = evaluate(np.eye(10, dtype=np.float32)[labels], labels, names)
    path = write(make_report(names, count=300, evaluation=evaluation), tmp_path)
    one = opened(path, viewport={"width": width, "height": 800})
    cut = one.page.evaluate("""() => [...document.querySelectorAll('#matrix td, #matrix tbody th')]
        .filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)""")
    assert cut == []


def test_colour_pictures_are_seen_as_they_are(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    levels = np.linspace(0, 255, 30).astype(np.uint8)
    flat = [np.full((30, 30, 3), (level, 128, 255 - level), np.uint8) for level in levels]
    answers = [Answer(p, f"{i}.png", "cat", [("dog", 0.9)], 0.1) for i, p in enumerate(flat)]
    evaluation = evaluate(np.tile(np.float32([0, 1]), (30, 1)), np.zeros(30, int), ["cat", "dog"])
    one = opened(write(make_report(answers=answers, evaluation=evaluation), tmp_path))
    one.cell(0, 1).click()
    pictures = one.page.evaluate(PICTURES, "#cell canvas")
    assert len(pictures) == 24
    for name, _, values in pictures:  # nothing of a neighbour, though the sheet is a JPEG
        np.testing.assert_allclose(values, levels[int(name.removesuffix(".png"))], atol=4)


def test_ten_thousand_pictures_fit_and_a_hundred_classes_are_usable(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    """Noise, which no format makes smaller."""
    report = make_report([f"class {i}" for i in range(100)], count=10_000, channels=3, skill=2.5)
    path = write(report, tmp_path)
    assert path.stat().st_size < 5_000_000
    one = opened(path)
    counts = report.evaluation.confusion
    assert one.page.locator("#matrix button").count() == np.count_nonzero(counts)
    one.cell(99, 99).click()
    assert f"of {counts[99, 99]} are in this page" in one.page.locator("#cell-count").inner_text()
    pictures = one.page.evaluate(PICTURES, "#cell canvas")
    assert pictures
    for _, width, values in pictures:
        assert width == 28
        assert np.std(values) > 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_of_every_cell_can_be_read(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path, scheme: str
) -> None:
    size = 12  # off the diagonal a share of one tenth more in each row
    confusion = np.array([[100 if i == j else 0 for j in range(size)] for i in range(size)])
    for i in range(1, size):
        confusion[i, i - 1], confusion[i, i] = 9 * i, 100 - 9 * i
    labels = np.repeat(np.arange(size), confusion.sum(axis=1))
    guesses = np.concatenate([np.repeat(np.arange(size), row) for row in confusion])
    evaluation = evaluate(np.eye(size, dtype=np.float32)[guesses], labels, [str(i) for i in range(size)])
    one = opened(write(make_report(evaluation=evaluation, answers=[]), tmp_path), color_scheme=scheme)
    colours = one.page.evaluate("""() => [...document.querySelectorAll('.matrix td[style]')].map(cell => {
        const style = getComputedStyle(cell);
        const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
        return [style.color, style.backgroundColor].map(colour => {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        });
    })""")
    assert len(colours) == np.count_nonzero(confusion)
    assert len({tuple(ground) for _, ground in colours}) > 10
    for ink, ground in colours:
        light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.4, (ink, ground)


def luminance(colour: list[int]) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = np.array(colour) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_paper_has_the_mistakes_and_neither_dialog_nor_form(
    opened: Callable[..., Opened], make_report: MakeReport, tmp_path: Path
) -> None:
    one = opened(write(make_report(count=200), tmp_path))
    one.cell(0, 1).click()
    one.page.emulate_media(media="print")
    for hidden in ("dialog", "#choice", ".pager >> nth=0", "#cell-hint"):
        assert not one.page.locator(hidden).is_visible()
    assert one.page.locator("#mistaken img").count() == 12
    assert one.page.locator("#matrix").is_visible()
    assert one.page.pdf(format="A4").startswith(b"%PDF")


def test_without_scripts_everything_essential_is_there(
    browser: Browser, make_report: MakeReport, tmp_path: Path
) -> None:
    report = make_report(["ant", "bee"], count=200)
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(write(report, tmp_path).as_uri())
    cells = page.locator("#matrix tbody td").all_inner_texts()
    assert cells == [str(count) for count in report.evaluation.confusion.ravel()]
    assert page.locator("#mistaken img").count() == 12
    assert page.locator("noscript").is_visible()
    assert not page.locator("#choice").is_visible()
    assert page.locator("button:visible").count() == 0
    context.close()


def test_another_script_does_not_run(browser: Browser, make_report: MakeReport, tmp_path: Path) -> None:
    path = write(make_report(), tmp_path)
    path.write_text(path.read_text("utf-8").replace("</main>", "<script>window.strange = 1</script></main>"))
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("window.strange") is None
    assert page.locator("#matrix button").count() > 0  # and the page's own does
    page.close()
