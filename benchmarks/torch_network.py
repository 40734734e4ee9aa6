"""A graph as people write it in PyTorch: `nn` layers and a straight `forward`.

convscope's own `GraphModule` interprets its graph, which costs a small network a few per cent; a comparison
with PyTorch should not charge PyTorch for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from convscope.graph import Graph, Node


def torch_network(graph: Graph, weights: Mapping[str, np.ndarray]) -> nn.Module:
    """An `nn.Module` with the layers of `graph` under their names and copies of `weights`."""
    code = fx.Graph()
    layers: dict[str, nn.Module] = {}
    values = {graph.nodes[0].name: code.placeholder("x")}
    for node in graph.nodes[1:]:
        inputs = tuple(values[name] for name in node.inputs)
        if node.operation == "add":
            values[node.name] = code.call_function(torch.add, inputs)
            continue
        layers[node.name] = _layer(node, graph.input_shapes(node)[0][0])
        values[node.name] = code.call_module(node.name, inputs)
    code.output(values[graph.output])
    network = fx.GraphModule(layers, code, class_name="Network")
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return network


def _layer(node: Node, channels: int) -> nn.Module:
    a: dict[str, Any] = dict(node.attributes)
    padding = [pair[0] for pair in a.get("padding", ())]
    assert all(before == after for before, after in a.get("padding", ())), f"{node.name}: uneven padding"
    match node.operation:
        case "conv2d":
            window = (a["kernel_size"], a["stride"], padding, a["dilation"])
            return nn.Conv2d(channels, a["out_channels"], *window, groups=a["groups"], bias=a["bias"])
        case "max_pool2d":
            return nn.MaxPool2d(
                a["kernel_size"], a["stride"], padding, a["dilation"], ceil_mode=a["ceil_mode"]
            )
        case "average_pool2d":
            return nn.AvgPool2d(
                a["kernel_size"], a["stride"], padding, a["ceil_mode"], a["count_include_pad"]
            )
        case "adaptive_average_pool2d":
            return nn.AdaptiveAvgPool2d(a["output_size"])
        case "batch_norm":
            return nn.BatchNorm2d(channels, a["eps"], a["momentum"], affine=a["affine"])
        case "linear":
            return nn.Linear(channels, a["out_features"], bias=a["bias"])
        case "flatten":
            return nn.Flatten(a["start_dim"])
        case "relu":
            return nn.ReLU()
        case "tanh":
            return nn.Tanh()
        case "dropout":
            return nn.Dropout(a["p"])
        case "conv1d":
            window = (a["kernel_size"], a["stride"], padding, a["dilation"])
            return nn.Conv1d(channels, a["out_channels"], *window, groups=a["groups"], bias=a["bias"])
        case "max_pool1d":
            return nn.MaxPool1d(
                a["kernel_size"], a["stride"], padding, a["dilation"], ceil_mode=a["ceil_mode"]
            )
        case "adaptive_average_pool1d":
            return nn.AdaptiveAvgPool1d(a["output_size"])
    raise NotImplementedError(f"{node.name}: no PyTorch layer for {node.operation} here")
