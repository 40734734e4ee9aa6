"""What PyTorch computes in float64, what the engine computes, and when they agree.

Inputs and weights are multiples of a power of two: as long as operations keep numbers round, sums of products
are exact in float32 too, maxima tie and activations meet 0 in both or in neither.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume

from convscope import native
from convscope.graph import Graph
from convscope.graph.module import GraphModule
from convscope.graph.torch_layers import Layer
from convscope.lanes.network import Network
from convscope.lanes.settings import OptimizerSettings

INSTRUCTION_SETS: list[str] = native.module().instruction_sets() if native.available() else []
Arrays = dict[str, np.ndarray]

EXACT = (
    *("input", "conv", "linear", "max_pool", "adaptive_max", "relu", "add", "concat", "pad", "flatten"),
    *("reshape", "dropout"),
)
KINKS = {"relu": (0.0,), "relu6": (0.0, 6.0), "leaky_relu": (0.0,), "elu": (0.0,)}


@dataclass
class Step:
    """One step of training at rate 0: nothing moves but the running statistics."""

    loss: float
    correct: int
    gradients: Arrays
    weights: Arrays


def coarse_weights(graph: Graph, seed: int) -> Arrays:
    """Odd multiples of a power of two, about as large as PyTorch's; those of a batch norm are not round."""
    generator = np.random.default_rng(seed)
    weights: Arrays = {}
    norms = {
        name for node in graph.nodes if node.operation == "batch_norm" for name in node.parameters.values()
    }
    for name, spec in graph.parameters.items():
        if spec.dtype == "int64":
            value = np.array(3)
        elif name in norms and name.endswith(("weight", "running_var")):
            value = generator.uniform(0.5, 1.5, spec.shape)
            if name.endswith("weight"):
                value *= generator.choice([-1, 1], spec.shape)
        elif name in norms:
            value = generator.normal(size=spec.shape)
        else:
            value = (
                (2 * generator.integers(-4, 4, spec.shape) + 1) / 4 / 2 ** round(math.log2(spec.fan_in) / 2)
            )
        weights[name] = value.astype(spec.dtype)
    return weights


def batch(graph: Graph, count: int, seed: int, *, coarse: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Inputs within ±2, quarters or any numbers, and labels."""
    generator = np.random.default_rng(seed)
    size = (count, *graph.input_shape)
    x = generator.integers(-8, 9, size) / 4 if coarse else generator.uniform(-2, 2, size)
    return x.astype(np.float32), generator.integers(0, graph.output_shape[0], count)


def torch_step(
    module: GraphModule, x: np.ndarray, labels: np.ndarray, dtype: torch.dtype = torch.float64, **loss: Any
) -> Step:
    """`loss` is what `F.cross_entropy` takes besides outputs and labels."""
    module = module.to(dtype).train()
    module.zero_grad()
    outputs = module(torch.from_numpy(x).to(dtype))
    target = torch.from_numpy(labels)
    if loss.get("weight") is not None:
        loss["weight"] = torch.tensor(loss["weight"], dtype=dtype)
    value = F.cross_entropy(outputs, target, **loss)
    value.backward()
    gradients = {n: p.grad.numpy().copy() for n, p in module.named_parameters() if p.grad is not None}
    weights = {n: t.detach().numpy().copy() for n, t in module.state_dict().items()}
    return Step(value.item(), int((outputs.argmax(1) == target).sum()), gradients, weights)


def lanes_step(
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    instruction_set: str = "",
    *,
    threads: int = 1,
    **settings: Any,
) -> Step:
    """As `torch_step`; `settings` are the engine's."""
    rule = OptimizerSettings("sgd", **settings)
    network = Network(
        graph, weights, training=True, threads=threads, settings=rule, instruction_set=instruction_set
    )
    losses, correct = network.train(x, labels, [np.arange(len(x))], [0.0])
    gradients = {
        name: value
        for name, value in network.named(network.native.gradients).items()
        if graph.parameters[name].trainable
    }
    return Step(float(losses[0]), correct, gradients, network.weights())


def assert_close(actual: np.ndarray, expected: np.ndarray, what: str, *, allowed: float = 0.0) -> None:
    """Within 2e-5 of the largest number of the array, or `allowed` where that is more."""
    largest = float(np.abs(expected).max(initial=0.0))
    worst = float(np.abs(actual - expected).max(initial=0.0))
    assert actual.shape == expected.shape, f"{what}: {actual.shape} instead of {expected.shape}"
    assert worst <= max(2e-5 * largest, allowed), f"{what} is off by {worst:.2e} of {largest:.2e}"


def undecided(graph: Graph, weights: Arrays, x: np.ndarray) -> bool:
    """Whether rounding might decide on which side of a kink a number lies, or which of two is the maximum.

    That is so for numbers close to a kink but not on it; on it by chance, where numbers are no longer round:
    they move when inputs and weights move a little; or almost but not quite equal.
    """
    round_numbers: set[str] = set()
    for node in graph.nodes:
        if node.operation.startswith(EXACT) and round_numbers.issuperset(node.inputs):
            round_numbers.add(node.name)
    module = graph.to_module(weights).double().train()
    found = moved = False

    def look(layer: Layer, inputs: tuple[torch.Tensor]) -> None:
        nonlocal found
        values = inputs[0].detach()
        for kink in KINKS.get(layer.operation, ()):
            distance = (values - kink).abs()
            found |= bool(((distance > 0) & (distance < 1e-5)).any())
        if "max_pool" in layer.operation and not moved:
            apart = values.flatten(2).sort().values.diff()
            found |= bool(((apart > 0) & (apart < 1e-8)).any())

    watched = [node for node in graph.nodes if node.operation in KINKS or "max_pool" in node.operation]
    with torch.no_grad():
        hooks = [module._calls[node.name].register_forward_pre_hook(look) for node in watched]
        module(torch.from_numpy(x).double())
        for node, hook in zip(watched, hooks, strict=True):
            if round_numbers.issuperset(node.inputs):
                hook.remove()
        moved = True
        generator = torch.Generator().manual_seed(0)
        for parameter in module.parameters():
            parameter *= 1 + 1e-8 * torch.rand(parameter.shape, dtype=torch.float64, generator=generator)
        module(torch.from_numpy(x).double() * (1 + 1e-8))
    return found


def check(graph: Graph, count: int, seed: int, *, coarse: bool = True) -> None:
    """Outputs with running statistics, then one step, on every instruction set of this machine."""
    for attempt in range(10):
        weights = coarse_weights(graph, seed + attempt)
        x, labels = batch(graph, count, seed + attempt, coarse=coarse)
        if not undecided(graph, weights, x):
            break
    else:
        assume(False)
    check_outputs(graph, weights, x)
    check_step(graph, weights, x, labels)


def check_outputs(graph: Graph, weights: Arrays, x: np.ndarray) -> None:
    """Outputs on every instruction set against PyTorch in float64."""
    module = graph.to_module(weights).double().eval()
    with torch.no_grad():
        expected = module(torch.from_numpy(x).double()).numpy()
    for name in INSTRUCTION_SETS:
        network = Network(graph, weights, training=False, threads=1, instruction_set=name)
        assert_close(network.outputs(x), expected, f"outputs ({name})", allowed=1e-5)


def check_step(graph: Graph, weights: Arrays, x: np.ndarray, labels: np.ndarray) -> None:
    """Loss, gradients and running statistics on every instruction set against PyTorch in float64.

    Some gradients are small sums of large numbers, that of a bias before a batch norm even 0: those may be
    off by 4 times what PyTorch's own are in float32, or by 5e-6 of the largest gradient. Labels are smoothed,
    because gradients vanish where the network is right and certain.
    """
    smooth = {"label_smoothing": 0.25}
    expected = torch_step(graph.to_module(weights), x, labels, **smooth)
    single = torch_step(graph.to_module(weights), x, labels, torch.float32, **smooth)
    largest = max(float(np.abs(value).max()) for value in expected.gradients.values())
    for name in INSTRUCTION_SETS:
        actual = lanes_step(graph, weights, x, labels, name, **smooth)
        np.testing.assert_allclose(actual.loss, expected.loss, rtol=1e-5, atol=1e-6)
        assert set(actual.gradients) == set(expected.gradients)
        for parameter, gradient in expected.gradients.items():
            allowed = max(4 * float(np.abs(single.gradients[parameter] - gradient).max()), 5e-6 * largest)
            assert_close(
                actual.gradients[parameter], gradient, f"gradient of {parameter} ({name})", allowed=allowed
            )
        for tensor, value in expected.weights.items():
            assert_close(actual.weights[tensor], value, f"{tensor} ({name})", allowed=1e-6)
