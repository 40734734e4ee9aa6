"""The Convolution screen from a disk, in Chromium: what it shows is what `convscope.ops` computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import numpy as np
import pytest

from convscope import ops
from convscope.data.pictures import read_picture
from convscope.sample import sample_photo
from convscope.studio.built import STATIC

from .conftest import OpenScreen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PAGE = STATIC / "convolution.html"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the convolution page is not built: make web")

PICTURE = np.array(
    [[1, 2, 3, 0, 1, 2], [4, 5, 6, 1, 0, 3], [7, 8, 9, 2, 2, 1], [1, 0, 2, 1, 1, 5], [3, 1, 0, 2, 2, 4]]
)
SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])

Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """`open_page(width=360, kernel="sobel-x", ...)`; at its end the console holds no error."""
    complaints: list[str] = []
    contexts = []

    def opened(*, width: int = 1280, height: int = 800, scheme: str = "light", **address: str) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                complaints.append(asked.url)
                if not asked.url.startswith(("file:", "data:", "blob:"))
                else None
            ),
        )
        page.goto(f"{PAGE.as_uri()}#/convolution?{urlencode(address)}")
        page.get_by_role("group", name="Steps").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def typed(numbers: np.ndarray) -> str:
    return "; ".join(" ".join(f"{x:g}" for x in row) for row in np.atleast_2d(numbers))


def shown(locator: Locator) -> float:
    """The number of a cell or of a result."""
    return float(locator.inner_text().replace("−", "-"))


def output(page: Page, name: str = "") -> Locator:
    return page.get_by_role("grid", name=f"Output, {name}" if name else "Output. Moving").get_by_role(
        "gridcell"
    )


def given(page: Page, name: str = "") -> Locator:
    label = f"Input, {name}" if name else "Input. Enter"
    return page.get_by_role("grid", name=label).get_by_role("gridcell")


def explained(page: Page) -> Locator:
    return page.get_by_role("region", name="How the output")


def result(page: Page) -> float:
    return shown(explained(page).locator("b.result"))


def numbers_of(cells: Locator, shape: tuple[int, ...]) -> np.ndarray:
    return np.array([float(text.replace("−", "-")) for text in cells.all_inner_texts()]).reshape(shape)


def address_of(page: Page, wanted: str) -> None:
    page.wait_for_function("wanted => decodeURIComponent(location.hash).includes(wanted)", arg=wanted)


def test_every_step_is_that_of_ops(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel=typed(SOBEL))
    walk = ops.steps(PICTURE, SOBEL)
    step = page.get_by_role("button", name="Step", exact=True)
    for number, expected in enumerate(walk):
        if number:
            step.click()
        assert result(page) == expected.result
        sums = " ".join(explained(page).locator("p.sum").first.inner_text().split())
        assert sums.replace("−", "-") == expected.equation()
        filled = [text for text in output(page).all_inner_texts() if text]
        assert len(filled) == number + 1
    assert step.is_disabled()
    np.testing.assert_array_equal(numbers_of(output(page), walk.shape), walk.output())


@pytest.mark.parametrize(
    ("padding", "stride", "dilation", "border", "flip"),
    [
        ("same", "1", "1", "zeros", ""),
        ("full", "1", "1", "zeros", "yes"),
        ("2", "2", "1", "reflect", ""),
        ("1,2", "1,2", "2,1", "circular", "yes"),
        ("valid", "2", "2", "replicate", ""),
    ],
)
def test_settings_are_those_of_ops(
    open_page: Open, padding: str, stride: str, dilation: str, border: str, flip: str
) -> None:
    page = open_page(
        picture=typed(PICTURE),
        kernel=typed(SOBEL),
        padding=padding,
        stride=stride,
        dilation=dilation,
        border=border,
        flip=flip,
    )
    sides = tuple(map(int, padding.split(","))) if padding[0].isdigit() else padding
    walk = ops.steps(
        PICTURE,
        SOBEL,
        padding=sides if isinstance(sides, str) or len(sides) > 1 else sides[0],
        stride=tuple(map(int, (stride.split(",") * 2)[:2])),
        dilation=tuple(map(int, (dilation.split(",") * 2)[:2])),
        border=border,
        flip=bool(flip),
    )
    if len(walk) > 1:
        page.get_by_role("button", name="End").click()
    np.testing.assert_array_equal(numbers_of(output(page), walk.shape), walk.output())
    (top, bottom), (left, right) = walk.pads
    names = {"zeros": "constant", "reflect": "reflect", "circular": "wrap", "replicate": "edge"}
    around = np.pad(PICTURE, walk.pads, mode=names[border])  # type: ignore[call-overload]
    np.testing.assert_array_equal(numbers_of(given(page), around.shape), around)
    dashed = page.get_by_role("grid", name="Input").locator(".padding").count()
    assert dashed == around.size - PICTURE.size
    formula = page.get_by_role("region", name="Size of the output").get_by_role("row")
    assert formula.nth(1).inner_text().endswith(f"= {walk.shape[0]}")
    assert formula.nth(2).inner_text().endswith(f"= {walk.shape[1]}")
    assert f"+ {top} + {bottom}" in formula.nth(1).inner_text()
    assert f"+ {left} + {right}" in formula.nth(2).inner_text()


def test_the_switch_flips_the_kernel(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel="1 2; 3 4")
    assert result(page) == ops.steps(PICTURE, [[1, 2], [3, 4]])[0].result
    page.get_by_role("switch", name="Flip the kernel").click()
    assert page.get_by_role("img", name="as applied: 4 3; 2 1").is_visible()
    assert result(page) == ops.steps(PICTURE, [[1, 2], [3, 4]], flip=True)[0].result
    address_of(page, "flip=yes")


def test_pointing_at_the_output_shows_its_window(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel=typed(SOBEL))
    cell = output(page).nth(6)  # row 1, column 2
    cell.hover()
    walk = ops.steps(PICTURE, SOBEL)
    assert result(page) == walk.at(1, 2).result
    taken = page.get_by_role("grid", name="Input").locator(".taken")
    np.testing.assert_array_equal(numbers_of(taken, (3, 3)), walk.at(1, 2).window)
    page.mouse.move(0, 0)
    assert result(page) == walk.at(0, 0).result
    cell.click()
    page.mouse.move(0, 0)
    assert result(page) == walk.at(1, 2).result
    address_of(page, "at=1,2")


def test_pointing_at_the_input_shows_which_outputs_use_it(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel=typed(SOBEL), stride="2")
    walk = ops.steps(PICTURE, SOBEL, stride=2)
    given(page).nth(2 * 6 + 2).hover()  # row 2, column 2
    users = [
        all(at in list(where) for at, where in zip((2, 2), step.coordinates, strict=True)) for step in walk
    ]
    assert [("held" in (cell.get_attribute("class") or "")) for cell in output(page).all()] == users
    assert page.get_by_text(f"is in {sum(users)} windows").is_visible()


def test_channels_filters_and_a_bias(open_page: Open) -> None:
    rng = np.random.default_rng(0)
    picture, kernel = rng.integers(-3, 9, (2, 4, 4)), rng.integers(-2, 3, (2, 2, 2, 2))
    page = open_page(
        picture=" / ".join(map(typed, picture)),
        kernel=" // ".join(" / ".join(map(typed, planes)) for planes in kernel),
        bias="1 -2",
        at="1,2,0",
    )
    walk = ops.steps(picture, kernel, bias=[1, -2])
    step = walk.at(1, 2, 0)
    assert result(page) == step.result
    subtotals = explained(page).locator("section b.subtotal")
    np.testing.assert_array_equal(numbers_of(subtotals, (2,)), step.channel_sums)
    page.get_by_role("button", name="End").click()
    for name, numbers in zip(("filter 0", "filter 1"), walk.output(), strict=True):
        np.testing.assert_array_equal(numbers_of(output(page, name), numbers.shape), numbers)


@pytest.mark.parametrize("pool", ["max:2", "average:3x2:1", "l2:2", "global-max", "global-average"])
def test_pools(open_page: Open, pool: str) -> None:
    page = open_page(picture=typed(PICTURE), kernel="", pool=pool)
    kind = {"l2": "lp"}.get(pool.split(":")[0], pool.split(":")[0].removeprefix("global-"))
    sizes: dict[str, tuple[int, int]] = {"max:2": (2, 2), "average:3x2:1": (3, 2), "l2:2": (2, 2)}
    stride = 1 if pool.endswith(":1") else None
    walk = ops.pool_steps(PICTURE, sizes.get(pool, PICTURE.shape), kind=kind, stride=stride)
    page.get_by_role("button", name="Kernel", exact=True).wait_for()
    if len(walk) > 1:
        page.get_by_role("button", name="End").click()
    np.testing.assert_allclose(numbers_of(output(page), walk.shape), walk.output(), rtol=1e-3)
    winners = page.get_by_role("grid", name="Input").locator(".winner")
    assert winners.count() == (1 if kind == "max" else 0)
    if kind == "max":
        assert shown(winners.first) == walk[len(walk) - 1].result


def test_positions_that_no_window_reaches(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel="1 1; 1 1", stride="3")
    rows = ops.unreached(5, kernel_size=2, stride=3)
    columns = ops.unreached(6, kernel_size=2, stride=3)
    for axis, missed in (("row", rows), ("column", columns)):
        plural = "s" if len(missed) > 1 else ""
        sentence = f"No window reaches {axis}{plural} {', '.join(map(str, missed))} of the input (hatched)."
        assert page.get_by_text(sentence).is_visible()
    hatched = page.get_by_role("grid", name="Input").locator(".unreached").count()
    assert hatched == PICTURE.size - (5 - len(rows)) * (6 - len(columns))
    assert page.locator(".wrong").count() == 0


def test_a_signal(open_page: Open) -> None:
    page = open_page(picture="3 2 1 0 2", kernel="1 0 -1", padding="full", flip="yes", at="3")
    walk = ops.steps([3, 2, 1, 0, 2], [1, 0, -1], padding="full", flip=True)
    assert result(page) == walk.at(3).result
    page.get_by_role("button", name="End").click()
    np.testing.assert_array_equal(numbers_of(output(page), walk.shape), walk.output())


def test_what_follows(open_page: Open) -> None:
    weights = "1 0 1 0; 0 1 0 -1"
    page = open_page(
        picture=typed(PICTURE[:, :5]),
        kernel="1 0; 0 -1",
        then=f"batch-norm | relu | max:2 | flatten | linear:{weights}:0.5 0 | softmax",
    )
    maps = ops.cross_correlate(PICTURE[:, :5].astype(float), [[1, 0], [0, -1]], padding="valid")
    normal = (maps - maps.mean()) / np.sqrt(maps.var() + 1e-5)
    pooled = ops.max_pool(np.maximum(normal, 0), 2)
    scores = np.array([[1, 0, 1, 0], [0, 1, 0, -1]]) @ pooled.ravel() + [0.5, 0]
    wanted = [normal, np.maximum(normal, 0), pooled, pooled.ravel(), scores, ops.softmax(scores)]
    names = ["batch norm", "ReLU", "pool", "flatten", "linear", "softmax"]
    for number, (name, numbers) in enumerate(zip(names, wanted, strict=True), 1):
        stage = page.get_by_role("region", name=f"{number}. {name}")
        cells = stage.get_by_role("grid").get_by_role("gridcell")
        np.testing.assert_allclose(numbers_of(cells, numbers.shape), numbers, rtol=1e-3)
        cells.last.click()
        assert shown(stage.locator("p.written b")) == pytest.approx(numbers.ravel()[-1], rel=1e-3)
    flatten = page.get_by_role("region", name="4. flatten").locator("p.written").inner_text()
    assert "number 3 is map 0, row 1, column 1" in flatten


def test_stages_are_added_and_removed_by_hand(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel="1 0; 0 -1")
    page.get_by_label("What follows").select_option("softmax")
    page.get_by_role("button", name="Add", exact=True).click()
    address_of(page, "then=flatten+|+softmax")
    page.get_by_role("button", name="Move softmax up").click()
    assert page.get_by_role("region", name="1. softmax").locator(".wrong").is_visible()
    page.get_by_role("button", name="Remove softmax").click()
    address_of(page, "then=flatten")


def test_a_reload_restores_all_of_it(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Kernel from the gallery").select_option("sobel-y")
    page.get_by_label("Padding", exact=True).select_option("same")
    page.get_by_label("Values of the padding").select_option("reflect")
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_role("button", name="Add", exact=True).click()
    address_of(page, "at=0,2")
    address_of(page, "then=relu")
    before = explained(page).inner_text()
    page.reload()
    page.get_by_role("group", name="Steps").wait_for()
    assert explained(page).inner_text() == before
    assert page.get_by_label("Kernel from the gallery").input_value() == "sobel-y"
    assert page.get_by_role("region", name="1. ReLU").is_visible()
    assert page.get_by_text("3 of 9", exact=True).is_visible()


def test_by_keyboard_alone(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel=typed(SOBEL))
    walk = ops.steps(PICTURE, SOBEL)

    def tab_to(label: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "document.activeElement.closest('[aria-label]')?.getAttribute('aria-label')"
            )
            text = page.evaluate("document.activeElement.textContent.trim()")
            if label in (focused or "") or label == text:
                return
        raise AssertionError(f"no Tab leads to {label}")

    tab_to("Kernel, row 0, column 0")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("5")
    address_of(page, "kernel=1+5+-1;")
    page.keyboard.press("0")
    tab_to("Flip the kernel")
    page.keyboard.press("Space")
    address_of(page, "flip=yes")
    page.keyboard.press("Space")
    tab_to("row 0, column 0")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    address_of(page, "at=1,3")
    changed = SOBEL.copy()
    changed[0, 1] = 50
    assert result(page) == ops.steps(PICTURE, changed).at(1, 3).result
    page.keyboard.press(",")
    address_of(page, "at=1,2")
    page.keyboard.press("Home")
    tab_to("Play")
    page.keyboard.press("Space")
    page.get_by_text(f"{len(walk)} of {len(walk)}", exact=True).wait_for(timeout=15_000)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address",
    [
        {"picture": typed(PICTURE), "padding": "2", "kernel": "sobel-x"},
        {"picture": "sample:discs", "kernel": "gaussian:1", "padding": "same"},
        {"picture": "sample:sine", "kernel": "1 1 1", "then": "relu | flatten | softmax"},
    ],
)
def test_a_phone_never_scrolls_sideways(open_page: Open, address: dict[str, str], scheme: str) -> None:
    page = open_page(width=360, height=740, scheme=scheme, **address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Settings").click()
    assert page.get_by_label("Padding", exact=True).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_large_picture_is_pixels_with_a_piece_as_numbers(open_page: Open) -> None:
    page = open_page(picture="sample:rings", kernel="sobel-x", padding="1", at="20,20")
    assert page.locator("[role=gridcell], [role=cell]").count() < 200
    piece = page.get_by_role("table", name="around the window, as numbers")
    window = numbers_of(piece.locator(".taken"), (3, 3))
    assert result(page) == (window * ops.sobel_x()).sum()
    canvas = page.get_by_role("application", name="Output")
    canvas.focus()
    page.keyboard.press("PageDown")
    address_of(page, "at=30,20")
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] * 10.5 / 64, "y": box["height"] * 50.5 / 64})
    address_of(page, "at=50,10")


def test_an_error_is_beside_its_control(open_page: Open) -> None:
    page = open_page(picture=typed(PICTURE), kernel=typed(SOBEL))
    before = output(page).all_inner_texts()
    field = page.get_by_role("spinbutton", name="Stride, down")
    field.fill("0")
    about = field.get_attribute("aria-describedby")
    assert about is not None
    sentence = page.locator(f'[id="{about}"]')
    assert "stride" in sentence.inner_text()
    assert output(page).all_inner_texts() == before
    field.fill("1")
    assert sentence.count() == 0


def test_the_photo_of_the_command_is_there_in_the_studio(open_screen: OpenScreen) -> None:
    page = open_screen("#/convolution?picture=sample:photo&kernel=sobel-x&at=1,100,200")
    photo = np.moveaxis(np.asarray(read_picture(sample_photo())), -1, 0)
    expected = ops.steps(photo[1], ops.kernel("sobel-x")).at(100, 200)
    explained(page).locator("b.result").wait_for()
    assert result(page) == expected.result
    page.get_by_text("See the texts").click()
    command = page.locator("pre").first.inner_text()
    assert command == "convscope conv --at 1,100,200"
    assert page.get_by_role("button", name="Save photo.jpg").count() == 0
    page.get_by_role("tab", name="Samples").click()
    page.get_by_role("button", name="Photo", exact=True).wait_for()


def test_the_page_of_the_documentation_says_which_samples_it_has(browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{PAGE.as_uri()}#/convolution?picture=sample:photo")
    page.get_by_role("alert").get_by_text(
        "There is no sample “photo” here; there are numbers, cross,"
    ).wait_for()
    context.close()
