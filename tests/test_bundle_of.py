"""A module that was trained with PyTorch alone becomes a bundle, and says the same."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope import Bundle, look, summary
from convscope.data import ArrayPreprocessing, Dataset, Preprocessing, load, open_source
from convscope.errors import ConvscopeError, ConvscopeWarning, ShapeError, UsageError

CLASSES = tuple("0123456789")
PREPROCESSING = Preprocessing(height=8, width=8, channels=1, mean=(0.3,), std=(0.35,))


class Net(nn.Module):
    """As people write it: functions, a view, batch norm, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.norm(self.conv1(x))), 2)
        x = F.relu(self.conv2(x))
        return self.fc(self.dropout(x.view(x.size(0), -1)))


class Sorted(nn.Module):
    """What the graph cannot express."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.sort(x.flatten(1), dim=1).values)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    source = open_source("digits")
    return load(source, source.default_preprocessing())


@pytest.fixture(scope="module")
def trained(digits: Dataset) -> Net:
    """Trained with PyTorch alone, on what torchvision's ToTensor and Normalize would give."""
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    x = (torch.from_numpy(digits.train.images.transpose(0, 3, 1, 2).copy()) / 255 - 0.3) / 0.35
    y = torch.from_numpy(digits.train.labels)
    for _ in range(6):
        for part in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(net(x[part]), y[part]).backward()
            optimizer.step()
    return net


def test_it_says_what_the_module_says(trained: Net, digits: Dataset, tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    assert trained.training
    bundle = Bundle.of(trained, CLASSES, PREPROCESSING, trained_on=digits.train.images)
    assert trained.training
    for name, value in trained.state_dict().items():
        assert torch.equal(value, before[name])
    assert digits.test is not None
    images = digits.test.images
    trained.eval()
    with torch.no_grad():
        batch = (torch.from_numpy(images.transpose(0, 3, 1, 2).copy()) / 255 - 0.3) / 0.35
        expected = torch.softmax(trained(batch), 1).numpy()
    trained.train()
    np.testing.assert_allclose(bundle.probabilities(images), expected, atol=1e-5)
    assert (expected.argmax(1) == digits.test.labels).mean() > 0.9

    bundle.save(tmp_path / "net.safetensors")
    loaded = Bundle.load(tmp_path / "net.safetensors")
    assert loaded.net == "Net"
    assert [p.label for p in loaded.predict(images)] == [CLASSES[k] for k in expected.argmax(1)]
    assert (
        summary(loaded).parameters
        == loaded.info["parameters"]
        == sum(p.numel() for p in trained.parameters())
    )
    assert look.activations(loaded.graph, loaded.weights, loaded.preprocessing.batch(images[:1]))
    assert [one.kind for one in look.seen(loaded, 255 - images[0]).warnings] == ["inverted"]
    assert loaded.predict(images[0])[0].warnings == ()


def test_it_is_evaluated_on_data_that_is_given(trained: Net, digits: Dataset) -> None:
    from convscope.training.evaluation import evaluate_bundle

    bundle = Bundle.of(trained, digits.classes, PREPROCESSING)
    assert evaluate_bundle(bundle, "digits")[0].accuracy > 0.9
    with pytest.raises(UsageError, match="does not say which data"):
        evaluate_bundle(bundle)
    assert bundle.usual is None


def test_what_the_graph_cannot_express_is_kept_as_a_program(digits: Dataset) -> None:
    net = Sorted()
    with pytest.warns(ConvscopeWarning, match="not-in-graph.*kept as a program, which predicts"):
        bundle = Bundle.of(net, CLASSES, PREPROCESSING, net="sorted")
    assert bundle.graph is None
    images = digits.train.images[:20]
    with torch.no_grad():
        scores = net(torch.from_numpy(PREPROCESSING.batch(images)))
    loaded = Bundle.from_bytes(bundle.to_bytes())
    np.testing.assert_allclose(loaded.logits(images), scores.numpy(), atol=1e-5)


@pytest.mark.parametrize("last", [nn.Softmax(dim=1), nn.LogSoftmax(dim=1)])
def test_softmax_at_the_end_is_not_applied_twice(last: nn.Module, digits: Dataset) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    images = digits.train.images[:20]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bundle = Bundle.of(nn.Sequential(net, last), CLASSES, PREPROCESSING)
    assert bundle.outputs == ("probabilities" if isinstance(last, nn.Softmax) else "logits")
    with torch.no_grad():
        expected = torch.softmax(net(torch.from_numpy(PREPROCESSING.batch(images))), 1)
    np.testing.assert_allclose(bundle.probabilities(images), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_become_float32(dtype: torch.dtype) -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10)).to(dtype)
    bundle = Bundle.of(net, CLASSES, PREPROCESSING)
    assert {str(value.dtype) for value in bundle.weights.values()} == {"float32"}
    assert net[0].weight.dtype == dtype
    np.testing.assert_array_equal(bundle.weights["0.weight"], net[0].weight.detach().float().numpy())


def test_signals() -> None:
    net = nn.Sequential(nn.Conv1d(2, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    signals = np.random.default_rng(0).normal(0, 1, (40, 2, 50)).astype(np.float32)
    bundle = Bundle.of(net, ["a", "b"], ArrayPreprocessing(shape=(2, 50)), trained_on=signals)
    with torch.no_grad():
        expected = net(torch.from_numpy(signals)).numpy()
    np.testing.assert_allclose(bundle.logits(signals), expected, atol=1e-5)
    assert [one.kind for one in bundle.predict(signals[0] + 100)[0].warnings] == ["level"]


def test_what_does_not_fit_is_said(digits: Dataset) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    with pytest.raises(
        ShapeError, match="should give 2×3 scores for 2 pictures and 3 classes, but gives 2×10"
    ):
        Bundle.of(net, "abc", PREPROCESSING)
    with pytest.raises(ShapeError, match=r"does not take pictures of 1×28×28.*\(preprocessing\)"):
        Bundle.of(net, CLASSES, Preprocessing(height=28, width=28, channels=1))
    with pytest.raises(UsageError, match="names a class twice"):
        Bundle.of(net, [*CLASSES[:9], "0"], PREPROCESSING)
    with pytest.raises(ShapeError, match=r"float64.*takes uint8 \(N, 8, 8, 1\)"):
        Bundle.of(net, CLASSES, PREPROCESSING, trained_on=digits.train.images / 255)
    with pytest.raises(ConvscopeError, match="a module, not"):
        Bundle.of("net", CLASSES, PREPROCESSING)  # type: ignore[arg-type]


@pytest.mark.parametrize(("given", "kind"), [(["digit.png"] * 40, "list"), ("photos", "str")])
def test_trained_on_is_an_array(given: object, kind: str) -> None:
    with pytest.raises(ShapeError, match=rf"an array uint8 \(N, 8, 8, 1\), as .* and not a {kind}\."):
        Bundle.of(Net(), CLASSES, PREPROCESSING, trained_on=given)
