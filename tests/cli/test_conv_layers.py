"""`convscope conv` with channels, filters, a bias and a chain, against PyTorch and SciPy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.signal import correlate2d
from scipy.special import softmax

from .test_conv import Line, colour, conv, grey  # noqa: F401  (fixtures)

PICTURE = "1 2 3; 4 5 6; 7 8 9 / 1 0 1; 0 1 0; 1 0 1"
KERNEL = "1 0; 0 -1 / 1 1; 1 1 // 0 1; 1 0 / 1 0; 0 1"


def typed(numbers: np.ndarray) -> str:
    """(filters, channels, rows, columns) as people type it."""
    plane = lambda rows: "; ".join(" ".join(map(repr, row.tolist())) for row in rows)  # noqa: E731
    return " // ".join(" / ".join(map(plane, planes)) for planes in numbers)


def array(text: str) -> np.ndarray:
    """The inverse, written without convscope's own reader."""
    return np.array(
        [
            [[row.split() for row in plane.split(";")] for plane in one.split(" / ")]
            for one in text.split(" // ")
        ],
        dtype=float,
    )


def layer(picture: np.ndarray, kernel: np.ndarray, bias: Any = None, **sliding: Any) -> np.ndarray:
    given_bias = None if bias is None else torch.tensor(bias, dtype=torch.float64)
    return F.conv2d(torch.tensor(picture)[None], torch.tensor(kernel), given_bias, **sliding)[0].numpy()


def test_a_plane_for_each_channel_is_a_layer(conv: Line) -> None:  # noqa: F811
    picture, kernel = array(PICTURE)[0], array(KERNEL)
    document = conv.json(PICTURE, "--kernel", KERNEL, "--bias", "0.5 -1")
    assert document["output"]["shape"] == [2, 2, 2]
    np.testing.assert_array_equal(document["output"]["numbers"], layer(picture, kernel, [0.5, -1]))
    assert document["kernel"]["bias"] == [0.5, -1]
    one = conv.json(PICTURE, "--kernel", KERNEL.split(" // ")[0])
    np.testing.assert_array_equal(one["output"]["numbers"], layer(picture, kernel[:1])[0])
    flipped = conv.json(PICTURE, "--kernel", KERNEL, "--flip")
    np.testing.assert_array_equal(
        flipped["output"]["numbers"], layer(picture, kernel[..., ::-1, ::-1].copy())
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_layer_is_pytorchs(conv: Line, data: st.DataObject) -> None:  # noqa: F811
    draw = lambda least, most: data.draw(st.integers(least, most))  # noqa: E731
    random = np.random.default_rng(draw(0, 10**6))
    channels, filters, height, width = draw(1, 3), draw(1, 3), draw(3, 7), draw(3, 7)
    rows, columns, stride, padding = draw(1, 3), draw(1, 3), draw(1, 3), draw(0, 2)
    if channels == filters == 1:
        filters = 2
    picture = random.integers(-9, 10, (channels, height, width)).astype(float)
    kernel = random.integers(-9, 10, (filters, channels, rows, columns)) / 4
    bias = random.integers(-9, 10, filters) / 2
    words = ["--kernel", typed(kernel), "--bias", " ".join(map(repr, bias.tolist()))]
    words += ["--stride", str(stride), "--padding", str(padding)]
    found = json.loads(conv(*words, "--json", "--", typed(picture[None]))[0])["output"]
    expected = layer(picture, kernel, bias, stride=stride, padding=padding)
    assert found["shape"] == list(expected.shape)
    np.testing.assert_allclose(found["numbers"], expected[0] if filters == 1 else expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore::convscope.errors.ConvscopeWarning")  # of the even kernel
def test_same_is_pytorchs_with_channels_and_scipys_without(conv: Line) -> None:  # noqa: F811
    plane, kernel = array("1 2 3; 4 5 6; 7 8 9")[0], array("1 2; 3 5")
    alone = conv.json("1 2 3; 4 5 6; 7 8 9", "--kernel", "1 2; 3 5", "--padding", "same")
    at_the_start = correlate2d(np.pad(plane[0], ((1, 0), (1, 0))), kernel[0, 0], "valid")
    np.testing.assert_array_equal(alone["output"]["numbers"], at_the_start)
    several = conv.json("1 2 3; 4 5 6; 7 8 9", "--kernel", "1 2; 3 5 // 1 0; 0 0", "--padding", "same")
    at_the_end = np.pad(plane, ((0, 0), (0, 1), (0, 1)))  # as PyTorch has it
    both = np.concatenate([kernel, array("1 0; 0 0")])
    np.testing.assert_array_equal(several["output"]["numbers"], layer(at_the_end, both))


def test_one_plane_is_slid_over_each_channel_by_itself(conv: Line) -> None:  # noqa: F811
    document = conv.json(PICTURE, "--kernel", "1 0; 0 -1", "--bias", "2")
    kernel = array("1 0; 0 -1")[0, 0]
    expected = [correlate2d(channel, kernel, "valid") + 2 for channel in array(PICTURE)[0]]
    np.testing.assert_array_equal(document["output"]["numbers"], expected)
    out, err = conv(PICTURE, "--kernel", "1 0; 0 -1", "--at", "1,0,1")
    assert "3×3 numbers in 2 channels, each by itself" in out
    assert "0·1 + 1·0 + 1·0 + 0·(-1) = 0" in out  # of the second channel
    assert "the steps are those of channel 1" in err
    assert "1·1 + 2·0 + 4·0 + 5·(-1) = -4" in conv(PICTURE, "--kernel", "1 0; 0 -1", "--at", "0,0")[0]


def test_signals_with_channels(conv: Line) -> None:  # noqa: F811
    signal, kernel = (
        np.array([[1.0, 2, 3, 4], [0, 1, 0, 1]]),
        np.array([[[1.0, -1], [2, 3]], [[0, 1], [1, 0]]]),
    )
    document = conv.json("1 2 3 4 / 0 1 0 1", "--kernel", "1 -1 / 2 3 // 0 1 / 1 0")
    expected = F.conv1d(torch.tensor(signal)[None], torch.tensor(kernel))[0].numpy()
    np.testing.assert_array_equal(document["output"]["numbers"], expected)
    assert conv.json("1 2 3 4 / 0 1 0 1", "--pool", "max:2")["output"]["numbers"] == [[2, 4], [1, 1]]


def test_a_layer_over_the_colours_of_a_photo(conv: Line, colour: np.ndarray) -> None:  # noqa: F811
    conv("colour.png", "--kernel", "1 / 2 / -1", "--out", "mixed.npy")
    expected = colour.astype(float) @ [1, 2, -1]
    np.testing.assert_array_equal(np.load("mixed.npy"), expected)
    _, err = conv("colour.png", "--kernel", "1 / 2 / -1 // 1 / 0 / 0", "--out", "first.png")
    assert "the first of 2 maps is drawn" in err
    with Image.open("first.png") as drawn:
        assert (drawn.size, drawn.mode) == ((15, 12), "L")


def test_files_of_three_and_four_axes(conv: Line) -> None:  # noqa: F811
    random = np.random.default_rng(0)
    picture, kernel = random.normal(size=(2, 5, 6)), random.normal(size=(3, 2, 2, 3))
    np.save("p.npy", picture)
    np.save("k.npy", kernel)
    np.save("one.npy", kernel[0])
    conv("p.npy", "--kernel", "k.npy", "--out", "maps.npy")
    np.testing.assert_allclose(np.load("maps.npy"), layer(picture, kernel), atol=1e-12)
    conv("p.npy", "--kernel", "one.npy", "--out", "map.npy")
    np.testing.assert_allclose(np.load("map.npy"), layer(picture, kernel)[0], atol=1e-12)
    conv("maps.npy", "--kernel", "1", "--out", "again.npy")  # what it writes it reads
    np.testing.assert_array_equal(np.load("again.npy"), np.load("maps.npy"))


def test_drawings_show_channels_and_filters(conv: Line) -> None:  # noqa: F811
    conv(PICTURE, "--kernel", KERNEL, "--svg", "s.svg", "--html", "s.html", "--gif", "s.gif", "--at", "1,0,1")
    drawing = Path("s.svg").read_text("utf-8")
    assert "map 1, row 0, column 1" in drawing
    assert "input 1" in drawing
    with Image.open("s.gif") as gif:
        assert gif.n_frames == 8
    _, err = conv(PICTURE, "--kernel", KERNEL, "--compare", "c.png")
    assert "the first of 2 maps is drawn" in err


def test_every_block_of_a_layer_is_named(conv: Line) -> None:  # noqa: F811
    out, _ = conv(PICTURE, "--kernel", KERNEL, "--bias", "0.5 -1")
    for said in (
        "input    3×3 numbers in 2 channels\n",
        "kernel   2 filters of 2×2 for each of 2 channels, all products added up, bias 0.5, -1\n",
        "output   2 maps of 2×2, from",
        "input 0     input 1     kernel 0, 0   kernel 0, 1",
        "output 0       output 1\n -1.5  -1.5      7   7\n -1.5  -1.5     11  15\n",
    ):
        assert said in out
    many = " // ".join(["1"] * 9)
    assert "and 3 more" in conv("1 2; 3 4", "--kernel", many)[0]


def chain(maps: np.ndarray) -> list[np.ndarray]:
    """ReLU, batch norm of the map itself, 2×2 maxima, a row, a linear layer and softmax, by PyTorch."""
    x = torch.tensor(maps)[None]
    stages = [x := F.relu(x)]
    stages.append(x := F.batch_norm(x, None, None, training=True))
    stages.append(x := F.max_pool2d(x, 2))
    stages.append(x := x.flatten(1))
    weight = torch.tensor([[1.0, 0.25] * (x.shape[1] // 2), [-1.0, 2.0] * (x.shape[1] // 2)], dtype=x.dtype)
    stages.append(x := F.linear(x, weight, torch.tensor([3.0, -4.0], dtype=x.dtype)))
    stages.append(x.softmax(1))
    return [stage[0].numpy() for stage in stages]


def test_each_stage_of_a_chain_is_pytorchs(conv: Line) -> None:  # noqa: F811
    random = np.random.default_rng(0)
    picture = random.integers(-9, 10, (2, 6, 7)).astype(float)
    kernel = random.integers(-2, 3, (2, 2, 3, 4)).astype(float)
    expected = chain(layer(picture, kernel))
    count = len(expected[3])
    rows = f"{'1 0.25 ' * (count // 2)}; {'-1 2 ' * (count // 2)}"
    written = f"relu | batch-norm | max:2 | flatten | linear:{rows}:3 -4 | softmax"
    document = json.loads(
        conv("--kernel", typed(kernel), "--then", written, "--json", "--", typed(picture[None]))[0]
    )
    assert [stage["name"] for stage in document["then"]] == [
        "ReLU", "batch norm", "max pooling", "flatten", "linear", "softmax",
    ]  # fmt: skip
    for stage, numbers in zip(document["then"], expected, strict=True):
        assert stage["shape"] == list(numbers.shape)
        np.testing.assert_allclose(stage["numbers"], numbers, atol=1e-12)
    norm = document["then"][1]["settings"]
    np.testing.assert_allclose(norm["mean"], expected[0].mean(axis=(1, 2)))
    np.testing.assert_allclose(norm["variance"], expected[0].var(axis=(1, 2)))
    assert document["then"][4]["settings"]["bias"] == [3, -4]


def test_a_batch_norm_with_its_numbers_given(conv: Line) -> None:  # noqa: F811
    written = "batch-norm:2 3:0.5:1 -1:4"
    document = conv.json(PICTURE, "--kernel", KERNEL, "--then", written)
    maps = torch.tensor(layer(array(PICTURE)[0], array(KERNEL)))[None]
    of = lambda *numbers: torch.tensor(numbers, dtype=torch.float64)  # noqa: E731
    expected = F.batch_norm(maps, of(1, -1), of(4, 4), of(2, 3), of(0.5, 0.5))[0].numpy()
    np.testing.assert_allclose(document["then"][0]["numbers"], expected, atol=1e-12)


def test_pools_of_a_chain_and_the_end_in_a_file(conv: Line, grey: np.ndarray) -> None:  # noqa: F811
    then = "relu | average:3x3:1 | l2:2 | global-max"
    conv("grey.png", "--kernel", "sobel-x", "--then", then, "--out", "end.npy")
    edges = torch.tensor(correlate2d(grey.astype(float), [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "valid"))
    pooled = F.lp_pool2d(F.avg_pool2d(F.relu(edges)[None, None], 3, stride=1), 2.0, 2)
    np.testing.assert_allclose(np.load("end.npy"), [[pooled.max()]])
    conv("grey.png", "--kernel", "1", "--then", "relu", "--out", "same.png")
    np.testing.assert_array_equal(np.asarray(Image.open("same.png")), grey)
    conv("1 2; 3 4", "--kernel", "1", "--then", "flatten | softmax", "--out", "row.csv")
    np.testing.assert_allclose(np.loadtxt("row.csv", delimiter=","), softmax([1, 2, 3, 4]))


def test_the_way_of_a_number_through_the_chain(conv: Line) -> None:  # noqa: F811
    words = ("1 2 3; 4 5 6; 7 8 0", "--kernel", "1 0; 0 -1", "--pool", "max:2:1")
    then = ("--then", "relu | flatten | linear:2; -1:0 1 | softmax", "--at", "1,1")
    way = conv.json(*words, *then)["way"]
    assert [
        (passage["stage"], [number["result"] for number in passage["numbers"]]) for passage in way[:4]
    ] == [
        ("max:2:1", [5]),  # of -4, -4, -4 and 5 - 0
        ("relu", [5]),
        ("flatten", [5]),
        ("linear:2; -1:0 1", [10, -4]),
    ]
    np.testing.assert_allclose([number["result"] for number in way[4]["numbers"]], softmax([10, -4]))
    assert way[3]["numbers"][1]["equation"] == "5·(-1) + 1 = -4"
    out, _ = conv(*words, *then)
    assert "max pooling     0,0    max(-4, -4, -4, 5) = 5\n" in out
    assert "ReLU            0,0    max(5, 0) = 5\n" in out
    overlapping = conv.json("1 2 3 4", "--kernel", "1", "--then", "max:2:1", "--at", "1")["way"][0]["numbers"]
    assert [number["position"] for number in overlapping] == [[0, 0], [0, 1]]
    assert "no window reaches it" in conv("1 2 3", "--kernel", "1", "--then", "max:2 | relu", "--at", "2")[0]


def test_the_terminal_shows_each_stage(conv: Line) -> None:  # noqa: F811
    out, _ = conv(
        "1 2; 3 4", "--kernel", "-1", "--bias", "2", "--then", "relu | batch-norm:1:0:0.5:0.25 | flatten"
    )
    assert "then     ReLU, 2×2, from 0 to 1, mean 0.25\n" in out
    assert "(by mean 0.5, variance 0.25)" in " ".join(out.split())
    assert "\nReLU\n 1  0\n 0  0\n" in out
    assert "4 in a row" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("1 2 / 3",), 2, "its channels have 1×1 and 1×2 numbers"),
        (("1 2 / x",), 2, "'x' is not a number"),
        (("1 2 / ",), 2, "beside a slash there are no numbers"),
        (("1 2 // 3 4",), 2, "has filters, apart by"),
        (("1 / 2", "--kernel", "1 / 2 // 3"), 2, "its filters have 1 and 2 channels"),
        (("1 2; 3 4 / 1 2; 3 4", "--kernel", "1 / 1 / 1"), 1, "3 planes, and the array 2 channels"),
        (("1 2; 3 4 / 1 2; 3 4", "--kernel", "1 // 1"), 1, "each of 2 filters has 1 plane"),
        (("1 2; 3 4", "--kernel", "1 / 1"), 1, "the kernel has 2 planes, and the matrix 1 channel;"),
        (("1 2 3", "--kernel", "1 2; 3 4 / 1 2; 3 4"), 1, "a signal takes a kernel of one row"),
        (("1 2; 3 4", "--kernel", "1 // 2", "--bias", "1 2 3"), 2, "2 numbers, one for each filter"),
        (("1 2; 3 4", "--kernel", "1", "--bias", "x"), 2, "--bias x should be a number such as 0.5"),
        (("1 2; 3 4", "--pool", "max:2", "--bias", "1"), 2, "added to what a kernel gives"),
        (("1 2; 3 4", "--kernel", "1 // 2", "--at", "2,0,0"), 1, "so map 0 to 1, row 0 to 1, column 0 to 1."),
        (("1 2; 3 4 / 5 6; 7 8", "--kernel", "1", "--at", "-1,0"), 1, "no step at (-1, 0): the output has"),
        (("1 2; 3 4", "--kernel", "1", "--bias", "nan"), 2, "--bias nan should be a number such as 0.5."),
        (("1 2; 3 4", "--kernel", "1", "--bias", "1 a"), 2, "should be a number such as 0.5."),
        (("1 2; 3 4", "--kernel", "1 // 2", "--out", "a.csv"), 2, "the result has 2 maps; take .npy"),
        (("five.npy",), 1, "or in (channels, rows, columns)"),
        (("1 2; 3 4", "--kernel", "1", "--then", "relo"), 2, "unknown stage 'relo': did you mean 'relu'?"),
        (("1 2; 3 4", "--kernel", "1", "--then", "relu |"), 2, "a stage of the chain is empty"),
        (("1 2; 3 4", "--kernel", "1", "--then", "relu:1"), 2, "the stage 'relu' has no settings"),
        (("1 2; 3 4", "--kernel", "1", "--then", "max:0"), 2, "pool 'max:0' should be max"),
        (("1 2; 3 4", "--kernel", "1", "--then", "batch-norm:1"), 2, "weight, bias, mean and variance"),
        (("1 2; 3 4", "--kernel", "1", "--then", "batch-norm:1:0:0:-1"), 2, "has a variance below 0"),
        (("1 2; 3 4", "--kernel", "1", "--then", "batch-norm:1 1:0:0:1"), 1, "has 2 numbers for 1 maps"),
        (("1 2; 3 4", "--kernel", "1", "--then", "linear:1 2"), 1, "put flatten before it"),
        (("1 2; 3 4", "--kernel", "1", "--then", "softmax"), 1, "put flatten before it"),
        (("1 2; 3 4", "--kernel", "1", "--then", "flatten | linear:1 2"), 1, "comes after 4 numbers"),
        (("1 2; 3 4", "--kernel", "1", "--then", "flatten | linear"), 2, "takes a row of weights"),
        (("1 2; 3 4", "--kernel", "1", "--then", "flatten | linear:x"), 2, "'x' should be numbers"),
        (("1 2; 3 4", "--kernel", "1", "--then", "linear:1; 2:3"), 2, "2 rows of weights and 1 biases"),
        (("1 2; 3 4", "--kernel", "1", "--then", "flatten | max:2"), 1, "and there is a row of 4"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(
    conv: Line,  # noqa: F811
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    expected: str,
) -> None:
    np.save(tmp_path / "five.npy", np.ones((1, 1, 2, 3, 3)))
    before = set(tmp_path.iterdir())
    out, err = conv(*words, code=code)
    assert out == ""
    assert err.startswith("error: ")
    assert expected in err
    assert set(tmp_path.iterdir()) == before
