"""A network whose every part can be got wrong in an export, and the ways in which it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope import Bundle
from convscope.data import Preprocessing

CLASSES = ("ant", "bee", "cat", "dog", "eel")
PREPROCESSING = Preprocessing(
    height=9, width=12, channels=3, mean=(0.2, 0.5, 0.4), std=(0.3, 0.2, 0.25), invert=True
)


class Net(nn.Module):
    """Batch norm with statistics, padding, a square linear layer, five classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3)
        self.norm = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3)
        self.fc1 = nn.Linear(6 * 4 * 6, 16)
        self.square = nn.Linear(16, 16)
        self.fc2 = nn.Linear(16, 5)
        self.padding = (1, 1, 1, 1)  # left, right, top, bottom

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(F.pad(x, self.padding))))
        x = F.max_pool2d(F.relu(self.conv2(F.pad(x, self.padding))), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(F.relu(self.square(x)))


def network(seed: int = 37) -> Net:
    """With weights drawn from a seed, so large that the classes differ, and statistics that say something."""
    net, generator = Net(), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in net.parameters():
            fan = weight[0].numel() if weight.ndim > 1 else 4
            weight.copy_(1.6 * torch.randn(weight.shape, generator=generator) / fan**0.5)
        net.norm.weight.copy_(1 + 0.3 * torch.rand(6, generator=generator))
        net.norm.running_mean.copy_(torch.randn(6, generator=generator))  # type: ignore[union-attr]
        net.norm.running_var.copy_(0.05 + torch.rand(6, generator=generator))  # type: ignore[union-attr]
    return net.eval()


def bundle() -> Bundle:
    """Of that network, of which nothing says where its data is."""
    return Bundle.from_bytes(_content(None))


Fault = Callable[[Net, Preprocessing], Preprocessing | None]  # changes the network, or gives what is wrong


def _of_preprocessing(**changed: object) -> Fault:
    return lambda _, preprocessing: preprocessing.model_copy(update=changed)


def _rgb_swapped(net: Net, preprocessing: Preprocessing) -> None:
    net.conv1.weight.data = net.conv1.weight.data.flip(1)


def _transposed(net: Net, preprocessing: Preprocessing) -> None:
    net.square.weight.data = net.square.weight.data.T.contiguous()


def _kernels_transposed(net: Net, preprocessing: Preprocessing) -> None:
    net.conv2.weight.data = net.conv2.weight.data.transpose(2, 3).contiguous()


def _filters_flipped(net: Net, preprocessing: Preprocessing) -> None:
    net.conv1.weight.data = net.conv1.weight.data.flip(2, 3)


def _another_epsilon(net: Net, preprocessing: Preprocessing) -> None:
    net.norm.eps = 1e-3


def _statistics_lost(net: Net, preprocessing: Preprocessing) -> None:
    net.norm.reset_running_stats()


def _classes_out_of_order(net: Net, preprocessing: Preprocessing) -> None:
    order = [0, 2, 1, 3, 4]
    net.fc2.weight.data, net.fc2.bias.data = net.fc2.weight.data[order], net.fc2.bias.data[order]


def _padding_off_by_one(net: Net, preprocessing: Preprocessing) -> None:
    net.padding = (0, 2, 1, 1)


def _flattened_channels_last(net: Net, preprocessing: Preprocessing) -> None:
    weight = net.fc1.weight.data.reshape(16, 4, 6, 6)  # read as (height, width, channels)
    net.fc1.weight.data = weight.permute(0, 3, 1, 2).reshape(16, -1).contiguous()


FAULTS: dict[str, Fault] = {
    "wrong mean": _of_preprocessing(mean=(0.485, 0.456, 0.406)),
    "no mean": _of_preprocessing(mean=(0.0, 0.0, 0.0)),
    "wrong std": _of_preprocessing(std=(0.229, 0.224, 0.225)),
    "statistics of the channels the other way round": _of_preprocessing(
        mean=(0.4, 0.5, 0.2), std=(0.25, 0.2, 0.3)
    ),
    "polarity forgotten": _of_preprocessing(invert=False),
    "RGB swapped": _rgb_swapped,
    "square weight transposed": _transposed,
    "kernels transposed": _kernels_transposed,
    "true convolution": _filters_flipped,
    "another epsilon": _another_epsilon,
    "running statistics lost": _statistics_lost,
    "classes out of order": _classes_out_of_order,
    "padding off by one": _padding_off_by_one,
    "flattened channels last": _flattened_channels_last,
    # small ones
    "mean off by 1/255": _of_preprocessing(mean=(0.2 + 1 / 255, 0.5, 0.4)),
    "scaled by 256": _of_preprocessing(std=tuple(256 / 255 * s for s in (0.3, 0.2, 0.25))),
}


def with_fault(name: str) -> Bundle:
    """The bundle of a network that differs from `network` in one thing."""
    return Bundle.from_bytes(_content(name))


@cache
def _content(fault: str | None) -> bytes:
    net, preprocessing = network(), PREPROCESSING
    if fault is not None:
        preprocessing = FAULTS[fault](net, preprocessing) or preprocessing
    return Bundle.of(net, CLASSES, preprocessing).to_bytes()
