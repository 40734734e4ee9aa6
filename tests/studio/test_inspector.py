"""The answers of the Network screen, beside PyTorch, `Bundle.predict`, `look.why` and `summary`."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from convscope import Bundle, nets, summary
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import ConvscopeWarning
from convscope.graph import Builder, initial_weights
from convscope.look import seen, why
from convscope.prediction import Prediction
from convscope.studio import inspector as inspector_module
from convscope.studio import pass_message as message_module
from convscope.studio.inspector import Inspector
from convscope.studio.kept import Kept
from convscope.studio.pass_message import pass_message
from convscope.studio.refusal import Refusal
from tests.look.bundles import program_of
from tests.look.networks import CASES, bundle_of, hooked
from tests.studio.pictures import jpeg, noise, png, written_png


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with runs: two, a series of two, one without a bundle, and what is none."""
    monkeypatch.chdir(tmp_path)
    for at, name in enumerate(["older", "newer", "series/seed-0", "series/seed-1", "begun"]):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        recipe = folder / "recipe.toml"
        recipe.write_text('net = "simple-cnn-4-8"\ndata = "digits"\nepochs = 3\n')
        os.utime(recipe, (1000 + at, 1000 + at))
        if name != "begun":
            graph = nets.graph("simple-cnn-4-8", classes=2 + at)
            bundle_of(graph, initial_weights(graph, at)).save(folder / "bundle.safetensors")
    (tmp_path / "runs" / "newer" / "result.json").write_text('{"test": {"accuracy": 0.9, "split": "test"}}')
    (tmp_path / "runs" / "notes.txt").write_text("mine")
    (tmp_path / "runs" / "latest").symlink_to("newer")
    return tmp_path


def refusal(function: Any, *arguments: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        function(*arguments)
    return caught.value


# -- models


def test_models_begin_with_given_ones_then_the_starter_then_runs_newest_first_then_nets(runs: Path) -> None:
    own = runs / "mine.safetensors"
    Bundle.load("starter").save(own)
    given = Bundle.load("starter")
    entries = Inspector(models=[own, given, str(own)]).models()
    first = ["starter", "runs/series/seed-0", "runs/series/seed-1", "runs/newer", "runs/older"]
    untrained = [f"untrained:{name}" for name in nets.names()]
    assert [entry["id"] for entry in entries] == ["simple-cnn-16-32", str(own), *first, *untrained]
    assert [entry["kind"] for entry in entries][:7] == ["bundle", "bundle", "starter", *["run"] * 4]
    by_id = {entry["id"]: entry for entry in entries}
    assert by_id["starter"]["about"] == "20,490 parameters, trained on mnist, 99.47 % right of test pictures"
    assert by_id["runs/newer"]["label"] == "newer"
    assert by_id["runs/newer"]["about"] == "simple-cnn-4-8 on digits, 90.00 % right of test"
    assert by_id[str(own)]["label"] == "mine.safetensors"
    for entry in entries:
        assert entry.keys() == {"id", "label", "kind", "about"}


@pytest.mark.skipif(sys.platform != "linux", reason="the names of files are text there")
def test_every_model_of_the_list_opens(runs: Path) -> None:
    odd = [os.fsdecode(name) for name in (b"ni\xf1o", b"two\nlines", b"\x1b[31m", "niño".encode())]
    for name in odd:  # the last one is shown
        shutil.copytree(runs / "runs" / "newer", runs / "runs" / name)
    inspector = Inspector()
    for entry in inspector.models():
        document = inspector.network(entry["id"])
        assert document["model"] == entry["id"]
        json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    labels = [entry["label"] for entry in inspector.models()]
    assert [name in labels for name in odd] == [False, False, False, True]


def test_latest_and_a_given_bundle_are_what_they_stand_for(runs: Path) -> None:
    given = Bundle.load("starter")
    inspector = Inspector(models=[given])
    assert inspector.network("runs/latest")["classes"] == inspector.network("runs/newer")["classes"]
    assert inspector.bundle(inspector.add(given)) is given
    again = Inspector(None, [given, Bundle.load("starter")])
    assert [entry["id"] for entry in again.models()][:2] == ["simple-cnn-16-32", "simple-cnn-16-32-2"]


def test_one_more_is_offered_where_its_layers_can_be_shown(runs: Path) -> None:
    inspector, own = Inspector(), runs / "mine.safetensors"
    before = inspector.models()
    program = program_of(nn.Sequential(nn.Flatten(), nn.Linear(16, 4)), 1, 4, 4)
    (runs / "broken.safetensors").write_bytes(b"not a bundle")
    for wrong in ("nothing", runs / "broken.safetensors", "untrained:nothing", program):
        assert refusal(inspector.add, wrong).about == "model"
        assert inspector.models() == before
    for known in ("starter", "runs/newer", "untrained:lenet-5"):
        assert inspector.add(known) == known
        assert inspector.models() == before
    given = Bundle.load("starter")
    given.save(own)
    names = [inspector.add(model) for model in (given, own, str(own), given, "simple-cnn-16-32")]
    assert names == ["simple-cnn-16-32", str(own), str(own), "simple-cnn-16-32", "simple-cnn-16-32"]
    assert [entry["id"] for entry in inspector.models()] == [*names[:2], *(one["id"] for one in before)]


def test_inspectors_that_share_a_store_make_a_pass_once_and_mix_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    through = inspector_module._through
    monkeypatch.setattr(inspector_module, "_through", lambda *a: made.append(a) or through(*a))
    store, file = inspector_module.Store(), png(noise(28, 28))
    one, other = Inspector(None, store=store), Inspector(None, store=store)
    assert one.forward("starter", file) is other.forward("starter", file)
    assert one.bundle("starter") is other.bundle("starter")
    assert len(made) == 1
    graph = nets.graph("simple-cnn-4-8")
    preprocessing = Preprocessing(height=28, width=28, channels=1)
    bundles = [
        Bundle("mine", tuple("0123456789"), preprocessing, graph, initial_weights(graph, seed=seed))
        for seed in (1, 2)
    ]
    names = [inspector.add(bundle) for inspector, bundle in zip((one, other), bundles, strict=True)]
    assert names == ["mine", "mine"]
    for inspector, bundle in zip((one, other), bundles, strict=True):
        wanted = inspector_module.ForwardPass(bundle, file).outputs["probability"]
        np.testing.assert_array_equal(inspector.forward("mine", file).outputs["probability"], wanted)
    assert len(made) == 3


def test_a_folder_elsewhere_has_its_runs_by_their_paths(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    entries = Inspector(runs).models()
    ids = [entry["id"] for entry in entries if entry["kind"] == "run"]
    assert str(runs / "runs" / "newer") in ids
    assert Inspector(runs).network(ids[0])["net"] == "simple-cnn-4-8"
    assert refusal(Inspector(None).network, ids[0]).status == 404


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "/etc/passwd",
        "secret.safetensors",
        "./secret.safetensors",
        "runs/../secret.safetensors",
        "runs/../runs/newer",
        "runs/newer/../../secret.safetensors",
        "runs/newer/bundle.safetensors",
        "runs/linked",
        "runs/.hidden",
        "runs/newer/../../../secret.safetensors",
        "runs",
        "runs/series",
        "runs/begun",
        "runs/missing",
        "runs/new\0er",
        "newer",
        "untrained:no-such-net",
        "untrained:",
        "x" * 10_000,
    ],
)
def test_what_is_not_in_the_list_is_not_opened(name: str, runs: Path) -> None:
    """A sound bundle lies in the folder, and a link to one in `runs`: neither is the studio's to give."""
    Bundle.load("starter").save(runs / "secret.safetensors")
    (runs / "elsewhere").mkdir()
    Bundle.load("starter").save(runs / "elsewhere" / "bundle.safetensors")
    (runs / "runs" / "linked").symlink_to(runs / "elsewhere")
    (runs / "runs" / ".hidden").mkdir()
    Bundle.load("starter").save(runs / "runs" / ".hidden" / "bundle.safetensors")
    told = refusal(Inspector().network, name)
    assert (told.about, told.status) == ("model", 404)
    assert len(str(told)) < 600
    assert "secret" not in str(told) or "secret" in name


def test_what_is_told_of_a_network_says_which_state_of_its_file_it_is_of(runs: Path) -> None:
    inspector, digit = Inspector(), png(noise(28, 28))

    def states() -> set[str]:
        return {
            inspector.network("runs/newer")["state"],
            inspector.passed("runs/newer", digit, [])[0]["state"],
            inspector.why("runs/newer", digit, "conv1:0:0:0")["state"],
        }

    (before,) = states()
    graph = nets.graph("simple-cnn-4-8")
    bundle_of(graph, initial_weights(graph, 9)).save(runs / "runs" / "newer" / "bundle.safetensors")
    (after,) = states()
    assert before
    assert after not in ("", before)
    assert Inspector().network("runs/newer")["state"] == after
    assert inspector.network("untrained:lenet-5")["state"] == ""


def test_a_damaged_bundle_is_refused_and_a_new_file_is_read_again(runs: Path) -> None:
    inspector, file = Inspector(), runs / "runs" / "newer" / "bundle.safetensors"
    digit = png(noise(28, 28))
    before = inspector.passed("runs/newer", digit)[0]
    graph = nets.graph("simple-cnn-4-8")
    bundle_of(graph, initial_weights(graph, 9)).save(file)
    after, outputs = inspector.passed("runs/newer", digit)
    assert len(before["probabilities"]) == 3
    assert len(after["probabilities"]) == 10
    expected = Bundle.load(file).probabilities(Bundle.load(file).preprocessing.one(digit)[None])[0]
    np.testing.assert_allclose(outputs["probability"], expected, atol=1e-6)
    file.write_bytes(b"no bundle")
    told = refusal(inspector.passed, "runs/newer", digit)
    assert (told.about, told.status) == ("model", 422)
    assert "is not a convscope bundle" in str(told)
    file.unlink()
    assert refusal(inspector.network, "runs/newer").status == 404
    assert [entry["id"] for entry in inspector.models() if entry["label"] == "newer"] == []


# -- the network's document


@pytest.mark.parametrize("name", nets.names())
def test_a_network_has_what_its_summary_says(name: str) -> None:
    document = Inspector(None).network(f"untrained:{name}")
    known = summary(name)
    inputs, *layers, last = document["layers"]
    assert inputs["shape"] == list(known.input_shape)
    assert (last["name"], last["operation"], last["parameters"]) == ("probability", "softmax", 0)
    for told, layer in zip(layers, known.layers, strict=True):
        assert told["name"] == layer.name
        assert told["shape"] == list(layer.output_shape)
        assert (told["parameters"], told["macs"]) == (layer.parameters, layer.macs)
        assert told["sees"] == layer.to_dict()["receptive_field"]
    assert (document["parameters"], document["macs"]) == (known.parameters, known.macs)
    assert document["trained"] is False
    assert document["input"]["kind"] == ("signal" if len(known.input_shape) == 2 else "picture")
    names = [layer["name"] for layer in document["layers"]]
    for layer in document["layers"]:
        assert all(names.index(below) < names.index(layer["name"]) for below in layer["inputs"])
        assert 0 <= layer["x"] <= layer["x"] + layer["width"] <= document["drawing"]["width"]
        assert 0 <= layer["y"] <= layer["y"] + layer["height"] <= document["drawing"]["height"]
    lines = {(line["from"], line["to"]) for line in document["drawing"]["lines"]}
    assert lines == {(below, layer["name"]) for layer in document["layers"] for below in layer["inputs"]}


@pytest.mark.parametrize(
    "preprocessing",
    [
        Preprocessing(height=2, width=2, channels=1),
        Preprocessing(height=2, width=2, channels=3, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0)),
    ],
)
def test_a_network_for_pictures_says_what_black_and_white_become(preprocessing: Preprocessing) -> None:
    b = Builder("small")
    graph = b.build(b.linear(b.flatten(b.input(*preprocessing.input_shape)), 2))
    weights = {name: np.zeros(spec.shape, np.float32) for name, spec in graph.parameters.items()}
    inspector = Inspector(None, [Bundle("small", ("a", "b"), preprocessing, graph, weights)])
    pixels = inspector.network("small")["input"]["pixels"]
    both = np.stack([np.full((2, 2, preprocessing.channels), value, np.uint8) for value in (0, 255)])
    assert np.allclose(pixels, preprocessing.batch(both)[:, :, 0, 0].T)


def test_a_network_for_signals_has_no_pixels() -> None:
    assert Inspector(None).network("untrained:simple-cnn-1d")["input"]["pixels"] is None


def test_the_starter_says_what_is_known_of_its_training() -> None:
    document = Inspector(None).network("starter")
    assert document["trained"] is True
    assert document["about"][0].endswith("99.47 % right of test pictures")
    assert document["about"][1] == "40 epochs, adamw, learning rate 0.005, seed 0"
    assert document["classes"] == list("0123456789")
    assert document["numbers"] == 784 + 2 * 16 * 784 + 16 * 196 + 2 * 32 * 196 + 2 * 1568 + 2 * 10
    drawing = Inspector(None).drawing("starter")
    assert "simple-cnn-16-32" in drawing
    assert "99.47 %" in drawing


def test_a_network_that_ends_in_softmax_gets_no_second_one() -> None:
    b = Builder("ends")
    x = b.append("softmax", b.linear(b.flatten(b.input(1, 4, 4)), 3), dim=1, name="out")
    graph = b.build(x)
    bundle = Bundle(
        "ends",
        ("a", "b", "c"),
        Preprocessing(height=4, width=4, channels=1),
        graph,
        initial_weights(graph),
        outputs="probabilities",
    )
    inspector = Inspector(None, [bundle])
    assert [layer["name"] for layer in inspector.network("ends")["layers"]][-1] == "out"
    document, outputs = inspector.passed("ends", png(noise(4, 4)))
    np.testing.assert_array_equal([one["probability"] for one in document["probabilities"]], outputs["out"])


# -- passes


@pytest.mark.parametrize("case", CASES)
def test_every_number_of_a_pass_is_pytorchs(case: str) -> None:
    bundle = bundle_of(CASES[case]())
    inspector = Inspector(None, [bundle])
    name = inspector.add(bundle)
    if isinstance(bundle.preprocessing, ArrayPreprocessing):
        signal = np.random.default_rng(0).normal(size=bundle.preprocessing.shape).astype(np.float32)
        file = npy(signal)
    else:
        channels, height, width = bundle.preprocessing.input_shape
        file = png(noise(height, width, 3) if channels == 3 else noise(height, width))
    stored = bundle.preprocessing.one(file)
    document, outputs = inspector.passed(name, file)
    expected = hooked(bundle, stored[None])
    assert bundle.graph is not None
    for node in bundle.graph.nodes[1:]:
        assert outputs[node.name].shape == node.shape
        assert outputs[node.name].dtype == np.float32
        np.testing.assert_allclose(outputs[node.name], expected[node.name][0], rtol=2e-4, atol=2e-5)
    assert_predicted(document, bundle.predict(file, top=100)[0])


def assert_predicted(document: dict[str, Any], prediction: Prediction) -> None:
    told = {one["label"]: one["probability"] for one in document["probabilities"]}
    assert document["label"] == prediction.label
    assert told == pytest.approx(dict(prediction.top), abs=1e-6)
    assert document["probability"] == max(told.values())


def grown(digit: np.ndarray, *, by: int = 8) -> np.ndarray:
    return np.pad(np.kron(digit, np.ones((by, by), np.uint8)), 20)


FILES = {
    "as it is": lambda: png(noise(28, 28)),
    "by the specification": lambda: written_png(noise(28, 28)),
    "large and grey": lambda: png(grown(noise(28, 28))),
    "wide and in colour": lambda: jpeg(noise(60, 200, 3)),
    "on its side": lambda: jpeg(noise(90, 40, 3), orientation=6),
    "mirrored": lambda: jpeg(noise(40, 40), orientation=4),
    "16 bits": lambda: png((noise(30, 30).astype(np.uint16) << 8) + 7),
    "transparent": lambda: png(np.dstack([noise(28, 28, 3), noise(28, 28, seed=1)])),
    "of one pixel": lambda: png(noise(1, 1)),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_read_as_predict_reads_it(kind: str, tmp_path: Path) -> None:
    bundle, file = Bundle.load("starter"), FILES[kind]()
    (tmp_path / "picture").write_bytes(file)
    document, outputs = Inspector(None).passed("starter", file, ["input", "probability"])
    prediction = bundle.predict(tmp_path / "picture", top=10)[0]
    assert_predicted(document, prediction)
    told = seen(bundle, tmp_path / "picture")
    np.testing.assert_array_equal(outputs["input"], told.tensor)
    assert document["seen"]["steps"] == list(told.steps)
    assert document["seen"]["ranges"] == [list(ends) for ends in told.ranges]
    assert document["seen"]["size"] == list(told.size or ())
    warnings = [{"code": one.kind, "message": str(one)} for one in prediction.warnings]
    assert document["seen"]["warnings"] == warnings
    assert list(outputs) == ["input", "probability"]


def test_dark_ink_on_light_paper_is_warned_of() -> None:
    inspector = Inspector(None)
    name, file = inspector.samples("starter")[7]
    assert name == "digit-7.png"
    assert inspector.passed("starter", file)[0]["seen"]["warnings"] == []
    turned = png(255 - np.asarray(opened(file)))
    assert [one["code"] for one in inspector.passed("starter", turned)[0]["seen"]["warnings"]] == ["inverted"]


def opened(file: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(file))


def test_a_bundle_that_inverts_gets_each_picture_inverted_once() -> None:
    bundle = Bundle.load("starter").inverted()
    inspector, file = Inspector(None, [bundle]), png(noise(28, 28))
    document, outputs = inspector.passed(inspector.add(bundle), file)
    np.testing.assert_allclose(outputs["input"][0], (255 - noise(28, 28)) / np.float32(255), atol=1e-7)
    assert_predicted(document, bundle.predict(file, top=10)[0])
    assert inspector.network(inspector.add(bundle))["input"]["invert"] is True


def test_layers_are_chosen() -> None:
    inspector, file = Inspector(None), png(noise(28, 28))
    assert next(iter(inspector.passed("starter", file)[1])) == "input"
    assert list(inspector.passed("starter", file, [])[1]) == []
    assert list(inspector.passed("starter", file, ["pool1", "conv1", "pool1"])[1]) == ["pool1", "conv1"]
    told = refusal(inspector.passed, "starter", file, ["conv1", "conv9"])
    assert told.about == "layers"
    assert "unknown layer 'conv9'" in str(told)


@pytest.mark.parametrize(
    "file", [b"", b"hello", b"\x89PNG\r\n\x1a\n", png(noise(28, 28))[:200], b"<html></html>"]
)
def test_what_is_no_picture_is_refused(file: bytes) -> None:
    for asked in (("passed", "starter", file), ("why", "starter", file, "conv1:0:0:0")):
        told = refusal(getattr(Inspector(None), asked[0]), *asked[1:])
        assert (told.about, told.status) == ("picture", 422)


def test_an_exported_program_has_no_layers_to_show() -> None:
    bundle = program_of(nn.Sequential(nn.Flatten(), nn.Linear(16, 4)), 1, 4, 4)
    inspector = Inspector(None, [bundle])
    assert inspector.models()[0]["id"] == "tiny"
    for asked in ("network", "drawing"):
        told = refusal(getattr(inspector, asked), "tiny")
        assert told.about == "model"
        assert "not in convscope's graph" in str(told)
    assert refusal(inspector.passed, "tiny", png(noise(4, 4))).about == "model"


def test_a_diverged_training_is_drawn_and_refused() -> None:
    graph = nets.graph("simple-cnn-4-8")
    weights = dict(initial_weights(graph))
    weights["conv2.bias"] = np.full(8, np.nan, np.float32)
    inspector = Inspector(None, [bundle_of(graph, weights)])
    assert inspector.network("simple-cnn-4-8")["parameters"] == 2346
    told = refusal(inspector.passed, "simple-cnn-4-8", png(noise(28, 28)))
    assert (told.about, "diverged" in str(told)) == ("model", True)


def test_numbers_beyond_float32_are_named() -> None:
    graph = nets.graph("simple-cnn-4-8")
    weights = {name: np.asarray(values) * np.float32(1e30) for name, values in initial_weights(graph).items()}
    inspector = Inspector(None, [bundle_of(graph, weights)])
    told = refusal(inspector.passed, "simple-cnn-4-8", png(noise(28, 28)))
    assert told.about == "model"
    assert "'conv2'" in str(told)


def test_a_network_whose_weights_would_fill_the_memory_is_not_made() -> None:
    told = refusal(Inspector(None).network, "untrained:multilayer-cnn:1x400x400")
    assert told.about == "model"
    assert "take smaller inputs" in str(told)


def test_a_pass_that_would_fill_the_memory_is_not_begun() -> None:
    told = refusal(Inspector(None).passed, "untrained:resnet-18:3x4096x4096", png(noise(8, 8)))
    assert told.about == "model"
    assert "GB" in str(told)


def test_a_picture_that_would_fill_the_memory_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 79 million pixels, in 300 kB: decoded, laid over white and made grey it would take a gigabyte."""
    monkeypatch.setattr(inspector_module, "seen", lambda *_: pytest.fail("it was read"))
    black = huge_png(8900, 8900)
    for asked in (("passed", "starter", black), ("why", "starter", black, "conv1:0:0:0")):
        told = refusal(getattr(Inspector(None), asked[0]), *asked[1:])
        assert (told.about, told.status) == ("picture", 422)
        assert str(told).startswith("the picture is 8900×8900 pixels, more than the 40 million that")


def huge_png(height: int, width: int) -> bytes:
    """Transparent black, row by row."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    packing, rows = zlib.compressobj(9), bytes(1 + 4 * width)
    packed = b"".join([*(packing.compress(rows) for _ in range(height)), packing.flush()])
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = (chunk(b"IHDR", head), chunk(b"IDAT", packed), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_the_largest_picture_is_the_pages() -> None:
    decode = Path(__file__).parents[2] / "web" / "src" / "pictures" / "decode.ts"
    if not decode.is_file():
        pytest.skip("the page's source is not here")
    [most] = re.findall(r"MOST_PIXELS = ([\d_]+);", decode.read_text("utf-8"))
    assert int(most) == inspector_module.PIXELS


def test_few_passes_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes memory for a picture and its numbers; the others wait for their turn."""
    now, most, lock = 0, 0, threading.Lock()
    whole = inspector_module.ForwardPass

    def slowly(*given: Any) -> Any:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        made = whole(*given)
        with lock:
            now -= 1
        return made

    monkeypatch.setattr(inspector_module, "ForwardPass", slowly)
    inspector, files = Inspector(None), [png(noise(28, 28, seed=at)) for at in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(lambda file: inspector.passed("starter", file, []), files)]
    assert len(answers) == 8
    assert most == inspector_module.AT_ONCE
    refused = [refusal(inspector.passed, "starter", b"no picture %d" % at) for at in range(5)]
    assert {one.about for one in refused} == {"picture"}  # and their turns are over


def test_one_answer_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of large pictures has 427 MB of numbers; the page asks for some of the layers."""
    document, outputs = Inspector(None).passed("starter", png(noise(28, 28)))
    size = sum(values.nbytes for values in outputs.values())
    monkeypatch.setattr(message_module, "MOST", size)
    assert len(pass_message(document, outputs)) > size
    monkeypatch.setattr(message_module, "MOST", size - 1)
    told = refusal(pass_message, document, outputs)
    assert told.about == "layers"
    assert "ask for fewer layers" in str(told)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x" * 50_000, "unknown layer"),
        (":" * 50_000, "unknown layer ''"),
        ("conv1:" + "9" * 4000, "is no place"),
        (f"conv1:0:0:{'9' * 4000}", "does not exist"),
        ("conv1:" + "0:" * 20_000, "is no place"),
        ("conv1" + ":0" * 20_000, "is no place"),
    ],
)
def test_what_was_asked_for_comes_back_shortened(cell: str, said: str) -> None:
    inspector, file = Inspector(None), png(noise(28, 28))
    for told in (
        refusal(inspector.why, "starter", file, cell),
        refusal(inspector.passed, "starter", file, [cell]),
    ):
        assert len(str(told)) < 500
    assert said in str(refusal(inspector.why, "starter", file, cell))


# -- signals


def npy(values: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def test_a_network_of_signals_takes_npy_files_and_says_so_of_pictures() -> None:
    inspector, model = Inspector(None), "untrained:simple-cnn-1d"
    told = refusal(inspector.passed, model, png(noise(28, 28)))
    assert told.about == "picture"
    assert ".npy" in str(told)
    samples = inspector.samples(model)
    assert [name for name, _ in samples] == ["wave.npy", "pulse.npy", "step.npy"]
    for _, file in samples:
        signal = np.load(io.BytesIO(file))
        document, outputs = inspector.passed(model, file)
        np.testing.assert_array_equal(outputs["input"], signal)
        assert document["seen"]["size"] is None
        with pytest.warns(ConvscopeWarning, match="untrained"):
            assert_predicted(document, inspector.bundle(model).predict(signal, top=10)[0])
    assert inspector.why(model, samples[0][1], "conv1:3:7")["agrees"]


def test_samples_of_signals_are_in_the_units_of_the_training() -> None:
    graph = nets.graph("simple-cnn-1d", (2, 64))
    preprocessing = ArrayPreprocessing(shape=(2, 64), mean=(100.0, -3.0), std=(5.0, 0.1))
    bundle = bundle_of(graph, preprocessing=preprocessing)
    inspector = Inspector(None, [bundle])
    for _, file in inspector.samples(inspector.add(bundle)):
        entered = inspector.passed(inspector.add(bundle), file)[1]["input"]
        assert np.abs(entered).max() == pytest.approx(1, abs=0.05)


# -- samples


def test_samples_suit_the_network() -> None:
    inspector = Inspector(None)
    digits = inspector.samples("starter")
    assert [name for name, _ in digits] == [f"digit-{digit}.png" for digit in range(10)]
    for digit, (_, file) in enumerate(digits):
        picture = np.asarray(opened(file))
        assert picture.shape == (28, 28)
        assert picture[0].max() == 0 < picture.max()
        assert inspector.passed("starter", file)[0]["label"] == str(digit)
    photos = inspector.samples("untrained:resnet-8")
    assert [opened(file).mode for _, file in photos] == ["RGB", "RGB"]
    assert np.asarray(opened(inspector.samples("untrained:convnet-bn:1x8x8")[3][1])).shape == (8, 8)


def test_digits_are_those_of_the_data_set() -> None:
    from sklearn.datasets import load_digits

    from convscope.sample import sample_digits

    known = load_digits()
    for digit, picture in enumerate(sample_digits()):
        first = known.images[np.flatnonzero(known.target == digit)[0]]
        np.testing.assert_array_equal(picture, np.floor(first * 255 / 16 + 0.5))


# -- why


@pytest.mark.parametrize("cell", ["probability:7", "linear:3", "pool2:5:3:2", "conv2:3:5:7", "input:0:4:4"])
def test_why_is_the_document_of_look(cell: str) -> None:
    file, bundle = png(noise(28, 28)), Bundle.load("starter")
    layer, *index = cell.split(":")
    answer = Inspector(None).why("starter", file, cell)
    assert answer.pop("state")
    assert answer == why(bundle, file, layer, *map(int, index)).to_dict()
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize(
    "cell", ["", "conv9:0:0:0", "conv1", "conv1:0:0", "conv1:0:0:28", "conv1:a:b:c", "linear:-1"]
)
def test_a_place_that_there_is_not_is_refused(cell: str) -> None:
    assert refusal(Inspector(None).why, "starter", png(noise(28, 28)), cell).about == "cell"


# -- what is kept


def test_a_picture_goes_through_once_and_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    through = inspector_module._through
    monkeypatch.setattr(inspector_module, "_through", lambda *a: made.append(a) or through(*a))
    inspector = Inspector(None)
    one = png(noise(28, 28))
    inspector.passed("starter", one)
    inspector.why("starter", one, "conv1:0:0:0")
    inspector.passed("starter", one, ["conv1"])
    assert len(made) == 1
    inspector.passed("untrained:simple-cnn-16-32", one)  # the same picture, of another network
    assert len(made) == 2
    size = inspector._passes.held // 2
    inspector._passes.most = 3 * size
    for seed in range(1, 8):
        inspector.passed("starter", png(noise(28, 28, seed=seed)))
        assert inspector._passes.held <= inspector._passes.most
    inspector.passed("starter", one)
    assert len(made) == 10


def test_threads_that_ask_at_once_get_what_is_theirs() -> None:
    inspector = Inspector(None)
    files = [png(noise(28, 28, seed=seed)) for seed in range(6)]
    models = ["starter", "untrained:simple-cnn-4-8", "untrained:convnet-bn"]
    alone = {(m, f): Inspector(None).passed(m, f) for m in models for f in files}
    questions = [(m, f) for _ in range(4) for m in models for f in files]
    with ThreadPoolExecutor(8) as threads:
        for asked, (document, outputs) in zip(
            questions, threads.map(lambda asked: inspector.passed(*asked), questions), strict=True
        ):
            expected, numbers = alone[asked]
            assert document == expected
            for name, values in outputs.items():
                np.testing.assert_array_equal(values, numbers[name])


class Slow:
    """Makes a value, not before it may, and counts."""

    def __init__(self, value: str = "made", error: Exception | None = None) -> None:
        self.count, self.value, self.error = 0, value, error
        self.begun, self.may = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.count += 1
        self.begun.set()
        assert self.may.wait(10)
        if self.error is not None:
            raise self.error
        return self.value


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_a_value_is_made_once_by_one_thread_while_the_others_wait(threads: ThreadPoolExecutor) -> None:
    kept, slow = Kept[str](100), Slow()
    asking = [threads.submit(kept.get, "key", slow, len) for _ in range(3)]
    assert slow.begun.wait(10)
    assert kept.get("other", lambda: "at once", len) == "at once"  # is not held up
    slow.may.set()
    assert [one.result(10) for one in asking] == ["made"] * 3
    assert slow.count == 1
    assert kept.held == len("made") + len("at once")


def test_an_error_reaches_all_that_wait_and_is_not_kept(threads: ThreadPoolExecutor) -> None:
    kept, slow = Kept[str](100), Slow(error=ValueError("no"))
    asking = [threads.submit(kept.get, "key", slow, len) for _ in range(2)]
    assert slow.begun.wait(10)
    deadline = time.monotonic() + 10
    while not all(one.running() for one in asking) and time.monotonic() < deadline:
        time.sleep(0.001)
    slow.may.set()
    for one in asking:
        with pytest.raises(ValueError, match="no"):
            one.result(10)
    assert kept.get("key", lambda: "now", len) == "now"


def test_a_size_that_cannot_be_told_reaches_all_that_wait_too(threads: ThreadPoolExecutor) -> None:
    def size(value: str) -> int:
        raise ValueError("no size")

    kept, slow = Kept[str](100), Slow()
    asking = [threads.submit(kept.get, "key", slow, size) for _ in range(2)]
    assert slow.begun.wait(10)
    deadline = time.monotonic() + 10
    while not all(one.running() for one in asking) and time.monotonic() < deadline:
        time.sleep(0.001)
    slow.may.set()
    for one in asking:
        with pytest.raises(ValueError, match="no size"):
            one.result(10)
    assert kept.get("key", lambda: "now", len) == "now"


def test_the_value_that_was_not_asked_for_longest_goes_first() -> None:
    kept = Kept[str](6)
    for key in ("a", "b", "c"):
        kept.get(key, lambda key=key: key * 2, len)  # type: ignore[misc]
    kept.get("a", lambda: "new a", len)
    kept.get("d", lambda: "dd", len)
    assert kept.get("b", lambda: "b!", len) == "b!"
    assert kept.get("a", lambda: "new a", len) == "aa"
    assert kept.get("large", lambda: "x" * 7, len) == "x" * 7  # given, and not kept
    assert kept.get("large", lambda: "again", len) == "again"
    assert kept.held <= 6


def test_torch_is_not_needed_for_any_answer() -> None:
    code = (
        "import sys; from convscope.studio.inspector import Inspector; i = Inspector(None); i.models();"
        "i.network('starter'); f = i.samples('starter')[0][1]; i.passed('starter', f); i.drawing('starter');"
        "i.why('starter', f, 'probability:0');"
        "print([n for n in ('torch', 'sklearn', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_torch_agrees_with_the_starter() -> None:
    """The rebuilt module, on the very numbers that are shown as what the network saw."""
    inspector = Inspector(None)
    document, outputs = inspector.passed("starter", inspector.samples("starter")[3][1])
    module = Bundle.load("starter").to_module()
    with torch.inference_mode():
        logits = module(torch.from_numpy(outputs["input"][None].copy()))
        expected = torch.softmax(logits, 1)[0].numpy()
    np.testing.assert_allclose(outputs["probability"], expected, atol=1e-6)
    assert document["label"] == str(expected.argmax())
