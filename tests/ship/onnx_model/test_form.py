"""The whole file, of every kind of bundle: what it takes, gives and says; ONNX Runtime beside the bundle."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

from convscope import nets
from convscope.bundle import Bundle
from convscope.data import Preprocessing
from convscope.errors import ConvscopeError, UnsupportedOperation
from convscope.graph import Builder
from convscope.ship.entrance import Entrance
from convscope.ship.onnx_model import model as model_file
from convscope.ship.onnx_model.form import runner, written
from convscope.ship.onnx_model.model import OPSET, model_of

from ...graph.modules import Net
from ...look.bundles import program_of, seeded
from .oracle import bundle_of_graph, difference, run, stored_of

SMALL = {"resnet-18": (3, 33, 40), "multilayer-cnn": (3, 17, 19)}  # which take long otherwise


@pytest.mark.parametrize("name", nets.names())
def test_every_net(name: str, tmp_path: Path) -> None:
    """With normalisation as after a training."""
    graph = nets.graph(name, SMALL[name]) if name in SMALL else nets.graph(name)
    assert difference(bundle_of_graph(graph, seed=1), tmp_path) < 1e-5


@pytest.mark.parametrize("name", ["convnet-bn", "resnet-8", "simple-cnn-1d"])
def test_preprocessing_outside(name: str, tmp_path: Path) -> None:
    assert difference(bundle_of_graph(nets.graph(name)), tmp_path, inside=False) < 1e-5


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_dark_ink_on_light_paper(inside: bool, tmp_path: Path) -> None:
    bundle = bundle_of_graph(nets.graph("convnet-bn-8-16", (3, 17, 19), 4), invert=True)
    assert difference(bundle, tmp_path, inside=inside) < 1e-5


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_arrays_that_are_repeated(inside: bool, tmp_path: Path) -> None:
    bundle = bundle_of_graph(nets.graph("simple-cnn-4-8", (2, 24, 32), 3))
    of = bundle.preprocessing.model_copy(update={"shape": (2, 6, 8), "repeat": 4})  # type: ignore[attr-defined]
    assert difference(replace(bundle, preprocessing=of), tmp_path, inside=inside) < 1e-5


def test_a_network_that_ends_in_softmax(tmp_path: Path) -> None:
    b = Builder("own-softmax")
    bundle = bundle_of_graph(b.build(b.append("softmax", b.linear(b.flatten(b.input(1, 5, 5)), 3))))
    assert bundle.outputs == "probabilities"
    assert difference(bundle, tmp_path) < 1e-6
    model = onnx.load(tmp_path / "network.onnx")
    assert [node.op_type for node in model.graph.node].count("Softmax") == 1


@pytest.mark.parametrize("count", [1, 7, 64])
def test_batches_of_any_size(count: int, tmp_path: Path) -> None:
    assert difference(bundle_of_graph(nets.graph("lenet-5-relu")), tmp_path, count=count) < 1e-5


@pytest.mark.parametrize(
    "settings",
    [
        {"invert": False},
        {"invert": True},
        {"mean": None, "std": None},
        {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "invert": True},
    ],
    ids=str,
)
def test_the_entrance_of_pictures_gives_the_bits_of_the_bundle(settings: dict[str, object]) -> None:
    """Every value of a byte, in every channel."""
    of = Preprocessing(height=16, width=16, channels=3, **settings)  # type: ignore[arg-type]
    _check_entrance(of, np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3))


def test_the_entrance_of_signals_gives_the_bits_of_the_bundle() -> None:
    bundle = bundle_of_graph(nets.graph("simple-cnn-1d", (3, 40), 2))
    _check_entrance(bundle.preprocessing, stored_of(bundle, 50))


def _check_entrance(of: object, stored: np.ndarray) -> None:
    entrance = Entrance(of)  # type: ignore[arg-type]
    b = Builder("net")
    graph = b.build(b.linear(b.flatten(b.input(*entrance.preprocessing.input_shape)), 2))
    model = model_of(replace(bundle_of_graph(graph), preprocessing=entrance.preprocessing), entrance)
    (flat,) = (node for node in model.graph.node if node.name == "flatten1")
    seen = helper.make_tensor_value_info(flat.input[0], onnx.TensorProto.FLOAT, None)
    model.graph.output.insert(0, seen)
    wanted = entrance.preprocessing.batch(stored)
    np.testing.assert_array_equal(run(model, entrance.of_stored(stored)), wanted)


def test_onnxs_own_evaluator_agrees() -> None:
    bundle = bundle_of_graph(nets.graph("convnet-bn-8-16", (1, 17, 19), 4), invert=True)
    entrance, stored = Entrance(bundle.preprocessing), stored_of(bundle, 3)
    model = model_of(bundle, entrance)
    (found,) = ReferenceEvaluator(model).run(None, {"pictures": entrance.of_stored(stored)})
    np.testing.assert_allclose(found, bundle.probabilities(stored), atol=1e-5)


def test_names_types_and_shapes() -> None:
    bundle = bundle_of_graph(nets.graph("convnet-bn", (3, 20, 16), 5))
    model = onnx.load_from_string(written(bundle, Entrance(bundle.preprocessing)))
    assert _spelled(model.graph.input) == ["pictures UINT8 batch×20×16×3"]
    assert _spelled(model.graph.output) == ["probabilities FLOAT batch×5"]
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert set(bundle.graph.by_name) - {"input"} < set(names)  # type: ignore[union-attr]
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for name in bundle.graph.parameters:  # type: ignore[union-attr]
        if not name.endswith("num_batches_tracked"):
            np.testing.assert_array_equal(kept[name], bundle.weights[name])
    assert {value.split()[0] for value in _spelled(model.graph.value_info)} == {
        node.name
        for node in bundle.graph.nodes[1:]  # type: ignore[union-attr]
    }
    assert (model.ir_version, model.opset_import[0].version) == (8, OPSET)

    outside = onnx.load_from_string(written(bundle, Entrance(bundle.preprocessing, inside=False)))
    assert _spelled(outside.graph.input) == ["input FLOAT batch×3×20×16"]
    signals = bundle_of_graph(nets.graph("simple-cnn-1d", (2, 64), 3))
    model = onnx.load_from_string(written(signals, Entrance(signals.preprocessing)))
    assert _spelled(model.graph.input) == ["signals FLOAT batch×2×64"]


def _spelled(values: object) -> list[str]:
    found = []
    for value in values:  # type: ignore[attr-defined]
        kind = value.type.tensor_type
        sizes = "×".join(d.dim_param or str(d.dim_value) for d in kind.shape.dim)
        found.append(f"{value.name} {onnx.TensorProto.DataType.Name(kind.elem_type)} {sizes}")
    return found


def test_nodes_called_as_what_the_model_takes_and_gives(tmp_path: Path) -> None:
    """And a parameter called as a node."""
    b = Builder("names")
    x = b.conv2d(b.input(1, 6, 6), 2, kernel_size=3, name="pictures")
    x = b.append("gelu", x, name="pictures/Conv")
    x = b.flatten(x, name="probabilities")
    x = b.append(
        "linear", x, name="preprocessing/Mul", out_features=3, bias=False, parameters={"weight": "input"}
    )
    x = b.append("mish", x, name="probabilities/Softmax")
    assert difference(bundle_of_graph(b.build(x)), tmp_path) < 1e-6


def test_shared_weights_are_kept_once(tmp_path: Path) -> None:
    b = Builder("twice")
    x = b.flatten(b.input(1, 3, 3))
    first = b.append("linear", x, out_features=9, name="first")
    x = b.append("linear", first, out_features=9, name="second", parameters=dict(first.parameters))
    bundle = bundle_of_graph(b.build(b.linear(x, 2)))
    assert difference(bundle, tmp_path) < 1e-6
    kept = [tensor.name for tensor in onnx.load(tmp_path / "network.onnx").graph.initializer]
    assert kept.count("first.weight") == 1
    assert "second.weight" not in kept


def test_the_same_bytes_for_the_same_bundle(tmp_path: Path) -> None:
    bundle = bundle_of_graph(nets.graph("convnet-bn-8-16"))
    bundle.save(tmp_path / "bundle.safetensors")
    again = Bundle.load(tmp_path / "bundle.safetensors")
    content = written(bundle, Entrance(bundle.preprocessing))
    assert written(again, Entrance(again.preprocessing)) == content
    kept = _metadata(onnx.load_from_string(content))
    assert kept["bundle_sha256"] == hashlib.sha256((tmp_path / "bundle.safetensors").read_bytes()).hexdigest()


def test_what_the_file_says_of_itself() -> None:
    info = {
        "data": {"name": "digits", "checksum": "ab" * 32},
        "recipe": {"net": "convnet-bn", "lr": 0.005},
        "metrics": {"epoch": 3, "test": {"accuracy": 0.99}},
    }
    bundle = bundle_of_graph(nets.graph("convnet-bn-8-16", classes=3), invert=True, resize="crop", fill=9)
    bundle = replace(bundle, info=info, classes=("Öl", 'a "b"', "\udcff"))
    kept = _metadata(model_of(bundle, Entrance(bundle.preprocessing)))
    assert json.loads(kept["classes"]) == list(bundle.classes)
    assert {name: json.loads(kept[name]) for name in info} == info
    assert kept["net"] == "convnet-bn-8-16"
    before = json.loads(kept["preprocessing"])
    assert (before["invert"], before["fill"], before["mean"]) == (False, 246, None)
    words = kept["preprocessing_in_words"]
    for part in (
        "28:28 out of its middle",
        "convert('L')",
        "255 - x",
        "uint8 (batch, 28, 28, 1)",
        "mean 0.3",
    ):
        assert part in words
    outside = _metadata(model_of(bundle, Entrance(bundle.preprocessing, inside=False)))
    assert json.loads(outside["preprocessing"])["mean"] == [0.3]
    assert "Give float32 (batch, 1, 28, 28)." in outside["preprocessing_in_words"]


SCALED = "(x - mean) / std with mean 0.3 and std 0.2 per channel"


@pytest.mark.parametrize(
    ("settings", "inside", "words"),
    [
        ({"mean": None, "std": None}, True, "Give float32 (batch, 1, 64)."),
        ({}, True, f"Give float32 (batch, 1, 64). The network computes {SCALED}."),
        ({}, False, f"Compute {SCALED}. Give float32 (batch, 1, 64)."),
    ],
)
def test_words_for_signals(settings: dict[str, object], inside: bool, words: str) -> None:
    bundle = bundle_of_graph(nets.graph("simple-cnn-1d", (1, 64), 2), **settings)
    kept = _metadata(model_of(bundle, Entrance(bundle.preprocessing, inside=inside)))
    before = "Take the numbers of the signal as they were measured."
    assert kept["preprocessing_in_words"] == f"{before} {words}"


def _metadata(model: onnx.ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}


# networks outside the graph


class Sorts(nn.Module):
    """The graph has no sort."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(4 * 10 * 8, 4)
        self.register_buffer("pictures", torch.rand(4, 1, 1))  # as the model's input is called

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sort(self.norm(self.conv(x)), dim=1).values * self.pictures
        return self.last(x.reshape(x.shape[0], -1))


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_a_program(inside: bool, tmp_path: Path) -> None:
    bundle = program_of(seeded(Sorts()), 3, 12, 10)
    of = bundle.preprocessing.model_copy(  # type: ignore[attr-defined]
        update={"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.4), "invert": True}
    )
    bundle = replace(bundle, preprocessing=of)
    assert difference(bundle, tmp_path, inside=inside) < 1e-5
    model = onnx.load(tmp_path / "network.onnx")
    assert _metadata(model)["classes"] == '["ant", "bee", "cat", "dog"]'
    assert _spelled(model.graph.output) == ["probabilities FLOAT batch×4"]
    assert {"conv.weight", "last.weight"} < {tensor.name for tensor in model.graph.initializer}
    assert b"convscope/program.py" not in (tmp_path / "network.onnx").read_bytes()  # of this machine


def test_a_program_with_probabilities(tmp_path: Path) -> None:
    module = Net(lambda net, x: net.last(x.flatten(1)).sort(1).values.softmax(1), last=nn.Linear(48, 4))
    bundle = program_of(seeded(module), 3, 4, 4, outputs="probabilities")
    assert difference(bundle, tmp_path) < 1e-6
    again = written(bundle, Entrance(bundle.preprocessing, inside=True))
    assert again == (tmp_path / "network.onnx").read_bytes()


def test_a_border_of_zeros_in_a_program(tmp_path: Path) -> None:
    """Before a maximum of negative numbers, where ONNX Runtime would take another border."""

    def forward(net: Net, x: Tensor) -> Tensor:
        x = nn.functional.pad(-1 - x.sort(1).values, (1, 1, 1, 1))
        return net.last(nn.functional.max_pool2d(x, 2).flatten(1))  # type: ignore[no-any-return, operator]

    bundle = program_of(seeded(Net(forward, last=nn.Linear(9, 4))), 1, 4, 4)
    assert difference(bundle, tmp_path) < 1e-6


def test_branches_keep_their_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A graph within a node reads what is outside of it, and may call its own as others are called."""
    from convscope.ship.onnx_model import program

    exported = onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 18]>
        net (float[batch,1,2,2] pictures) => (float[batch,4] scores) {
            probabilities = Flatten (pictures)
            total = ReduceSum <keepdims = 0> (probabilities)
            zero = Constant <value = float {0.0}> ()
            positive = Greater (total, zero)
            scores = If (positive) <
                then_branch = yes () => (float[batch,4] scores) { scores = Add (probabilities, total) },
                else_branch = no () => (float[batch,4] total) { total = Neg (probabilities) }
            >
        }
    """)
    monkeypatch.setattr(program, "_exported", lambda _: exported)
    flat = Net(lambda _, x: x.flatten(1) + x.sum(), last=nn.Linear(1, 1))
    bundle = program_of(flat, 1, 2, 2)
    assert difference(bundle, tmp_path) < 1e-6
    nodes = onnx.load(tmp_path / "network.onnx").graph.node
    assert [one.g.node[0].op_type for node in nodes for one in node.attribute if one.g.node] == ["Add", "Neg"]


def test_a_program_that_pytorch_cannot_write() -> None:
    module = Net(lambda net, x: net.last(torch.linalg.svdvals(x).flatten(1)), last=nn.Linear(4, 4))
    bundle = program_of(seeded(module), 1, 4, 4)
    with pytest.raises(UnsupportedOperation, match=r"^tiny is kept as a program.*svd.*--format torch\.$"):
        written(bundle, Entrance(bundle.preprocessing))


# what is refused


def test_more_than_an_onnx_file_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = bundle_of_graph(nets.graph("lenet-5"))
    monkeypatch.setattr(model_file, "LARGEST", 100_000)
    with pytest.raises(UnsupportedOperation, match=r"lenet-5 take .* holds at most 2 GiB; .*--format torch"):
        written(bundle, Entrance(bundle.preprocessing))


def test_a_mistake_of_ours_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = bundle_of_graph(nets.graph("lenet-5"))
    right = model_file.write_network
    monkeypatch.setattr(model_file, "write_network", lambda writing, *rest: right(writing, *rest) + "?")
    with pytest.raises(ConvscopeError, match=r"lenet-5 is no valid ONNX model .*please report"):
        written(bundle, Entrance(bundle.preprocessing))


def test_a_file_that_is_no_model() -> None:
    bundle = bundle_of_graph(nets.graph("lenet-5"))
    with pytest.raises(ConvscopeError, match=r"^ONNX Runtime does not load the model: "):
        runner(b"no model", bundle, Entrance(bundle.preprocessing))


def test_a_graph_is_written_without_torch() -> None:
    code = """
import sys
from convscope import nets
from convscope.bundle import Bundle
from convscope.data import Preprocessing
from convscope.graph import initial_weights
from convscope.ship.entrance import Entrance
from convscope.ship.onnx_model.form import written
graph = nets.graph("lenet-5")
of = Preprocessing(height=28, width=28, channels=1)
written(Bundle("n", tuple("0123456789"), of, graph, initial_weights(graph)), Entrance(of))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_onnxscript_a_program_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = program_of(seeded(Sorts()), 3, 12, 10)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ConvscopeError, match=r"needs onnxscript.*pip install 'convscope\[export\]'"):
        written(bundle, Entrance(bundle.preprocessing))


def test_a_traced_module_with_trained_statistics(tmp_path: Path) -> None:
    """As a person's own class, its batch norm as after a training, pictures of odd sides."""
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.GELU(), nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.AvgPool2d(3, 2, padding=1, ceil_mode=True), nn.AdaptiveAvgPool2d((3, 2)),
        nn.Flatten(), nn.Linear(48, 5),
    )  # fmt: skip
    for _ in range(3):
        module(torch.rand(16, 3, 23, 17))
    of = Preprocessing(height=23, width=17, channels=3, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bundle = Bundle.of(module.eval(), list("abcde"), of)
    assert bundle.graph is not None
    assert difference(bundle, tmp_path) < 1e-5
