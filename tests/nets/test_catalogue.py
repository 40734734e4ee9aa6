"""The networks by name: sizes from the papers and tutorials, and the same networks written in plain torch."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope import nets
from convscope.errors import ShapeError, UnknownName, UsageError

# The tutorials print these; resnet-18 is torchvision's documented 11,689,512. resnet-20 is by hand: the
# paper's 0.27 M without shortcuts (269,722), plus the two 1×1 shortcuts and their batch norms,
# 16·32 + 2·32 + 32·64 + 2·64 = 2,752.
PARAMETERS = {
    ("simple-cnn-4-8", 10): 2346,
    ("simple-cnn-16-32", 10): 20490,
    ("convnet-bn", 10): 29034,
    ("simple-cnn-rgb", 10): 41418,
    ("convnet-bn-8-16", 10): (25 * 8 + 2 * 8) + (25 * 8 * 16 + 2 * 16) + (256 * 10 + 10),
    ("multilayer-cnn", 10): 3274634,
    ("lenet-5", 10): 61706,
    ("lenet-5-relu", 10): 61706,
    ("resnet-18", 1000): 11689512,
    ("resnet-20", 10): 269722 + 2752,
}


@pytest.mark.parametrize(("name", "classes"), PARAMETERS)
def test_parameter_counts(name: str, classes: int) -> None:
    assert nets.graph(name, classes=classes).parameter_count == PARAMETERS[name, classes]


SIZES: dict[str, list[tuple[int, ...]]] = {
    "simple-cnn-1d": [(1, 128), (3, 7), (2, 4)],
    "resnet-18": [(3, 64, 64), (1, 33, 40), (3, 1, 1)],
    "lenet-5": [(1, 28, 28), (3, 32, 32), (1, 40, 36), (1, 12, 12)],
    "lenet-5-relu": [(1, 28, 28), (3, 32, 32), (1, 12, 31)],
    "tiny-vgg": [(3, 64, 64), (1, 16, 17)],
    "convnet-bn-8-16": [(1, 28, 28), (3, 16, 19)],
}


@pytest.mark.parametrize("name", nets.names())
@pytest.mark.parametrize("classes", [2, 10, 37])
def test_every_net_runs_at_several_sizes(name: str, classes: int) -> None:
    for shape in SIZES.get(name, [(1, 28, 28), (3, 32, 32), (4, 10, 23)]):
        graph = nets.graph(name, shape, classes)
        assert (graph.input_shape, graph.output_shape) == (shape, (classes,))
        module = graph.to_module().eval()
        with torch.no_grad():
            out = module(torch.randn(3, *shape))
        assert out.shape == (3, classes)
        assert torch.isfinite(out).all()


@pytest.mark.parametrize("name", nets.names())
def test_every_net_is_described(name: str) -> None:
    net = nets.net(name)
    assert net.description.endswith(".")
    assert nets.graph(name).input_shape == net.input_shape
    assert nets.graph(name).name == name


def test_create_gives_the_same_weights_for_the_same_seed() -> None:
    once, again = (nets.create("lenet-5", (3, 32, 32), 4, seed=5).state_dict() for _ in range(2))
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert once["linear3.weight"].shape == (4, 84)


# what does not fit


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("simple-cnn-4-8", (1, 8, 8), r"'pool2' \(max_pool2d\) of 'simple-cnn-4-8'.*8×1×1.*window of 2×2"),
        ("simple-cnn-4-8", (1, 2, 9), r"'conv1'.*1×2×9.*window of 3×3"),
        ("lenet-5", (1, 7, 7), r"'conv2'.*6×3×3.*window of 5×5"),
        ("tiny-vgg", (3, 12, 12), r"'conv4'.*10×2×2.*window of 3×3"),
        ("convnet-bn", (1, 3, 3), r"'pool2'.*32×1×1.*window of 2×2"),
        ("simple-cnn-1d", (1, 3), r"'pool2'.*32×1 "),
        ("resnet-20", (0, 32, 32), "'input'.*0×32×32 is empty"),
        ("resnet-20", (3, -1, 32), "3×-1×32 is empty"),
    ],
)
def test_a_size_that_does_not_fit_names_the_layer(name: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        nets.graph(name, shape)


@pytest.mark.parametrize(
    ("name", "shape"), [("lenet-5", (28, 28)), ("lenet-5", (1, 1, 28, 28)), ("simple-cnn-1d", (1, 28, 28))]
)
def test_a_wrong_number_of_dimensions(name: str, shape: tuple[int, ...]) -> None:
    axes = r"\(channels, length\)" if name.endswith("1d") else r"\(channels, height, width\)"
    with pytest.raises(ShapeError, match=f"{name} is for .*{axes}, not for an input of"):
        nets.graph(name, shape)


def test_names_that_are_not_there() -> None:
    with pytest.raises(UnknownName, match=r"did you mean 'resnet-18'\?.*file\.py:Class"):
        nets.graph("resnet18")
    with pytest.raises(UsageError, match="classes=1 should be at least 2"):
        nets.graph("lenet-5", classes=1)


def test_fitting_size() -> None:
    assert nets.fitting_size("simple-cnn-4-8", 1, (8, 8)) == (16, 16)
    assert nets.fitting_size("convnet-bn", 3, (1, 28)) == (4, 112)
    assert nets.fitting_size("resnet-18", 3, (2, 2)) == (2, 2)
    for size in ((0, 0), (-1, -1), (0, 8)):
        with pytest.raises(ShapeError):
            nets.fitting_size("lenet-5", 1, size)
    with pytest.raises(ShapeError, match=r"is for signals \(channels, length\)"):
        nets.fitting_size("simple-cnn-1d", 1, (8, 8))


# the same networks, written by hand


class SimpleCnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 8, 3)
        self.linear = nn.Linear(8 * 5 * 5, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.linear(x.view(-1, 200))


class ConvNetBn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16)
        self.conv2, self.norm2 = nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32)
        self.linear = nn.Linear(7 * 7 * 32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)
        return self.linear(torch.flatten(x, 1))


class LeNet5(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.linear1, self.linear2, self.linear3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.linear1(x.flatten(1)))
        return self.linear3(torch.tanh(self.linear2(x)))


class BasicBlock(nn.Module):
    def __init__(self, channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Both forms: the one for photos begins with a stride of 2 and a max pool (He et al., table 1)."""

    def __init__(self, widths: list[int], blocks: int, classes: int, *, photos: bool) -> None:
        super().__init__()
        size, stride = (7, 2) if photos else (3, 1)
        self.conv1 = nn.Conv2d(3, widths[0], size, stride, padding=size // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.maxpool = nn.MaxPool2d(3, 2, padding=1) if photos else nn.Identity()
        self.stages = []
        channels = widths[0]
        for number, width in enumerate(widths, start=1):
            first = BasicBlock(channels, width, 1 if number == 1 else 2)
            stage = nn.Sequential(first, *(BasicBlock(width, width, 1) for _ in range(blocks - 1)))
            setattr(self, f"layer{number}", stage)
            self.stages.append(stage)
            channels = width
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for stage in self.stages:
            x = stage(x)
        return self.fc(x.mean((2, 3)))


BY_HAND: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "simple-cnn-4-8": (SimpleCnn(), (1, 28, 28)),
    "convnet-bn": (ConvNetBn(), (1, 28, 28)),
    "lenet-5": (LeNet5(), (1, 28, 28)),
    "resnet-8": (ResNet([16, 32, 64], 1, 10, photos=False), (3, 32, 32)),
    "resnet-20": (ResNet([16, 32, 64], 3, 10, photos=False), (3, 32, 32)),
    "resnet-18": (ResNet([64, 128, 256, 512], 2, 10, photos=True), (3, 64, 70)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_same_as_written_by_hand(name: str) -> None:
    expected, shape = BY_HAND[name]
    module = nets.create(name, shape)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for key, tensor in expected.state_dict().items():
            if key.endswith("running_var"):
                tensor.uniform_(0.5, 2, generator=generator)
            elif "running_mean" in key or "bias" in key:
                tensor.normal_(generator=generator)
    module.load_state_dict(expected.state_dict())  # strict: the same names and shapes
    batch = torch.rand(4, *shape, generator=generator)
    for mode in (False, True):
        torch.testing.assert_close(
            module.train(mode)(batch), expected.train(mode)(batch), rtol=1e-4, atol=1e-5
        )
    state = expected.state_dict()
    for key, tensor in module.state_dict().items():
        torch.testing.assert_close(tensor, state[key])


def test_resnet_18_is_named_as_in_torchvision() -> None:
    """The rule of torchvision's state dict, so that its weights can be loaded."""
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = {"conv1.weight", "fc.weight", "fc.bias", *(f"bn1.{role}" for role in norm)}
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            path = f"layer{stage}.{block}"
            for number in (1, 2):
                expected.add(f"{path}.conv{number}.weight")
                expected.update(f"{path}.bn{number}.{role}" for role in norm)
            if stage >= 2 and block == 0:
                expected.add(f"{path}.downsample.0.weight")
                expected.update(f"{path}.downsample.1.{role}" for role in norm)
    assert len(expected) == 122
    assert set(nets.create("resnet-18").state_dict()) == expected


def test_dropout_of_multilayer_cnn_is_on_in_training_only() -> None:
    module, batch = nets.create("multilayer-cnn"), torch.rand(2, 1, 28, 28)
    assert torch.equal(module.eval()(batch), module(batch))
    hidden: list[Tensor] = []
    module.get_submodule("dropout1").register_forward_hook(
        lambda _, inputs, out: hidden.extend((inputs[0], out))
    )
    torch.manual_seed(0)
    module.train()(batch)
    kept = hidden[1] != 0
    torch.testing.assert_close(hidden[1][kept], 2 * hidden[0][kept])
    assert 0.4 < (kept.sum() / (hidden[0] != 0).sum()).item() < 0.6


def test_graphs_do_not_need_torch() -> None:
    script = """
import sys
import convscope.graph, convscope.nets
from convscope import nets
from convscope.graph import Graph, initial_weights, summarize
for name in nets.names():
    graph = nets.graph(name)
    Graph.from_json(graph.to_json())
    str(summarize(graph))
initial_weights(nets.graph("lenet-5"))
heavy = {"torch", "scipy", "sklearn", "PIL", "matplotlib", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
