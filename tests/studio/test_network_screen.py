"""The Network screen in Chromium: what it shows is what `look` says, and its address is its state."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from convscope import Bundle, look

from .conftest import needs_page, running

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = needs_page

Open = Callable[..., "Page"]
STROKE = [(7, 7), (7, 20), (14, 16), (22, 12)]  # a 7, as (row, column) of 28
# What the page keeps of its picture and its numbers, to compare: the bytes that were sent last.
HEAR = """() => {
    const asked = window.fetch;
    window.fetch = (address, init) => {
        if (String(address).includes('api/pass')) window.sent = init.body;
        return asked(address, init);
    };
}"""


@pytest.fixture(scope="module")
def starter() -> Bundle:
    return Bundle.load("starter")


def ready(page: Page) -> Page:
    page.get_by_test_id("prediction").wait_for()
    return page


def pad(page: Page) -> Locator:
    return page.get_by_role("application", name="Drawing, 28 by 28 pixels")


def draw(page: Page, places: Sequence[tuple[float, float]] = STROKE) -> None:
    """With the mouse, from place to place of the pad."""
    page.get_by_role("button", name="Clear").click()
    box = pad(page).bounding_box()
    assert box is not None
    points = [
        (box["x"] + (c + 0.5) / 28 * box["width"], box["y"] + (r + 0.5) / 28 * box["height"])
        for r, c in places
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y, steps=12)
    page.mouse.up()


def sent(page: Page) -> np.ndarray:
    """The picture that the server got last."""
    content = page.evaluate("async () => [...new Uint8Array(await new Response(window.sent).arrayBuffer())]")
    return np.asarray(Image.open(io.BytesIO(bytes(content))).convert("L"))


def heard(open_screen: Open, hash: str = "#/network", **settings: Any) -> Page:
    """A page that keeps what it sends."""
    page = ready(open_screen(hash, **settings))
    page.evaluate(HEAR)
    return page


def settled(page: Page, change: Callable[[], object]) -> None:
    """After a change: until maps of it are drawn, and nothing more is asked for."""
    count = "() => performance.getEntriesByName('convscope:maps').length"
    before = page.evaluate(count)
    change()
    page.wait_for_function(f"before => ({count})() > before", arg=before)
    page.wait_for_load_state("networkidle")


def number(text: str) -> float:
    """One that the page wrote, with a real minus."""
    return float(text.replace("−", "-"))


def written(value: float) -> str:
    """As the page writes it in six digits."""
    return f"{value:.6g}".replace("-", "−")


def numbers(table: Locator, role: str) -> list[float]:
    return [number(text) for text in table.get_by_role(role).all_inner_texts()]  # type: ignore[arg-type]


def hovered(page: Page, map_: Locator, row: int, column: int, rows: int, columns: int) -> float:
    """The number that the tip tells of a cell."""
    box = map_.bounding_box()
    assert box is not None
    map_.hover(
        position={"x": (column + 0.5) / columns * box["width"], "y": (row + 0.5) / rows * box["height"]}
    )
    tip = page.get_by_text(re.compile(rf" at row {row}, column {column}$"))
    return number(tip.first.inner_text().split()[0])


def test_a_drawn_seven_is_read_as_seven(open_screen: Open, starter: Bundle) -> None:
    page = heard(open_screen)
    settled(page, lambda: draw(page))
    page.get_by_test_id("prediction").get_by_text("7", exact=True).wait_for()
    prediction = starter.predict(sent(page), top=10)[0]
    assert prediction.label == "7"
    bars = (
        page.get_by_role("list", name="Probabilities of all classes")
        .get_by_role("listitem")
        .all_inner_texts()
    )
    shown = {text.split()[0]: text.split("\n")[-1] for text in bars}
    for label, probability in prediction.top:
        if probability < 0.999:
            assert shown[label] == f"{round(probability * 1000) / 10:.1f} %", label
    assert page.evaluate("location.hash").startswith("#/network?picture=png")
    page.get_by_text("Prediction: 7,").wait_for(state="attached")  # said aloud when the pen rests


def test_the_pen_moves_the_maps_while_it_is_down(open_screen: Open) -> None:
    page = heard(open_screen)
    page.get_by_role("button", name="Clear").click()
    page.wait_for_load_state("networkidle")
    page.evaluate("performance.clearMeasures()")
    box = pad(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + 60, steps=30)
    page.wait_for_function("performance.getEntriesByName('convscope:maps').length >= 2")
    page.mouse.up()


def test_maps_of_a_layer_have_the_numbers_of_feature_maps(open_screen: Open, starter: Bundle) -> None:
    page = heard(open_screen)
    settled(page, lambda: draw(page))
    maps = look.feature_maps(starter, sent(page), ["pool1", "conv2"])
    for layer, name in zip(maps.layers, ("pool1", "conv2"), strict=True):
        page.get_by_role("group", name=re.compile("^Layers of")).get_by_role(
            "button", name=re.compile(f"^{name} ")
        ).click()
        drawn = page.get_by_role("application", name=re.compile(f"^{name}, channel"))
        channels, rows, columns = layer.values.shape
        assert drawn.count() == channels
        for channel, row, column in ((0, 3, 4), (7, 6, 6), (channels - 1, rows - 1, columns - 1)):
            told = hovered(page, drawn.nth(channel), row, column, rows, columns)
            assert told == pytest.approx(layer.values[channel, row, column], rel=1e-3, abs=1e-9)


def test_a_cell_opens_the_arithmetic_of_why(open_screen: Open, starter: Bundle) -> None:
    page = heard(open_screen)
    settled(page, lambda: draw(page))
    page.get_by_role("group", name=re.compile("^Layers of")).get_by_role(
        "button", name=re.compile("^conv2 ")
    ).click()
    drawn = page.get_by_role("application", name="conv2, channel 3", exact=True)
    box = drawn.bounding_box()
    assert box is not None
    drawn.click(position={"x": 7.5 / 14 * box["width"], "y": 5.5 / 14 * box["height"]})
    why = look.why(starter, sent(page), "conv2", 3, 5, 7)
    page.get_by_role("heading", name=f"conv2:3:5:7 = {written(why.value)}").wait_for()
    rows = page.get_by_role("table", name="Step by step").get_by_role("row").all_inner_texts()
    (total,) = (row for row in rows if row.startswith("sum of 144 products"))
    assert number(total.split("\t")[-1]) == pytest.approx(why.steps[0].result, rel=1e-5)
    assert number(rows[-1].split("\t")[-1]) == pytest.approx(why.value, rel=1e-5)
    page.get_by_text(re.compile("^agrees")).wait_for()
    for sentence in why.sentences:
        assert page.get_by_text(sentence, exact=True).count() == 1

    lead = why.leading
    assert lead is not None
    channel = lead.cell.index[0]
    x = numbers(page.get_by_role("grid", name=f"numbers of pool1:{channel}", exact=True), "gridcell")
    window = why.windows[0]
    assert x == pytest.approx(window.values[channel].ravel().tolist(), rel=0.06, abs=1e-9)
    products = page.get_by_role("table", name=re.compile("^products, sum"))
    assert number((products.get_attribute("aria-label") or "").split()[-1]) == pytest.approx(
        window.contributions[channel].sum(), rel=1e-3
    )
    page.get_by_role("combobox", name="Channel").select_option("5")
    page.get_by_role("grid", name="numbers of pool1:5").wait_for()

    lit = page.locator(".highlight").first.evaluate(
        "box => { const map = box.parentElement.getBoundingClientRect(), at = box.getBoundingClientRect();"
        " const cell = map.width / 28;"
        " return [at.top - map.top, at.bottom - map.top, at.left - map.left, at.right - map.left]"
        ".map(x => Math.round(x / cell)) }"
    )
    assert why.sight.pixels is not None
    (top, bottom), (left, right) = why.sight.pixels
    assert lit == [top, bottom + 1, left, right + 1]


def test_the_arithmetic_follows_the_pen(open_screen: Open, starter: Bundle) -> None:
    page = heard(open_screen, "#/network?cell=conv2:3:5:7")
    for places in (STROKE, [(5, 14), (23, 14)]):
        settled(page, lambda places=places: draw(page, places))  # type: ignore[misc]
        page.wait_for_load_state("networkidle")
        value = look.why(starter, sent(page), "conv2", 3, 5, 7).value
        page.get_by_role("heading", name=f"conv2:3:5:7 = {written(value)}").wait_for()


def test_a_path_leads_down_to_a_pixel_and_back(open_screen: Open, starter: Bundle) -> None:
    page = heard(open_screen, "#/network?cell=conv2:3:5:7")
    page.get_by_role("heading", name=re.compile("^conv2:3:5:7 =")).wait_for()
    page.wait_for_load_state("networkidle")  # what is still on its way moves the button
    page.get_by_role("button", name="Follow the largest down to the input").click()
    heading = page.get_by_role("heading", name=re.compile("^input:0:"))
    heading.wait_for()
    path = page.get_by_role("navigation", name="The way from the first number to this one")
    steps = path.get_by_role("listitem").all_inner_texts()
    sample = next(file for name, file in inspector_samples() if name == "digit-0.png")
    pass_ = look.ForwardPass(starter, Image.open(io.BytesIO(sample)))
    assert [step.removeprefix("→ ") for step in steps] == [str(why.cell) for why in pass_.path("conv2:3:5:7")]
    rows = page.get_by_role("table", name="Step by step").get_by_role("row").all_inner_texts()
    assert [row.split("\t")[0] for row in rows[1:3]] == ["pixel", "divided by"]
    page.wait_for_url(re.compile("cell=input"))  # the address follows a moment later
    page.reload()
    heading.wait_for()
    assert path.get_by_role("listitem").all_inner_texts() == steps
    path.get_by_role("button", name="conv2:3:5:7").click()
    page.get_by_role("heading", name=re.compile("^conv2:3:5:7 =")).wait_for()
    assert path.get_by_role("listitem").count() == 1


def test_a_click_opens_the_number_that_is_pointed_at_on_a_fine_screen(open_screen: Open) -> None:
    page = heard(open_screen, "#/network?layer=conv1", device_scale_factor=1.5)
    page.wait_for_load_state("networkidle")
    box = page.get_by_role("application", name=re.compile("conv1")).first.bounding_box()
    assert box is not None
    side = box["height"] / 28
    x = box["x"] + 10.5 * side
    for row in (5, 12, 21):  # a hair below the row's upper edge, where whole pixels are the row's above
        page.mouse.click(x, box["y"] + row * side + 0.05)
        page.wait_for_url(re.compile(f"cell=conv1:0:{row}:10"), timeout=5000)


def inspector_samples() -> list[tuple[str, bytes]]:
    from convscope.studio.inspector import Inspector

    return Inspector().samples("starter")


def test_arrow_keys_shift_the_picture_and_the_maps(open_screen: Open, starter: Bundle) -> None:
    page = heard(open_screen)
    settled(page, lambda: draw(page))
    before = sent(page)
    shift = page.get_by_role("group", name=re.compile("^Shift the picture"))
    shift.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowDown"):
        settled(page, lambda key=key: page.keyboard.press(key))  # type: ignore[misc]
    page.get_by_text("2 down, 1 right").wait_for()
    moved = np.zeros_like(before)
    moved[2:, 1:] = before[:-2, :-1]
    assert np.array_equal(sent(page), moved)
    told = hovered(page, page.get_by_role("application", name="conv1, channel 7", exact=True), 12, 14, 28, 28)
    expected = look.feature_maps(starter, moved, ["conv1"]).layers[0].values[7, 12, 14]
    assert told == pytest.approx(expected, rel=1e-3)
    page.wait_for_function("location.hash.includes('shift=2,1')")
    shift.get_by_role("button", name="Unshift").click()
    page.get_by_text("not shifted").wait_for()


def test_a_picture_with_the_wrong_polarity_is_warned_of(open_screen: Open) -> None:
    import base64

    page_ink = np.full((28, 28), 255, np.uint8)
    page_ink[5:8, 8:20] = 0
    page_ink[8:23, 16:19] = 0
    content = io.BytesIO()
    Image.fromarray(page_ink).save(content, format="PNG")
    code = base64.urlsafe_b64encode(content.getvalue()).decode("ascii").rstrip("=")
    page = heard(open_screen, f"#/network?picture={quote('png:' + code)}")
    warning = page.locator("[data-code=inverted]")
    warning.wait_for()
    assert "lighter than its figure" in warning.inner_text()
    settled(page, lambda: page.get_by_role("button", name="Turn light and dark round").click())
    assert np.array_equal(sent(page), 255 - page_ink)
    assert warning.count() == 0


def test_everything_comes_back_from_the_address(open_screen: Open) -> None:
    page = heard(open_screen)
    settled(page, lambda: draw(page))
    page.get_by_role("group", name=re.compile("^Shift the picture")).focus()
    settled(page, lambda: page.keyboard.press("ArrowLeft"))
    page.get_by_role("button", name=re.compile("^relu2 ")).click()
    drawn = page.get_by_role("application", name="relu2, channel 5", exact=True)
    drawn.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile("^relu2:5:1:1 =")).wait_for()
    page.wait_for_function("() => location.hash.includes('cell=relu2:5:1:1')")
    hash, texts = page.evaluate("location.hash"), said(page)
    again = ready(open_screen(hash))
    again.get_by_role("heading", name=re.compile("^relu2:5:1:1 =")).wait_for()
    assert said(again) == texts


def said(page: Page) -> set[str]:
    """The lines of a page at rest, without what belongs to the pointer."""
    page.wait_for_load_state("networkidle")
    page.get_by_text(re.compile("^Prediction: ")).wait_for(state="attached")
    lines = page.locator("main").inner_text().split("\n")
    return {line for line in lines if " at row " not in line}


def test_a_model_that_is_gone_says_so_beside_its_choice(open_screen: Open) -> None:
    page = heard(open_screen, tolerate="404|Failed to load resource")
    page.evaluate("location.hash = '#/network?model=runs/gone'")
    alert = page.get_by_role("alert").filter(has_text="gone")
    alert.wait_for()
    assert "Still shown: starter" in alert.inner_text()
    assert page.get_by_test_id("prediction").is_visible()


def test_a_place_that_is_not_there_says_so(open_screen: Open) -> None:
    page = ready(open_screen("#/network?cell=conv2:3:5:99", tolerate="4\\d\\d|Failed to load resource"))
    page.get_by_role("alert").filter(has_text="conv2:3:5:99 does not exist").wait_for()


def test_the_drawing_is_saved_as_svg(open_screen: Open) -> None:
    page = ready(open_screen("#/network", accept_downloads=True))
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as SVG").click()
    assert download.value.suggested_filename == "simple-cnn-16-32.svg"
    root = ElementTree.parse(download.value.path()).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    text = " ".join(root.itertext())
    assert all(name in text for name in ("conv1", "pool2", "16×28×28", "4,640"))


def test_another_network_of_the_catalogue_opens(open_screen: Open) -> None:
    page = ready(open_screen("#/network"))
    page.get_by_label("Network").select_option("untrained:convnet-bn")
    page.get_by_role("group", name="Layers of convnet-bn, from the input to the prediction").wait_for()
    page.get_by_text("Untrained: its weights are those of a beginning").wait_for()
    page.get_by_role("button", name=re.compile("^norm1 ")).click()
    page.get_by_role("application", name="norm1, channel 0", exact=True).wait_for()
    assert page.evaluate("location.hash").startswith("#/network?model=untrained:convnet-bn")


def test_a_network_for_signals_opens(open_screen: Open) -> None:
    page = ready(open_screen("#/network?model=untrained:simple-cnn-1d&cell=conv1:3:10"))
    page.get_by_role("heading", name=re.compile("^conv1:3:10 =")).wait_for()
    page.get_by_text(re.compile("^agrees")).wait_for()


@pytest.mark.parametrize("width", [360, 820, 1280, 2560])
def test_nothing_is_wider_than_the_page(open_screen: Open, width: int) -> None:
    page = ready(open_screen("#/network?cell=relu2:5:1:1", width=width))
    page.get_by_role("heading", name=re.compile("^relu2:5:1:1 =")).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_screen: Open, axe: Callable[[Page], list[str]], scheme: str) -> None:
    page = ready(open_screen("#/network?cell=relu2:5:1:1", scheme=scheme))
    page.get_by_role("heading", name=re.compile("^relu2:5:1:1 =")).wait_for()
    found = axe(page)
    assert not found, "\n".join(found)


def test_a_signal_is_a_curve_whose_values_are_told_whole(open_screen: Open) -> None:
    page = ready(open_screen("#/network?model=untrained:simple-cnn-1d&layer=conv1&shift=1,0", width=1280))
    assert "shift" not in page.evaluate("location.hash")
    for name in ("input, the numbers that enter", "conv1"):
        drawn = page.get_by_role("application", name=name, exact=True)
        drawn.scroll_into_view_if_needed()
        width, height = (drawn.bounding_box() or {})["width"], (drawn.bounding_box() or {})["height"]
        for at in (0.01, 0.55, 0.99):
            drawn.hover(position={"x": at * width, "y": height / 2})
            tip = page.get_by_text(re.compile(rf" at channel \d+, place {int(at * 128)}$")).first
            box = tip.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 1280
            assert (
                tip.evaluate(
                    """tip => { const { left, right, top, bottom } = tip.getBoundingClientRect();
                    const hides = [];
                    for (let one = tip.parentElement; one; one = one.parentElement) {
                        if (getComputedStyle(one).overflowX === 'visible' || one === document.body) continue;
                        const box = one.getBoundingClientRect();
                        if (left < box.left - 1 || right > box.right + 1) hides.push(one.className);
                    }
                    return hides; }"""
                )
                == []
            )


def test_bad_parts_of_an_address_are_said(open_screen: Open) -> None:
    page = ready(open_screen("#/network?shift=abc&cell=linear:3&path=input:0:1:1"))
    page.get_by_role("alert").filter(has_text="“abc” in the address is no shift").wait_for()
    page.get_by_role("alert").filter(has_text="does not lead to linear:3").wait_for()
    page.evaluate("location.hash = '#/network?shift=999,999'")
    page.get_by_role("alert").filter(has_text="leads out of a picture of 28×28").wait_for()
    page.get_by_text("27 down, 27 right").wait_for()
    page.get_by_role("button", name="Unshift").click()
    page.get_by_text("not shifted", exact=True).wait_for()
    assert page.get_by_role("alert").filter(has_text="shift").count() == 0


def test_the_number_that_was_chosen_stays_named(open_screen: Open) -> None:
    page = ready(open_screen("#/network?layer=relu2", width=1280))
    drawn = page.get_by_role("application", name="relu2, channel 20", exact=True)
    drawn.scroll_into_view_if_needed()
    before = drawn.bounding_box()
    assert before is not None
    drawn.click(position={"x": before["width"] * 4.5 / 14, "y": before["height"] * 6.5 / 14})
    page.get_by_role("heading", name=re.compile("^relu2:20:6:4 =")).wait_for()
    page.wait_for_load_state("networkidle")
    after = drawn.bounding_box()
    assert after is not None
    assert after["width"] == pytest.approx(before["width"], abs=1)
    assert page.locator("output").filter(has_text="relu2").first.inner_text().startswith("relu2:20:6:4 = ")


def test_a_run_that_is_trained_again_is_loaded_again(
    open_screen: Open, tmp_path: Path, starter: Bundle
) -> None:
    run = tmp_path / "runs" / "mine"
    run.mkdir(parents=True)
    starter.save(run / "bundle.safetensors")
    with running(tmp_path, "--port", "0") as (_, address):
        page = ready(open_screen("#/network?model=runs/mine&cell=conv1:0:3:3", address=address))
        page.get_by_role("heading", name="simple-cnn-16-32").wait_for()
        Bundle.load("untrained:simple-cnn-4-8").save(run / "bundle.safetensors")
        page.get_by_role("button", name="One pixel down").click()
        page.get_by_text("This run has changed: loaded again.").wait_for()
        page.get_by_role("heading", name="simple-cnn-4-8").wait_for()
        page.get_by_role("heading", name=re.compile("^conv1:0:3:3 =")).wait_for()
        page.get_by_role("application", name="conv1, channel 3", exact=True).wait_for()
        assert page.get_by_role("application", name="conv1, channel 4", exact=True).count() == 0


def test_a_terms_table_fits_a_phone(open_screen: Open) -> None:
    page = ready(open_screen("#/network?cell=relu2:5:1:1", width=360))
    column = page.get_by_role("columnheader", name="product")
    column.wait_for()
    box = column.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360
    table = page.get_by_role("table", name="The largest terms").locator("..")
    assert table.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
