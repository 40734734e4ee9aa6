"""The small networks of well-known tutorials, and LeNet-5 where they come from."""

from __future__ import annotations

from ..graph import Builder, Node


def simple_cnn_4_8(b: Builder, x: Node, classes: int) -> Node:
    """Two 3×3 convolutions without padding, 4 and 8 channels, each with ReLU and max pooling by 2."""
    for channels in (4, 8):
        x = b.max_pool(b.relu(b.conv2d(x, channels, kernel_size=3)), 2)
    return b.linear(b.flatten(x), classes, name="linear")


def simple_cnn_16_32(b: Builder, x: Node, classes: int) -> Node:
    """Two padded 3×3 convolutions, 16 and 32 channels, each with ReLU and max pooling by 2."""
    for channels in (16, 32):
        x = b.max_pool(b.relu(b.conv2d(x, channels, kernel_size=3, padding=1)), 2)
    return b.linear(b.flatten(x), classes, name="linear")


def convnet_bn(b: Builder, x: Node, classes: int) -> Node:
    """Two padded 5×5 convolutions, 16 and 32 channels, each with batch norm, ReLU and max pooling by 2."""
    for channels in (16, 32):
        x = b.batch_norm(b.conv2d(x, channels, kernel_size=5, padding=2))
        x = b.max_pool(b.relu(x), 2)
    return b.linear(b.flatten(x), classes, name="linear")


def convnet_bn_8_16(b: Builder, x: Node, classes: int) -> Node:
    """Two unpadded 5×5 convolutions, 8 and 16 channels, each with batch norm, ReLU and max pooling by 2."""
    for channels in (8, 16):
        x = b.batch_norm(b.conv2d(x, channels, kernel_size=5, bias=False))
        x = b.max_pool(b.relu(x), 2)
    return b.linear(b.flatten(x), classes, name="linear")


def simple_cnn_rgb(b: Builder, x: Node, classes: int) -> Node:
    """One padded 3×3 convolution with 16 channels, ReLU, max pooling by 2."""
    x = b.max_pool(b.relu(b.conv2d(x, 16, kernel_size=3, padding=1)), 2)
    return b.linear(b.flatten(x), classes, name="linear")


def multilayer_cnn(b: Builder, x: Node, classes: int) -> Node:
    """Two padded 5×5 convolutions, 32 and 64 channels, then a hidden layer of 1,024 with dropout."""
    for channels in (32, 64):
        x = b.max_pool(b.relu(b.conv2d(x, channels, kernel_size=5, padding=2)), 2)
    x = b.dropout(b.relu(b.linear(b.flatten(x), 1024)), 0.5)
    return b.linear(x, classes)


def lenet_5(b: Builder, x: Node, classes: int) -> Node:
    """LeNet-5 with tanh and average pooling (LeCun et al. 1998, section II.B; all maps connected)."""
    return _lenet(b, x, classes, activation="tanh", pool="average_pool")


def lenet_5_relu(b: Builder, x: Node, classes: int) -> Node:
    """LeNet-5 as it is mostly written today: ReLU and max pooling."""
    return _lenet(b, x, classes, activation="relu", pool="max_pool")


def _lenet(b: Builder, x: Node, classes: int, *, activation: str, pool: str) -> Node:
    """The paper centres 28×28 digits in 32×32; a smaller picture gets that border by padding."""
    act, pooled = getattr(b, activation), getattr(b, pool)
    padding = 2 if min(x.shape[1:]) < 32 else 0
    x = pooled(act(b.conv2d(x, 6, kernel_size=5, padding=padding)), 2)
    x = pooled(act(b.conv2d(x, 16, kernel_size=5)), 2)
    x = act(b.linear(b.flatten(x), 120))
    x = act(b.linear(x, 84))
    return b.linear(x, classes)


def tiny_vgg(b: Builder, x: Node, classes: int) -> Node:
    """Two blocks of two 3×3 convolutions with 10 channels (CNN Explainer, Wang et al. 2020)."""
    for _ in range(2):
        x = b.relu(b.conv2d(x, 10, kernel_size=3))
        x = b.relu(b.conv2d(x, 10, kernel_size=3))
        x = b.max_pool(x, 2)
    return b.linear(b.flatten(x), classes, name="linear")


def simple_cnn_1d(b: Builder, x: Node, classes: int) -> Node:
    """For signals (C, L): two convolutions of width 5, 16 and 32 channels, pooling by 2, global average."""
    for channels in (16, 32):
        x = b.max_pool(b.relu(b.conv1d(x, channels, kernel_size=5, padding=2)), 2)
    return b.linear(b.global_average_pool(x), classes, name="linear")
