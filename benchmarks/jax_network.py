"""A graph in JAX: its nodes as `jax.lax` operations (NHWC), and training steps with Adam."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from convscope.graph import Graph, Node

Arrays = dict[str, Array]
Step = Callable[..., tuple[Any, Array]]


def arrange(graph: Graph, weights: Mapping[str, np.ndarray]) -> tuple[Arrays, Arrays]:
    """`weights` for NHWC: the trainable ones and the running statistics."""
    arranged: dict[str, np.ndarray] = dict(weights)
    for node in graph.nodes:
        if node.operation == "conv2d":
            name = node.parameters["weight"]
            arranged[name] = weights[name].transpose(2, 3, 1, 0)  # (O, I, H, W) → (H, W, I, O)
        elif node.operation == "linear":
            name = node.parameters["weight"]
            weight, source = weights[name], graph[node.inputs[0]]
            if source.operation == "flatten":  # from (C, H, W) to the (H, W, C) that is flattened here
                channels, height, width = graph.input_shapes(source)[0]
                weight = weight.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
            arranged[name] = weight.reshape(weight.shape[0], -1).T  # (features, out)
    trainable = {
        name: jnp.asarray(arranged[name]) for name, spec in graph.parameters.items() if spec.trainable
    }
    statistics = {name: jnp.asarray(arranged[name]) for name in graph.parameters if "running" in name}
    return trainable, statistics


def apply(
    graph: Graph, weights: Arrays, statistics: Arrays, pictures: Array, *, training: bool
) -> tuple[Array, Arrays]:
    """Logits for pictures (N, H, W, C), and the running statistics after them."""
    values, statistics = {graph.nodes[0].name: pictures}, dict(statistics)
    for node in graph.nodes[1:]:
        inputs = [values[name] for name in node.inputs]
        tensors = {role: weights.get(name) for role, name in node.parameters.items()}
        if node.operation == "batch_norm":
            names = node.parameters["running_mean"], node.parameters["running_var"]
            x, mean, variance = _normalise(node, inputs[0], *(statistics[n] for n in names), training)
            statistics.update(zip(names, (mean, variance), strict=True))
            values[node.name] = x * tensors["weight"] + tensors["bias"]
        else:
            values[node.name] = _value(node, *inputs, **tensors)
    return values[graph.output], statistics


def training_step(graph: Graph, batch_size: int, lr: float) -> Step:
    """A function (state, pictures, labels, start) → (state, loss): one step on the batch from `start` on."""

    def loss_of(weights: Arrays, statistics: Arrays, x: Array, y: Array) -> tuple[Array, Arrays]:
        logits, statistics = apply(graph, weights, statistics, x, training=True)
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean(), statistics

    def step(state: Any, pictures: Array, labels: Array, start: Array) -> tuple[Any, Array]:
        weights, statistics, first, second, count = state
        x, y = (lax.dynamic_slice_in_dim(v, start, batch_size) for v in (pictures, labels))
        (loss, statistics), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights, statistics, x, y)
        weights, first, second = adam(weights, gradients, first, second, count + 1, lr)
        return (weights, statistics, first, second, count + 1), loss

    return step


def scanned(step: Step) -> Step:
    """`step` for every one of `starts`, in one call: (state, pictures, labels, starts) → (state, losses)."""

    def steps(state: Any, pictures: Array, labels: Array, starts: Array) -> tuple[Any, Array]:
        return lax.scan(lambda state, start: step(state, pictures, labels, start), state, starts)

    return steps


def first_state(graph: Graph, weights: Mapping[str, np.ndarray]) -> Any:
    """Weights, running statistics, Adam's two moments and its count of steps."""
    trainable, statistics = arrange(graph, weights)
    first, second = (jax.tree.map(jnp.zeros_like, trainable) for _ in range(2))
    return trainable, statistics, first, second, jnp.zeros((), jnp.int32)


def adam(
    weights: Arrays, gradients: Arrays, first: Arrays, second: Arrays, count: Array, lr: float
) -> tuple[Arrays, Arrays, Arrays]:
    """One step of Adam (Kingma & Ba 2015) with PyTorch's defaults."""
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
    scale, root = lr / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
    update = lambda w, m, v: w - scale * m / (jnp.sqrt(v) / root + 1e-8)  # noqa: E731
    return jax.tree.map(update, weights, first, second), first, second


def _value(node: Node, x: Array, *others: Array, weight: Any = None, bias: Any = None) -> Array:
    a: dict[str, Any] = dict(node.attributes)
    match node.operation:
        case "conv2d":
            x = lax.conv_general_dilated(
                x,
                weight,
                a["stride"],
                a["padding"],
                rhs_dilation=a["dilation"],
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                feature_group_count=a["groups"],
            )
        case "max_pool2d":
            return _max_pool(x, a)
        case "adaptive_average_pool2d" if set(a["output_size"]) == {1}:
            return x.mean((1, 2), keepdims=True)
        case "flatten":
            return x.reshape(x.shape[0], -1)
        case "linear":
            x = x @ weight
        case "relu" | "tanh":
            return jax.nn.relu(x) if node.operation == "relu" else jnp.tanh(x)
        case "add":
            return sum(others, x)
        case _:
            raise NotImplementedError(f"{node.name}: no JAX operation for {node.operation} here")
    return x if bias is None else x + bias


def _max_pool(x: Array, a: Mapping[str, Any]) -> Array:
    """Windows side by side by `reshape`: XLA's CPU gradient of `reduce_window` is many times slower."""
    (rows, columns), n, channels = a["kernel_size"], x.shape[0], x.shape[-1]
    if a["stride"] != a["kernel_size"] or any(map(any, a["padding"])) or a["ceil_mode"]:
        window = (1, rows, columns, 1), (1, *a["stride"], 1), ((0, 0), *a["padding"], (0, 0))
        return lax.reduce_window(x, -jnp.inf, lax.max, *window)
    height, width = x.shape[1] // rows, x.shape[2] // columns
    x = x[:, : height * rows, : width * columns]
    return x.reshape(n, height, rows, width, columns, channels).max((2, 4))


def _normalise(
    node: Node, x: Array, mean: Array, variance: Array, training: bool
) -> tuple[Array, Array, Array]:
    """x normalised per channel, and the running statistics after it."""
    eps, momentum = node.attributes["eps"], node.attributes["momentum"]
    if not training:
        return (x - mean) * lax.rsqrt(variance + eps), mean, variance
    here, spread = x.mean((0, 1, 2)), x.var((0, 1, 2))
    unbiased = spread * (count := x.size // x.shape[-1]) / (count - 1)
    running = tuple((1 - momentum) * o + momentum * n for o, n in ((mean, here), (variance, unbiased)))
    return (x - here) * lax.rsqrt(spread + eps), *running
