"""Python, the command line, ONNX, the PyTorch program and C say the same of the same picture files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

import convscope
from convscope import Bundle, nets
from convscope.cli import main
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import UnsupportedOperation
from convscope.ship.entrance import Entrance
from convscope.ship.formats import FORMATS
from convscope.ship.proof import MARGIN, TOLERANCE
from convscope.ship.runner import NotRunnable
from convscope.ship.synthetic import synthetic

from ..conftest import Command
from .lively import NAMES, of_catalogue, of_module

LONG = os.environ.get("CONVSCOPE_LONG") == "1"
Predicted = Callable[[Path, Sequence[Path]], np.ndarray]
# so many weights that a C compiler is at work for a minute and more; as they are with CONVSCOPE_LONG=1
SMALLER = {"multilayer-cnn": (1, 14, 14), "resnet-18": (3, 64, 64)}
LONG_IN_C = {"resnet-18"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures as people have them: grey, colour, turned by EXIF, of odd sizes, transparent, of 16 bits."""
    folder = tmp_path_factory.mktemp("files")
    photo = synthetic(Preprocessing(height=77, width=51, channels=3), 40)
    pictures: dict[str, tuple[Image.Image, dict[str, object]]] = {}
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter to the right
    mirrored = Image.Exif()
    mirrored[0x0112] = 5
    pictures["grey.png"] = Image.fromarray(photo[5]).convert("L"), {}
    pictures["colour.jpg"] = Image.fromarray(photo[7]), {"quality": 90}
    pictures["turned.jpg"] = Image.fromarray(photo[13]), {"exif": turned}
    pictures["mirrored.jpg"] = Image.fromarray(photo[21]), {"exif": mirrored}
    pictures["odd.png"] = Image.fromarray(photo[9][:13, :37]), {}
    pictures["one-pixel.png"] = Image.fromarray(photo[11][:1, :1]), {}
    transparent = np.dstack([photo[15], photo[18][:, :, 0]])
    pictures["transparent.png"] = Image.fromarray(transparent, "RGBA"), {}
    deep = photo[17][:, :, 1].astype(np.uint16) * 257
    pictures["deep.png"] = Image.fromarray(deep), {}
    pictures["palette.gif"] = Image.fromarray(photo[19]).quantize(16), {}
    for name, (picture, settings) in pictures.items():
        picture.save(folder / name, **settings)
    rows = np.asarray(Image.open(folder / "deep.png"))
    assert rows.max() > 255
    large = np.kron(photo[29], np.ones((12, 12, 1), np.uint8))  # a JPEG that is decoded at reduced size
    Image.fromarray(large).save(folder / "large.jpg")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Of one channel and 128 values, in every form that `predict` takes."""
    folder = tmp_path_factory.mktemp("signals")
    numbers = synthetic(ArrayPreprocessing(shape=(1, 128), mean=(3.0,), std=(2.0,)), 6)
    for i, signal in enumerate(numbers):
        np.save(folder / f"{i}.npy", [signal, signal[0], signal.astype(np.float64)][i % 3])
    return sorted(folder.iterdir())


@pytest.fixture
def by_command(capsys: pytest.CaptureFixture[str]) -> Predicted:
    """`convscope predict --json` in this process."""

    def predicted(model: Path, files: Sequence[Path]) -> np.ndarray:
        with pytest.raises(SystemExit) as left:
            main(["predict", str(model), *map(str, files), "--json", "--top", "100"])
        printed = capsys.readouterr()
        assert not left.value.code, printed.err
        return read(printed.out, files)

    return predicted


def read(document: str, files: Sequence[Path]) -> np.ndarray:
    """The probabilities in what the command printed, in the order of the files and of the classes."""
    records = {record["path"]: record for record in json.loads(document)}
    shares = [{each["class"]: each["probability"] for each in records[str(file)]["top"]} for file in files]
    return np.array([[row[name] for name in sorted(row)] for row in shares])


def agree(
    bundle: Bundle,
    files: Sequence[Path],
    folder: Path,
    by_command: Predicted,
    *,
    formats: Sequence[str] = tuple(FORMATS),
    inside: Sequence[bool] = (True,),
) -> None:
    """Compare everything with `Bundle.predict`."""
    top = bundle.predict(list(files), top=len(bundle.classes))
    assert list(bundle.classes) == sorted(bundle.classes)
    expected = np.array([[dict(one.top)[name] for name in bundle.classes] for one in top])
    assert np.ptp(expected, axis=0).max() > 0.2, "a network that says the same of everything proves nothing"
    said = {}
    bundle.save(folder / "net.safetensors")
    said["command line"] = by_command(folder / "net.safetensors", files)
    for name in formats:
        form = FORMATS[name]
        for within in inside:
            entrance = Entrance(bundle.preprocessing, inside=within)
            try:
                run = form.runner(form.written(bundle, entrance), bundle, entrance)
            except NotRunnable as error:
                pytest.skip(f"{form.words} does not run here: {error}")
            stored = np.stack([entrance.outside.one(picture) for picture in files])
            given = stored if within else entrance.outside.batch(stored)
            whole = [given] if max(form.batches) > 1 else np.split(given, len(given))
            said[f"{name}, {within=}"] = np.concatenate([run(np.ascontiguousarray(part)) for part in whole])
    best = np.sort(expected, axis=1)
    clear = best[:, -1] - best[:, -2] > MARGIN
    for name, found in said.items():
        np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=0, err_msg=name)
        np.testing.assert_array_equal(found.argmax(1)[clear], expected.argmax(1)[clear], err_msg=name)


@pytest.mark.filterwarnings(r"ignore:\[large-c\]")  # of resnet-18 in C
@pytest.mark.parametrize("name", nets.names())
def test_every_network_of_the_catalogue(
    name: str, files: list[Path], signals: list[Path], tmp_path: Path, by_command: Predicted
) -> None:
    given = signals if len(nets.net(name).input_shape) == 2 else files
    bundle = of_catalogue(name, None if LONG else SMALLER.get(name))
    formats = [form for form in FORMATS if LONG or form != "c" or name not in LONG_IN_C]
    agree(bundle, given, tmp_path, by_command, formats=formats)


def test_trained_batch_norm(files: list[Path], tmp_path: Path, by_command: Predicted) -> None:
    run = convscope.train("digits", epochs=2, out=str(tmp_path / "run"), quiet=True, normalize=True)
    agree(run.bundle, files, tmp_path, by_command, inside=(True, False))


SETTINGS = {
    "odd size": Preprocessing(height=17, width=23, channels=3),
    "mean and std": Preprocessing(
        height=20, width=16, channels=3, resize="crop", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    ),
    "inverted": Preprocessing(height=16, width=16, channels=1, invert=True),
    "inverted, with borders and statistics": Preprocessing(
        height=19, width=14, channels=1, invert=True, fill=40, mean=(0.3,), std=(0.4,)
    ),
    "stretched colour, inverted": Preprocessing(
        height=15, width=21, channels=3, resize="stretch", invert=True, fill=255
    ),
}


class Own(nn.Module):
    """As people write it: functions, a residual sum, a concatenation, a view."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.wide = nn.Conv2d(6, 4, (1, 5), stride=(1, 2), padding=(0, 2))
        self.tall = nn.Conv2d(6, 4, (5, 1), stride=(1, 2), padding=(2, 0))
        self.fc = nn.Linear(8 * 9, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(x)))
        x = F.gelu(self.conv2(x)) + x
        x = torch.cat([self.wide(x), torch.sigmoid(self.tall(x))], dim=1)
        x = F.adaptive_avg_pool2d(F.max_pool2d(x, 2, ceil_mode=True), 3)
        return self.fc(x.view(-1, 8 * 9))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_person_s_own_class_under_every_preprocessing(
    name: str, files: list[Path], tmp_path: Path, by_command: Predicted
) -> None:
    preprocessing = SETTINGS[name]
    torch.manual_seed(2)
    bundle = of_module(Own(preprocessing.channels), preprocessing)
    assert bundle.graph is not None
    agree(bundle, files, tmp_path, by_command, inside=(True, False))


class Sorted(nn.Module):
    """What the graph cannot express."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4 * 36, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sort(F.relu(self.conv(x)).flatten(2), dim=2).values
        return self.fc(x.flatten(1))


def test_a_program(files: list[Path], tmp_path: Path, by_command: Predicted) -> None:
    preprocessing = Preprocessing(
        height=8, width=8, channels=3, invert=True, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4)
    )
    torch.manual_seed(2)
    bundle = of_module(Sorted(), preprocessing)
    assert bundle.graph is None
    agree(bundle, files, tmp_path, by_command, formats=["onnx", "torch"], inside=(True, False))
    with pytest.raises(UnsupportedOperation):
        FORMATS["c"].written(bundle, Entrance(preprocessing))


def test_a_network_that_ends_in_softmax(files: list[Path], tmp_path: Path, by_command: Predicted) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10), nn.Softmax(dim=1))
    preprocessing = Preprocessing(height=8, width=8, channels=1)
    torch.manual_seed(2)
    nn.init.normal_(net[3].weight)  # type: ignore[arg-type]
    nn.init.normal_(net[0].weight)  # type: ignore[arg-type]
    bundle = Bundle.of(net, NAMES, preprocessing)
    assert bundle.outputs == "probabilities"
    agree(bundle, files, tmp_path, by_command)


def test_signals_with_statistics(signals: list[Path], tmp_path: Path, by_command: Predicted) -> None:
    bundle = of_catalogue("simple-cnn-1d", mean=(3.0,), std=(2.0,))
    agree(bundle, signals, tmp_path, by_command, inside=(True, False))


def test_an_enlarged_array(tmp_path: Path, by_command: Predicted) -> None:
    """What the scikit-learn estimator keeps: numbers that are repeated until they suit the network."""
    preprocessing = ArrayPreprocessing(shape=(2, 5, 4), repeat=3, mean=(1.0, -1.0), std=(2.0, 0.5))
    torch.manual_seed(2)
    bundle = of_module(Own(2), preprocessing)
    files = []
    for i, array in enumerate(synthetic(preprocessing, 6)):
        files.append(tmp_path / f"{i}.npy")
        np.save(files[-1], array)
    agree(bundle, files, tmp_path, by_command, inside=(True, False))


def test_the_command_as_a_process(files: list[Path], tmp_path: Path, convscope: Command) -> None:
    """Trained, exported and predicted by commands; the exported file run by what it was made for alone."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="pip install 'convscope[export]'")
    trained = convscope("train", "digits", "--epochs", "1", "--out", "run", "--quiet")
    assert trained.returncode == 0, trained.stderr
    exported = convscope("export", "run", "--out", "digits.onnx")
    assert exported.returncode == 0, exported.stderr
    predicted = convscope("predict", "run", *map(str, files), "--json", "--top", "10")
    assert predicted.returncode == 0, predicted.stderr
    session = onnxruntime.InferenceSession(tmp_path / "digits.onnx", providers=["CPUExecutionProvider"])
    outside = Entrance(Bundle.load(tmp_path / "run").preprocessing).outside
    batch = np.stack([outside.one(file) for file in files])
    (found,) = session.run(None, {session.get_inputs()[0].name: batch})
    np.testing.assert_allclose(found, read(predicted.stdout, files), atol=TOLERANCE, rtol=0)
