"""A bundle comes back as it was saved, predicts what the network says, and damage is said as such."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save as save_tensors
from torch import nn

from convscope import look, nets, program
from convscope.bundle import PROGRAM, Bundle, Prediction, checksum
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import ConvscopeError, DataError, ShapeError
from convscope.graph import Builder, Graph
from convscope.graph.weights import initial_weights
from convscope.training.evaluation import evaluate_bundle

SIDE = 9
Document = dict[str, Any]


def a_graph(classes: int = 4) -> Graph:
    b = Builder("small")
    x = b.input(3, SIDE, SIDE)
    x = b.relu(b.batch_norm(b.conv2d(x, 5, kernel_size=3)))
    return b.build(b.linear(b.flatten(x), classes))


def a_bundle(**others: Any) -> Bundle:
    graph = a_graph()
    random = np.random.default_rng(2)
    weights = {
        name: value if value.dtype != np.float32 else random.random(value.shape, dtype=np.float32) - 0.3
        for name, value in initial_weights(graph).items()
    }
    weights["norm1.running_var"] = random.random(5, dtype=np.float32) + 0.5
    weights["norm1.num_batches_tracked"] = np.array(17)
    preprocessing = Preprocessing(
        height=SIDE, width=SIDE, channels=3, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25)
    )
    fields = {
        "net": "small",
        "classes": ("cat", "dog", "漢 \"'\\", "\udcff"),
        "preprocessing": preprocessing,
        "graph": graph,
        "weights": weights,
        "info": {"recipe": {"lr": 0.1}, "nested": [1, None, {"ü": "\n"}]},
    }
    return Bundle(**{**fields, **others})


def by_hand(weights: Any, pictures: np.ndarray) -> np.ndarray:
    """The network of `a_graph` and its softmax, in float64."""
    w = {name: torch.from_numpy(np.array(value)).double() for name, value in weights.items()}
    mean, std = np.array([0.4, 0.5, 0.6]), np.array([0.2, 0.3, 0.25])
    x = torch.from_numpy(((pictures / 255 - mean) / std).transpose(0, 3, 1, 2))
    x = F.conv2d(x, w["conv1.weight"], w["conv1.bias"])
    x = (x - w["norm1.running_mean"][:, None, None]) / torch.sqrt(
        w["norm1.running_var"][:, None, None] + 1e-5
    )
    x = torch.relu(x * w["norm1.weight"][:, None, None] + w["norm1.bias"][:, None, None])
    x = x.flatten(1) @ w["linear1.weight"].T + w["linear1.bias"]
    return torch.softmax(x, 1).numpy()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return a_bundle()


@pytest.fixture(scope="module")
def file(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "bundle.safetensors"
    bundle.save(path)
    return path


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (300, SIDE, SIDE, 3)).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


# --- there and back


@pytest.mark.parametrize("as_folder", [True, False])
def test_everything_comes_back_bit_for_bit(bundle: Bundle, file: Path, as_folder: bool) -> None:
    loaded = Bundle.load(file.parent if as_folder else str(file))
    assert loaded.weights.keys() == bundle.weights.keys()
    for name, value in bundle.weights.items():
        assert (loaded.weights[name].shape, loaded.weights[name].dtype) == (value.shape, value.dtype)
        np.testing.assert_array_equal(loaded.weights[name], value)
    for field in ("net", "classes", "preprocessing", "graph", "outputs", "info"):
        assert getattr(loaded, field) == getattr(bundle, field)
    loaded.save(file.with_name("again.safetensors"))
    assert file.with_name("again.safetensors").read_bytes() == file.read_bytes()


def test_weights_need_not_be_contiguous(tmp_path: Path) -> None:
    bundle = a_bundle()
    turned = {name: np.asarray(value, order="F") for name, value in bundle.weights.items()}
    a_bundle(weights=turned).save(tmp_path / "b.safetensors")
    for name, value in Bundle.load(tmp_path / "b.safetensors").weights.items():
        np.testing.assert_array_equal(value, bundle.weights[name])


def test_a_file_with_the_name_of_a_run_leads_to_its_bundle(file: Path) -> None:
    latest = file.parent.parent / "latest"
    latest.write_text(file.parent.name + "\n")
    assert Bundle.load(latest).net == "small"
    latest.unlink()


@pytest.mark.parametrize("name", ["../{0}/{1}", "{0}/../{1}", "{2}/{1}", "..", ".", "{1}\n{1}", b"\xff{1}"])
def test_latest_leads_to_runs_beside_it_alone(file: Path, name: str | bytes) -> None:
    latest, run = file.parent.parent / "latest", file.parent
    written = name if isinstance(name, str) else name.decode("latin-1")
    filled = written.format(run.parent.name, run.name, run.parent)
    latest.write_bytes(filled.encode("utf-8" if isinstance(name, str) else "latin-1"))
    with pytest.raises(ConvscopeError, match=r"no run or bundle|is not a convscope bundle"):
        Bundle.load(latest)
    latest.unlink()


def test_only_latest_leads_to_another_bundle(file: Path) -> None:
    other = file.parent.parent / "notes.txt"
    other.write_text(file.parent.name)
    with pytest.raises(ConvscopeError, match=r"notes\.txt is not a convscope bundle"):
        Bundle.load(other)


def test_an_error_quotes_no_whole_file(tmp_path: Path) -> None:
    for name in ("latest", "notes.txt"):
        (tmp_path / name).write_text("a long secret " * 60)
        with pytest.raises(ConvscopeError) as caught:
            Bundle.load(tmp_path / name)
        assert len(str(caught.value)) < 500


def test_a_killed_write_leaves_the_old_bundle(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "bundle.safetensors"
    a_bundle(net="old").save(path)

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for owner, step in ((os, "fsync"), (Path, "replace")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, step, fail)
            with pytest.raises(ConvscopeError, match="No space left"):
                a_bundle(net="new").save(path)
        assert Bundle.load(path).net == "old"
        assert list(tmp_path.iterdir()) == [path]


# --- predictions


def test_probabilities_are_softmax_of_the_network(bundle: Bundle, pictures: np.ndarray) -> None:
    expected = by_hand(bundle.weights, pictures)
    np.testing.assert_allclose(bundle.probabilities(pictures), expected, atol=2e-5)
    assert bundle.probabilities(pictures).dtype == np.float32
    for picture, row in zip(bundle.predict(list(pictures), top=4), expected, strict=True):
        order = np.argsort(-row)
        np.testing.assert_allclose([p for _, p in picture.top], row[order], atol=2e-5)
        if np.diff(row[order]).max() < -1e-4:
            assert [label for label, _ in picture.top] == [bundle.classes[i] for i in order]


def test_every_kind_of_input_means_the_same(bundle: Bundle, pictures: np.ndarray, tmp_path: Path) -> None:
    picture = pictures[0]
    (tmp_path / "a.png").write_bytes(png(picture))
    kinds = [tmp_path / "a.png", str(tmp_path / "a.png"), png(picture), Image.fromarray(picture), picture]
    predictions = bundle.predict(kinds)
    for prediction in predictions:  # a row of a batch may differ in the last bits from the row alone
        assert [label for label, _ in prediction.top] == [label for label, _ in predictions[0].top]
        np.testing.assert_allclose(
            [p for _, p in prediction.top], [p for _, p in predictions[0].top], atol=1e-5
        )
    assert [p.path for p in predictions] == [str(tmp_path / "a.png")] * 2 + [None] * 3
    for kind in kinds:
        assert bundle.predict(kind) == bundle.predict([kind])


def test_grey_arrays_are_grey_pictures(bundle: Bundle, pictures: np.ndarray) -> None:
    grey = pictures[0, :, :, 0]
    expected = bundle.predict(np.repeat(grey[:, :, None], 3, axis=2))
    assert bundle.predict(grey) == expected
    assert bundle.predict(grey[:, :, None]) == expected
    np.testing.assert_allclose(
        [p for _, p in expected[0].top],
        np.sort(by_hand(bundle.weights, np.repeat(grey[None, :, :, None], 3, 3))[0])[::-1][:3],
        atol=2e-5,
    )


def test_what_cannot_be_read_becomes_an_error_and_stops_nobody(
    bundle: Bundle, pictures: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder").mkdir()
    bad = [
        tmp_path / "none.png",
        tmp_path / "text.png",
        tmp_path / "empty.png",
        tmp_path / "folder",  # one with pictures in it means these
        b"no picture",
        b"",
        np.zeros((4, 4)),
        np.zeros((4, 4, 3), np.float32),
        np.zeros(4, np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4, 7), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0), np.uint8),
        Image.new("RGB", (0, 5)),
        "a\0b.png",
        "x" * 5000,
    ]
    rows = bundle.predict([pictures[0], *bad, pictures[1]])
    assert [row.error is None for row in rows] == [True, *[False] * len(bad), True]
    assert [rows[0], rows[-1]] == bundle.predict(list(pictures[:2]))
    for row, picture in zip(rows[1:-1], bad, strict=True):
        assert row.top == ()
        assert row.error
        assert row.to_dict() == {"path": row.path, "error": row.error}
        assert row.path == (os.fspath(picture) if isinstance(picture, str | Path) else None)


def test_many_pictures_keep_their_order(bundle: Bundle, pictures: np.ndarray) -> None:
    together = bundle.predict(pictures)  # an array of pictures is not one picture
    assert len(together) == 300
    for number in (0, 1, 255, 256, 299):
        (alone,) = bundle.predict(pictures[number])
        assert together[number].label == alone.label
        assert together[number].probability == pytest.approx(alone.probability, abs=1e-5)
    assert together == bundle.predict(iter(pictures))


@pytest.mark.parametrize(("top", "length"), [(1, 1), (2, 2), (3, 3), (4, 4), (99, 4)])
def test_top_is_how_many_classes_are_told(
    bundle: Bundle, pictures: np.ndarray, top: int, length: int
) -> None:
    (row,) = bundle.predict(pictures[0], top=top)
    assert len(row.top) == length
    assert [p for _, p in row.top] == sorted((p for _, p in row.top), reverse=True)
    assert (row.label, row.probability) == row.top[0]


def test_no_pictures_no_predictions(bundle: Bundle) -> None:
    assert bundle.predict([]) == []
    assert bundle.logits(np.zeros((0, SIDE, SIDE, 3), np.uint8)).shape == (0, 4)
    assert bundle.probabilities(np.zeros((0, SIDE, SIDE, 3), np.uint8)).shape == (0, 4)


def test_a_network_that_ends_in_softmax_is_not_softmaxed_again(pictures: np.ndarray) -> None:
    b = Builder("soft")
    graph = b.build(b.append("softmax", b.linear(b.flatten(b.input(3, SIDE, SIDE)), 4)))
    weights = initial_weights(graph, 1)
    bundle = a_bundle(
        graph=graph,
        weights=weights,
        outputs="probabilities",
        preprocessing=Preprocessing(height=SIDE, width=SIDE, channels=3),
    )
    x = pictures.transpose(0, 3, 1, 2).reshape(300, -1) / 255
    scores = np.exp(x @ weights["linear1.weight"].T + weights["linear1.bias"])
    np.testing.assert_allclose(
        bundle.probabilities(pictures), scores / scores.sum(1, keepdims=True), atol=1e-5
    )


def test_a_prediction_as_a_record() -> None:
    row = Prediction("a.png", (("cat", 0.75), ("dog", 0.25)))
    assert json.loads(json.dumps(row.to_dict())) == {
        "path": "a.png",
        "class": "cat",
        "probability": 0.75,
        "top": [{"class": "cat", "probability": 0.75}, {"class": "dog", "probability": 0.25}],
        "warnings": [],
    }


# --- programs in bundles


class Erf(nn.Sequential):
    def __init__(self, outputs: int) -> None:
        super().__init__(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.erf(super().forward(x))


def program_bundle(outputs: int) -> tuple[nn.Module, Bundle]:
    module = Erf(outputs).eval()
    content = np.frombuffer(program.save(module, (3, SIDE, SIDE)), np.uint8)
    return module, a_bundle(graph=None, weights={PROGRAM: content})


def test_a_bundle_without_a_graph_runs_its_program(pictures: np.ndarray, tmp_path: Path) -> None:
    module, bundle = program_bundle(4)
    bundle.save(tmp_path / "bundle.safetensors")
    loaded = Bundle.load(tmp_path)
    with torch.no_grad():
        expected = module(torch.from_numpy(bundle.preprocessing.batch(pictures[:5])))
    np.testing.assert_allclose(loaded.logits(pictures[:5]), expected.numpy(), atol=1e-6)
    assert loaded.predict(pictures[0])[0].top == bundle.predict(pictures[0])[0].top


@pytest.mark.filterwarnings("ignore::convscope.errors.ConvscopeWarning")
def test_the_softmax_of_a_program_is_not_taken_again(pictures: np.ndarray, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.PReLU(), nn.Linear(3 * SIDE * SIDE, 4), nn.Softmax(1))
    preprocessing = Preprocessing(height=SIDE, width=SIDE, channels=3)
    Bundle.of(module, "abcd", preprocessing).save(tmp_path / "bundle.safetensors")
    loaded = Bundle.load(tmp_path)
    with torch.no_grad():
        expected = module(torch.from_numpy(preprocessing.batch(pictures[:5])))
    np.testing.assert_allclose(loaded.probabilities(pictures[:5]), expected.numpy(), atol=1e-6)
    assert look.attribute(loaded, pictures[0], "gradient", check=False).score == "probability"


def test_a_rebuilt_module_keeps_its_graph_and_names(pictures: np.ndarray) -> None:
    module = nets.create("convnet-bn", (3, SIDE, SIDE), classes=4)
    module.conv1.weight.requires_grad_(False)
    bundle = Bundle.of(module, "abcd", Preprocessing(height=SIDE, width=SIDE, channels=3))
    assert bundle.graph is not None
    assert bundle.graph.nodes == nets.graph("convnet-bn", (3, SIDE, SIDE), classes=4).nodes
    assert bundle.graph.frozen == {"conv1.weight"}
    with torch.no_grad():
        expected = module.eval()(torch.from_numpy(bundle.preprocessing.batch(pictures[:5])))
    np.testing.assert_allclose(bundle.logits(pictures[:5]), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_a_program_with_another_number_of_outputs_is_refused(pictures: np.ndarray) -> None:
    with pytest.raises(ConvscopeError, match="4 classes"):
        program_bundle(5)[1].logits(pictures)


def test_a_program_that_is_none_is_refused(pictures: np.ndarray) -> None:
    bundle = a_bundle(graph=None, weights={PROGRAM: np.zeros(9, np.uint8)})
    with pytest.raises(ConvscopeError, match="not a program"):
        bundle.predict(pictures[0])


# --- damage


@pytest.fixture
def damaged(bundle: Bundle, file: Path, tmp_path: Path) -> Callable[..., Path]:
    """The bundle with its document or weights changed."""

    def make(change: Callable[[Document], Any] | None = None, **weights: Any) -> Path:
        raw = file.read_bytes()
        (length,) = struct.unpack("<Q", raw[:8])
        document = json.loads(json.loads(raw[8 : 8 + length])["__metadata__"]["convscope"])
        if change:
            change(document)
        tensors = {name: np.asarray(value) for name, value in {**bundle.weights, **weights}.items()}
        tensors = {name: value for name, value in tensors.items() if value.dtype != object}
        path = tmp_path / "bundle.safetensors"
        document["sha256"] = checksum({k: v for k, v in document.items() if k != "sha256"}, tensors)
        path.write_bytes(save_tensors(tensors, {"convscope": json.dumps(document)}))
        return path

    return make


def test_an_unchanged_document_loads(damaged: Callable[..., Path], bundle: Bundle) -> None:
    assert Bundle.load(damaged()).graph == bundle.graph


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(version=2), "convscope-bundle version 2; this convscope reads version 1"),
        (lambda d: d.update(format="other"), "other version 1"),
        (lambda d: d.pop("format"), "format"),
        (lambda d: d.pop("info"), "info"),
        (lambda d: d.update(info="text"), "damaged"),
        (lambda d: d.update(info=3), "damaged"),
        (lambda d: d.update(classes=["a", "b"]), "2 classes for outputs of"),
        (lambda d: d.update(classes=None), "damaged"),
        (lambda d: d.update(classes=5), "damaged"),
        (lambda d: d.update(outputs="votes"), "votes"),
        (lambda d: d.update(outputs=[]), "outputs"),
        (lambda d: d.update(graph=None), "neither a graph nor a program"),
        (lambda d: d.update(graph="text"), "graph"),
        (lambda d: d.update(graph={"nodes": []}), "graph"),
        (lambda d: d["graph"]["nodes"][1].update(operation="os.system"), "os.system"),
        (lambda d: d["graph"]["nodes"][1]["attributes"].update(out_channels=6), "shape"),
        (lambda d: d.update(preprocessing=None), "damaged"),
        (lambda d: d["preprocessing"].update(channels=1, mean=None, std=None), "pictures of"),
        (lambda d: d["preprocessing"].update(height=8), "pictures of"),
        (lambda d: d["preprocessing"].update(height=-1), "height"),
        (lambda d: d["preprocessing"].update(std=[0, 1, 1]), "std"),
        (lambda d: d["preprocessing"].update(more=1), "more"),
    ],
)
def test_a_document_that_does_not_fit_is_refused(
    damaged: Callable[..., Path], change: Any, words: str
) -> None:
    path = damaged(change)
    with pytest.raises(ConvscopeError, match=words):
        Bundle.load(path)


@pytest.mark.parametrize(
    "weights",
    [
        {"conv1.weight": None},
        {"conv1.weight": np.zeros((5, 3, 3, 2), np.float32)},
        {"conv1.weight": np.zeros((5, 3, 9), np.float32)},
        {"conv1.weight": np.zeros((5, 3, 3, 3), np.float64)},
        {"conv1.weight": np.zeros((5, 3, 3, 3), np.float16)},
        {"conv1.weight": np.zeros((5, 3, 3, 3), np.int32)},
    ],
)
def test_a_weight_that_is_missing_or_another_is_named(damaged: Callable[..., Path], weights: Any) -> None:
    path = damaged(**weights)
    with pytest.raises(ConvscopeError, match=r"the weight 'conv1\.weight' is not float32 \(5, 3, 3, 3\)"):
        Bundle.load(path)


@pytest.mark.parametrize("document", ["", "no json", "[1]", "3", "null", "[" * 100_000, '{"a":' * 100_000])
def test_metadata_that_is_no_document_is_refused(tmp_path: Path, document: str) -> None:
    path = tmp_path / "b.safetensors"
    path.write_bytes(save_tensors({"a": np.zeros(2)}, {"convscope": document}))
    with pytest.raises(ConvscopeError, match="is not a convscope bundle, or is damaged"):
        Bundle.load(path)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_safetensors_of_others_are_refused(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(save_tensors({"a": np.zeros(2)}, metadata))
    with pytest.raises(ConvscopeError, match=r"model\.safetensors is not a convscope bundle"):
        Bundle.load(path)


def test_a_number_type_that_numpy_does_not_have_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save

    for dtype in (torch.bfloat16, torch.float8_e4m3fn):
        path = tmp_path / "b.safetensors"
        path.write_bytes(save({"a": torch.zeros(2).to(dtype)}, {"convscope": "{}"}))
        with pytest.raises(ConvscopeError, match="is not a convscope bundle"):
            Bundle.load(path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "latest").write_text("nowhere")
    for path, words in (
        (tmp_path / "none", "no run or bundle .*none; `convscope runs` lists"),
        (tmp_path, "no bundle in the folder"),
        (tmp_path / "latest", "no run or bundle"),
        ("x" * 5000, "x"),
        ("a\0b", "a"),
    ):
        with pytest.raises(ConvscopeError, match=words):
            Bundle.load(path)


@pytest.mark.parametrize("name", ["bundle.safetensors", "latest", "b.bin"])
@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe\xfd", b"../" * 300, b"x" * 2000, b"a\0b"])
def test_a_small_file_of_anything_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConvscopeError):
        Bundle.load(tmp_path / name)


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_refused(tmp_path: Path, noise: bytes) -> None:
    for name in ("a.safetensors", "latest"):
        (tmp_path / name).write_bytes(noise)
        with pytest.raises(ConvscopeError):
            Bundle.load(tmp_path / name)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_truncated_or_changed_file_is_refused_or_works(
    file: Path, pictures: np.ndarray, tmp_path: Path, data: st.DataObject
) -> None:
    raw = file.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw) - 1))])
    with pytest.raises(ConvscopeError):
        Bundle.load(path)
    changed = bytearray(raw)
    (length,) = struct.unpack("<Q", raw[:8])
    changed[data.draw(st.integers(0, 8 + length))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    try:
        loaded = Bundle.load(path)
    except ConvscopeError:
        return
    (row,) = loaded.predict(pictures[0])
    assert len(row.top) == 3


def test_a_flipped_bit_is_noticed(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "bundle.safetensors"
    bundle.save(path)
    content = path.read_bytes()
    for place in (-5, -len(content) // 3, content.index(b"classes") + 20):
        flipped = bytearray(content)
        flipped[place] ^= 0x04
        path.write_bytes(flipped)
        with pytest.raises(ConvscopeError):
            Bundle.load(path)


def test_a_bundle_is_copied_and_pickled_as_its_bytes(bundle: Bundle, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3)).astype(np.uint8)
    expected = bundle.probabilities(pictures)  # its forward pass is made, and is nothing that can be pickled
    bundle.save(str(tmp_path / "saved"))
    assert (tmp_path / "saved").read_bytes() == bundle.to_bytes()
    copies = [Bundle.from_bytes(bundle.to_bytes()), pickle.loads(pickle.dumps(bundle)), copy.deepcopy(bundle)]
    for other in copies:
        np.testing.assert_array_equal(other.probabilities(pictures), expected)
        assert (other.classes, other.info) == (bundle.classes, bundle.info)
        assert all(value.flags.writeable for value in other.weights.values())


def test_bytes_that_are_no_bundle(bundle: Bundle) -> None:
    content = bundle.to_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    for damaged in (b"", b"{}", content[: len(content) // 2], flipped, save_tensors({"a": np.zeros(2)})):
        with pytest.raises(ConvscopeError, match="what was given is not a convscope bundle, or is damaged"):
            Bundle.from_bytes(damaged)


def test_a_bundle_of_arrays(tmp_path: Path) -> None:
    b = Builder("rows")
    graph = b.build(b.linear(b.flatten(b.input(1, 2, 6)), 3))
    preprocessing = ArrayPreprocessing(shape=(1, 1, 3), repeat=2, mean=(5.0,), std=(2.0,))
    weights = initial_weights(graph)
    Bundle("rows", ("a", "b", "c"), preprocessing, graph, weights).save(tmp_path / "rows")
    bundle = Bundle.load(tmp_path / "rows")
    assert repr(bundle) == "Bundle('rows', 3 classes, arrays of (1, 2, 6))"
    rows = np.random.default_rng(0).normal(5, 2, (7, 3))
    enlarged = np.tile(np.repeat((rows - 5) / 2, 2, axis=1), 2)
    expected = enlarged @ weights["linear1.weight"].T + weights["linear1.bias"]
    np.testing.assert_allclose(
        bundle.logits(rows.astype(np.float32).reshape(7, 1, 1, 3)), expected, rtol=1e-5, atol=1e-6
    )
    for form in (rows, rows.reshape(7, 1, 3), list(rows)):
        assert [p.label for p in bundle.predict(form)] == ["abc"[k] for k in expected.argmax(axis=1)]
    with pytest.raises(ShapeError, match=r"the arrays are float64 \(7, 3\); the bundle takes float32"):
        bundle.logits(rows)
    (picture,) = bundle.predict("digit.png")
    assert picture.error == "digit.png cannot be read: No such file or directory."
    np.save(tmp_path / "array.npy", rows[0])
    (array,) = bundle.predict(tmp_path / "array.npy")
    assert array.top == bundle.predict(rows[0])[0].top
    with pytest.raises(DataError, match="digits does not have the classes of the bundle"):
        evaluate_bundle(bundle, "digits")
