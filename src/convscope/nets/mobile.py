"""Depthwise separable convolutions (Howard et al. 2017, "MobileNets"), at the size of small pictures."""

from __future__ import annotations

from ..graph import Builder, Node


def mobile_small(b: Builder, x: Node, classes: int) -> Node:
    """A 3×3 convolution and five depthwise separable blocks, 16 to 128 channels, global average."""
    x = b.relu(b.batch_norm(b.conv2d(x, 16, kernel_size=3, padding=1, bias=False)))
    for channels, stride in ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        x = _separable(b, x, channels, stride=stride)
    return b.linear(b.global_average_pool(x), classes, name="linear")


def _separable(b: Builder, x: Node, channels: int, *, stride: int) -> Node:
    """One 3×3 kernel per channel, then a 1×1 convolution that mixes the channels."""
    own = x.shape[0]
    x = b.conv2d(x, own, kernel_size=3, stride=stride, padding=1, groups=own, bias=False)
    x = b.relu(b.batch_norm(x))
    x = b.conv2d(x, channels, kernel_size=1, bias=False)
    return b.relu(b.batch_norm(x))
