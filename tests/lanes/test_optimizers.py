"""The rules of a step, against torch.optim in float32 fed with the engine's own gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from convscope.graph import Builder, Graph
from convscope.lanes.network import Network
from convscope.lanes.settings import OptimizerSettings

from .oracle import INSTRUCTION_SETS, Arrays, batch, coarse_weights, torch_step

RULES: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd"},
    "sgd, decay": {"optimizer": "sgd", "weight_decay": 0.05},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "momentum, decay, clipped": {"optimizer": "sgd", "momentum": 0.8, "weight_decay": 0.01, "clip_norm": 0.3},
    "nesterov": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.02},
    "adam": {"optimizer": "adam"},
    "adam, other betas": {"optimizer": "adam", "betas": (0.7, 0.95)},
    "adam, decay": {"optimizer": "adam", "weight_decay": 0.1},
    "adam, clipped": {"optimizer": "adam", "clip_norm": 0.05},
    "adam, never clipped": {"optimizer": "adam", "clip_norm": 1e6},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1},
    "adamw, clipped": {"optimizer": "adamw", "weight_decay": 0.01, "clip_norm": 0.1},
}
RATES = [0.02 * (1 + np.cos(np.pi * step / 20)) for step in range(20)]


def small(*, frozen: tuple[str, ...] = (), dropout: float = 0.0) -> Graph:
    """Tensors of every kind of update: convolution, norm, and a linear layer of more than one piece."""
    b = Builder("small")
    x = b.relu(b.batch_norm(b.conv2d(b.input(2, 9, 8), 5, kernel_size=3, padding=1)))
    x = b.dropout(b.max_pool(b.relu(b.conv2d(x, 4, kernel_size=3)), 2), dropout)
    x = b.relu(b.linear(b.flatten(x), 120, name="wide"))
    return b.build(b.linear(x, 3), frozen=frozen)


def theirs(rule: dict[str, Any], parameters: list[Any]) -> torch.optim.Optimizer:
    settings = {
        name: rule[name] for name in ("weight_decay", "betas", "momentum", "nesterov") if name in rule
    }
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[rule["optimizer"]]
    if rule["optimizer"] == "adamw":
        settings.setdefault("weight_decay", 0.0)
    return kind(parameters, lr=0.0, foreach=True, **settings)


def batches(graph: Graph, steps: int = 20) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Pictures, labels, and positions of batches that mostly fill no block."""
    x, labels = batch(graph, 60, 1, coarse=False)
    generator = np.random.default_rng(2)
    return x, labels, [generator.permutation(60)[: [7, 16, 33][step % 3]] for step in range(steps)]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_twenty_steps(rule: str, instruction_set: str) -> None:
    graph = small()
    settings = RULES[rule]
    network = Network(
        graph,
        coarse_weights(graph, 0),
        training=True,
        threads=1,
        settings=OptimizerSettings(**settings),
        instruction_set=instruction_set,
    )
    x, labels, positions = batches(graph)
    names = [name for name, spec in graph.parameters.items() if spec.trainable]
    weights = {name: torch.from_numpy(network.weights()[name]) for name in names}
    optimizer = theirs(settings, list(weights.values()))
    for step, rate in enumerate(RATES):
        network.train(x, labels, [positions[step]], [rate])
        gradients = network.named(network.native.gradients)
        for name, weight in weights.items():
            weight.grad = torch.from_numpy(gradients[name])
        if "clip_norm" in settings:
            torch.nn.utils.clip_grad_norm_(list(weights.values()), settings["clip_norm"])
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        after = network.weights()
        for name, weight in weights.items():
            np.testing.assert_allclose(
                after[name], weight.numpy(), rtol=2e-6, atol=2e-7, err_msg=f"{name}, {step}"
            )
    assert network.native.steps_done == 20
    if settings["optimizer"] != "sgd":
        for what, key in (("first_moments", "exp_avg"), ("second_moments", "exp_avg_sq")):
            moments = network.named(getattr(network.native, what))
            for name, weight in weights.items():
                expected = optimizer.state[weight][key].numpy()
                np.testing.assert_allclose(
                    moments[name], expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max()
                )


def test_a_rate_for_each_step() -> None:
    """At rate 0 nothing moves but the moments and the running statistics."""
    graph = small()
    weights = coarse_weights(graph, 0)
    network = Network(graph, weights, training=True, threads=1)
    x, labels, positions = batches(graph, 3)
    network.train(x, labels, positions, [0.0, 0.0, 0.0])
    after = network.weights()
    for name, spec in graph.parameters.items():
        assert np.array_equal(after[name], weights[name]) is spec.trainable, name
    assert after["norm1.num_batches_tracked"] == weights["norm1.num_batches_tracked"] + 3
    assert np.abs(network.native.first_moments).max() > 0


@pytest.mark.parametrize("rule", ["momentum, decay, clipped", "nesterov", "adam, decay", "adamw, clipped"])
@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_a_ratio_for_each_parameter(rule: str, instruction_set: str) -> None:
    """The weights and the bias of a layer apart, in a linear layer of more than one piece too."""
    graph, settings = small(), RULES[rule]
    ratios = {
        "conv1.weight": 0.5,
        "norm1.bias": 0.0,
        "wide.weight": 2.0,
        "wide.bias": 0.5,
        "linear1.bias": 0.1,
    }
    network = Network(
        graph,
        coarse_weights(graph, 0),
        training=True,
        threads=2,
        settings=OptimizerSettings(**settings),
        ratios=ratios,
        instruction_set=instruction_set,
    )
    x, labels, positions = batches(graph)
    names = [name for name, spec in graph.parameters.items() if spec.trainable]
    weights = {name: torch.from_numpy(network.weights()[name]) for name in names}
    optimizer = theirs(settings, [{"params": [weight], "name": name} for name, weight in weights.items()])
    for step, rate in enumerate(RATES):
        network.train(x, labels, [positions[step]], [rate])
        gradients = network.named(network.native.gradients)
        for name, weight in weights.items():
            weight.grad = torch.from_numpy(gradients[name])
        if "clip_norm" in settings:
            torch.nn.utils.clip_grad_norm_(list(weights.values()), settings["clip_norm"])
        for group in optimizer.param_groups:
            group["lr"] = rate * ratios.get(group["name"], 1.0)
        optimizer.step()
        after = network.weights()
        for name, weight in weights.items():
            np.testing.assert_allclose(
                after[name], weight.numpy(), rtol=2e-6, atol=4e-7, err_msg=f"{name}, {step}"
            )
    assert np.array_equal(network.weights()["norm1.bias"], coarse_weights(graph, 0)["norm1.bias"])


# frozen parameters


@pytest.mark.parametrize("clip", [None, 0.1])
@pytest.mark.parametrize(
    "frozen",
    [
        ("conv1.weight",),
        ("conv2.bias", "norm1.weight", "norm1.bias"),
        ("wide.weight",),
        ("wide.bias", "conv1.weight", "conv1.bias"),
        ("linear1.weight", "linear1.bias", "wide.weight", "wide.bias", "conv2.weight", "conv2.bias"),
    ],
)
def test_frozen_parameters_stay(frozen: tuple[str, ...], clip: float | None) -> None:
    """Weight decay leaves them alone too, and their gradients do not count when clipping."""
    graph = small(frozen=frozen)
    weights = coarse_weights(graph, 0)
    rule = {"optimizer": "sgd", "weight_decay": 0.1, "clip_norm": clip}
    network = Network(graph, weights, training=True, threads=1, settings=OptimizerSettings(**rule))
    x, labels, positions = batches(graph, 1)
    network.train(x, labels, positions, [0.01])
    after = network.weights()
    module = graph.to_module(weights)
    torch_step(module, x[positions[0]], labels[positions[0]], torch.float32)
    moving = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if clip:
        torch.nn.utils.clip_grad_norm_(moving, clip)
    optimizer = theirs(rule, moving)
    optimizer.param_groups[0]["lr"] = 0.01
    optimizer.step()
    for name, parameter in module.named_parameters():
        if name in frozen:
            assert np.array_equal(after[name], weights[name]), name
        else:
            np.testing.assert_allclose(after[name], parameter.detach().numpy(), atol=1e-6, err_msg=name)
    assert not np.array_equal(after["norm1.running_mean"], weights["norm1.running_mean"])


# state


def state(network: Network) -> Arrays:
    numbers = ("parameters", "first_moments", "second_moments")
    return {name: getattr(network.native, name).copy() for name in numbers}


@pytest.mark.parametrize("rule", ["momentum", "adam", "adamw, clipped"])
def test_training_continues_to_the_bit_from_its_state(rule: str) -> None:
    """Weights, both moments and the number of steps are all there is; dropout follows from seed and step."""
    graph = small(dropout=0.4)
    weights = coarse_weights(graph, 0)
    x, labels, positions = batches(graph)

    def network() -> Network:
        return Network(graph, weights, training=True, threads=1, settings=OptimizerSettings(**RULES[rule]))

    whole = network()
    expected, _ = whole.train(x, labels, positions, RATES, seed=3)
    first, second = network(), network()
    early, _ = first.train(x, labels, positions[:9], RATES[:9], seed=3)
    for name, numbers in state(first).items():
        getattr(second.native, name)[:] = numbers
    second.native.steps_done = first.native.steps_done
    late, _ = second.train(x, labels, positions[9:], RATES[9:], seed=3, first_step=9)
    assert np.array_equal(np.concatenate([early, late]), expected)
    for name, numbers in state(whole).items():
        assert np.array_equal(getattr(second.native, name), numbers), name
    assert second.native.steps_done == 20


def test_weights_taken_and_set_are_the_same_bits() -> None:
    graph = small()
    network = Network(graph, coarse_weights(graph, 0), training=True, threads=1)
    x, labels, positions = batches(graph)
    network.train(x, labels, positions, RATES)
    weights = network.weights()
    again = Network(graph, weights, training=True, threads=1)
    assert np.array_equal(again.native.parameters, network.native.parameters)
    assert all(np.array_equal(again.weights()[name], value) for name, value in weights.items())
    assert weights["norm1.num_batches_tracked"] == 23
    assert list(weights) == list(graph.parameters)


def test_views_of_the_numbers_outlive_the_network() -> None:
    graph = small()
    weights = coarse_weights(graph, 0)
    numbers = Network(graph, weights, training=True, threads=2).native.parameters
    again = Network(graph, weights, training=True, threads=1)
    assert np.array_equal(numbers, again.native.parameters)
