"""Traced networks against the modules they were traced from, and what tracing refuses."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.errors import ConvscopeWarning, ShapeError, UnsupportedOperation
from convscope.graph import Graph, trace
from convscope.graph.module import GraphModule, state_arrays

from .modules import CASES, Net, Shape


@dataclass(frozen=True)
class Traced:
    name: str
    module: nn.Module
    shape: Shape
    graph: Graph

    def rebuilt(self) -> GraphModule:
        """By way of JSON, as a bundle does it."""
        return Graph.from_json(self.graph.to_json()).to_module(state_arrays(self.module))

    def batch(self, size: int, seed: int = 0) -> Tensor:
        return torch.randn(size, *self.shape, generator=torch.Generator().manual_seed(seed))


# torch says that an even "same" kernel costs a copy of the picture
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")


@pytest.fixture(scope="module", params=CASES)
def traced(request: pytest.FixtureRequest) -> Traced:
    """Each case, traced once for all tests of this file."""
    make, shape = CASES[request.param]
    torch.manual_seed(0)
    module = make()
    for parameter in module.parameters():  # away from the initial ones and zeros
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return Traced(request.param, module, shape, trace(module, shape))


def close(actual: Tensor, expected: Tensor) -> None:
    """Equal to 1e-6 of the largest number."""
    scale = max(1.0, expected.abs().max().item())
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-6 * scale)


def test_names_are_kept(traced: Traced) -> None:
    names = list(traced.module.state_dict())
    if traced.name == "tied":  # two names of one tensor: the first, as in named_parameters
        names.remove("2.weight")
    rebuilt = traced.rebuilt()
    assert set(rebuilt.state_dict()) == set(names)
    originals, parameters = dict(traced.module.named_parameters()), dict(rebuilt.named_parameters())
    assert parameters.keys() == originals.keys()
    assert all(parameters[name].requires_grad == originals[name].requires_grad for name in originals)
    assert traced.graph.parameter_count == sum(p.numel() for p in originals.values())


@pytest.mark.parametrize("size", [1, 2, 5])
def test_same_outputs_in_eval(traced: Traced, size: int) -> None:
    batch = traced.batch(size)
    original, rebuilt = copy.deepcopy(traced.module).eval(), traced.rebuilt().eval()
    with torch.no_grad():
        close(rebuilt(batch.clone()), original(batch.clone()))
    assert traced.graph.output_shape == tuple(original(batch.clone()).shape[1:])


def test_same_training(traced: Traced) -> None:
    """Three steps: outputs, gradients by name, running statistics; dropout from the same random numbers."""
    original, rebuilt = copy.deepcopy(traced.module).train(), traced.rebuilt().train()
    for step in range(3):
        batch = traced.batch(4, seed=step)
        results = []
        for module in (original, rebuilt):
            module.zero_grad()
            x = batch.clone().requires_grad_()
            torch.manual_seed(step)
            out = module(x * 1)  # in-place layers may not write on a leaf
            weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(step))
            (out * weights).sum().backward()
            results.append((out.detach(), x.grad, module))
        (expected, gradient, _), (actual, rebuilt_gradient, _) = results
        close(actual, expected)
        close(rebuilt_gradient, gradient)
        gradients = {name: p.grad for name, p in original.named_parameters()}
        for name, parameter in rebuilt.named_parameters():
            if gradients[name] is None:
                assert parameter.grad is None
            else:
                close(parameter.grad, gradients[name])
    statistics = dict(rebuilt.named_buffers())
    for name, expected in original.named_buffers():
        assert statistics[name].dtype == expected.dtype
        close(statistics[name].double(), expected.double())


def test_json_round_trip(traced: Traced) -> None:
    assert Graph.from_json(traced.graph.to_json()) == traced.graph


def test_a_copy_of_the_rebuilt_module_is_its_own(traced: Traced) -> None:
    rebuilt = traced.rebuilt().eval()
    copied, batch = copy.deepcopy(rebuilt), traced.batch(2)
    expected = rebuilt(batch.clone()).detach()
    for tensor in rebuilt.state_dict().values():
        tensor.zero_()
    close(copied(batch.clone()).detach(), expected)


def test_the_rebuilt_module_can_be_traced_again() -> None:
    make, shape = CASES["residual"]
    graph = trace(make(), shape, name="net")
    again = trace(graph.to_module(), shape, name="net")
    assert set(again.parameters) == set(graph.parameters)
    assert [node.operation for node in again.nodes] == [node.operation for node in graph.nodes]


# what the graph looks like


def test_a_module_used_twice_is_two_nodes_that_share_parameters() -> None:
    make, shape = CASES["used twice"]
    graph = trace(make(), shape)
    assert [node.name for node in graph.nodes] == ["input", "conv", "relu", "bn", "conv_2", "relu_2", "bn_2"]
    assert graph["conv_2"].parameters == graph["conv"].parameters
    assert graph["bn_2"].parameters == graph["bn"].parameters


def test_layers_are_called_as_in_the_module() -> None:
    graph = trace(CASES["nested"][0](), CASES["nested"][1])
    expected = "input layers.0.0 layers.0.1.0 layers.1 graph layer.0 layer.1 sources attributes flatten1"
    assert [node.name for node in graph.nodes] == [*expected.split(), "operation", "calls.last"]
    residual = [node.name for node in trace(*_case("residual")).nodes if node.operation == "add"]
    assert residual == ["1.add1", "2.add1"]


def test_automatic_names_leave_the_users_names_alone() -> None:
    graph = trace(*_case("weight used directly"))
    assert [(n.name, n.operation) for n in graph.nodes[1:]] == [("conv1", "conv2d"), ("relu1", "relu")]
    graph = trace(*_case("weight under an automatic name"))
    assert [n.name for n in graph.nodes] == ["input", "conv3", "conv2"]


def test_padding_modes_become_their_own_node() -> None:
    graph = trace(*_case("reflect"))
    assert [(n.name, n.operation) for n in graph.nodes[1:]] == [("0.pad", "pad"), ("0", "conv2d")]
    assert graph["0.pad"].attributes["padding"] == ((2, 2), (1, 1))


def test_frozen_and_tied_parameters() -> None:
    assert trace(*_case("frozen")).frozen == {"0.weight", "0.bias", "2.bias"}
    graph = trace(*_case("tied"))
    assert graph["2"].parameters == {"weight": "0.weight", "bias": "2.bias"}


def test_the_module_is_not_changed() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.ReLU(inplace=True)).train()
    module[0].weight.requires_grad_(False)
    module[1].eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    state = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trace(module, (1, 6, 6))
    assert [part.training for part in module] == [True, False, True, True]
    assert [p.requires_grad for p in module.parameters()] == [False, True, True, True]
    assert all(p.grad is None for p in module.parameters())
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert torch.equal(torch.get_rng_state(), state)


def _case(name: str) -> tuple[nn.Module, Shape]:
    make, shape = CASES[name]
    return make(), shape


# refusals

Forward = Callable[[Any, Tensor], Any]


class Stn(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.grid_sample(x, x.reshape(x.shape[0], 4, 8, 2), align_corners=False)


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean_picture", torch.ones(1, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        return x - self.mean_picture


class Standardised(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight - self.weight.mean())


class FrozenBatchNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(1)

    def train(self, mode: bool = True) -> FrozenBatchNorm:
        super().train(mode)
        self.bn.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(x)


REFUSED: dict[str, tuple[nn.Module, str]] = {
    "grid sample": (nn.Sequential(nn.ReLU(), Stn()), "aten.grid_sampler.*layer `1` is not in"),
    "named layer": (nn.Sequential(nn.Sequential(nn.ReLU(), nn.PixelShuffle(1))), "pixel_shuffle.*`0.1`"),
    "instance norm": (nn.Sequential(nn.InstanceNorm2d(1)), "aten.instance_norm.*layer `0`"),
    "transposed": (nn.Sequential(nn.ConvTranspose2d(1, 1, 3)), "aten.conv_transpose2d.*layer `0`"),
    "top": (Net(lambda _, x: x.transpose(2, 3)), "aten.transpose.*top of forward"),
    "buffer": (nn.Sequential(Scaled()), "aten.sub.*layer `0` on the tensor `0.mean_picture`"),
    "parameter": (Net(lambda net, x: x + net.b, b=nn.Parameter(torch.ones(1))),
                  "aten.add.*on the tensor `b`"),
    "constant": (Net(lambda _, x: x + torch.ones(8)), "aten.ones"),
    "weights": (nn.Sequential(Standardised(1, 2, 3)), "mean.*layer `0` on the tensor `0.weight`"),
    "view": (Net(lambda _, x: x.view(-1, 32)), r"aten.view.*mixes.*1 × 8 × 8.*\(-1, 32\)"),
    "flatten all": (Net(lambda _, x: torch.flatten(x)), "aten.flatten.*mixes the pictures"),
    "unsqueeze": (Net(lambda _, x: x.unsqueeze(0)), "aten.unsqueeze.*mixes the pictures"),
    "mean of the batch": (Net(lambda _, x: x + x.mean(0, keepdim=True)), "aten.mean.*along the pictures"),
    "cat of the batch": (Net(lambda _, x: torch.cat([x, x])), "aten.cat.*along the pictures"),
    "softmax of the batch": (Net(lambda _, x: F.softmax(x, 0)), "aten.softmax.*along the pictures"),
    "mean of all": (Net(lambda _, x: x.mean()), "aten.mean"),
    "two outputs": (Net(lambda _, x: (x, F.relu(x))), "returns a tuple; a classifier returns one tensor"),
    "list": (Net(lambda _, x: [F.relu(x)]), "returns a list"),
    "dict": (Net(lambda _, x: {"logits": F.relu(x)}), "returns a dict"),
    "not of the input": (Net(lambda net, _: net.b, b=nn.Parameter(torch.ones(2))), "not depend on its input"),
    "value branch": (
        Net(lambda _, x: F.relu(x) if x.sum() > 0 else x),
        r"decides by the values.*\(test_tracing\.py",
    ),
    "detach": (Net(lambda _, x: F.relu(x).detach()), "aten.detach"),
    "number type": (Net(lambda _, x: x.double()), "aten.to.*number type"),
    "hardtanh": (nn.Sequential(nn.Hardtanh(-1, 1)), "aten.hardtanh.*layer `0`"),
    "divisor": (nn.Sequential(nn.AvgPool2d(2, divisor_override=3)), "aten.avg_pool2d.*layer `0`"),
    "cumulative": (nn.Sequential(nn.BatchNorm2d(1, momentum=None)), "momentum=None"),
    "no statistics": (nn.Sequential(nn.BatchNorm2d(1, track_running_stats=False)), "no running statistics"),
    "pad channels": (Net(lambda _, x: F.pad(x, (0, 0, 0, 0, 1, 1))), "aten.pad.*borders the channels"),
    "pad infinity": (Net(lambda _, x: F.pad(x, (1, 1), value=-float("inf"))), "aten.pad.*infinity"),
    "maxima": (Net(lambda _, x: F.max_pool2d(x, 2, return_indices=True)[1] * 1.0), "max_pool2d"),
    "random in eval": (Net(lambda _, x: x + torch.rand_like(x)), "aten.rand_like"),
    "division of two": (Net(lambda _, x: x / (x + 1)), "aten.div"),
    "division by zero": (Net(lambda _, x: x / 0), "divides by zero"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_the_operation_and_the_layer(name: str) -> None:
    module, message = REFUSED[name]
    with pytest.raises(UnsupportedOperation, match=message):
        trace(module, (1, 8, 8))


@pytest.mark.parametrize("shape", [(1, 9, 9), (3, 8, 8), (8,)])
def test_a_wrong_input_size_is_a_shape_error(shape: Shape) -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2))
    with pytest.raises(ShapeError, match="Sequential does not take an input of"):
        trace(module, shape)
    with pytest.raises(ShapeError, match=r"view|shape"):
        trace(Net(lambda _, x: x.view(-1, 200)), (1, 8, 8))


# warnings


@pytest.mark.parametrize(
    ("module", "code"),
    [
        (Net(lambda _, x: F.dropout(x)), "dropout-in-eval"),
        (Net(lambda _, x: F.dropout2d(F.relu(x))), "dropout-in-eval"),
        (Net(lambda net, x: F.relu(x) if net.training else x), "train-branch"),
        (Net(lambda net, x: x * (2.0 if net.training else 1.0)), "train-branch"),
        (Net(lambda _, x: F.dropout(x, training=False)), "train-branch"),
        (FrozenBatchNorm(), "train-branch"),
        (Net(lambda net, x: F.relu(x) if not net.training or x.sum() > 0 else x), "train-mode"),
    ],
)
def test_what_differs_between_the_modes_is_warned_of(module: nn.Module, code: str) -> None:
    with pytest.warns(ConvscopeWarning) as record:
        graph = trace(module, (1, 8, 8), name="net")
    assert [warning.message.code for warning in record] == [code]  # type: ignore[union-attr]
    assert all("net " in str(warning.message) for warning in record)
    batch = torch.rand(2, 1, 8, 8)
    if code != "dropout-in-eval":
        weights = state_arrays(module)
        assert torch.equal(graph.to_module(weights).eval()(batch), module.eval()(batch))
    else:
        assert torch.equal(graph.to_module().eval()(batch), batch)  # switched off


def test_dropout_and_batch_norm_as_usual_are_not_warned_of() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.Dropout2d(), nn.ReLU())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace(module, (1, 6, 6))
