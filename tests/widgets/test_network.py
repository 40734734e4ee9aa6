"""The Network widget in Python: what it computes, refuses, tells and hears."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets
from PIL import Image

from convscope import Bundle, look, nets
from convscope.bundle import STARTER
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import ConvscopeError
from convscope.graph.weights import initial_weights
from convscope.studio import inspector
from convscope.widgets import Network, network
from convscope.widgets.given_picture import GivenPicture

from .conftest import Notebook

pytestmark = pytest.mark.usefixtures("built")


@pytest.fixture(autouse=True)
def page(notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.chdir(tmp_path)  # where there are no runs
    return notebook


@pytest.fixture(scope="module")
def seven() -> np.ndarray:
    """A 7 as the starter's pictures are: light on dark, in the middle."""
    picture = np.zeros((28, 28), np.uint8)
    picture[6:9, 7:21] = 250
    for row in range(9, 23):
        column = 19 - (row - 9) * 9 // 14
        picture[row, column - 1 : column + 2] = 250
    return picture


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG")
    return content.getvalue()


def untrained(net: str = "simple-cnn-4-8") -> Bundle:
    graph = nets.graph(net)
    preprocessing = Preprocessing(height=28, width=28, channels=1)
    return Bundle(net, tuple("0123456789"), preprocessing, graph, initial_weights(graph, seed=3))


# -- what it computes


def test_what_it_says_is_what_predict_maps_and_why_say(seven: np.ndarray) -> None:
    shown = Network("starter", seven, cell="conv1:2:9:9")
    bundle = Bundle.load("starter")
    assert shown.prediction == bundle.predict(png(seven))[0]
    assert shown.prediction.label == "7"
    forward = look.ForwardPass(bundle, seven)
    maps = shown.maps
    for name, values in forward.outputs.items():
        assert np.array_equal(maps[name], values)
    assert shown.why is not None
    assert shown.why.to_dict() == forward.why("conv1:2:9:9").to_dict()
    assert shown.why.value == pytest.approx(float(maps["conv1"][2, 9, 9]))
    assert Network().why is None


def test_what_was_computed_is_computed_once_for_all_widgets(
    seven: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    through = inspector._through
    monkeypatch.setattr(inspector, "_through", lambda *a: made.append(a) or through(*a))
    monkeypatch.setattr(network, "STORE", inspector.Store())
    shutil.copy(STARTER, tmp_path / "kept.safetensors")
    shown = Network("starter", seven, cell="conv1:2:9:9")
    assert shown.why is not None
    shown.model = "kept.safetensors"
    with pytest.raises(ConvscopeError):
        shown.model = "mistyped"
    shown.model = "starter"
    maps = Network("starter", seven).maps
    assert np.array_equal(maps["conv1"], shown.maps["conv1"])
    maps["conv1"][:] = 0
    assert shown.maps["conv1"].any()
    assert len(made) == 2  # of each network


def test_networks_of_any_kind(seven: np.ndarray, tmp_path: Path) -> None:
    bundle = untrained()
    shutil.copy(STARTER, tmp_path / "kept.safetensors")
    assert Network(bundle, seven).bundle is bundle
    assert Network("untrained:simple-cnn-4-8").bundle.net == "simple-cnn-4-8"
    assert Network(tmp_path / "kept.safetensors").bundle.net == Bundle.load("starter").net
    shown = Network(bundle, seven)
    shown.bundle = "starter"
    assert (shown.model, shown.prediction.label) == ("starter", "7")
    shown.bundle = bundle
    assert shown.bundle is bundle
    shown.model = "kept.safetensors"
    assert shown.prediction.label == "7"


@pytest.mark.parametrize("form", ["array", "one channel", "pillow", "path", "bytes"])
def test_pictures_of_any_form(form: str, seven: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(seven).save(tmp_path / "seven.png")
    forms: dict[str, Any] = {
        "array": seven,
        "one channel": seven[:, :, None],
        "pillow": Image.fromarray(seven),
        "path": "seven.png",
        "bytes": png(seven),
    }
    shown = Network("starter", forms[form])
    assert np.array_equal(shown.picture.array, seven)
    assert np.array_equal(np.asarray(shown.picture.image), seven)
    assert np.asarray(shown.picture, np.float32).dtype == np.float32
    assert shown.prediction.label == "7"


def test_a_file_stays_as_it_is(seven: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(seven).save(tmp_path / "seven.jpg", quality=60)
    shown = Network("starter", tmp_path / "seven.jpg")
    assert shown.picture.file == (tmp_path / "seven.jpg").read_bytes()
    assert shown.picture.name == "seven.jpg"


@pytest.mark.parametrize("ending", ["tiff", "16 bits.tiff", "pgm", "dib"])
def test_what_browsers_do_not_read_becomes_a_png_of_the_same_pixels(
    ending: str, seven: np.ndarray, tmp_path: Path
) -> None:
    file = tmp_path / f"seven.{ending}"
    Image.fromarray(seven.astype(np.uint16) * 257 if "16" in ending else seven).save(file)
    shown = Network("starter", file)
    assert shown.picture.file.startswith(b"\x89PNG")
    assert shown._file == {"name": f"{file.stem}.png", "data": shown.picture.file}
    assert np.array_equal(shown.picture.array, seven)
    assert shown.prediction.to_dict() == Bundle.load("starter").predict(seven)[0].to_dict()
    assert GivenPicture.of(file.read_bytes()).name == "picture.png"  # type: ignore[union-attr]


def test_without_a_picture_it_is_of_the_samples_that_the_page_begins_with() -> None:
    shown = Network()
    assert shown.picture is None
    assert shown.prediction.label in shown.bundle.classes
    assert shown.maps["conv1"].ndim == 3


def signals() -> Bundle:
    graph = nets.graph("simple-cnn-1d", (2, 64), 3)
    preprocessing = ArrayPreprocessing(shape=(2, 64))
    return Bundle("simple-cnn-1d", ("a", "b", "c"), preprocessing, graph, initial_weights(graph, seed=1))


def test_a_network_of_signals(page: Notebook) -> None:
    signal = np.random.default_rng(0).normal(size=(2, 64)).astype(np.float32)
    bundle = signals()
    shown = Network(bundle, signal)
    assert np.array_equal(shown.picture.array, signal)
    assert shown.prediction.top == bundle.predict(signal)[0].top
    assert page.told()
    assert shown._file["name"] == "signal.npy"
    with pytest.raises(ConvscopeError, match="64"):
        shown.picture = signal[:, :9]


# -- what is refused


@pytest.mark.parametrize(
    ("trait", "value", "sentence"),
    [
        ("model", "runs/nothing", "there is no run or bundle"),
        ("model", "untrained:simple-cnn-4-9", "did you mean 'simple-cnn-4-8'"),
        ("bundle", "nothing.safetensors", "there is no run or bundle"),
        ("picture", "nothing.png", "nothing.png cannot be read"),
        ("picture", b"no picture", "is"),
        ("picture", object(), "a picture is a path, the bytes of a file"),
        ("layer", "conv9", "unknown layer 'conv9'"),
        ("cell", "conv1:99:0:0", "conv1"),
        ("cell", "nonsense", "nonsense"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    trait: str, value: Any, sentence: str, seven: np.ndarray, page: Notebook
) -> None:
    shown = Network("starter", seven, layer="conv1", cell="conv1:0:0:0")
    words, file, offered = dict(shown._words), dict(shown._file), shown._inspector.models()
    page.told()
    with pytest.raises(ConvscopeError) as refused:
        setattr(shown, trait, value)
    assert sentence in str(refused.value)
    assert (shown._words, shown._file) == (words, file)
    assert shown._inspector.models() == offered
    assert shown.prediction.label == "7"
    assert not page.told()


def test_layer_and_cell_of_another_network_are_dropped_and_kept_where_it_has_them(seven: np.ndarray) -> None:
    shown = Network("starter", seven, layer="conv1", cell="conv1:0:3:3")
    shown.model = "untrained:simple-cnn-4-8"
    assert (shown.layer, shown.cell) == ("conv1", "conv1:0:3:3")
    shown.cell = "conv1:3:0:0"
    shown.model = "untrained:lenet-5"
    assert (shown.layer, shown.cell) == ("conv1", "conv1:3:0:0")
    shown.layer = next(name for name in shown.maps if name not in Network("starter").maps)
    shown.model = "starter"
    assert shown.layer == ""


def test_several_at_once(seven: np.ndarray) -> None:
    shown = Network("starter", seven)
    with shown.hold_trait_notifications():
        shown.model, shown.layer, shown.cell = "untrained:lenet-5", "conv2", "conv2:15:0:0"
    assert shown.why is not None
    assert shown.why.cell.layer == "conv2"
    with pytest.raises(traitlets.TraitError), shown.hold_trait_notifications():
        shown.model, shown.cell = "starter", "conv2:999:0:0"
    assert (shown.model, shown.cell) == ("untrained:lenet-5", "conv2:15:0:0")


# -- both ways


def test_what_python_sets_the_page_is_told(seven: np.ndarray, page: Notebook) -> None:
    shown = Network()
    page.told()
    shown.picture = seven
    shown.cell = "conv1:0:5:6"
    shown.layer = "conv1"
    told = page.updates()
    assert told["_words"] == {"model": "starter", "layer": "conv1", "cell": "conv1:0:5:6", "path": ""}
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(told["_file"]["data"]))), seven)
    shown.picture = None
    assert page.updates()["_file"] == {}


def test_what_is_drawn_and_clicked_is_read_and_heard_and_not_sent_back(
    seven: np.ndarray, page: Notebook
) -> None:
    shown = Network()
    heard: list[str] = []
    shown.observe(lambda change: heard.append(change.name), ["model", "picture", "layer", "cell"])
    page.told()
    page.change(shown, _file={"name": "drawing.png", "data": png(seven)})
    assert np.array_equal(shown.picture.array, seven)
    assert shown.prediction.label == "7"
    page.say(shown, layer="conv1", cell="conv1:0:1:1", path="probability:7")
    assert (shown.layer, shown.cell, str(shown.why.cell)) == ("conv1", "conv1:0:1:1", "conv1:0:1:1")
    page.say(shown, model="untrained:simple-cnn-4-8")
    assert shown.bundle.net == "simple-cnn-4-8"
    assert heard == ["picture", "layer", "cell", "model"]
    assert not page.updates()
    assert shown._words["path"] == "probability:7"
    shown.cell = "conv1:0:2:2"
    assert page.updates()["_words"]["path"] == ""


def test_what_the_page_has_and_python_cannot_take_over(page: Notebook) -> None:
    shown = Network(layer="conv1")
    page.say(shown, layer="conv9")
    assert "unknown layer 'conv9'" in shown.problem
    assert shown.layer == "conv1"
    page.say(shown, layer="conv1")
    assert shown.problem == ""


# -- questions


def test_the_page_asks_and_the_kernel_answers_as_the_server_does(seven: np.ndarray, page: Notebook) -> None:
    bundle = untrained()
    shown = Network(bundle, seven)
    inspector, model, file = shown._inspector, shown.model, png(seven)
    for question, wanted in {
        "models": inspector.models(),
        "network": inspector.network(model),
        "drawing": inspector.drawing(model),
    }.items():
        answer, files = page.ask(shown, {"id": "a-1", "question": question, "model": model})
        assert (answer["id"], answer["answer"], files) == ("a-1", wanted, [])
    answer, files = page.ask(shown, {"id": "a-2", "question": "samples", "model": model})
    assert list(zip(answer["answer"], files, strict=True)) == inspector.samples(model)
    answer, _ = page.ask(shown, {"id": "a-3", "question": "why", "model": model, "cell": "conv1:0:0:0"}, file)
    assert answer["answer"] == inspector.why(model, file, "conv1:0:0:0")
    answer, (message,) = page.ask(
        shown, {"id": "a-4", "question": "pass", "model": model, "layers": ["conv1"]}, file
    )
    _, outputs = inspector.passed(model, file, ["conv1"])
    assert np.array_equal(np.frombuffer(message[-outputs["conv1"].nbytes :], "<f4"), outputs["conv1"].ravel())


@pytest.mark.parametrize(
    ("question", "about", "sentence"),
    [
        ({"question": "network", "model": "nothing"}, "model", "nothing"),
        ({"question": "pass", "model": "starter", "layers": ["conv9"]}, "layers", "conv9"),
        ({"question": "why", "model": "starter", "cell": "conv9:0"}, "cell", "conv9"),
        ({"question": "dance"}, "server", "run the cell again"),
        ({"question": "network"}, "server", "run the cell again"),
        ({}, "server", "run the cell again"),
    ],
)
def test_a_question_without_an_answer_is_a_sentence_beside_what_it_is_about(
    question: dict[str, Any], about: str, sentence: str, seven: np.ndarray, page: Notebook
) -> None:
    answer, files = page.ask(Network(), {"id": "b-1", **question}, png(seven))
    assert (answer["id"], answer["error"]["about"], files) == ("b-1", about, [])
    assert sentence in answer["error"]["message"]


def test_a_failure_of_ours_is_a_sentence_too(page: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Network()
    monkeypatch.setattr(shown._inspector, "models", lambda: 1 / 0)
    answer, _ = page.ask(shown, {"id": "c", "question": "models"})
    assert "the kernel failed in this (ZeroDivisionError)" in answer["error"]["message"]


# -- where no widgets run


def test_a_viewer_without_widgets_gets_the_network_as_a_drawing(seven: np.ndarray) -> None:
    data, _ = Network("starter", seven)._repr_mimebundle_()
    assert data["image/svg+xml"].startswith("<svg")
    assert "conv1" in data["image/svg+xml"]
    assert "says 7" in data["text/plain"]
    assert data["text/plain"].split()[-1] == "%"
