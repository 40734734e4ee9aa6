"""Nominal work of a network: the multiplications and additions of direct convolutions and linear layers."""

from __future__ import annotations

from convscope.graph import Graph


def forward_flops(graph: Graph) -> int:
    """Operations for one picture forward, two per multiply-accumulate; pooling, norms, activations count 0.

    >>> from convscope import nets
    >>> forward_flops(nets.graph("simple-cnn-4-8"))
    122368
    """
    return 2 * sum(_macs(graph).values())


def training_flops(graph: Graph) -> int:
    """Operations for one picture of a training step: forward, weight gradients and input gradients.

    A layer whose input depends on no parameter (the first one) needs no input gradient.

    >>> from convscope import nets
    >>> training_flops(nets.graph("simple-cnn-4-8"))
    318432
    """
    depends: dict[str, bool] = {}
    for node in graph.nodes:
        trains = any(graph.parameters[name].trainable for name in node.parameters.values())
        depends[node.name] = trains or any(depends[name] for name in node.inputs)
    return 2 * sum(
        macs * (3 if any(depends[source] for source in graph[name].inputs) else 2)
        for name, macs in _macs(graph).items()
    )


def _macs(graph: Graph) -> dict[str, int]:
    return {n.name: n.rule.macs(graph.input_shapes(n), n.shape, n.attributes) for n in graph.nodes}
