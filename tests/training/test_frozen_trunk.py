"""Training the last layer alone, against a loop written by hand; each picture goes through the trunk once."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import convscope
from convscope.data import Dataset, memory
from convscope.errors import ConvscopeError, UnsupportedOperation, UsageError
from convscope.graph import Builder, Graph, initial_weights
from convscope.training.engines.engine import Engine
from convscope.training.engines.frozen_trunk import FrozenTrunk
from convscope.training.engines.lanes_engine import LanesEngine
from convscope.training.engines.torch_engine import TorchEngine
from convscope.training.progress import Silent

from ..conftest import needs_lanes
from .conftest import SAMPLER_NET, make_dataset
from .test_torch_engine import RATES, recipe_of, small_graph, ten_batches

ENGINES = [pytest.param("lanes", marks=needs_lanes), "torch"]
RULES = [
    {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.01},
    {"optimizer": "adamw", "weight_decay": 0.05, "label_smoothing": 0.1, "clip_norm": 0.5},
]


def weights_of(graph: Graph) -> dict[str, np.ndarray]:
    """Fresh weights with statistics that matter in eval mode."""
    weights, random = initial_weights(graph, 1), np.random.default_rng(2)
    for name, value in weights.items():
        if name.endswith("running_mean"):
            weights[name] = random.normal(0, 0.2, value.shape).astype(np.float32)
        elif name.endswith("running_var"):
            weights[name] = random.uniform(0.5, 2, value.shape).astype(np.float32)
    return weights


def frozen(
    name: str, graph: Graph | None = None, dataset: Dataset | None = None, **settings: Any
) -> FrozenTrunk:
    graph, dataset = graph or small_graph(), dataset or make_dataset()
    recipe = recipe_of(engine=name, freeze=True, **settings)

    def make(head: Graph, weights: Mapping[str, np.ndarray], features: Dataset) -> Engine:
        if name == "torch":
            return TorchEngine(head.to_module(weights), features, recipe)
        return LanesEngine(head, weights, features, recipe)

    return FrozenTrunk(graph, weights_of(graph), dataset, recipe, make, Silent().reading)


def by_hand(rule: dict[str, Any], dataset: Dataset) -> torch.nn.Module:
    """Ten steps of the last layer of `small_graph`, the others in eval mode and without gradients."""
    graph = small_graph()
    module = graph.to_module(weights_of(graph)).eval()
    last = list(module.linear2.parameters())
    kind = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[rule["optimizer"]]
    optimizer = kind(last, lr=0.1, **{k: rule[k] for k in ("momentum", "weight_decay") if k in rule})
    for positions, rate in zip(ten_batches(), RATES, strict=True):
        x = torch.from_numpy(dataset.preprocessing.batch(dataset.train.images[positions]))
        loss = F.cross_entropy(
            module(x),
            torch.from_numpy(dataset.train.labels[positions]),
            label_smoothing=rule.get("label_smoothing", 0.0),
        )
        optimizer.zero_grad()
        loss.backward()
        if "clip_norm" in rule:
            torch.nn.utils.clip_grad_norm_(last, rule["clip_norm"])
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    return module


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("rule", RULES)
def test_ten_steps_are_those_of_a_loop_by_hand(name: str, rule: dict[str, Any]) -> None:
    dataset = make_dataset()
    engine, module = frozen(name, dataset=dataset, **rule), by_hand(rule, dataset)
    figures = list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    assert sum(part.pictures for part in figures) == sum(map(len, ten_batches()))
    before, after = weights_of(small_graph()), engine.weights()
    assert list(after) == list(small_graph().parameters)
    for key, value in module.state_dict().items():
        if key.startswith("linear2."):
            np.testing.assert_allclose(after[key], value.numpy(), rtol=1e-4, atol=2e-6, err_msg=key)
            assert np.abs(after[key] - before[key]).max() > 0.01
        else:
            np.testing.assert_array_equal(after[key], before[key], err_msg=key)
    with torch.no_grad():
        for images in (dataset.validation.images, dataset.train.images[:7]):
            wanted = module(torch.from_numpy(dataset.preprocessing.batch(images))).numpy()
            np.testing.assert_allclose(engine.logits(images), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ENGINES)
def test_each_picture_goes_through_the_trunk_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    through = FrozenTrunk._through_trunk
    monkeypatch.setattr(
        FrozenTrunk, "_through_trunk", lambda self, x: (seen.append(len(x)), through(self, x))[1]
    )
    dataset = make_dataset(train=300, validation=20)
    engine = frozen(name, dataset=dataset)
    engine.weights()
    assert seen == []
    for epoch in (1, 2, 3):
        list(engine.train(ten_batches(), RATES, epoch=epoch, first_step=10 * epoch))
        engine.logits(dataset.validation.images)
    assert seen == [64, 64, 64, 64, 44, 20]
    engine.logits(dataset.train.images[:5])  # of other pictures nothing is kept
    assert seen == [64, 64, 64, 64, 44, 20, 5]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("rule", RULES)
def test_a_state_goes_on_to_the_bit(name: str, rule: dict[str, Any]) -> None:
    graph = small_graph(dropout=True)
    whole = frozen(name, graph, **rule)
    list(whole.train(ten_batches(), RATES, epoch=1, first_step=0))
    state: dict[str, np.ndarray] = {}
    for start, end in pairwise([0, 3, 10]):
        engine = frozen(name, graph, **rule)
        if state:
            engine.set_state(state)
        list(engine.train(ten_batches()[start:end], RATES[start:end], epoch=1, first_step=start))
        state = engine.state()
    expected = whole.state()
    assert state.keys() == expected.keys()
    assert {key for key in state if key.startswith("moment1/")} == {
        "moment1/linear2.weight",
        "moment1/linear2.bias",
    }
    assert {key.removeprefix("weight/") for key in state if key.startswith("weight/")} == set(
        graph.parameters
    )
    for key, value in expected.items():
        np.testing.assert_array_equal(state[key], value, err_msg=key)


@pytest.mark.parametrize("name", ENGINES)
def test_other_weights_make_other_features(name: str) -> None:
    """Those of a state or of `set_weights` are taken whole: the trunk's too, and the features with them."""
    graph, images = small_graph(), make_dataset().validation.images
    other = initial_weights(graph, 7)
    first = frozen(name)
    before = first.logits(images)
    first.set_weights(other)
    direct = graph.to_module(other).eval()
    with torch.no_grad():
        wanted = direct(torch.from_numpy(make_dataset().preprocessing.batch(images))).numpy()
    np.testing.assert_allclose(first.logits(images), wanted, rtol=1e-4, atol=1e-5)
    assert np.abs(before - wanted).max() > 0.01
    second = frozen(name)
    list(second.train(ten_batches(), RATES, epoch=1, first_step=0))
    second.set_state(first.state())
    np.testing.assert_array_equal(second.logits(images), first.logits(images))
    for engine in (first, second):
        for key, value in engine.weights().items():
            np.testing.assert_array_equal(value, other[key], err_msg=key)


def test_a_state_of_another_network_is_refused() -> None:
    state = frozen("torch").state()
    del state["weight/conv1.weight"]
    with pytest.raises(ConvscopeError, match=r"lacks 'weight/conv1\.weight'"):
        frozen("torch").set_state(state)


@pytest.mark.parametrize("name", ENGINES)
def test_without_batch_norm_it_is_a_trunk_at_rate_zero(name: str) -> None:
    b = Builder("plain")
    x = b.max_pool(b.relu(b.conv2d(b.input(1, 6, 6), 4, kernel_size=3, padding=1)), 2)
    graph = b.build(b.linear(b.relu(b.linear(b.flatten(x), 8)), 3))
    dataset, rule = make_dataset(), {"optimizer": "adamw", "weight_decay": 0.05}
    alone = frozen(name, graph, dataset, **rule)
    ratios = {key: 0.0 for key in graph.trained if not key.startswith("linear2.")}
    weights, recipe = weights_of(graph), recipe_of(**rule)
    whole: Engine = (
        LanesEngine(graph, weights, dataset, recipe, ratios=ratios)
        if name == "lanes"
        else TorchEngine(graph.to_module(weights), dataset, recipe, ratios=ratios)
    )
    for engine in (alone, whole):
        list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    for key, value in whole.weights().items():
        np.testing.assert_allclose(alone.weights()[key], value, rtol=1e-4, atol=1e-6, err_msg=key)
        if key in ratios:
            np.testing.assert_array_equal(value, weights[key], err_msg=key)


@pytest.mark.parametrize("name", ENGINES)
def test_features_lie_in_a_file_where_memory_is_short(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = frozen(name)
    list(plain.train(ten_batches(), RATES, epoch=1, first_step=0))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(memory, "available_memory", lambda: 1)
    engine = frozen(name)
    assert isinstance(engine.features(make_dataset().train.images), np.memmap)
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    for key, value in plain.state().items():
        np.testing.assert_array_equal(engine.state()[key], value, err_msg=key)


@pytest.mark.parametrize("name", ENGINES)
def test_a_convolution_as_the_last_layer(name: str) -> None:
    """Its features are maps, which only PyTorch gives as a network's output."""
    b = Builder("maps")
    x = b.relu(b.batch_norm(b.conv2d(b.input(1, 6, 6), 4, kernel_size=3)))
    graph = b.build(b.global_average_pool(b.conv2d(x, 3, kernel_size=1, name="last")))
    engine = frozen(name, graph)
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    images = make_dataset().validation.images
    with torch.no_grad():
        x = torch.from_numpy(make_dataset().preprocessing.batch(images))
        wanted = graph.to_module(engine.weights()).eval()(x).numpy()
    np.testing.assert_allclose(engine.logits(images), wanted, rtol=1e-4, atol=1e-5)
    assert np.abs(engine.weights()["last.weight"] - weights_of(graph)["last.weight"]).max() > 0.01


# whole runs


class Told(Silent):
    def __init__(self) -> None:
        self.read: list[tuple[str, int, int | None]] = []
        self.begun = ""

    def reading(self, what: str, done: int, whole: int | None) -> None:
        self.read.append((what, done, whole))

    def begin(self, description: str, epochs: int) -> None:
        self.begun = description


def test_a_run_that_freezes(tmp_path: Path) -> None:
    first = convscope.train("digits", net="convnet-bn", epochs=2, out=tmp_path / "first", quiet=True)
    told = Told()
    run = convscope.train(
        "digits", pretrained=first.path, freeze=True, epochs=3, out=tmp_path / "run", progress=told
    )
    layer = convscope.summary(run.bundle).parameters
    assert run.parameters == 1290 < layer
    assert told.begun.startswith("Training the last layer of convnet-bn (1,290 parameters) on digits:")
    assert ("training pictures through the trunk", 1294, 1294) in told.read
    assert ("validation pictures through the trunk", 144, 144) in told.read
    assert run.evaluation.accuracy >= first.evaluation.accuracy - 0.02
    for name, value in run.bundle.weights.items():
        same = np.array_equal(value, first.bundle.weights[name])
        assert same is not name.startswith("linear."), name
    again = convscope.evaluate(run.path)
    assert again.accuracy == run.evaluation.accuracy
    twice = convscope.train(recipe=run.path / "recipe.toml", out=tmp_path / "twice", quiet=True)
    for name, value in run.bundle.weights.items():
        np.testing.assert_array_equal(value, twice.bundle.weights[name], err_msg=name)


def test_random_layers_that_stay_are_said(tmp_path: Path) -> None:
    run = convscope.train(
        "digits", net="simple-cnn-16-32", freeze=True, epochs=1, out=tmp_path / "run", quiet=True
    )
    assert "what --freeze keeps has random weights; --pretrained begins with better ones." in run.notes


def test_what_cannot_be_frozen(tmp_path: Path, net_file: Callable[..., Path]) -> None:
    settings: dict[str, Any] = {"epochs": 1, "out": tmp_path / "run", "quiet": True}
    for moved in ({"shift": 1}, {"crop": 2}, {"flip": True}, {"cutout": 3}):
        with pytest.raises(UsageError, match="freeze = True looks at each picture once, and"):
            convscope.train("digits", freeze=True, **moved, **settings)
    with pytest.raises(UsageError, match=r"freeze = True leaves .* trunk_lr = 0\.1 does not; leave one out"):
        convscope.train("digits", freeze=True, trunk_lr=0.1, **settings)
    file = net_file(SAMPLER_NET)
    for setting in ({"freeze": True}, {"trunk_lr": 0.1}):
        with pytest.raises(UnsupportedOperation, match="last layer is not known; leave out --"):
            convscope.train("digits", net=str(file), **setting, **settings)
    assert not (tmp_path / "run").exists()


@needs_lanes
def test_what_is_frozen_needs_no_torch_where_lanes_is(digits_run: Any, tmp_path: Path) -> None:
    arguments = ["train", "--pretrained", str(digits_run.path), "--freeze", "--epochs", "1", "--quiet"]
    code = f"""import sys
from convscope.cli import main
try:
    main({arguments})
finally:
    assert "torch" not in sys.modules
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_steps_of_ones_own_are_of_the_last_layer(tmp_path: Path) -> None:
    """Its features are the step's images, and its weights go into the bundle with the others."""
    settings: dict[str, Any] = {
        "net": "convnet-bn",
        "epochs": 1,
        "freeze": True,
        "engine": "torch",
        "quiet": True,
    }
    whole = convscope.train("digits", out=tmp_path / "whole", **settings)
    training = convscope.training.steps("digits", **settings)
    for step in training:
        assert [name for name, _ in step.module.named_parameters()] == ["linear.weight", "linear.bias"]
        step.take(F.cross_entropy(step.logits, step.labels))
    weights = training.engine.weights()
    for name, value in whole.bundle.weights.items():
        if not name.startswith("linear."):
            np.testing.assert_array_equal(weights[name], value, err_msg=name)
    for name in ("linear.weight", "linear.bias"):
        np.testing.assert_allclose(weights[name], whole.bundle.weights[name], rtol=1e-5, atol=1e-6)
