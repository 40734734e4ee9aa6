"""Small networks in bundles whose attacks can be worked out by hand, or by captum on the plain module."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from convscope import Bundle, program
from convscope.bundle import PROGRAM
from convscope.data import Preprocessing
from convscope.graph import Builder
from convscope.graph.module import state_arrays
from convscope.graph.tracing import trace

SIDE = 6


class Convolutions(nn.Module):
    """Two convolutions and a linear layer, with smooth activations: no gradient is exactly 0."""

    def __init__(self, channels: int = 1, classes: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 4, 3)
        self.conv2 = nn.Conv2d(4, 6, 3)
        self.fc = nn.Linear(6 * (SIDE - 4) ** 2, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.tanh(self.conv2(torch.tanh(self.conv1(x))))
        return self.fc(x.flatten(1))


def seen(channels: int = 1, *, side: int = SIDE, invert: bool = False) -> Preprocessing:
    mean, std = (0.4, 0.5, 0.3)[:channels], (0.3, 0.2, 0.25)[:channels]
    return Preprocessing(height=side, width=side, channels=channels, mean=mean, std=std, invert=invert)


def convolutions(
    channels: int = 1, *, exported: bool = False, scale: float = 1.0
) -> tuple[Convolutions, Bundle]:
    """The module and its bundle: traced, or as an exported program. Logits are `scale` times as large."""
    torch.manual_seed(3)
    module = Convolutions(channels).eval()
    with torch.no_grad():
        module.fc.weight *= 4 * scale
        module.fc.bias *= scale
    shape = (channels, SIDE, SIDE)
    classes = ("a", "b", "c")
    if exported:
        content = np.frombuffer(program.save(module, shape), np.uint8)
        return module, Bundle("exported", classes, seen(channels), None, {PROGRAM: content})
    graph = trace(module, shape)
    return module, Bundle("traced", classes, seen(channels), graph, state_arrays(module))


def linear(weights: np.ndarray, biases: np.ndarray, *, softmax: bool = False) -> Bundle:
    """Scores that are sums of weighted pixels (classes, H, W), of one channel."""
    classes, height, width = weights.shape
    b = Builder("linear")
    x = b.linear(b.flatten(b.input(1, height, width)), classes)
    graph = b.build(b.append("softmax", x, dim=1) if softmax else x)
    arrays = {"linear1.weight": weights.reshape(classes, -1), "linear1.bias": biases}
    return Bundle(
        "linear",
        tuple(f"class {i}" for i in range(classes)),
        Preprocessing(height=height, width=width, channels=1),
        graph,
        {name: value.astype(np.float32) for name, value in arrays.items()},
        outputs="probabilities" if softmax else "logits",
    )


def pictures(count: int, channels: int = 1, *, side: int = SIDE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels)).astype(np.uint8)
