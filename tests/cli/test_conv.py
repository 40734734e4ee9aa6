"""`convscope conv`: what it computes, against SciPy; what it prints, writes and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.signal import correlate2d

from convscope.cli.execute import execute

from ..conftest import Command

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


class Line:
    """A command line executed in this process: exit code, output and errors."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> tuple[str, str]:
        left = execute(["conv", *words])
        out, err = self.capsys.readouterr()
        assert left == code, err
        return out, err

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json")[0])


@pytest.fixture
def conv(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("warnings.showwarning", None)  # `execute` sets its own; restored afterwards
    monkeypatch.setenv("COLUMNS", "80")
    return Line(capsys)


@pytest.fixture
def grey(tmp_path: Path) -> np.ndarray:
    """`grey.png`: 20×31 pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 31)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    return pixels


@pytest.fixture
def colour(tmp_path: Path) -> np.ndarray:
    """`colour.png`: 12×15 pixels."""
    pixels = np.random.default_rng(1).integers(0, 256, (12, 15, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "colour.png")
    return pixels


def test_matrix_in_numbers_out(conv: Line) -> None:
    out, err = conv("1 2 3; 4 5 6; 7 8 9", "--kernel", "1 0; 0 -1")
    assert out == (
        "input    3×3 numbers\n"
        "kernel   2×2, sums to 0\n"
        "doing    cross-correlation (kernel not flipped)\n"
        "output   2×2, from -4 to -4, mean -4\n"
        "\n"
        "input       kernel     output\n"
        " 1  2  3      1   0     -4  -4\n"
        " 4  5  6      0  -1     -4  -4\n"
        " 7  8  9\n"
    )
    assert err == ""


def test_flip_is_convolution(conv: Line) -> None:
    words = ("1 2 3; 4 5 6; 7 8 9", "--kernel", "1 2; 3 4")
    plain, flipped = conv.json(*words), conv.json(*words, "--flip")
    assert plain["output"]["numbers"] == [[37, 47], [67, 77]]  # 1·1 + 2·2 + 4·3 + 5·4 = 37
    assert flipped["output"]["numbers"] == [[23, 33], [53, 63]]  # 1·4 + 2·3 + 4·2 + 5·1 = 23
    assert plain["kernel"]["operation"] == "cross-correlation (kernel not flipped)"
    assert flipped["kernel"]["operation"] == "convolution (kernel flipped)"
    assert "flipped kernel" in conv(*words, "--flip")[0]


def test_signal(conv: Line) -> None:
    document = conv.json("3 2 1 0", "--kernel", "1 0 -1", "--padding", "full", "--flip")
    assert document["output"]["numbers"] == [3, 2, -2, -2, -1, 0]
    assert "1·1" in conv("1 2 3", "--kernel", "1 1", "--at", "0")[0]
    assert conv.json("1 5 2 4", "--pool", "max:2")["output"]["numbers"] == [5, 4]


def test_signed_result_is_drawn_around_mid_grey(conv: Line, grey: np.ndarray) -> None:
    words = ("grey.png", "--kernel", "sobel-x", "--padding", "same", "--stride", "2")
    expected = correlate2d(grey.astype(int), SOBEL, mode="same")[::2, ::2]
    _, err = conv(*words, "--out", "edges.png")
    largest = abs(expected).max()
    drawn = np.asarray(Image.open("edges.png"))
    np.testing.assert_array_equal(drawn, np.rint(128 + expected * 127 / largest))
    assert f"0 is mid-grey, -{largest} black and {largest} white" in err
    conv(*words, "--out", "edges.npy")
    np.testing.assert_array_equal(np.load("edges.npy"), expected)
    _, err = conv(*words, "--out", "edges.csv")
    np.testing.assert_array_equal(np.loadtxt("edges.csv", delimiter=","), expected)
    assert err == ""


def test_kernel_that_sums_to_one_keeps_shades_and_cuts_them_off(conv: Line, grey: np.ndarray) -> None:
    sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    expected = correlate2d(grey.astype(int), sharpen, mode="valid")
    _, err = conv("grey.png", "--kernel", "sharpen", "--out", "sharp.png")
    np.testing.assert_array_equal(np.asarray(Image.open("sharp.png")), np.clip(expected, 0, 255))
    outside = ((expected < 0) | (expected > 255)).sum()
    assert f"{outside} of {expected.size} were cut off at 0 or 255" in err


def test_other_results_are_scaled_to_their_largest(conv: Line, grey: np.ndarray) -> None:
    expected = correlate2d(grey.astype(int), np.ones((2, 2), int), mode="valid")
    _, err = conv("grey.png", "--kernel", "1 1; 1 1", "--out", "sum.png")
    np.testing.assert_array_equal(np.asarray(Image.open("sum.png")), np.rint(expected * 255 / expected.max()))
    assert f"0 is black, {expected.max()} white" in err
    _, err = conv("grey.png", "--kernel", "0", "--out", "zero.png")
    assert not np.asarray(Image.open("zero.png")).any()
    assert "all numbers are 0" in err


def test_each_channel_of_a_colour_picture_by_itself(conv: Line, colour: np.ndarray) -> None:
    out, err = conv("colour.png", "--kernel", "box", "--out", "blurred.png", "--at", "0,0")
    assert "12×15 colour, each channel by itself" in out
    assert "steps are those of the red channel" in err
    drawn = np.asarray(Image.open("blurred.png")).astype(float)
    assert drawn.shape == (10, 13, 3)
    for channel in range(3):
        mean = correlate2d(colour[..., channel], np.full((3, 3), 1 / 9), mode="valid")
        assert abs(drawn[..., channel] - mean).max() <= 0.5 + 1e-9
    assert conv.json("colour.png", "--grey")["output"]["shape"] == [1, 10, 13]
    conv("colour.png", "--kernel", "sobel-x", "--out", "numbers.npy")
    assert np.load("numbers.npy").shape == (10, 13, 3)
    out, err = conv("colour.png", "--out", "numbers.csv", code=2)
    assert out == ""
    assert "--grey" in err


def test_pool_after_the_kernel_and_alone(conv: Line, grey: np.ndarray) -> None:
    edges = correlate2d(grey.astype(int), SOBEL, mode="valid")
    height, width = (n // 2 for n in edges.shape)
    expected = edges[: 2 * height, : 2 * width].reshape(height, 2, width, 2).max(axis=(1, 3))
    conv("grey.png", "--kernel", "sobel-x", "--pool", "max:2", "--out", "pooled.npy")
    np.testing.assert_array_equal(np.load("pooled.npy"), expected)
    matrix = "1 2 3 0; 4 5 6 1; 3 4 7 2; 1 2 1 0"
    assert conv.json(matrix, "--pool", "max:2")["output"]["numbers"] == [[5, 6], [4, 7]]
    assert conv.json(matrix, "--pool", "average:2")["output"]["numbers"] == [[3, 2.5], [2.5, 2.5]]
    assert conv.json(matrix, "--pool", "max:3:1")["output"]["numbers"] == [[7, 7], [7, 7]]
    assert conv.json(matrix, "--pool", "max:2", "--stride", "1")["output"]["shape"] == [1, 3, 3]
    assert conv.json("3 4; 0 0", "--pool", "lp:2")["output"]["numbers"] == [[5]]
    assert conv.json("3 4; 0 0", "--pool", "lp:2:2:1")["output"]["numbers"] == [[7]]
    out, _ = conv(matrix, "--pool", "max:2", "--steps")
    assert out.count("max pooling, step ") == 4
    assert "*7*" in out


def test_pools_and_strides_are_written_as_for_an_exercise(conv: Line) -> None:
    matrix = "1 2 3 0; 4 5 6 1; 3 4 7 2; 1 2 1 0"
    numbers = lambda *words: conv.json(matrix, *words)["output"]["numbers"]  # noqa: E731
    assert numbers("--pool", "max:2x4") == [[6], [7]]
    assert numbers("--pool", "max") == numbers("--pool", "max:2") == [[5, 6], [4, 7]]
    assert numbers("--pool", "max:2:2,1") == numbers("--pool", "max:2:2x1") == [[5, 6, 6], [4, 7, 7]]
    assert numbers("--pool", "l2:2") == numbers("--pool", "lp:2")
    assert numbers("--pool", "global-max") == [[7]]
    assert numbers("--kernel", "1 1", "--pool", "global-average") == [[6]]  # 72 / 12
    assert numbers("--kernel", "1", "--stride", "2x1") == numbers("--kernel", "1", "--stride", "2,1")


def test_settings_per_axis_and_borders(conv: Line) -> None:
    document = conv.json(
        "1 2 3 4; 5 6 7 8; 9 10 11 12",
        "--kernel", "1 1", "--padding", "0,1", "--stride", "2,1", "--dilation", "1,2", "--border", "circular",
    )  # fmt: skip
    assert document["kernel"]["padding"] == [[0, 0], [1, 1]]
    assert document["output"]["numbers"] == [[6, 4, 6, 4], [22, 20, 22, 20]]  # 4+2, 1+3, 2+4, 3+1


def test_steps_in_json(conv: Line) -> None:
    document = conv.json("1 2 3; 4 5 6", "--kernel", "1 0; 0 -1", "--at", "0,1")
    assert document["steps"] == [
        {
            "position": [0, 1],
            "start": [0, 1],
            "window": [[2, 3], [5, 6]],
            "inside": [[True, True], [True, True]],
            "kernel": [[1, 0], [0, -1]],
            "products": [[2, 0], [0, -6]],
            "result": -4,
            "equation": "2·1 + 3·0 + 5·0 + 6·(-1) = -4",
        }
    ]
    pooled = conv.json("1 2; 3 4", "--pool", "max:2", "--steps")["steps"]
    assert [(step["winner"], step["result"]) for step in pooled] == [([1, 1], 4)]


def test_many_steps_are_cut_short_and_counted(conv: Line, grey: np.ndarray) -> None:
    out, _ = conv("grey.png", "--kernel", "sobel-x", "--steps")
    assert out.count("cross-correlation (kernel not flipped), step ") == 4
    assert "518 more steps" in out  # 18 · 29 - 4
    assert len(conv.json("grey.png", "--steps")["steps"]) == 64
    assert max(map(len, out.splitlines())) <= 80


def test_crop(conv: Line, grey: np.ndarray) -> None:
    document = conv.json("grey.png", "--crop", "2,3,4x5", "--kernel", "1")
    assert document["output"]["numbers"] == grey[2:6, 3:8].tolist()


def test_files_of_numbers(conv: Line, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "k.csv").write_text("\ufeff0.5, 0.5\n")
    np.save(tmp_path / "a.npy", np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    for name in ("a.csv", "a.npy"):
        document = conv.json(name, "--kernel", "k.csv")
        assert document["input"]["name"] == name
        assert document["output"]["numbers"] == [[1.5, 2.5], [4.5, 5.5]]
    conv("a.csv", "--kernel", "1/3", "--out", "third.csv")
    expected = np.array([[1, 2, 3], [4, 5, 6]]) / 3
    np.testing.assert_allclose(np.loadtxt("third.csv", delimiter=","), expected, rtol=1e-15)


def test_drawings_are_written_and_what_is_left_out_is_said(conv: Line, grey: np.ndarray) -> None:
    _, err = conv("grey.png", "--gif", "s.gif", "--html", "s.html", "--svg", "s.svg", "--at", "3,4")
    assert "s.gif shows 64 of 522 steps" in err
    assert "s.html shows 64 of 522 steps" in err
    assert "s.svg" not in err
    with Image.open("s.gif") as gif:
        assert gif.n_frames == 64
    assert "row 3, column 4" in Path("s.svg").read_text("utf-8")
    conv("grey.png", "--kernel", "sobel-x", "--compare", "c.png")
    with Image.open("c.png") as compared:
        assert compared.width > 2 * 480


def test_a_comparison_shows_the_numbers_of_a_matrix_apart(conv: Line) -> None:
    _, err = conv("1 2 3; 4 5 6; 7 8 9", "--kernel", "1", "--compare", "c.png")
    assert "0 is black, 9 white" in err
    drawn = np.asarray(Image.open("c.png").convert("L"))
    edge = 16 + 26  # of the frame and the title
    cells = drawn[edge + 80 : edge + 480 : 160, 16 + 80 : 16 + 480 : 160]
    np.testing.assert_array_equal(cells, np.rint(np.arange(1, 10).reshape(3, 3) * 255 / 9))


def test_a_comparison_of_a_photo_is_not_scaled_by_one_strong_edge(conv: Line, tmp_path: Path) -> None:
    pixels = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    pixels[100, 100] = 255
    Image.fromarray(pixels).save(tmp_path / "spot.png")
    _, err = conv("spot.png", "--kernel", "sobel-x", "--compare", "c.png", "--out", "o.png")
    assert "c.png, of the output, 0 is mid-grey, -8 black and 8 white; 6 of 39,204 were cut off there" in err
    assert "o.png 0 is mid-grey, -318 black and 318 white" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "grey.png"), "--out grey.png is the file of the input too"),
        (("--compare", "./grey.png"), "--compare grey.png is the file of the input too"),
        (("--out", "link.png"), "--out link.png is the file of the input too"),
        (("--kernel", "k.csv", "--out", "k.csv"), "--out k.csv is the file of --kernel too"),
        (("--out", "a.png", "--compare", "a.png"), "--compare a.png is the file of --out too"),
        (("--out", "a.gif", "--gif", "./a.gif"), "--gif a.gif is the file of --out too"),
    ],
)
def test_no_file_is_written_over_another(
    conv: Line, tmp_path: Path, grey: np.ndarray, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "k.csv").write_text("1,2\n3,4\n")
    (tmp_path / "link.png").symlink_to("grey.png")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    out, err = conv("grey.png", *words, code=2)
    assert out == ""
    assert said in err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("nofile.jpg",), 1, "there is no picture nofile.jpg"),
        (("nofile.csv",), 1, "nofile.csv cannot be read"),
        (("text.png",), 1, "text.png is text, not a picture"),
        (("bad.csv",), 1, "bad.csv, line 2: rows have 1 and 2 numbers"),
        (("nan.csv",), 1, "nan.csv, line 1: it holds nan"),
        (("head.csv",), 1, "head.csv, line 1: 'width' is not a number"),
        (("pickle.npy",), 1, "pickle.npy is not a .npy file of numbers"),
        (("",), 2, "the picture has no name"),
        (("1 nan; 2 3",), 2, "it holds nan"),
        (("1 2; 3",), 2, "rows have 1 and 2 numbers"),
        (("--kernel", "sobelx"), 2, "did you mean 'sobel-x'?"),
        (("--kernel", "1 nan"), 2, "it holds nan"),
        (("--kernel", "nan.csv"), 1, "nan.csv, line 1: it holds nan"),
        (("--kernel", "gaussian:-1"), 2, "sigma=-1 should be above 0"),
        (("--kernel", "gaussian:wide"), 2, "settings are numbers behind colons"),
        (("--kernel", "box:3:3"), 2, "the kernel box does not take the settings"),
        (("1 2; 3 4", "--kernel", "sobel-x"), 1, "a kernel of extent (3, 3) does not fit"),
        (("1 2 3", "--kernel", "sobel-x"), 1, "a signal takes a kernel of one row"),
        (("--stride", "-1"), 2, "stride=-1 should be a whole number from 1"),
        (("--stride", "0"), 2, "stride=0 should be a whole number from 1"),
        (("--pool", "max", "--stride", "0"), 2, "stride"),
        (("--stride", "two"), 2, "--stride two should be a number such as 2"),
        (("--dilation", "0"), 2, "dilation=0 should be a whole number from 1"),
        (("--padding", "sme"), 2, "did you mean 'same'?"),
        (("--padding", "-1"), 2, "padding=-1 should be"),
        (("--border", "zero"), 2, "did you mean 'zeros'?"),
        (("1 2; 3 4", "--kernel", "1", "--padding", "5", "--border", "reflect"), 1, "reflect border"),
        (("--pool", "mx:2"), 2, "did you mean 'max'?"),
        (("--pool", "max:0"), 2, "pool 'max:0' should be max"),
        (("--pool", "max:2:2:2"), 2, "pool 'max:2:2:2' should be max"),
        (("1 2 3 4", "--pool", "max:2x2"), 2, "pool 'max:2x2' has numbers for two axes"),
        (("1 2 3 4", "--pool", "max:2:1x1"), 2, "pool 'max:2:1x1' has numbers for two axes"),
        (("--pool", "global-max", "--padding", "1"), 2, "takes the whole input"),
        (("--pool", "max:2", "--flip"), 2, "a pool has none"),
        (("--pool", "max:2:2", "--stride", "3"), 2, "both give a stride"),
        (("--at", "9000,2"), 1, "there is no step at (9000, 2)"),
        (("--at", "here"), 2, "--at here should be row and column"),
        (("--crop", "1,2,3"), 2, "--crop 1,2,3 should be row, column, height and width"),
        (("--crop", "0,0,9000,1"), 1, "reaches beyond"),
        (("--out", "edges.xyz"), 2, "--out edges.xyz should end in .png"),
        (("--gif", "edges.png"), 2, "--gif edges.png should end in .gif"),
        (("--svg", "none/edges.svg"), 1, "there is no folder none"),
        (("-1 2; 3 4",), 2, "a number with a minus stands behind --"),
        (("http://example.org/a.png",), 2, "addresses are not read"),
        (("--kernl", "1"), 2, "did you mean '--kernel'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(
    conv: Line, tmp_path: Path, words: tuple[str, ...], code: int, expected: str
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "bad.csv").write_text("1,2\n3\n")
    (tmp_path / "nan.csv").write_text("1,nan\n")
    (tmp_path / "head.csv").write_text("width,height\n1,2\n")
    np.save(tmp_path / "pickle.npy", np.array([{}]), allow_pickle=True)
    before = set(tmp_path.iterdir())
    out, err = conv(*words, code=code)
    assert out == ""
    assert err.startswith("error: ")
    assert expected in err
    assert "Traceback" not in err
    assert set(tmp_path.iterdir()) == before


def test_small_things_that_are_said(conv: Line, colour: np.ndarray) -> None:
    assert "6 more steps: --at PLACE shows one" in conv("1 2 3 4 5 6 7 8 9 10", "--kernel", "1", "--steps")[0]
    out, _ = conv("1 2; 3 4", "--pool", "max:2", "--stride", "1")
    assert "doing    max pooling, window 2×2, stride 1\n" in out
    assert "note: --grey is for pictures" in conv("1 2; 3 4", "--kernel", "1", "--grey")[1]
    assert "behind --" in " ".join(conv("-h")[0].replace("│", " ").split())


def test_a_drawing_says_which_channel_it_shows(conv: Line, colour: np.ndarray) -> None:
    words = ("--kernel", "sobel-x", "--svg", "s.svg", "--html", "s.html", "--gif", "s.gif")
    conv("colour.png", *words)
    for name in ("s.svg", "s.html"):
        assert "input, red channel, 12×15" in Path(name).read_text("utf-8")
    conv("colour.png", "--grey", "--svg", "grey.svg")
    assert "red channel" not in Path("grey.svg").read_text("utf-8")


def test_even_kernel_is_warned_of_once(convscope: Command) -> None:
    result = convscope("conv", "--kernel", "1 1; 1 1", "--padding", "same", "--steps")
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("warning: [even-kernel]") == 1
    assert "\x1b" not in result.stdout + result.stderr


def test_sample_photo_and_no_torch(tmp_path: Path) -> None:
    script = (
        "import sys; from convscope.cli.execute import execute; code = execute(['conv', '--out', 'a.png']);"
        "assert not {'torch', 'sklearn', 'matplotlib'} & set(sys.modules), sorted(sys.modules);"
        "sys.exit(code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(
        "input    china.jpg (sample photo), 427×640 colour, each channel by itself\n"
    )
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (638, 425)


def test_pictures_in_colour_on_a_terminal_that_has_them(conv: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out, _ = conv("--kernel", "gaussian:2")
    assert "▀" in out
    assert "\x1b[38;2;" in out
    monkeypatch.setenv("NO_COLOR", "1")
    out, _ = conv("--kernel", "gaussian:2")
    assert "▀" not in out
