"""Residual networks (He et al. 2016, "Deep residual learning for image recognition")."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Builder, Node


def resnet_8(b: Builder, x: Node, classes: int) -> Node:
    """The paper's CIFAR form with one block per stage: 16, 32 and 64 channels."""
    return _small(b, x, classes, blocks=1)


def resnet_20(b: Builder, x: Node, classes: int) -> Node:
    """The paper's CIFAR form with three blocks per stage: 16, 32 and 64 channels."""
    return _small(b, x, classes, blocks=3)


def resnet_18(b: Builder, x: Node, classes: int) -> Node:
    """The paper's 18-layer form for photos; parameters are named as in torchvision."""
    x = b.conv2d(x, 64, kernel_size=7, stride=2, padding=3, bias=False, name="conv1")
    x = b.relu(b.batch_norm(x, name="bn1"), name="relu")
    x = b.max_pool(x, 3, stride=2, padding=1, name="maxpool")
    return _stages(b, x, classes, channels=(64, 128, 256, 512), blocks=2)


def _small(b: Builder, x: Node, classes: int, *, blocks: int) -> Node:
    x = b.conv2d(x, 16, kernel_size=3, padding=1, bias=False, name="conv1")
    x = b.relu(b.batch_norm(x, name="bn1"), name="relu")
    return _stages(b, x, classes, channels=(16, 32, 64), blocks=blocks)


def _stages(b: Builder, x: Node, classes: int, *, channels: Sequence[int], blocks: int) -> Node:
    for stage, width in enumerate(channels, start=1):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 1 else 1
            x = _block(b, x, width, stride=stride, path=f"layer{stage}.{block}")
    return b.linear(b.global_average_pool(x, name="avgpool"), classes, name="fc")


def _block(b: Builder, x: Node, channels: int, *, stride: int, path: str) -> Node:
    """Two 3×3 convolutions around a shortcut; a 1×1 convolution fits the shortcut (option B)."""
    y = b.conv2d(x, channels, kernel_size=3, stride=stride, padding=1, bias=False, name=f"{path}.conv1")
    y = b.relu(b.batch_norm(y, name=f"{path}.bn1"), name=f"{path}.relu1")
    y = b.conv2d(y, channels, kernel_size=3, padding=1, bias=False, name=f"{path}.conv2")
    y = b.batch_norm(y, name=f"{path}.bn2")
    if stride != 1 or x.shape[0] != channels:
        x = b.conv2d(x, channels, kernel_size=1, stride=stride, bias=False, name=f"{path}.downsample.0")
        x = b.batch_norm(x, name=f"{path}.downsample.1")
    return b.relu(b.add(y, x, name=f"{path}.add"), name=f"{path}.relu2")
