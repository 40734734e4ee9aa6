"""`convscope explain --why`: what is printed adds up, fits a terminal, and is all in the JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import nets
from convscope.bundle import Bundle
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.graph import Builder, initial_weights

from ..conftest import Command
from ..terminal import in_terminal

PLACES = {
    "a convolution of three channels": ("resnet-8", "conv1:3:5:7"),
    "at the border": ("resnet-8", "conv1:3:0:31"),
    "many channels and a batch norm": ("resnet-8", "layer3.0.relu1:12:2:3"),
    "branches that are added": ("resnet-8", "layer2.0.relu2:4:3:2"),
    "a mean": ("resnet-8", "avgpool:4:0:0"),
    "a linear layer": ("resnet-8", "fc:4"),
    "probabilities": ("resnet-8", "probability:4"),
    "a pixel": ("resnet-8", "input:2:9:9"),
    "a large window": ("resnet-18", "conv1:3:5:7"),
    "a maximum": ("resnet-18", "maxpool:3:0:7"),
    "depthwise": ("mobile-small", "relu2:3:5:7"),
    "a signal": ("simple-cnn-1d", "relu2:3:5"),
}
CLASSES = ("aeroplane", "a very long name of a class that nobody would give one", *"cdefghij")


def model(folder: Path, name: str) -> tuple[str, str]:
    """A bundle with its first weights and a picture or signal for it, as paths."""
    shape = (3, 40, 48) if name == "resnet-18" else None
    graph = nets.graph(name, shape)
    preprocessing: Preprocessing | ArrayPreprocessing
    random = np.random.default_rng(0)
    if len(graph.input_shape) == 2:
        preprocessing = ArrayPreprocessing(shape=(1, 128))
        given = folder / "signal.npy"
        np.save(given, random.normal(size=(1, 128)).astype(np.float32))
    else:
        channels, height, width = graph.input_shape
        assert channels == 3
        statistics = (0.4, 0.5, 0.6)
        preprocessing = Preprocessing(height=height, width=width, channels=3, mean=statistics, std=statistics)
        given = folder / "picture.png"
        Image.fromarray(random.integers(0, 256, (height, width, 3)).astype(np.uint8)).save(given)
    bundle = Bundle(name, CLASSES, preprocessing, graph, initial_weights(graph, seed=2))
    bundle.save(folder / "model.safetensors")
    return str(folder / "model.safetensors"), str(given)


@pytest.mark.parametrize("case", PLACES)
def test_what_is_printed_fits_and_adds_up(
    case: str, tmp_path: Path, in_this_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    name, place = PLACES[case]
    network, given = model(tmp_path, name)
    result = in_this_process("explain", network, given, "--why", place, "--down")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert len(lines) <= 62
    assert lines[0].startswith(f"{place} (")
    value = float(lines[0].rsplit(" = ", 1)[1])
    networks = next(line for line in lines if line.startswith("the network's"))
    assert float(networks.split()[2]) == pytest.approx(value, abs=1e-5)
    assert "NOT EQUAL" not in result.stdout
    assert lines[-1].startswith("input:")

    document = json.loads(
        in_this_process("explain", network, given, "--why", place, "--down", "--json").stdout
    )
    assert document["agrees"] is True
    assert document["value"] == pytest.approx(value, rel=1e-5)
    assert document["down"][0]["cell"] == place
    assert document["down"][-1]["operation"] == "input"
    for window in document["windows"]:
        shape = tuple(map(len, window["coordinates"]))
        assert np.array(window["values"]).shape == np.array(window["contributions"]).shape == shape
    listed = sum(term["contribution"] for term in document["largest"]) + document["rest"]["sum"]
    everything = sum(np.sum(window["contributions"]) for window in document["windows"])
    assert listed == pytest.approx(everything)
    if document["windows"] and document["windows"][0]["weights"] is not None:
        assert everything == pytest.approx(document["steps"][0]["result"])


def test_the_grid_of_a_small_window(tmp_path: Path, in_this_process: Command) -> None:
    network, given = model(tmp_path, "resnet-8")
    printed = in_this_process("explain", network, given, "--why", "conv1:3:0:31").stdout
    assert "input:0 from row -1, column 30" in printed
    assert "its field of 3×3 reaches over the border" in " ".join(printed.split())
    assert "rows 0 to 1, columns 30 to 31" in printed
    assert re.search(r"^ +0 +0 +0 ", printed, flags=re.MULTILINE)  # the padding above the frame
    assert "sum of 27 products" in printed
    assert "Next    --why input:" in printed


def joins(folder: Path) -> tuple[str, str]:
    """A product and a sum, of which one branch is 0 everywhere, and a norm over a vector."""
    b = Builder("joins")
    x = b.input(1, 6, 6)
    shut = b.relu(b.conv2d(x, 2, kernel_size=3, padding=1))
    open_ = b.conv2d(x, 2, kernel_size=1)
    product = b.append("multiply", shut, open_)
    total = b.append("add", product, open_)
    vector = b.linear(b.flatten(total), 12)
    norm = b.append("layer_norm", vector, normalized_shape=(12,), eps=1e-5)
    graph = b.build(b.linear(norm, 10))
    weights = initial_weights(graph, 1)
    weights["conv1.weight"] = np.full_like(weights["conv1.weight"], -1)
    Bundle("joins", CLASSES, Preprocessing(height=6, width=6, channels=1), graph, weights).save(
        folder / "joins.safetensors"
    )
    Image.new("L", (6, 6), 99).save(folder / "grey.png")
    return str(folder / "joins.safetensors"), str(folder / "grey.png")


@pytest.mark.parametrize(
    ("place", "heading", "kind", "shut"),
    [("multiply1:1:2:3", "factor", "factors", "relu1"), ("add1:1:2:3", "branch", "branches", "multiply1")],
)
def test_branches_that_are_0_are_shown(
    tmp_path: Path, in_this_process: Command, place: str, heading: str, kind: str, shut: str
) -> None:
    network, given = joins(tmp_path)
    printed = in_this_process("explain", network, given, "--why", place).stdout
    assert re.search(rf"^{heading} +value$", printed, flags=re.MULTILINE)
    assert re.search(rf"^{shut}:1:2:3 +-?0$", printed, flags=re.MULTILINE)
    assert re.search(r"^conv2:1:2:3 +\S+$", printed, flags=re.MULTILINE)
    assert not re.search("adds|more", printed)
    document = json.loads(in_this_process("explain", network, given, "--why", place, "--json").stdout)
    assert document["terms_are"] == kind
    assert [term["cell"] for term in document["largest"]] == ["conv2:1:2:3", f"{shut}:1:2:3"]
    assert document["rest"] == {"count": 0, "sum": 0.0}


def test_a_norm_shows_the_numbers_that_make_its_mean(tmp_path: Path, in_this_process: Command) -> None:
    network, given = joins(tmp_path)
    printed = in_this_process("explain", network, given, "--why", "norm1:3").stdout
    assert re.search(r"^largest +value +of the mean\nlinear1:3 ", printed, flags=re.MULTILINE)
    document = json.loads(in_this_process("explain", network, given, "--why", "norm1:3", "--json").stdout)
    assert document["terms_are"] == "parts of the mean"
    terms = {term["cell"]: term for term in document["largest"]}
    assert set(terms) == {f"linear1:{number}" for number in range(12)}
    values = np.array([term["value"] for term in terms.values()])
    assert sum(term["contribution"] for term in terms.values()) == pytest.approx(values.mean())
    own = terms["linear1:3"]["value"]
    assert document["value"] == pytest.approx((own - values.mean()) / np.sqrt(values.var() + 1e-5), rel=1e-4)


def test_ranges_in_json_are_half_open(tmp_path: Path, in_this_process: Command) -> None:
    network, given = model(tmp_path, "resnet-8")
    document = json.loads(
        in_this_process("explain", network, given, "--why", "conv1:3:0:31", "--down", "--json").stdout
    )
    assert document["sees"]["field"] == [[-1, 2], [30, 33]]  # 3×3 around row 0, column 31
    assert document["sees"]["pixels"] == [[0, 2], [30, 32]] == document["down"][0]["sees"]["pixels"]


def test_a_dilated_window_says_how_far_its_numbers_are_apart(
    tmp_path: Path, in_this_process: Command
) -> None:
    b = Builder("dilated")
    x = b.conv2d(b.input(1, 8, 8), 1, kernel_size=(3, 1), dilation=(2, 1), padding=((2, 0), (0, 0)))
    graph = b.build(b.linear(b.flatten(x), 10))
    preprocessing = Preprocessing(height=8, width=8, channels=1)
    bundle = Bundle("dilated", CLASSES, preprocessing, graph, initial_weights(graph))
    bundle.save(tmp_path / "model.safetensors")
    Image.new("L", (8, 8), 99).save(tmp_path / "picture.png")
    result = in_this_process(
        "explain", str(tmp_path / "model.safetensors"), str(tmp_path / "picture.png"), "--why", "conv1:0:1:4"
    )
    assert "input:0 from row -1 by 2, column 4" in result.stdout
    assert "rows 1 to 3, column 4 of the input; its field of 5×1" in result.stdout


def test_in_a_terminal_there_is_colour_and_no_line_is_too_long(tmp_path: Path) -> None:
    network, given = model(tmp_path, "resnet-8")
    code, screen = in_terminal(["explain", network, given, "--why", "layer3.0.relu1:12:0:3"], tmp_path)
    assert code == 0
    assert screen.text[0].startswith("layer3.0.relu1:12:0:3 (relu) = ")
    assert any("─┐" in line for line in screen.text)
    assert screen.coloured


@pytest.mark.parametrize(
    ("place", "code", "message"),
    [
        ("conv9:0:0:0", 2, "unknown layer 'conv9': did you mean 'conv1'"),
        ("conv1:0", 2, "conv1 is 16×32×32, so it takes channel, row and column, such as conv1:8:16:16"),
        ("conv1:0:0:32", 1, "its column is from 0 to 31, not 32"),
    ],
)
def test_places_that_there_are_not(
    place: str, code: int, message: str, tmp_path: Path, in_this_process: Command
) -> None:
    network, given = model(tmp_path, "resnet-8")
    result = in_this_process("explain", network, given, "--why", place)
    assert result.returncode == code
    assert message in result.stderr
    assert result.stdout == ""


def test_a_picture_that_is_missing(tmp_path: Path, in_this_process: Command) -> None:
    network, _ = model(tmp_path, "resnet-8")
    result = in_this_process("explain", network, str(tmp_path / "no.png"), "--why", "fc:1")
    assert (result.returncode, result.stdout) == (1, "")
    assert "no.png" in result.stderr
