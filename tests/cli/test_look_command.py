"""`convscope look`: what it writes and prints is what `look` gives, and what goes wrong is one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope import Bundle, look, nets
from convscope.bundle import PROGRAM
from convscope.cli.execute import execute
from convscope.data import Preprocessing, load, open_source
from convscope.drawing.contact_sheet import stacked
from convscope.drawing.inside import draw_filters, draw_maps, draw_patches, draw_picture
from convscope.graph import initial_weights
from convscope.graph.operation import spell

Shown = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("look") / "run"
    convscope.train("digits", net="simple-cnn-4-8", epochs=1, quiet=True, out=str(folder))
    return folder


@pytest.fixture
def bundle(run: Path) -> Bundle:
    return Bundle.load(run)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnings.showwarning", None)
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    picture = open_source("digits").read("train", np.array([3]), Bundle.load(run).preprocessing, None)
    Image.fromarray(picture.images[0, :, :, 0]).save(tmp_path / "digit.png")


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Shown:
    def show(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        assert execute(["look", *words, "--json"]) == 0
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return show


def same(file: str, image: Image.Image) -> None:
    np.testing.assert_array_equal(np.asarray(Image.open(file)), np.asarray(image))


def test_the_first_filters_by_default(
    run: Path, bundle: Bundle, capsys: pytest.CaptureFixture[str], shown: Shown
) -> None:
    assert execute(["look", str(run)]) == 0
    printed = capsys.readouterr()
    values = bundle.weights["conv1.weight"]
    lines = printed.out.splitlines()
    assert lines[1].split() == ["conv1", "4", "1×3×3", f"±{np.abs(values).max():.3g}"]
    assert lines[2:] == ["Picture conv1-filters.png"]
    assert printed.err == ""
    same("conv1-filters.png", draw_filters(look.filters(bundle)))
    document = shown(str(run), "--filters", "--scale", "own", "--channel", "2,0", "--out", "own.png")
    assert (document["scale"], document["chosen"], document["files"]) == ("own", [2, 0], ["own.png"])
    (layer,) = document["layers"]
    assert (layer["layer"], layer["shape"], layer["colours"]) == ("conv1", [4, 1, 3, 3], False)
    np.testing.assert_array_equal(np.float32(layer["numbers"]), values[[2, 0]])
    same("own.png", draw_filters(look.filters(bundle), own_scale=True, channels=[2, 0]))


def test_several_layers_in_a_picture_in_a_folder_and_as_numbers(
    run: Path, bundle: Bundle, shown: Shown
) -> None:
    both = [draw_filters(look.filters(bundle, name)) for name in ("conv2", "conv1")]
    assert shown(str(run), "--layer", "conv2", "--layer", "conv1")["files"] == ["simple-cnn-4-8-filters.png"]
    same("simple-cnn-4-8-filters.png", stacked(both))
    files = shown(str(run), "--out", "seen")["files"]
    assert files == ["seen/conv1-filters.png", "seen/conv2-filters.png"]
    same(files[1], both[0])
    assert shown(str(run), "--out", "seen", "--layer", "conv2")["files"] == files[1:]
    assert shown(str(run), "--layer", "conv2", "--out", "numbers.npz")["files"] == ["numbers.npz"]
    with np.load("numbers.npz") as numbers:
        np.testing.assert_array_equal(numbers["conv2"], bundle.weights["conv2.weight"])


def test_the_maps_of_a_picture(run: Path, bundle: Bundle, shown: Shown) -> None:
    document = shown(str(run), "digit.png")
    found = look.feature_maps(bundle, "digit.png")
    assert document["files"] == ["digit-maps.png"]
    same("digit-maps.png", stacked([draw_picture(found), *map(draw_maps, found.layers)]))
    best = bundle.predict("digit.png")[0]
    assert document["class"] == best.label
    assert document["probability"] == pytest.approx(best.probability, rel=1e-4)
    assert [layer["nodes"] for layer in document["layers"]] == [list(each.nodes) for each in found.layers]
    for layer, each in zip(document["layers"], found.layers, strict=True):
        assert layer["shape"] == list(each.values.shape)
        means = [channel["mean"] for channel in layer["channels"]]
        np.testing.assert_allclose(means, each.values.mean(axis=(1, 2)), rtol=1e-4, atol=1e-6)
    one = shown(str(run), "digit.png", "--layer", "relu2", "--channel", "5", "--out", "one.npz")
    assert len(one["layers"][0]["channels"]) == 1
    with np.load("one.npz") as numbers:
        assert list(numbers) == ["relu2"]
        np.testing.assert_array_equal(
            numbers["relu2"], look.feature_maps(bundle, "digit.png", ["relu2"]).layers[0].values[[5]]
        )
    assert shown(str(run), "digit.png", "--out", "maps")["files"] == [
        f"maps/{each.nodes[0]}-maps.png" for each in found.layers
    ]


def test_the_patches_of_a_part(
    run: Path, bundle: Bundle, shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = load(open_source("digits"), bundle.preprocessing)
    assert dataset.test is not None
    for flags, split, part in (
        ([], dataset.test, "test"),
        (["--part", "train", "--count", "2", "--layer", "conv1"], dataset.train, "train"),
    ):
        document = shown(str(run), "--patches", *flags)
        layer = "conv1" if flags else "relu2"  # the last that is no pool
        found = look.patches(bundle, split.images, layer, count=2 if flags else 9, names=split.names)
        assert (document["part"], document["pictures"]) == (part, len(split))
        assert document["files"] == [f"{layer}-patches.png"]
        same(document["files"][0], draw_patches(found))
        for told, patches in zip(document["layers"][0]["channels"], found.channels, strict=True):
            assert [p["picture"] for p in told["patches"]] == [patch.name for patch in patches]
            assert [p["value"] for p in told["patches"]] == [patch.value for patch in patches]
            for p, patch in zip(told["patches"], patches, strict=True):
                assert split.names[p["position"]] == p["picture"]
                (top, bottom), (left, right) = p["seen"]
                np.testing.assert_array_equal(
                    split.images[p["position"]][top:bottom, left:right], patch.pixels
                )
    assert execute(["look", str(run), "--patches", "--quiet", "--channel", "3"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[1].split()[:2] == ["relu2", "3"]
    assert execute(["look", str(run), "--patches", "--out", "all"]) == 0
    assert sorted(file.name for file in Path("all").iterdir()) == ["relu1-patches.png", "relu2-patches.png"]


def test_lines_fit_a_terminal(run: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    convscope.train(str(photos), net="resnet-8", size=(16, 16), epochs=1, quiet=True, out="r")
    capsys.readouterr()
    for words in ([], ["digit.png"], ["--patches", "--part", "train"]):
        assert execute(["look", "r", *words]) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    assert sorted(Path().glob("*.png")) == [
        Path(name)
        for name in (
            "conv1-filters.png",
            "digit-maps.png",
            "digit.png",
            "layer3.0.relu2-patches.png",
        )
    ]


def test_the_table_of_a_channel_and_of_long_names(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["look", str(run), "digit.png", "--layer", "relu1", "--channel", "1"]) == 0
    _, row, _ = capsys.readouterr().out.splitlines()
    values = look.feature_maps(Bundle.load(run), "digit.png", ["relu1"]).layers[0].values
    expected = [f"{values[1].min():.3g}", f"{values[1].max():.3g}"]
    assert row.split() == ["relu1", "1", "of", str(len(values)), spell(values.shape[1:]), *expected]
    graph = nets.graph("resnet-18", (1, 32, 32))
    preprocessing = Preprocessing(height=32, width=32, channels=1)
    large = Bundle("large", tuple("0123456789"), preprocessing, graph, initial_weights(graph))
    large.save("large.safetensors")
    assert execute(["look", "large.safetensors", "digit.png"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    assert execute(["look", "large.safetensors", "digit.png", "--layer", "layer1.0.cnv1"]) == 2
    error = capsys.readouterr().err
    assert "did you mean 'layer1.0.conv1'?" in error
    listed, more = error.split("Known: ")[1].split(" and ")
    assert len(listed.split(", ")) == 16
    assert int(more.split()[0]) > 24


def test_a_network_outside_the_graph_and_one_that_diverged(
    bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    program = {PROGRAM: np.zeros(1, np.uint8)}
    Bundle("odd", bundle.classes, bundle.preprocessing, None, program).save("odd.safetensors")
    broken = dict(bundle.weights)
    broken["conv1.weight"] = np.full_like(broken["conv1.weight"], np.nan)
    Bundle("bad", bundle.classes, bundle.preprocessing, bundle.graph, broken).save("bad.safetensors")
    for file, message in (("odd", "is not in convscope's graph"), ("bad", "the training diverged")):
        for words in ([], ["digit.png"], ["--patches", "--data", "digits"]):
            assert execute(["look", f"{file}.safetensors", *words]) == 1
            printed = capsys.readouterr()
            assert message in printed.err
            assert printed.out == ""
    assert sorted(Path().glob("*.png")) == [Path("digit.png")]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--layer", "conv9"], 2, "unknown layer 'conv9': did you mean 'conv2'? Known: conv1, conv2."),
        (["--layer", "pool1"], 1, "pool1 (max_pool2d) has no filters"),
        (["digit.png", "--layer", "relu9"], 2, "Known: conv1, relu1, pool1, conv2, relu2, pool2."),
        (["digit.png", "--layer", "linear"], 1, "has no positions"),
        (["--patches", "--layer", "conv9"], 2, "unknown layer 'conv9'"),
        (["none.png"], 1, "there is no picture none.png"),
        (["notes.txt"], 1, "notes.txt"),
        (["--maps"], 2, "--maps needs a picture"),
        (["digit.png", "--patches"], 2, "leave it out with --patches"),
        (["--filters", "--patches"], 2, "ask for one at a time"),
        (["--count", "3"], 2, "--count is for --patches, and these are filters"),
        (["digit.png", "--data-dir", "x"], 2, "--data-dir is for --patches, and these are maps"),
        (["--patches", "--count", "0"], 2, "--count 0 should be 1 or more"),
        (["--patches", "--part", "tset"], 2, "unknown part 'tset': did you mean 'test'?"),
        (["--patches", "--scale", "own"], 2, "--scale is for filters and maps"),
        (["--patches", "--out", "a.npz"], 2, "--out a.npz should end in .png"),
        (["--patches", "--data", "nothing"], 2, "unknown data set 'nothing'"),
        (["--scale", "common"], 2, "unknown scale 'common'"),
        (["--channel", "4"], 2, "there is no filter 4 in conv1: they are 0 to 3"),
        (["--channel", "a"], 2, "--channel a should be numbers"),
        (["--out", "a.jpg"], 2, "--out a.jpg should end in .png, .npz"),
        (["--out", "nowhere/a.png"], 1, "there is no folder nowhere"),
        (["--out", "nowhere/folder"], 1, "there is no folder nowhere"),
        (["digit.png", "--out", "digit.png"], 2, "the file of the picture too"),
        (["--gif", "a.gif", "--maps"], 2, "--maps and --gif do not go together"),
        (["--gif", "a.gif", "--channel", "1"], 2, "--channel and --gif do not go together"),
        (["--gif", "a.gif", "--layer", "conv1", "--layer", "conv2"], 2, "--gif shows one --layer"),
        (["--watched", "2"], 2, "--watched is for --gif"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    (tmp_path / "notes.txt").write_text("not a picture")
    before = sorted(tmp_path.iterdir())
    assert execute(["look", str(run), *words, "--quiet"]) == code
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert sorted(tmp_path.iterdir()) == before


def test_a_part_that_is_not_there(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    convscope.train(str(photos), size=(16, 16), epochs=1, validation=0, quiet=True, out="r")
    capsys.readouterr()
    assert execute(["look", "r", "--patches", "--part", "validation", "--quiet"]) == 2
    assert "photos has no such part here; it has train, test." in capsys.readouterr().err
