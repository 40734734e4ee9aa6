"""The lanes engine, against the torch engine; and one state for both."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.errors import ConvscopeError, UsageError
from convscope.graph import Builder, Graph, initial_weights
from convscope.training.batches import shuffled_batches
from convscope.training.engines.engine import Engine
from convscope.training.engines.lanes_engine import LanesEngine
from convscope.training.engines.torch_engine import TorchEngine

from ..conftest import needs_lanes
from .conftest import make_dataset
from .test_torch_engine import RATES, recipe_of, small_graph, ten_batches

pytestmark = needs_lanes

OPTIMIZERS = [
    {"optimizer": "sgd", "momentum": 0.8, "weight_decay": 0.01},
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    {"optimizer": "sgd", "momentum": 0.0},
    {"optimizer": "adam", "weight_decay": 0.02, "beta1": 0.8, "beta2": 0.98},
    {"optimizer": "adamw", "weight_decay": 0.05},
    {"optimizer": "adamw", "label_smoothing": 0.2, "clip_norm": 0.5},
]


def engine_of(name: str, graph: Graph | None = None, **settings: Any) -> Engine:
    graph = graph or small_graph()
    dataset, recipe, weights = make_dataset(), recipe_of(**settings), initial_weights(graph, 1)
    if name == "torch":
        return TorchEngine(graph.to_module(weights), dataset, recipe)
    return LanesEngine(graph, weights, dataset, recipe)


def same_arrays(first: dict[str, np.ndarray], second: dict[str, np.ndarray], **tolerance: float) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert (value.shape, value.dtype) == (second[name].shape, second[name].dtype), name
        if tolerance:
            np.testing.assert_allclose(value, second[name], err_msg=name, **tolerance)
        else:
            np.testing.assert_array_equal(value, second[name], err_msg=name)


@pytest.mark.parametrize("settings", OPTIMIZERS)
def test_ten_steps_are_those_of_the_torch_engine(settings: dict[str, Any]) -> None:
    engines = {name: engine_of(name, **settings) for name in ("torch", "lanes")}
    figures = {
        name: list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
        for name, engine in engines.items()
    }
    same_arrays(engines["lanes"].state(), engines["torch"].state(), rtol=1e-4, atol=2e-6)
    images = make_dataset().validation.images
    np.testing.assert_allclose(
        engines["lanes"].logits(images), engines["torch"].logits(images), rtol=1e-4, atol=1e-5
    )
    for what in ("pictures", "correct"):
        lanes, torch = (sum(getattr(part, what) for part in figures[name]) for name in ("lanes", "torch"))
        assert lanes == torch
    lanes, torch = (np.concatenate([p.losses for p in figures[name]]) for name in ("lanes", "torch"))
    np.testing.assert_allclose(lanes, torch, rtol=1e-4)


@pytest.mark.parametrize("settings", OPTIMIZERS)
def test_a_run_may_change_its_engine(settings: dict[str, Any]) -> None:
    batches = ten_batches()

    def trained(engines: list[str]) -> dict[str, np.ndarray]:
        state: dict[str, np.ndarray] = {}
        for number, (start, end) in enumerate(pairwise([0, 3, 6, 10])):
            engine = engine_of(engines[number], **settings)
            if state:
                engine.set_state(state)
            list(engine.train(batches[start:end], RATES[start:end], epoch=1, first_step=start))
            state = engine.state()
        return state

    alone = trained(["lanes"] * 3)
    assert alone["steps"] == 10
    assert alone["weight/norm1.num_batches_tracked"] == 10
    for engines in (["lanes", "torch", "lanes"], ["torch", "lanes", "torch"]):
        same_arrays(trained(engines), alone, rtol=1e-4, atol=2e-6)
    whole = engine_of("lanes", **settings)  # and a state put back goes on with the same bits
    list(whole.train(batches, RATES, epoch=1, first_step=0))
    same_arrays(whole.state(), alone)


@pytest.mark.parametrize("name", ["lanes", "torch"])
def test_a_state_is_a_copy_and_can_be_put_back_before_any_step(name: str) -> None:
    engine = engine_of(name)
    before = engine.state()
    assert before["steps"] == 0
    assert not before["moment2/conv1.weight"].any()
    kept = {key: value.copy() for key, value in before.items()}
    for _ in range(2):
        list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
        after = engine.state()
        same_arrays(before, kept)
        engine.set_state(before)
    same_arrays(engine.state(), kept)
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    same_arrays(engine.state(), after)


@pytest.mark.parametrize("name", ["lanes", "torch"])
def test_the_state_of_another_optimiser_is_refused(name: str) -> None:
    state = engine_of(name, optimizer="sgd").state()
    with pytest.raises(ConvscopeError, match=r"lacks 'moment2/.*another network or optimiser"):
        engine_of(name, optimizer="adam").set_state(state)


def test_the_division_into_calls_and_the_threads_change_no_bit() -> None:
    def trained(cuts: list[int], *, seed: int = 3, threads: int = 1) -> dict[str, np.ndarray]:
        engine = engine_of("lanes", small_graph(dropout=True), seed=seed, threads=threads)
        assert isinstance(engine, LanesEngine)
        for start, end in pairwise([0, *cuts, 10]):
            engine.pace.count = end - start
            steps = engine.train(ten_batches()[start:end], RATES[start:end], epoch=2, first_step=start)
            assert sum(len(part.losses) for part in steps) == end - start
        return engine.weights()

    whole = trained([])
    for cuts in ([1], [3, 4, 9]):
        same_arrays(trained(cuts), whole)
    same_arrays(trained([2], threads=3), whole)
    assert (trained([], seed=4)["conv1.weight"] != whole["conv1.weight"]).any()


def test_figures_come_more_often_where_steps_take_longer() -> None:
    engine = engine_of("lanes")
    batches = shuffled_batches(50, 1, 0, 1) * 20
    parts = list(engine.train(batches, [0.01] * 1000, epoch=1, first_step=0))
    assert [len(part.losses) for part in parts[:3]] == [1, 4, 16]
    assert sum(len(part.losses) for part in parts) == 1000


def test_a_hidden_nan_is_no_loss() -> None:
    engine = engine_of("lanes")
    broken = engine.weights()
    broken["conv1.weight"][0] = np.nan
    engine.set_weights(broken)
    parts = list(engine.train(ten_batches()[:1], [0.0], epoch=1, first_step=0))
    assert np.isnan(parts[0].losses).all()


def test_evaluation_sees_the_newest_weights_and_changes_nothing() -> None:
    engine, images = engine_of("lanes", small_graph(dropout=True)), make_dataset().train.images
    before, first = engine.weights(), engine.logits(images)
    np.testing.assert_array_equal(engine.logits(images), first)
    same_arrays(engine.weights(), before)
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    assert (engine.logits(images) != first).any()
    engine.set_weights(before)
    np.testing.assert_array_equal(engine.logits(images), first)


def test_frozen_parameters_stay_and_have_no_moments() -> None:
    small = small_graph()
    graph = Graph(small.name, small.nodes, small.output, frozenset({"conv1.weight"}))
    for name in ("lanes", "torch"):
        engine = engine_of(name, graph, optimizer="adamw", weight_decay=0.1)
        before = engine.weights()
        list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
        after = engine.weights()
        np.testing.assert_array_equal(after["conv1.weight"], before["conv1.weight"])
        assert (after["linear1.weight"] != before["linear1.weight"]).any()
        assert "moment1/conv1.weight" not in engine.state()


def test_a_network_without_parameters_is_refused() -> None:
    builder = Builder("nothing")
    graph = builder.build(builder.flatten(builder.input(1, 6, 6)))
    with pytest.raises(UsageError, match="no parameters to train"):
        engine_of("lanes", graph)


def test_training_and_predicting_on_lanes_import_no_torch(tmp_path: Path, idx_folder: Path) -> None:
    code = (
        "import sys, numpy, convscope\n"
        "from convscope.training.progress import Silent\n"
        "later = {'torch', 'sklearn', 'scipy', 'matplotlib', 'jinja2', 'requests'}\n"
        "class Watch(Silent):\n"
        "    def begin(self, *_): assert not later & set(sys.modules), later & set(sys.modules)\n"
        "settings = {'net': 'convnet-bn', 'epochs': 1, 'out': 'run', 'data_dir': 'data'}\n"
        "run = convscope.train('mnist', **settings, progress=Watch())\n"
        "assert run.engine == 'lanes'\n"
        "convscope.evaluate('run'), convscope.predict('run', numpy.zeros((28, 28), numpy.uint8))\n"
        "assert 'torch' not in sys.modules"
    )
    assert idx_folder == tmp_path / "data"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=60)
