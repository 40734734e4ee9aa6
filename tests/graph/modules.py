"""Modules as people write them, one for each thing that tracing has to understand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Shape = tuple[int, ...]
Case = tuple[Callable[[], nn.Module], Shape]


class Net(nn.Module):
    """`forward` given as a function of the module and the batch; layers as keywords."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], **layers: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.function = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


class Lenet(nn.Module):
    """The tutorial's way: layers in __init__, functions and a view in forward."""

    def __init__(self, flat: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 6, 3)
        self.fc1 = nn.Linear(6 * 2 * 2, 10)
        self.flat = flat

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), (2, 2))
        return F.log_softmax(self.fc1(self.flat(x)), dim=1)


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        y = self.conv2(self.relu(self.bn1(self.conv1(x))))
        y += identity
        return self.relu(y)


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, 2, 1)
        self.up = nn.Conv2d(2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.up(F.silu(self.down(x.mean((2, 3), keepdim=True)))))
        return x * gate


class Nested(nn.Module):
    """ModuleList, Sequential in Sequential, and layers under names our own module might use."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Sequential(nn.Conv2d(2, 2, 3), nn.Sequential(nn.ReLU()))])
        self.layers.append(nn.BatchNorm2d(2))
        self.graph = nn.Conv2d(2, 3, 1)
        self.layer = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Hardswish())
        self.sources = nn.GroupNorm(3, 3)
        self.attributes = nn.Tanh()
        self.operation = nn.Linear(3 * 36, 4)
        self.calls = nn.ModuleDict({"last": nn.Linear(4, 4)})

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        x = self.attributes(self.sources(self.layer(self.graph(x))))
        return self.calls["last"](self.operation(x.flatten(1)))


def tied() -> nn.Module:
    net = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6))
    net[2].weight = net[0].weight
    return net


def frozen() -> nn.Module:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3))
    net[0].requires_grad_(False)
    net[2].bias.requires_grad_(False)
    return net


def twice(net: Any, x: Tensor) -> Tensor:
    x = net.bn(net.relu(net.conv(x)))
    return net.bn(net.relu(net.conv(x)))


def concat(net: Any, x: Tensor) -> Tensor:
    x = torch.cat([x], dim=1)  # one tensor, as at the start of a DenseNet
    return torch.cat([net.one(x), net.three(x), F.max_pool2d(x, 3, stride=1, padding=1)], dim=1)


def arithmetic(net: Any, x: Tensor) -> Tensor:
    x = 1 - (net.conv(x * 0.5 + 1) - 0.5)
    x = 2 * x / 3
    return torch.add(x, x, alpha=1) * x


def activations(net: Any, x: Tensor) -> Tensor:
    x = net.conv(x)
    for function in (F.relu6, F.gelu, F.hardsigmoid, F.mish, F.selu, F.elu, torch.tanh, F.hardswish, F.silu):
        x = function(x) + x
    return F.leaky_relu(F.gelu(x, approximate="tanh"), 0.2) + F.elu(x, alpha=0.7)


def inplace(net: Any, x: Tensor) -> Tensor:
    x = net.conv(x)
    kept = x
    y = F.relu_(x)  # also changes what `kept` names
    return net.conv(y) + kept


def reshapes(net: Any, x: Tensor) -> Tensor:
    x = x.flatten(2)  # (N, 2, 36)
    x = net.norm(x).view(x.size(0), 4, 18).unsqueeze(1).squeeze(1)
    return net.fc(x.mean(-1)).unflatten(1, (2, 3)).flatten(1)


def seq(*layers: nn.Module) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(*layers)


def net(forward: Callable[[Any, Tensor], Any], **layers: nn.Module | nn.Parameter) -> Callable[[], nn.Module]:
    return lambda: Net(forward, **layers)


def kernel() -> nn.Parameter:
    return nn.Parameter(torch.randn(2, 1, 3, 3))


CASES: dict[str, Case] = {
    "sequential": (
        seq(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)),
        (1, 8, 8),
    ),
    "view": (lambda: Lenet(lambda x: x.view(-1, 24)), (1, 14, 14)),
    "flatten": (lambda: Lenet(lambda x: torch.flatten(x, 1)), (1, 14, 14)),
    "reshape": (lambda: Lenet(lambda x: x.reshape(x.size(0), -1)), (1, 14, 14)),
    "view by size": (lambda: Lenet(lambda x: x.view(x.shape[0], x.shape[1] * 2 * 2)), (1, 14, 14)),
    "used twice": (net(twice, conv=nn.Conv2d(2, 2, 3), relu=nn.ReLU(), bn=nn.BatchNorm2d(2)), (2, 9, 9)),
    "residual": (seq(nn.Conv2d(1, 4, 3), Block(4), Block(4)), (1, 8, 8)),
    "concat": (net(concat, one=nn.Conv2d(2, 2, 1), three=nn.Conv2d(2, 3, 3, padding=1)), (2, 6, 7)),
    "depthwise": (seq(nn.Conv2d(4, 8, 3, groups=4), nn.Conv2d(8, 4, 1, groups=2)), (4, 6, 6)),
    "dilated": (seq(nn.Conv2d(1, 2, 3, dilation=(2, 1), stride=(1, 2), padding=(2, 1))), (1, 8, 9)),
    "same": (seq(nn.Conv2d(1, 2, (2, 4), padding="same"), nn.Conv2d(2, 2, 3, padding="valid")), (1, 6, 6)),
    "same, dilated": (seq(nn.Conv2d(1, 2, 4, padding="same", dilation=3)), (1, 6, 6)),
    "reflect": (seq(nn.Conv2d(1, 2, 3, padding=(2, 1), padding_mode="reflect")), (1, 6, 5)),
    "circular": (seq(nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular")), (1, 6, 5)),
    "replicate": (seq(nn.Conv2d(1, 2, 2, padding="same", padding_mode="replicate")), (1, 6, 5)),
    "batch norm": (
        seq(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, eps=1e-3, momentum=0.3), nn.BatchNorm2d(2, affine=False)),
        (1, 6, 6),
    ),
    "batch norm of features": (seq(nn.Flatten(), nn.Linear(9, 4), nn.BatchNorm1d(4)), (1, 3, 3)),
    "group norm": (seq(nn.GroupNorm(2, 4, eps=1e-3), nn.GroupNorm(1, 4, affine=False)), (4, 5, 5)),
    "layer norm": (
        seq(nn.LayerNorm((2, 5, 5)), nn.LayerNorm(5, bias=False), nn.LayerNorm(5, elementwise_affine=False)),
        (2, 5, 5),
    ),
    "dropout": (
        seq(nn.Dropout2d(0.4), nn.Conv2d(2, 4, 3), nn.Dropout(0.3), nn.Dropout(0.1, inplace=True)),
        (2, 5, 5),
    ),
    "functional dropout": (net(lambda net, x: F.dropout(x, 0.3, training=net.training)), (4,)),
    "dropout of a signal": (seq(nn.Conv1d(1, 3, 3), nn.Dropout1d(0.5)), (1, 9)),
    "adaptive": (seq(nn.AdaptiveAvgPool2d((3, 2)), nn.AdaptiveMaxPool2d((2, None))), (2, 7, 6)),
    "global": (seq(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)), (2, 7, 5)),
    "mean": (net(lambda net, x: net.fc(x.mean([2, 3])), fc=nn.Linear(4, 2)), (4, 6, 6)),
    "mean, keepdim": (net(lambda _, x: x.mean(-1, keepdim=True) + x.mean(1, keepdim=True)), (3, 4, 5)),
    "padding layers": (
        seq(nn.ZeroPad2d((1, 0, 2, 3)), nn.ReflectionPad2d((1, 2, 0, 1)), nn.ConstantPad2d(1, 0.5)),
        (2, 4, 4),
    ),
    "more padding layers": (
        seq(nn.ReplicationPad2d((3, 1, 0, 2)), nn.CircularPad2d((1, 2, 0, 1)), nn.ZeroPad2d((-1, 0, 0, -2))),
        (2, 4, 4),
    ),
    "lp pool": (seq(nn.LPPool2d(2, 2), nn.LPPool2d(3, (2, 3), stride=1)), (2, 9, 9)),
    "lp pool, used twice": (net(lambda net, x: net.pool(net.pool(x)), pool=nn.LPPool2d(2, 2)), (1, 9, 9)),
    "average pool": (
        seq(
            nn.AvgPool2d(3, 2, padding=1, count_include_pad=False, ceil_mode=True),
            nn.AvgPool2d(2, 1, padding=1),
        ),
        (2, 8, 7),
    ),
    "average pool, ceil": (seq(nn.AvgPool2d(3, 2, padding=1, ceil_mode=True)), (2, 8, 6)),
    "max pool": (
        seq(nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), nn.MaxPool2d(2, 1, dilation=2)),
        (2, 8, 9),
    ),
    "max pool, dilated": (seq(nn.MaxPool2d(3, 2, padding=1, dilation=2, ceil_mode=True)), (2, 8, 9)),
    "in-place relu": (seq(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Conv2d(2, 2, 3)), (1, 6, 6)),
    "in place, used later": (net(inplace, conv=nn.Conv2d(2, 2, 3, padding=1)), (2, 5, 5)),
    "arithmetic": (net(arithmetic, conv=nn.Conv2d(1, 2, 3)), (1, 6, 6)),
    "activations": (net(activations, conv=nn.Conv2d(1, 2, 3)), (1, 6, 6)),
    "signal": (
        seq(
            nn.Conv1d(2, 4, 5, stride=2, padding=2), nn.BatchNorm1d(4), nn.MaxPool1d(2),
            nn.AvgPool1d(2, padding=1), nn.LPPool1d(2, 2), nn.AdaptiveAvgPool1d(3),
            nn.AdaptiveMaxPool1d(2), nn.Flatten(), nn.Linear(8, 3),
        ),
        (2, 40),
    ),
    "log softmax": (seq(nn.Flatten(), nn.Linear(9, 4), nn.LogSoftmax(dim=-1)), (1, 3, 3)),
    "softmax": (seq(nn.Conv2d(1, 3, 2), nn.Softmax(dim=1)), (1, 3, 3)),
    "weight used directly": (
        net(lambda net, x: net.relu1(F.conv2d(x, net.kernel, stride=2)), kernel=kernel(), relu1=nn.ReLU()),
        (1, 7, 7),
    ),
    "weight under an automatic name": (
        net(lambda net, x: net.conv2(F.conv2d(x, net.conv1)), conv1=kernel(), conv2=nn.Conv2d(2, 2, 1)),
        (1, 7, 7),
    ),
    "frozen": (frozen, (1, 6, 6)),
    "tied": (tied, (6,)),
    "nested": (Nested, (2, 8, 8)),
    "squeeze and excite": (seq(nn.Conv2d(1, 6, 3), SqueezeExcite(6)), (1, 6, 6)),
    "reshapes": (net(reshapes, norm=nn.LayerNorm(36), fc=nn.Linear(4, 6)), (2, 6, 6)),
    "identity": (nn.Identity, (2, 3)),
}  # fmt: skip
