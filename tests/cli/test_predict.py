"""`convscope predict`: warnings of pictures unlike those of the training, and what the network saw."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import Bundle, look, nets
from convscope.data import ArrayPreprocessing, load, open_source
from convscope.graph.weights import initial_weights

from ..conftest import Command


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A network that was never trained, with what is known of the digits; and files to try it on."""
    source = open_source("digits")
    dataset = load(source, source.default_preprocessing())
    assert dataset.usual is not None
    assert dataset.test is not None
    graph = nets.graph("resnet-8", (1, 8, 8), 10)
    bundle = Bundle(
        "resnet-8", dataset.classes, dataset.preprocessing, graph, initial_weights(graph),
        info={"usual": dataset.usual.to_dict()},
    )  # fmt: skip
    bundle.save(tmp_path / "net.safetensors")
    (tmp_path / "inverted").mkdir()
    for number, digit in enumerate(dataset.test.images[:5, :, :, 0]):
        Image.fromarray(digit).save(tmp_path / f"{number}.png")
        Image.fromarray(255 - digit).save(tmp_path / "inverted" / f"{number}.png")
    Image.new("RGB", (64, 48), "white").save(tmp_path / "white.png")
    (tmp_path / "text.png").write_text("no picture")
    return bundle


def test_a_warning_of_each_kind_is_printed_once(convscope: Command, bundle: Bundle) -> None:
    result = convscope("predict", "net.safetensors", "0.png", "inverted", "white.png")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 8
    first, second = result.stderr.splitlines()
    assert first == (
        "warning: 5 of 7 pictures, the first inverted/0.png: its ground is lighter "
        "than its figure (255 and 27 of 255), in training darker; --invert turns it round."
    )
    assert second == "warning: white.png: it is of one colour (255 of 255), with nothing in it to see."
    assert convscope("predict", "net.safetensors", "0.png", "1.png").stderr == ""


def test_invert_turns_the_polarity_round(convscope: Command, bundle: Bundle) -> None:
    turned = convscope("predict", "net.safetensors", "inverted/0.png", "inverted/1.png", "--invert", "--json")
    plain = convscope("predict", "net.safetensors", "0.png", "1.png", "--json")
    assert (turned.returncode, turned.stderr, plain.stderr) == (0, "", "")
    for one, other in zip(json.loads(turned.stdout), json.loads(plain.stdout), strict=True):
        assert one["top"] == other["top"]
    wrongly = convscope("predict", "net.safetensors", "0.png", "--invert")
    assert wrongly.stderr.rstrip().endswith("leave out --invert.")


def test_json_has_the_warnings_of_each_picture(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    result = convscope("predict", "net.safetensors", "0.png", "inverted/0.png", "text.png", "--json")
    assert result.returncode == 1
    fine, inverted, text = json.loads(result.stdout)
    assert fine["warnings"] == []
    assert [warning["kind"] for warning in inverted["warnings"]] == ["inverted"]
    assert inverted["warnings"][0]["message"].startswith("its ground is lighter")
    assert set(text) == {"path", "error"}
    (prediction,) = bundle.predict(tmp_path / "inverted" / "0.png")
    assert [warning.to_dict() for warning in prediction.warnings] == inverted["warnings"]
    assert str(prediction.warnings[0]) == inverted["warnings"][0]["message"]


def test_seen_draws_what_can_be_read(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    result = convscope("predict", "net.safetensors", "inverted", "text.png", "--seen", "seen.png")
    assert result.returncode == 1  # of the text
    with Image.open(tmp_path / "seen.png") as drawing:
        assert drawing.height > 5 * 280
    one = convscope("predict", "net.safetensors", "0.png", "--seen", "one.png")
    assert (one.returncode, one.stdout.splitlines()[-1]) == (0, "Seen    one.png")
    with Image.open(tmp_path / "one.png") as drawing:
        assert drawing.height < 500


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["0.png", "--seen", "seen.jpg"], 2, "--seen seen.jpg should end in .png."),
        (["0.png", "--seen", "away/seen.png"], 1, "--seen away/seen.png: there is no folder away."),
        (["0.png", "--seen", "./0.png"], 2, "--seen 0.png is the file of the picture 0.png too"),
        (["inverted", "--seen", "inverted/1.png"], 2, "is the file of the picture inverted/1.png too"),
    ],
)
def test_what_seen_refuses(
    convscope: Command, bundle: Bundle, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    result = convscope("predict", "net.safetensors", *words)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr
    assert not list(tmp_path.glob("seen.*"))
    with Image.open(tmp_path / "0.png") as unchanged:
        assert unchanged.size == (8, 8)


def test_of_many_pictures_the_first_are_drawn(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    many = convscope("predict", "net.safetensors", *["0.png"] * 30, "--seen", "many.png")
    assert (many.returncode, many.stderr) == (0, "")
    *table, last = many.stdout.splitlines()
    assert (len(table), last) == (31, "Seen    many.png (the first 24 of 30 pictures)")
    convscope("predict", "net.safetensors", *["0.png"] * 24, "--seen", "all.png")
    assert (tmp_path / "many.png").read_bytes() == (tmp_path / "all.png").read_bytes()
    json_too = convscope("predict", "net.safetensors", *["0.png"] * 30, "--seen", "many.png", "--json")
    assert len(json.loads(json_too.stdout)) == 30
    assert json_too.stderr == "note: many.png shows the first 24 of 30 pictures.\n"


def test_a_colour_photo_for_a_grey_network(bundle: Bundle) -> None:
    assert bundle.preprocessing.input_shape[0] == 1
    leaf = np.zeros((40, 40, 3), np.uint8)
    leaf[10:30, 12:28] = (60, 200, 40)
    grey = leaf[..., :1].repeat(3, axis=2)
    told = [[one.kind for one in p.warnings] for p in bundle.predict([leaf, Image.fromarray(leaf), grey])]
    assert ["colour" in kinds for kinds in told] == [True, True, False]
    seen = look.seen(bundle, leaf)
    assert "it is in colour, the training pictures are grey." in [str(one) for one in seen.warnings]


def test_several_grey_pictures_without_channels_are_told_their_shape(bundle: Bundle) -> None:
    (prediction,) = bundle.predict(np.zeros((100, 28, 28), np.uint8))
    assert prediction.error is not None
    assert "not uint8 (100, 28, 28); several pictures are (N, H, W, 1)" in prediction.error
    assert len(bundle.predict(np.zeros((100, 28, 28, 1), np.uint8))) == 100


def test_signals_have_no_polarity_and_no_drawing(convscope: Command, tmp_path: Path) -> None:
    graph = nets.graph("simple-cnn-1d", (1, 64), 2)
    preprocessing = ArrayPreprocessing(shape=(1, 64))
    Bundle("net", ("a", "b"), preprocessing, graph, initial_weights(graph)).save(tmp_path / "net.safetensors")
    np.save(tmp_path / "signal.npy", np.arange(64.0))
    for words, message in (
        (["--invert"], "the network takes signals, which have no polarity."),
        (["--seen", "seen.png"], "--seen draws pictures, and the network takes signals."),
    ):
        result = convscope("predict", "net.safetensors", "signal.npy", *words)
        assert (result.returncode, result.stdout) == (2, "")
        assert message in result.stderr


def test_bundles_from_before_say_what_a_picture_shows_itself(bundle: Bundle) -> None:
    before = Bundle.from_bytes(
        Bundle(
            bundle.net, bundle.classes, bundle.preprocessing, bundle.graph, bundle.weights
        ).to_bytes()
    )  # fmt: skip
    assert before.usual is None
    page, white = np.full((8, 8), 255, np.uint8), np.full((8, 8), 255, np.uint8)
    page[2:6, 3] = 0
    assert [[one.kind for one in p.warnings] for p in before.predict([page, white])] == [[], ["blank"]]


def test_damaged_ranges_are_a_damaged_bundle(bundle: Bundle) -> None:
    from convscope.errors import ConvscopeError

    bad = Bundle(
        bundle.net, bundle.classes, bundle.preprocessing, bundle.graph, bundle.weights, info={"usual": [1]}
    )
    with pytest.raises(ConvscopeError, match="is not a convscope bundle, or is damaged"):
        Bundle.from_bytes(bad.to_bytes())


def test_pictures_of_all_kinds_are_read_alike(bundle: Bundle) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    three = bundle.predict([pixels, Image.fromarray(pixels), content.getvalue()])
    assert three[0] == three[1] == three[2]


@pytest.mark.parametrize(
    "words", [["explain", "--why", "conv1:0:3:3", "--json"], ["look", "--layer", "conv1", "--json"]]
)
def test_who_looks_inside_is_warned_and_may_invert_too(
    convscope: Command, bundle: Bundle, words: list[str]
) -> None:
    def looked(*more: str) -> tuple[str, list[str]]:
        result = convscope(words[0], "net.safetensors", *more, *words[1:])
        assert result.returncode == 0
        document = result.stdout.replace("inverted/0", "0").replace("net 0.png", "")
        return document, result.stderr.splitlines()

    plain, quiet = looked("0.png")
    assert quiet == []
    _, warnings = looked("inverted/0.png")
    assert len(warnings) == 1
    assert "--invert turns it round" in warnings[0]
    turned, quiet = looked("inverted/0.png", "--invert")
    assert quiet == []
    assert _numbers(json.loads(turned)) == _numbers(json.loads(plain))


def _numbers(document: object) -> object:
    """What was computed, without the paths and the pixels as they were in the file."""
    if isinstance(document, dict):
        return {
            key: _numbers(value)
            for key, value in document.items()
            if key not in ("picture", "files", "steps", "sentences")
        }
    return [_numbers(one) for one in document] if isinstance(document, list) else document
