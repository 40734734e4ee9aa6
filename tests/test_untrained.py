"""Networks of the catalogue with the weights that a training begins with, wherever a model is asked for."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from convscope import Bundle, look, nets, predict, summary
from convscope.errors import ConvscopeError, ConvscopeWarning, ShapeError, UnknownName, UsageError
from convscope.graph.weights import initial_weights
from convscope.ship.card.known import Known


@pytest.mark.parametrize("name", nets.names())
def test_every_network_of_the_catalogue(name: str) -> None:
    if name == "resnet-18":
        pytest.skip("11 million weights, and built as resnet-8 is")
    bundle = Bundle.load(f"untrained:{name}")
    assert bundle.graph is not None
    assert bundle.graph.input_shape == nets.net(name).input_shape
    assert bundle.classes == tuple("0123456789")
    for key, weights in initial_weights(nets.graph(name), seed=0).items():
        np.testing.assert_array_equal(bundle.weights[key], weights)
    assert bundle.logits(bundle.preprocessing.blank(2)).shape == (2, 10)


def test_it_computes_what_pytorch_does() -> None:
    bundle = Bundle.load("untrained:lenet-5")
    module = nets.create("lenet-5", seed=0).eval()
    picture = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    stored = bundle.preprocessing.one(picture)[None]
    with torch.no_grad():
        expected = module(torch.tensor(bundle.preprocessing.batch(stored))).numpy()
    np.testing.assert_allclose(bundle.logits(stored), expected, atol=1e-5)


def test_shape_and_classes_may_be_said() -> None:
    bundle = Bundle.load(Path("untrained:resnet-8:1x16x20:4"))
    assert bundle.preprocessing.input_shape == (1, 16, 20)
    assert bundle.classes == ("0", "1", "2", "3")
    assert Bundle.load("untrained:simple-cnn-1d:3x64").preprocessing.noun == "signal"
    assert Bundle.load("untrained:resnet-8:5x16x16").preprocessing.noun == "array"
    assert Bundle.from_bytes(bundle.to_bytes()).info["untrained"] is True


def test_a_prediction_warns_and_a_summary_does_not() -> None:
    black = np.zeros((28, 28), np.uint8)
    with pytest.warns(ConvscopeWarning, match=r"\[untrained\] simple-cnn-4-8 is untrained") as found:
        predict("untrained:simple-cnn-4-8", [black, black])
    assert len(found) == 1
    assert Path(found[0].filename).name in ("bundle.py", "api.py", Path(__file__).name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert summary("untrained:simple-cnn-4-8").parameters == 2346
        look.ForwardPass(Bundle.load("untrained:simple-cnn-4-8"), black)
        Bundle.load("starter").predict([black])


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ("untrained:lenet5", UnknownName, "did you mean 'lenet-5'?"),
        ("untrained:", UnknownName, "unknown network ''"),
        ("untrained:lenet-5:28", UsageError, "'28' is no shape of an input, such as 1x28x28"),
        ("untrained:lenet-5:1x28x28:one", UsageError, "'one' is no number of classes"),
        ("untrained:lenet-5:1x28x28:1", UsageError, "'1' is no number of classes, from 2"),
        ("untrained:lenet-5:1x28x28:10:0", UsageError, "should be untrained:NET, or"),
        ("untrained:simple-cnn-4-8:1x8x8", ShapeError, "layer 'pool2'"),
        ("untrained:simple-cnn-1d:1x28x28", ShapeError, "is for signals"),
        ("untrained:simple-cnn-4-8:3x999999x28", UsageError, ":3x999999x28: height should be 8192 or less."),
        ("untrained:simple-cnn-4-8:999999x28x28", UsageError, "999999×28×28 holds nothing, or too much."),
        (f"untrained:lenet-5:{'1x' * 9999}", UsageError, "1x1x1x1x1"),
        ("untraind:lenet-5", ConvscopeError, "did you mean untrained:lenet-5?"),
    ],
)
def test_what_is_wrong_is_said(model: str, error: type[ConvscopeError], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)) as caught:
        Bundle.load(model)
    assert len(str(caught.value)) < 500


def test_a_file_of_that_name_is_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Bundle.load("starter").save("untrained:lenet-5")
    assert Bundle.load("untrained:lenet-5").net == "simple-cnn-16-32"


def test_its_card_says_what_it_is() -> None:
    assert Known.of("untrained:lenet-5").bundle.net == "lenet-5"


@pytest.mark.parametrize("name", ["resnet-18", "resnet18", "ResNet_18"])
def test_a_name_of_the_catalogue_alone_is_asked_back(name: str) -> None:
    wanted = rf"there is no run or bundle {name}: did you mean untrained:resnet-18\? It is a network without"
    with pytest.raises(ConvscopeError, match=wanted):
        Bundle.load(name)
    with pytest.raises(ConvscopeError, match="did you mean untrained:resnet-18:1x28x28"):
        Bundle.load(f"{name}:1x28x28")
