"""Every way to a picture, in Chromium: the page has what Pillow and convscope read of the same file."""

from __future__ import annotations

import base64
import io
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.data.pictures import read_picture

from .parts_page import Open, other_chromium, shown, wait_for_picture
from .parts_page import open_parts as open_parts
from .parts_page import parts_page as parts_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SEVEN = ((7, 7), (7, 20), (21, 12))


def planes(image: Image.Image) -> np.ndarray:
    """(C, rows, columns) of a grey or coloured picture."""
    return np.moveaxis(np.atleast_3d(np.asarray(image)), -1, 0)


def stroke(page: Page, *places: tuple[float, float]) -> None:
    """A stroke of the mouse through pixels of the pad."""
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    for at, (row, column) in enumerate(places):
        x = box["x"] + (column + 0.5) / 28 * box["width"]
        y = box["y"] + (row + 0.5) / 28 * box["height"]
        page.mouse.move(x, y, steps=8)
        if at == 0:
            page.mouse.down()
    page.mouse.up()
    page.wait_for_function("report().times > 0")
    page.wait_for_timeout(60)


def encoded(image: Image.Image, kind: str, **settings: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **settings)
    return content.getvalue()


def give(page: Page, content: bytes, name: str) -> None:
    """Choose a file, as the button does."""
    page.get_by_role("tab", name="Open").click()
    file: Any = {"name": name, "mimeType": "", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)


def test_a_seven_that_is_drawn_is_a_png_that_pillow_and_the_network_read(open_parts: Open) -> None:
    page = open_parts()
    stroke(page, *SEVEN)
    drawn = shown(page)
    assert drawn.file is not None
    with Image.open(io.BytesIO(drawn.file)) as image:
        assert (image.mode, image.size) == ("L", (28, 28))
        np.testing.assert_array_equal(planes(image), drawn.values)
    assert drawn.values[0, 7, 8:20].min() == 255  # along the stroke
    assert drawn.values[0, 5, 8:18].max() < 128  # soft beside it
    assert drawn.values[0, :4].max() == 0
    assert (drawn.name, drawn.kind, drawn.code[:4]) == ("drawing.png", "picture", "png:")
    assert convscope.predict("starter", [drawn.file])[0].label == "7"


def test_a_seven_is_drawn_with_keys_alone(open_parts: Open) -> None:
    page = open_parts()
    page.get_by_role("tab", name="Draw").focus()
    page.keyboard.press("Tab")  # the sheet's cursor is in the middle
    for key in ["ArrowUp"] * 7 + ["ArrowLeft"] * 7:
        page.keyboard.press(key)
    assert page.get_by_text("row 7, column 7, pen up").count() == 1
    page.keyboard.press("Space")
    for key in ["ArrowRight"] * 13 + ["ArrowDown", "ArrowDown", "ArrowLeft"] * 7:
        page.keyboard.press(key)
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowUp")  # the pen is up: nothing is drawn
    page.wait_for_timeout(60)
    drawn = shown(page)
    assert drawn.file is not None
    assert drawn.values[0, 7, 7:21].min() == 255
    assert drawn.values[0, 21, 13] == 255
    assert convscope.predict("starter", [drawn.file])[0].label == "7"

    page.keyboard.press("Control+z")
    page.wait_for_function("report().values.every((value) => value === 0)")
    page.keyboard.press("Control+Shift+z")
    page.wait_for_function("code => report().code === code", arg=drawn.code)


def test_a_finger_draws_and_the_eraser_takes_away(open_parts: Open) -> None:
    page = open_parts(has_touch=True)
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] * 14.5 / 28
    for kind, share in (("touchStart", 0.2), ("touchMove", 0.5), ("touchMove", 0.8), ("touchEnd", None)):
        points = [] if share is None else [{"x": box["x"] + box["width"] * share, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("report().values?.[14 * 28 + 20] === 255")
    page.get_by_role("button", name="Eraser").click()
    stroke(page, (10, 20), (18, 20))
    values = shown(page).values[0]
    assert (values[14, 8], values[14, 20]) == (255, 0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("report().values[14 * 28 + 20] === 255")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("report().values.every((value) => value === 0)")


def photo(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Smooth colours, as of a photo, so that a JPEG keeps them nearly as they are."""
    y, x = np.mgrid[: size[1], : size[0]]
    channels = [x * 255 / size[0], y * 255 / size[1], (x + y) * 255 / sum(size), 40 + 3 * y]
    bands = {"L": 1, "RGB": 3, "RGBA": 4, "LA": 2}[mode]
    stacked = np.stack(channels[:bands], axis=-1).clip(0, 255).astype(np.uint8)
    return Image.fromarray(stacked[..., 0] if bands == 1 else stacked, mode)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_jpeg_stands_upright_and_its_file_is_unchanged(open_parts: Open, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    content = encoded(photo(), "JPEG", quality=95, exif=exif)
    page = open_parts()
    give(page, content, "IMG 1.JPG")
    given = wait_for_picture(page, "IMG 1.JPG")
    assert given.file == content
    assert given.code.startswith("kept:")
    expected = planes(read_picture(content)).astype(int)
    assert given.values.shape == expected.shape
    assert np.abs(given.values - expected).max() <= 2  # decoders of JPEG round differently


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "1", "P", "I;16"])
def test_a_png_has_the_numbers_that_convscope_reads(open_parts: Open, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray((np.arange(70 * 30).reshape(30, 70) * 31).astype(np.uint16))
    elif mode in ("1", "P"):
        image = photo("L").convert(mode)
    else:
        image = photo(mode)
    content = encoded(image, "PNG")
    page = open_parts()
    give(page, content, "a.png")
    given = wait_for_picture(page, "a.png")
    assert given.file == content
    expected = planes(read_picture(content)).astype(int)
    if len(expected) == 3 and (expected == expected[:1]).all():
        expected = expected[:1]
    assert given.values.shape == expected.shape
    # Half-clear pixels and 16 bits are rounded differently.
    assert np.abs(given.values - expected).max() <= (1 if mode in ("RGBA", "LA", "I;16") else 0)


def head_of_png(columns: int, rows: int) -> bytes:
    """A PNG that says that it is so large, and ends there."""
    header = b"IHDR" + columns.to_bytes(4, "big") + rows.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + header + zlib.crc32(header).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.png", "a.png is empty"),
        (b"<html>no</html>", "a.jpg", "a.jpg is not a picture"),
        (encoded(photo(), "JPEG")[:300], "cut.jpg", "cut.jpg ends early or is damaged"),
        (head_of_png(9000, 9000), "bomb.png", "bomb.png has 9000 × 9000 pixels"),
        (b"1,2\n3,x\n", "a.csv", "“x” in row 2 is not a number"),
    ],
)
def test_what_is_no_picture_is_a_sentence(open_parts: Open, content: bytes, name: str, sentence: str) -> None:
    page = open_parts("sample:seven")
    give(page, content, name)
    page.get_by_role("alert").get_by_text(sentence).wait_for()
    assert shown(page).name == "seven.png"  # what was there stays
    give(page, encoded(photo("L"), "PNG"), "good.png")
    wait_for_picture(page, "good.png")
    assert page.get_by_role("alert").inner_text() == ""


def test_numbers_are_typed_pasted_and_opened(open_parts: Open) -> None:
    page = open_parts()
    page.get_by_role("tab", name="Paste").click()
    page.get_by_role("textbox").fill("1, 2.5\n-3, 4")
    page.get_by_role("button", name="Use these numbers").click()
    page.wait_for_function("report().kind === 'numbers'")
    typed = shown(page)
    assert (typed.values.tolist(), typed.code, typed.file) == ([[[1, 2.5], [-3, 4]]], "1 2.5; -3 4", None)
    give(page, b"1;2;3\r\n4;5;6\r\n", "table.csv")
    table = wait_for_picture(page, "table.csv")
    assert table.values.tolist() == [[[1, 2, 3], [4, 5, 6]]]
    give(page, b"1\t2\t4\n", "signal.tsv")
    assert wait_for_picture(page, "signal.tsv").values.tolist() == [[1, 2, 4]]


def test_a_picture_and_numbers_are_pasted_with_keys(open_parts: Open) -> None:
    page = open_parts(permissions=["clipboard-read", "clipboard-write"])
    content = encoded(photo(), "PNG")
    page.evaluate(
        """async (text) => {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const blob = new Blob([bytes], { type: 'image/png' });
            await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
        }""",
        base64.b64encode(content).decode(),
    )
    page.get_by_role("tab", name="Paste").click()
    page.get_by_role("textbox").press("Control+v")
    pasted = wait_for_picture(page, "image.png")
    np.testing.assert_array_equal(pasted.values, planes(photo()))

    page.evaluate("navigator.clipboard.writeText('1 2; 3 4')")
    page.get_by_role("tab", name="Draw").focus()
    page.keyboard.press("Control+v")
    page.wait_for_function("report().code === '1 2; 3 4'")


def test_a_file_is_dropped_and_several_are_refused(open_parts: Open) -> None:
    page = open_parts()
    content = encoded(photo("L"), "PNG")
    transfer = """([text, count]) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const data = new DataTransfer();
        for (let k = 0; k < count; k++) data.items.add(new File([bytes], `dropped${k}.png`));
        return data;
    }"""
    drop = [base64.b64encode(content).decode(), 1]
    page.dispatch_event(".chooser", "drop", {"dataTransfer": page.evaluate_handle(transfer, drop)})
    dropped = wait_for_picture(page, "dropped0.png")
    np.testing.assert_array_equal(dropped.values, planes(photo("L")))
    drop = [drop[0], 2]
    page.dispatch_event(".chooser", "drop", {"dataTransfer": page.evaluate_handle(transfer, drop)})
    page.get_by_role("alert").get_by_text("several files").wait_for()


def test_the_camera_takes_a_picture_and_stops(browser: Browser, parts_page: str) -> None:
    flags = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
    with other_chromium(browser, *flags) as chromium:
        page = chromium.new_page()
        page.goto(parts_page)
        page.wait_for_function("window.report")
        page.evaluate(
            """() => {
                const devices = navigator.mediaDevices;
                const ask = devices.getUserMedia.bind(devices);
                window.streams = [];
                devices.getUserMedia = async (wanted) => {
                    const stream = await ask(wanted);
                    window.streams.push(stream);
                    return stream;
                };
            }"""
        )
        live = "streams.map((stream) => stream.getTracks().some((track) => track.readyState === 'live'))"
        page.get_by_role("tab", name="Camera").click()
        page.get_by_role("button", name="Start the camera").click()
        page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
        assert page.evaluate(live) == [True]
        page.get_by_role("button", name="Take the picture").click()
        taken = wait_for_picture(page, "camera.png")
        assert page.evaluate(live) == [False]
        assert taken.file is not None
        with Image.open(io.BytesIO(taken.file)) as image:
            assert (image.mode, image.size) == ("RGB", (640, 480))
            np.testing.assert_array_equal(planes(image), taken.values)
        red, green, blue = (float(plane.mean()) for plane in taken.values)
        assert green > red + 50 > 50  # Chromium's own camera is green
        assert green > blue + 50

        page.get_by_role("button", name="Start the camera").click()
        page.wait_for_function("document.querySelector('video')")
        page.get_by_role("tab", name="Draw").click()  # to leave is to stop
        page.wait_for_function(f"!{live}.includes(true)")


def test_without_a_camera_or_leave_to_use_it_the_page_says_so(open_parts: Open) -> None:
    page = open_parts()
    page.get_by_role("tab", name="Camera").click()
    for error, sentence in (
        ("new DOMException('', 'NotAllowedError')", "The camera was refused"),
        ("new DOMException('', 'NotFoundError')", "No camera was found"),
        ("new DOMException('', 'NotReadableError')", "used by another program"),
    ):
        page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = () => Promise.reject({error}); }}")
        page.get_by_role("button", name="Start the camera").click()
        page.get_by_role("alert").get_by_text(sentence).wait_for()


def test_an_address_gives_the_picture_again(open_parts: Open) -> None:
    page = open_parts()
    stroke(page, *SEVEN)
    drawn = shown(page)
    again = open_parts(drawn.code)
    restored = wait_for_picture(again, "drawing.png")
    assert (restored.code, restored.file) == (drawn.code, drawn.file)
    np.testing.assert_array_equal(restored.values, drawn.values)

    content = encoded(photo(), "JPEG")
    give(page, content, "cat.jpg")
    kept = wait_for_picture(page, "cat.jpg")
    other = page.context.new_page()
    other.goto(page.url.split("#")[0] + "#" + kept.code)
    restored = wait_for_picture(other, "cat.jpg")
    assert (restored.code, restored.file) == (kept.code, content)
    stranger = open_parts(kept.code)  # another browser, as it were
    stranger.get_by_role("alert").get_by_text("does not keep the picture").wait_for()


def test_the_browser_keeps_twenty_pictures(open_parts: Open) -> None:
    page = open_parts()
    codes = []
    for number in range(22):
        give(page, encoded(photo("L", (30, 20 + number)), "JPEG"), f"{number}.jpg")
        codes.append(wait_for_picture(page, f"{number}.jpg").code)
    other = page.context.new_page()  # has the store, and not the first page's memory
    other.goto(page.url)
    other.wait_for_function("window.report")
    found = other.evaluate(
        "codes => Promise.all(codes.map((code) => pictureOf(code).then(() => true, () => false)))", codes
    )
    assert found == [False] * 2 + [True] * 20


def test_arrow_keys_shift_the_file_too(open_parts: Open) -> None:
    page = open_parts("sample:seven")
    file = page.evaluate(
        "pictureOf('sample:seven').then((one) => shifted(one, 2, -3)).then(({file}) => [...file])"
    )
    with Image.open(io.BytesIO(bytes(file))) as image:
        moved = planes(image)
    before = shown(page).values
    np.testing.assert_array_equal(moved[:, 2:, :-3], before[:, :-2, 3:])
    assert moved[:, :2].max() == moved[:, :, -3:].max() == 0


@pytest.mark.parametrize(("name", "digit"), [("seven", "7"), ("three", "3")])
def test_the_digits_among_the_samples_are_read(
    open_parts: Open, name: str, digit: str, tmp_path: Path
) -> None:
    file = shown(open_parts(f"sample:{name}")).file
    assert file is not None
    prediction = convscope.predict("starter", [file])[0]
    assert prediction.label == digit
    assert prediction.warnings == ()
