"""A learning rate of its own for all layers but the last: both engines, against PyTorch with two groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import convscope
from convscope.errors import UsageError
from convscope.graph import initial_weights
from convscope.training.engines.engine import Engine
from convscope.training.engines.lanes_engine import LanesEngine
from convscope.training.engines.torch_engine import TorchEngine
from convscope.training.schedule import rate_ratios

from ..conftest import needs_lanes
from .conftest import make_dataset
from .test_torch_engine import RATES, recipe_of, small_graph, ten_batches

ENGINES = [pytest.param("lanes", marks=needs_lanes), "torch"]
RULES = [
    {"optimizer": "sgd", "momentum": 0.8, "weight_decay": 0.01},
    {"optimizer": "sgd", "nesterov": True},
    {"optimizer": "adam", "weight_decay": 0.02},
    {"optimizer": "adamw", "weight_decay": 0.05, "clip_norm": 0.5},
]


def engine_of(name: str, rule: dict[str, Any], ratios: dict[str, float]) -> Engine:
    graph, dataset, recipe = small_graph(), make_dataset(), recipe_of(**rule)
    weights = initial_weights(graph, 1)
    if name == "torch":
        return TorchEngine(graph.to_module(weights), dataset, recipe, ratios=ratios)
    return LanesEngine(graph, weights, dataset, recipe, ratios=ratios)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("trunk", [0.25, 0.0, 3.0])
def test_ten_steps_are_those_of_two_groups(name: str, rule: dict[str, Any], trunk: float) -> None:
    graph, dataset = small_graph(), make_dataset()
    module = graph.to_module(initial_weights(graph, 1)).train()
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[rule["optimizer"]]
    settings = {key: rule[key] for key in ("nesterov", "weight_decay") if key in rule}
    settings.setdefault("weight_decay", 0.0)
    if rule["optimizer"] == "sgd":
        settings["momentum"] = rule.get("momentum", 0.9)
    head = list(module.linear2.parameters())
    body = [p for key, p in module.named_parameters() if not key.startswith("linear2.")]
    optimizer = kind([{"params": body}, {"params": head}], lr=0.1, **settings)
    for positions, rate in zip(ten_batches(), RATES, strict=True):
        x = torch.from_numpy(dataset.preprocessing.batch(dataset.train.images[positions]))
        loss = F.cross_entropy(module(x), torch.from_numpy(dataset.train.labels[positions]))
        optimizer.zero_grad()
        loss.backward()
        if "clip_norm" in rule:
            torch.nn.utils.clip_grad_norm_(module.parameters(), rule["clip_norm"])
        for group, factor in zip(optimizer.param_groups, (trunk, 1.0), strict=True):
            group["lr"] = rate * factor
        optimizer.step()
    ratios = rate_ratios(graph, 0.1, 0.1 * trunk)
    engine = engine_of(name, rule, ratios)
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    start, after = initial_weights(graph, 1), engine.weights()
    for key, value in module.state_dict().items():
        np.testing.assert_allclose(after[key], value.numpy(), rtol=2e-4, atol=5e-6, err_msg=key)
        if key in ratios:
            assert np.array_equal(after[key], start[key]) is (trunk == 0), key


@pytest.mark.parametrize("name", ENGINES)
def test_a_ratio_of_one_changes_no_bit(name: str) -> None:
    rule = {"optimizer": "adamw", "weight_decay": 0.05, "clip_norm": 0.5}
    plain, same = (
        engine_of(name, rule, ratios) for ratios in ({}, dict.fromkeys(small_graph().trained, 1.0))
    )
    for engine in (plain, same):
        list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    for key, value in plain.state().items():
        np.testing.assert_array_equal(same.state()[key], value, err_msg=key)


@pytest.mark.parametrize("name", ENGINES)
def test_a_state_goes_on_to_the_bit(name: str) -> None:
    ratios = rate_ratios(small_graph(), 0.1, 0.01)
    whole, first, second = (engine_of(name, {}, ratios) for _ in range(3))
    list(whole.train(ten_batches(), RATES, epoch=1, first_step=0))
    list(first.train(ten_batches()[:4], RATES[:4], epoch=1, first_step=0))
    second.set_state(first.state())
    list(second.train(ten_batches()[4:], RATES[4:], epoch=1, first_step=4))
    for key, value in whole.state().items():
        np.testing.assert_array_equal(second.state()[key], value, err_msg=key)


@pytest.mark.parametrize("name", ENGINES)
def test_a_run_with_two_rates(name: str, tmp_path: Path) -> None:
    """The schedule moves both; at rate 0 all but the last layer and the statistics stay."""
    settings: dict[str, Any] = {"net": "convnet-bn", "epochs": 1, "engine": name, "quiet": True}
    run = convscope.train("digits", lr=0.01, trunk_lr=0.0, out=tmp_path / "still", **settings)
    assert run.engine == name
    start = initial_weights(run.bundle.graph, 0)
    for key, value in run.bundle.weights.items():
        statistics = key.rpartition(".")[2] in ("running_mean", "running_var", "num_batches_tracked")
        assert np.array_equal(value, start[key]) is not (statistics or key.startswith("linear.")), key
    same = convscope.train("digits", lr=0.01, trunk_lr=0.01, out=tmp_path / "same", **settings)
    plain = convscope.train("digits", lr=0.01, out=tmp_path / "plain", **settings)
    for key, value in plain.bundle.weights.items():
        np.testing.assert_array_equal(same.bundle.weights[key], value, err_msg=key)


def test_a_rate_below_zero_is_refused() -> None:
    with pytest.raises(UsageError, match=r"trunk_lr = -0\.1 should be 0 or more"):
        convscope.Recipe.of(trunk_lr=-0.1)
