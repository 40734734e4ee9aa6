"""Steps as text, SVG, page and GIF."""

from __future__ import annotations

import html
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope import ops
from convscope.errors import ConvscopeError, UnknownName
from convscope.ops.rendering import animation, layout
from convscope.ops.rendering.story import Story

RNG = np.random.default_rng(3)
PHOTO = RNG.integers(0, 256, (90, 120)).astype(np.uint8)
CASES: dict[str, Any] = {
    "signal": ops.steps([3, 2, 1, 0], [1, 0, -1], flip=True, padding="full"),
    "long signal": ops.steps(RNG.normal(size=4000), RNG.normal(size=31)),
    "picture": ops.steps(np.arange(25).reshape(5, 5), [[1, 0, -1], [2, 0, -2], [1, 0, -1]], padding="same"),
    "reflect": ops.steps(PHOTO[:6, :6], np.ones((3, 3)), padding=2, border="reflect", dilation=2),
    "channels": ops.steps(RNG.normal(size=(3, 6, 6)), RNG.normal(size=(5, 3, 3, 3)), np.arange(5.0)),
    "signal channels": ops.steps(RNG.integers(0, 9, (2, 9)), RNG.integers(-1, 2, (3, 2, 3))),
    "photo": ops.steps(PHOTO, ops.kernel("sobel-x"), padding="same", stride=2),
    "large kernel": ops.steps(PHOTO, ops.kernel("gaussian", 3)),
    "max pool": ops.pool_steps(np.arange(25).reshape(5, 5), 2, padding=1),
    "pool of a photo": ops.pool_steps(PHOTO, 3, kind="average"),
    "pool of a signal": ops.pool_steps([4, 1, 8, 2], (2,)),
    "huge numbers": ops.steps(np.full((9, 9), 10**12), [[-1]]),
    "one": ops.steps([[5]], [[2]]),
    "nan": ops.steps([[np.nan, 1.0], [2.0, np.inf]], [[1.0]]),
}
each_case = pytest.mark.parametrize("steps", CASES.values(), ids=CASES)


@each_case
def test_text_fits_eighty_columns(steps: Any) -> None:
    for index in (0, len(steps) // 2, -1):
        text = steps.text(index)
        assert max(map(len, text.splitlines())) <= 80
        assert "\x1b" not in text


def test_text_of_a_step() -> None:
    assert ops.steps([[1, 2, 3], [4, 5, 6]], [[1, 0], [0, -1]], padding=((1, 0), (0, 0))).text(1) == (
        "cross-correlation (kernel not flipped), step 2 of 4: row 0, column 1\n"
        "\n"
        "input 2×3     kernel     products   output 2×2\n"
        "  0 [0][0]      1   0      0   0     -2 [-3]\n"
        "┌─────────┐     0  -1      0  -3      ·   ·\n"
        "│ 1 [2][3]│\n"
        "│ 4  5  6 │\n"
        "└─────────┘\n"
        "\n"
        "0·1 + 0·0 + 2·0 + 3·(-1) = -3\n"
        "padding 1, 0, 0 (zeros)"
    )


def test_text_of_a_pool_shows_the_maximum() -> None:
    text = ops.pool_steps([[1, 2], [4, 3]], 2).text()
    assert "[1][2]" in text
    assert "*4*[3]" in text
    assert text.endswith("max(1, 2, 4, 3) = 4\nwindow 2×2, stride 2")


def test_convolution_and_cross_correlation_are_told_apart() -> None:
    for flip, name in (
        (True, "convolution (kernel flipped)"),
        (False, "cross-correlation (kernel not flipped)"),
    ):
        steps = ops.steps([1, 2, 3], [1, 2], flip=flip)
        assert steps.text().startswith(name)
        assert ("flipped kernel:" in steps.text()) == flip
        assert name in steps.svg()
        assert name in steps.html()


@each_case
def test_svg_is_whole_and_needs_nothing_beside_it(steps: Any) -> None:
    text = steps.svg(-1)
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    described = root.find("{http://www.w3.org/2000/svg}desc")
    assert described is not None
    assert described.text is not None
    assert root.get("aria-label") == described.text
    assert Story(steps).scene(-1).equation in described.text
    assert re.findall(r"(?:href|src|url)\W+(?!data:image/png)\w+", text) == []
    assert "prefers-color-scheme:dark" in text
    width, height = (float(str(root.get(side))) for side in ("width", "height"))
    assert 0 < width < 1500
    assert 0 < height < 1500


@each_case
def test_shapes_lie_within_the_drawing(steps: Any) -> None:
    drawing = layout.lay_out(Story(steps).scene(len(steps) // 2))
    for shape in drawing.shapes:
        assert 0 <= shape.x <= drawing.width
        assert 0 <= shape.y <= drawing.height
        if isinstance(shape, layout.Label):
            left = shape.x - (len(shape.text) * 3.65 if shape.anchor == "middle" else 0)
            assert left >= 0
        else:
            assert shape.x + shape.width <= drawing.width
            assert shape.y + shape.height <= drawing.height


def test_numbers_of_the_step_are_text_in_the_svg() -> None:
    root = ET.fromstring(ops.steps([[1, 2], [3, 4]], [[5, 6], [7, 8]]).svg())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    numbers = [text for text in texts if text is not None and re.fullmatch(r"-?\d+", text)]
    assert numbers == ["1", "2", "3", "4", "5", "6", "7", "8", "5", "12", "21", "32", "70"]


def test_page_has_every_step_of_a_few() -> None:
    page = CASES["picture"].html()
    assert page.count("<figure") == 25
    assert "step 25 of 25" in page
    assert "holds" not in page
    assert page.count("<script>") == 1
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_page_of_many_steps_says_how_many_it_holds() -> None:
    page = CASES["photo"].html(most=10)
    assert page.count("<figure") == 10
    assert "The page holds 10 of 2,700 steps" in page
    assert page.count("data:image/png") == 2  # input and output, each once
    names = set(re.findall(r'<image id="([\w-]+)"', page))
    assert set(re.findall(r'<use href="#([\w-]+)"', page)) == names


def test_a_page_of_large_steps_stays_small() -> None:
    """3 channels of 8×8 under 5 filters: 320 steps of about 100 kB each inside a notebook."""
    steps = ops.steps(np.ones((3, 8, 8)) / 3, np.ones((5, 3, 3, 3)), padding=1)
    for page, most, least in ((steps._repr_html_(), 500_000, 3), (steps.html(most=320), 2_000_000, 10)):
        held = re.search(r"The page holds (\d+) of 320 steps", page)
        assert held is not None
        assert least <= int(held[1]) == len(re.findall("(?:<|&lt;)figure", page))
        assert "step 320 of 320" in page
        assert len(page.encode()) < most + 10_000  # the steps, and what stands around them


def test_notebook_shows_the_page_in_a_frame() -> None:
    shown = CASES["signal"]._repr_html_()
    match = re.fullmatch(r'<iframe srcdoc="([^"]*)" title="[^"]*" style="[^"]*"></iframe>', shown)
    assert match is not None
    assert html.unescape(match[1]) == CASES["signal"].html()


@pytest.mark.parametrize(("name", "frames"), [("signal", 6), ("picture", 12), ("photo", 12), ("max pool", 9)])
def test_gif_has_a_frame_for_each_chosen_step(name: str, frames: int) -> None:
    with Image.open(io.BytesIO(CASES[name].gif(most=12))) as picture:
        assert picture.n_frames == frames
        assert picture.width <= animation.WIDEST
        seen = []
        for number in range(picture.n_frames):
            picture.seek(number)
            seen.append(picture.convert("RGB").tobytes())
    assert len(set(seen)) == frames


def test_window_moves_and_output_fills_in_the_gif() -> None:
    steps = ops.steps(np.zeros((40, 40)), [[1.0]], padding="valid")
    drawings = [layout.lay_out(Story(steps).scene(index)) for index in (0, len(steps) - 1)]
    images = [np.asarray(animation.image(drawing)).astype(int) for drawing in drawings]
    photos = [shape for shape in drawings[0].shapes if isinstance(shape, layout.Pixels)]
    assert len(photos) == 2
    marks = []
    for picture in images:
        orange = (picture[..., 0] > 150) & (picture[..., 1] < 120) & (picture[..., 2] < 80)
        x = int(photos[0].x)
        rows, columns = np.nonzero(orange[:, x - 8 : x + 260])
        marks.append((rows.mean(), columns.mean()))
    assert marks[0][0] + 200 < marks[1][0]  # down
    assert marks[0][1] + 200 < marks[1][1]  # and to the right
    output = [
        slice(int(photos[1].y) + 60, int(photos[1].y) + 100),
        slice(int(photos[1].x) + 60, int(photos[1].x) + 100),
    ]
    assert images[0][output[0], output[1]].min() > 200  # not made yet: paper
    assert images[1][output[0], output[1]].max() == 0  # zeros: black


def test_save_by_ending(tmp_path: Path) -> None:
    steps = CASES["picture"]
    for ending, head in ((".svg", b"<svg"), (".html", b"<!DOCTYPE html>"), (".GIF", b"GIF89a")):
        steps.save(tmp_path / f"steps{ending}")
        assert (tmp_path / f"steps{ending}").read_bytes().startswith(head)
    steps.save(tmp_path / "one.svg", (1, 2))
    assert "row 1, column 2" in (tmp_path / "one.svg").read_text("utf-8")
    with pytest.raises(UnknownName, match=r"'\.gfi': did you mean '\.gif'"):
        steps.save(tmp_path / "steps.gfi")
    with pytest.raises(ConvscopeError, match="cannot write"):
        steps.save(tmp_path / "missing" / "steps.svg")


def test_show_prints_plain_text_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    CASES["picture"].show(3)
    assert capsys.readouterr().out == CASES["picture"].text(3) + "\n"


def test_drawing_imports_no_torch_and_nothing_before_it_is_asked_for() -> None:
    script = (
        "import sys; from convscope import ops; s = ops.steps([[1, 2], [3, 4]], [[1]]);"
        "assert not {'rich', 'PIL', 'torch'} & set(sys.modules), 'early';"
        "s.text(), s.svg(), s.html(), s.gif();"
        "assert not {'torch', 'matplotlib', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
