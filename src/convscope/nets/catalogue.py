"""The networks convscope knows by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ShapeError, UnknownName, UsageError
from ..graph import Builder, Graph, Node
from ..graph.operation import Shape, spell
from .mobile import mobile_small
from .residual import resnet_8, resnet_18, resnet_20
from .tutorial import (
    convnet_bn,
    convnet_bn_8_16,
    lenet_5,
    lenet_5_relu,
    multilayer_cnn,
    simple_cnn_1d,
    simple_cnn_4_8,
    simple_cnn_16_32,
    simple_cnn_rgb,
    tiny_vgg,
)

if TYPE_CHECKING:
    from ..graph.module import GraphModule


@dataclass(frozen=True, slots=True)
class Net:
    """An architecture: `build` continues from the input node to the output node."""

    build: Callable[[Builder, Node, int], Node]
    input_shape: Shape  # the input it was made for

    @property
    def description(self) -> str:
        """What it is, in one line."""
        return (self.build.__doc__ or "").splitlines()[0]


CATALOGUE: dict[str, Net] = {
    "simple-cnn-4-8": Net(simple_cnn_4_8, (1, 28, 28)),
    "simple-cnn-16-32": Net(simple_cnn_16_32, (1, 28, 28)),
    "convnet-bn": Net(convnet_bn, (1, 28, 28)),
    "convnet-bn-8-16": Net(convnet_bn_8_16, (1, 28, 28)),
    "simple-cnn-rgb": Net(simple_cnn_rgb, (3, 32, 32)),
    "multilayer-cnn": Net(multilayer_cnn, (1, 28, 28)),
    "lenet-5": Net(lenet_5, (1, 28, 28)),
    "lenet-5-relu": Net(lenet_5_relu, (1, 28, 28)),
    "tiny-vgg": Net(tiny_vgg, (3, 64, 64)),
    "resnet-8": Net(resnet_8, (3, 32, 32)),
    "resnet-20": Net(resnet_20, (3, 32, 32)),
    "mobile-small": Net(mobile_small, (3, 32, 32)),
    "resnet-18": Net(resnet_18, (3, 224, 224)),
    "simple-cnn-1d": Net(simple_cnn_1d, (1, 128)),
}


def names() -> list[str]:
    """The names of all networks."""
    return list(CATALOGUE)


def net(name: str) -> Net:
    """The architecture called `name`; raises `UnknownName` with the nearest."""
    if name not in CATALOGUE:
        raise UnknownName("network", name, CATALOGUE, "A class of your own is given as file.py:Class.")
    return CATALOGUE[name]


def graph(name: str, input_shape: Sequence[int] | None = None, classes: int = 10) -> Graph:
    """The network called `name` for inputs of `input_shape` (C, H, W) or (C, L), without the batch.

    Raises `UnknownName` for a name that is not in the catalogue and `ShapeError` naming the layer at
    which the input becomes too small.

    >>> graph("simple-cnn-16-32").parameter_count
    20490
    >>> graph("simple-cnn-4-8", (1, 8, 8))
    Traceback (most recent call last):
    convscope.errors.ShapeError: layer 'pool2' (max_pool2d) of 'simple-cnn-4-8' is impossible: ...
    """
    architecture = net(name)
    if classes < 2:
        raise UsageError(f"classes={classes} should be at least 2.")
    shape = tuple(input_shape) if input_shape is not None else architecture.input_shape
    if len(shape) != len(architecture.input_shape):
        pictures = len(architecture.input_shape) == 3
        kind = "pictures (channels, height, width)" if pictures else "signals (channels, length)"
        raise ShapeError(f"{name} is for {kind}, not for an input of {spell(shape)}.")
    builder = Builder(name)
    return builder.build(architecture.build(builder, builder.input(*shape), classes))


def create(
    name: str, input_shape: Sequence[int] | None = None, classes: int = 10, *, seed: int = 0
) -> GraphModule:
    """The network as an `nn.Module` with fresh weights (imports torch).

    >>> create("lenet-5").linear1.weight.shape
    torch.Size([120, 400])
    """
    return graph(name, input_shape, classes).to_module(seed=seed)


def fitting_size(name: str, channels: int, size: tuple[int, int]) -> tuple[int, int]:
    """`size` (height, width), doubled until the network takes it; raises `ShapeError` past 1,024.

    >>> fitting_size("simple-cnn-4-8", 1, (8, 8)), fitting_size("resnet-8", 1, (8, 8))
    ((16, 16), (8, 8))
    """
    if len(net(name).input_shape) != 3:
        raise ShapeError(f"{name} is for signals (channels, length); these are pictures.")
    height, width = size
    while True:
        try:
            graph(name, (channels, height, width))
        except ShapeError:
            if not 0 < max(height, width) <= 1024:
                raise
            height, width = 2 * height, 2 * width
        else:
            return height, width
