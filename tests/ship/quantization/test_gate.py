"""What int8 costs, counted here again, and where the gate closes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, helper, numpy_helper
from torch import Tensor, nn

import convscope
from convscope import Bundle, nets
from convscope.cli import main
from convscope.data import Dataset
from convscope.errors import DataError, GateFailed, UsageError
from convscope.ship.quantization import Cost, Quantized, gate, int8_of, quantize
from convscope.training.evaluation import dataset_of

from ...look.bundles import program_of, seeded
from .made import bundle_of, by_onnxruntime, data_for, float_model, opened, preprocessing_for


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Dataset]:
    """A network that reads digits, and its data."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    bundle = convscope.train("digits", epochs=4, out=str(out), quiet=True).bundle
    return bundle, dataset_of(bundle)[0]


def made_of(bundle: Bundle, data: Dataset, max_drop: float = 0.5, *, inside: bool = True) -> Quantized:
    model, entrance = float_model(bundle, inside=inside)
    return int8_of(bundle, entrance, model, data, max_drop=max_drop)


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_what_it_says_is_what_onnxruntime_gives(digits: tuple[Bundle, Dataset], inside: bool) -> None:
    bundle, data = digits
    model, entrance = float_model(bundle, inside=inside)
    told: list[tuple[str, int, int | None]] = []
    quantized = int8_of(bundle, entrance, model, data, max_drop=2, told=lambda *what: told.append(what))
    validation = data.validation
    assert validation is not None
    given, labels = entrance.of_stored(validation.images), validation.labels
    before, after = by_onnxruntime(model)(given), by_onnxruntime(quantized.model)(given)
    right, still = before.argmax(axis=1) == labels, after.argmax(axis=1) == labels

    note = json.loads({one.key: one.value for one in opened(quantized.model).metadata_props}["quantization"])
    assert (note["part"], note["count"]) == ("validation", len(labels))
    assert (note["accuracy_before"], note["accuracy_after"]) == (right.mean(), still.mean())
    assert note["weights"].startswith("int8")

    cost = quantized.cost
    assert (cost.part, cost.count) == ("validation", len(labels))
    assert (cost.right_before, cost.right_after) == (right.sum(), still.sum())
    assert cost.right_before > 0.9 * len(labels)
    assert (cost.only_before, cost.only_after) == ((right & ~still).sum(), (still & ~right).sum())
    assert cost.agreeing == (before.argmax(axis=1) == after.argmax(axis=1)).sum()
    assert cost.mean_difference == pytest.approx(np.abs(before - after).mean(), abs=1e-5)
    assert cost.largest_difference == pytest.approx(np.abs(before - after).max(), abs=1e-4)
    assert quantized.batch_difference < 1e-6
    assert quantized.size_before == len(model)
    assert len(quantized.model) < 0.5 * len(model)
    assert quantized.calibrated == 512
    assert told[-1] == ("pictures through int8", len(labels), len(labels))

    record = quantized.to_dict()
    assert record["accuracy_before"] == right.mean()
    assert record["accuracy_after"] == still.mean()
    assert record["drop"] == pytest.approx(100 * (right.mean() - still.mean()))
    assert record["size_after"] == len(quantized.model)


def test_it_is_calibrated_on_training_pictures_alone(digits: tuple[Bundle, Dataset]) -> None:
    bundle, data = digits
    model, entrance = float_model(bundle)
    chosen = np.sort(np.random.default_rng(0).permutation(len(data.train))[:512])
    by_hand = quantize(model, entrance.of_stored(data.train.images[chosen]))
    made = int8_of(bundle, entrance, model, data, max_drop=2).model
    assert opened(made).graph.SerializeToString() == opened(by_hand).graph.SerializeToString()


def test_test_pictures_only_where_there_are_no_others(digits: tuple[Bundle, Dataset]) -> None:
    bundle, data = digits
    assert data.test is not None
    of_test = made_of(bundle, dataclasses.replace(data, validation=None), 2)
    assert (of_test.cost.part, of_test.cost.count) == ("test", len(data.test))
    assert "(test, where there are no validation pictures)" in of_test.sentences[0]
    with pytest.raises(DataError, match=r"^digits has neither validation nor test pictures.*--data"):
        made_of(bundle, dataclasses.replace(data, validation=None, test=None))


def test_it_closes_on_a_bad_calibration(digits: tuple[Bundle, Dataset]) -> None:
    """Black pictures say that nothing is ever brighter than black."""
    bundle, data = digits
    black = dataclasses.replace(data.train, images=np.zeros_like(data.train.images))
    with pytest.raises(GateFailed) as caught:
        made_of(bundle, dataclasses.replace(data, train=black))
    assert caught.value.exit_code == 3
    figures = re.match(
        r"int8 takes the validation accuracy from ([\d.]+) % to ([\d.]+) % of 144 pictures, "
        r"by ([\d.]+) points, and --max-drop allows 0\.5 \(right only before (\d+), only after (\d+)\)\. .*"
        r"A larger --max-drop accepts it; without --int8 the model stays float32, ",
        str(caught.value),
    )
    assert figures is not None
    before, after, drop = map(float, figures.groups()[:3])
    assert before > 95 > 90 > after
    assert drop == pytest.approx(before - after, abs=0.011)
    assert (int(figures[4]) - int(figures[5])) / 144 == pytest.approx(drop / 100, abs=1e-4)


def test_it_closes_on_what_max_drop_does_not_allow() -> None:
    """Labels are what the bundle says, so that every picture that int8 takes for another is a loss."""
    bundle = bundle_of(nets.graph("lenet-5-relu"), preprocessing_for((1, 28, 28)))
    data = data_for(bundle, validation=2000)
    cost = made_of(bundle, data, 100).cost
    assert cost.right_before == 2000
    lost = cost.only_before
    assert lost > 0
    assert cost.drop == pytest.approx(lost / 20)
    assert made_of(bundle, data, cost.drop).cost == cost
    with pytest.raises(GateFailed, match=rf"right only before {lost}, only after 0"):
        made_of(bundle, data, 0)
    with pytest.raises(GateFailed, match=rf"--max-drop allows {cost.drop - 0.01:g} "):
        made_of(bundle, data, cost.drop - 0.01)


def test_it_says_where_one_picture_is_more_than_it_allows() -> None:
    cost = Cost("validation", 144, 142, 141, 1, 0, 143, 1e-4, 1e-2)
    with pytest.raises(GateFailed, match=r"One picture alone is 0\.69 points: --data with more pictures"):
        gate._let_through(Quantized(b"", 1000, 512, cost, 0.0, 0.5, "picture"))
    gate._let_through(Quantized(b"", 1000, 512, cost, 0.0, 0.7, "picture"))


@pytest.mark.parametrize("max_drop", [-0.1, 101, float("nan")])
def test_an_impossible_max_drop(digits: tuple[Bundle, Dataset], max_drop: float) -> None:
    with pytest.raises(
        UsageError, match=r"--max-drop .* should be points of accuracy, a number from 0 to 100"
    ):
        made_of(*digits, max_drop)


def over_the_batch(model: ModelProto) -> None:
    """The softmax over the pictures of a batch."""
    (softmax,) = [node for node in model.graph.node if node.op_type == "Softmax"]
    softmax.attribute[0].i = 0


def for_one_batch(model: ModelProto) -> None:
    """A batch of 64 alone."""
    model.graph.initializer.append(numpy_helper.from_array(np.array([64, 10]), "shape"))
    last = model.graph.node[-1]
    model.graph.node.append(helper.make_node("Reshape", ["fixed", "shape"], [last.output[0]]))
    last.output[0] = "fixed"


def no_number(model: ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array(np.nan, np.float32), "nan"))
    last = model.graph.node[-1]
    model.graph.node.append(helper.make_node("Add", ["before", "nan"], [last.output[0]]))
    last.output[0] = "before"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            over_the_batch,
            "something else of the same pictures in batches of 1, 7, 64: a probability differs by ",
        ),
        (for_one_batch, r"fails on a batch of 16 \(.*\); without --int8"),
        (no_number, "numbers that are not finite"),
    ],
)
def test_it_closes_on_planted_faults(
    fault: Callable[[ModelProto], None],
    message: str,
    digits: tuple[Bundle, Dataset],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def faulty(model: bytes, inputs: np.ndarray) -> bytes:
        proto = onnx.load_from_string(quantize(model, inputs))
        fault(proto)
        content: bytes = proto.SerializeToString()
        return content

    monkeypatch.setattr(gate, "quantize", faulty)
    with pytest.raises(GateFailed, match=message):
        made_of(*digits, 100)


def test_too_little_memory_is_not_the_model_s(
    digits: tuple[Bundle, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: np.ndarray) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr("convscope.ship.onnx_model.running.run_with_onnxruntime", lambda _: full)
    with pytest.raises(MemoryError):
        made_of(*digits)


def test_signals() -> None:
    bundle = bundle_of(nets.graph("simple-cnn-1d"), preprocessing_for((1, 128)))
    quantized = made_of(bundle, data_for(bundle, training=600, validation=50), 100)
    assert quantized.calibrated == 512
    assert "of 50 signals (validation)" in quantized.sentences[0]


def test_pictures_of_the_other_polarity(digits: tuple[Bundle, Dataset]) -> None:
    """A bundle that turns light and dark around, which its exported network then does."""
    bundle, data = digits
    turned = bundle.inverted()
    model, entrance = float_model(turned)
    quantized = int8_of(turned, entrance, model, data, max_drop=2)
    assert data.validation is not None
    as_they_come = by_onnxruntime(quantized.model)(255 - data.validation.images)
    assert (as_they_come.argmax(axis=1) == data.validation.labels).sum() == quantized.cost.right_after
    assert quantized.cost.right_after > 120


class Sorts(nn.Module):
    """What convscope's graph cannot express."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 4, 3), nn.Linear(4 * 36, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).relu().flatten(1).sort(dim=1).values)


def test_a_network_outside_the_graph() -> None:
    bundle = program_of(seeded(Sorts()), 1, 8, 8)
    assert bundle.graph is None
    quantized = made_of(bundle, data_for(bundle, validation=64), 100)
    assert quantized.cost.agreeing >= 60
    assert quantized.cost.largest_difference < 0.05


def test_what_it_says() -> None:
    cost = Cost("validation", 6000, 5919, 5920, 1, 2, 5997, 0.00013, 0.059)
    assert Quantized(b"x" * 28_600, 83_800, 512, cost, 0.0, 0.5, "picture").sentences == (
        "accuracy 98.65 % before, 98.67 % after, of 6,000 pictures (validation); "
        "right only before 1, only after 2",
        "the same class for 99.95 %; probabilities 0.0001 from the bundle's in the mean, 0.059 at most "
        "(int8 rounds; 0.0001 holds for float32)",
        "83.8 kB before, 28.6 kB after; calibrated on 512 training pictures",
    )
    few = Cost("validation", 13, 12, 12, 0, 0, 13, 0.00013, 0.059)
    said = Quantized(b"x", 83_800, 512, few, 0.0, 0.5, "picture").sentences
    assert said[1] == "one picture alone is 7.69 points"


def test_a_bundle_that_knows_no_data_needs_them(digits: tuple[Bundle, Dataset], tmp_path: Path) -> None:
    bundle, _ = digits
    bare = dataclasses.replace(bundle, info={})
    file = tmp_path / "bare.onnx"
    with pytest.raises(
        UsageError, match=r"calibrated on training pictures .* --data names a labelled data set"
    ):
        convscope.export(bare, file, int8=True)
    assert list(tmp_path.iterdir()) == []
    exported = convscope.export(bare, file, int8=True, data="digits", max_drop=2)
    assert exported.quantized is not None
    assert file.read_bytes() == exported.quantized.model
    assert exported.quantized.cost.count == 144


def test_the_command_exits_with_3_and_the_earlier_file_stays(
    digits: tuple[Bundle, Dataset],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle, _ = digits
    bundle.save(tmp_path / "digits.safetensors")
    file = tmp_path / "digits.onnx"
    words = ["export", str(tmp_path / "digits.safetensors"), "--int8", "--out", str(file), "--quiet"]
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--max-drop", "2"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert "In int8   accuracy " in printed
    assert max(map(len, printed.replace(str(file), "").splitlines())) <= 80
    before = file.read_bytes()

    def faulty(model: bytes, inputs: np.ndarray) -> bytes:
        return quantize(model, np.zeros_like(inputs))

    monkeypatch.setattr(gate, "quantize", faulty)
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 3
    assert "int8 takes the validation accuracy from" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"digits.safetensors", "digits.onnx"}


DATA = os.environ.get("CONVSCOPE_DATA")


@pytest.mark.skipif(
    DATA is None or not (Path(DATA) / "mnist").is_dir(), reason="needs MNIST below CONVSCOPE_DATA"
)
def test_mnist(tmp_path: Path) -> None:
    run = convscope.train("mnist", net="simple-cnn-16-32", epochs=1, out=str(tmp_path / "run"), quiet=True)
    quantized = made_of(run.bundle, dataset_of(run.bundle)[0])
    assert quantized.cost.count == 6000
    assert quantized.cost.accuracy_before > 0.95
    assert abs(quantized.cost.drop) < 0.3
    assert len(quantized.model) < 0.4 * quantized.size_before
