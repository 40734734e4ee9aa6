"""What nodes give, against hooks on the modules that the graphs were traced from."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convscope import nets
from convscope.errors import DataError, ShapeError
from convscope.graph import Builder, initial_weights
from convscope.graph.module import state_arrays
from convscope.graph.operation import OPERATIONS
from convscope.graph.tracing import trace
from convscope.look.inside.activations import FUNCTIONS, activations

from ..graph.modules import CASES


def shaken(module: nn.Module) -> nn.Module:
    """In eval mode, with statistics and scales that are not 0 and 1."""
    generator = torch.Generator().manual_seed(7)
    for name, tensor in module.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
        elif tensor.dtype == torch.float32 and tensor.ndim == 1:
            tensor.copy_(torch.randn(tensor.shape, generator=generator))
    return module.eval()


def hooked(module: nn.Module, batch: Tensor) -> tuple[Tensor, dict[str, list[Tensor]]]:
    """The module's output, and what each submodule gave, call by call."""
    seen: dict[str, list[Tensor]] = {}
    for name, part in module.named_modules():
        part.register_forward_hook(
            lambda _, __, output, name=name: seen.setdefault(name, []).append(output.clone())
        )
    with torch.inference_mode():
        return module(batch), seen


@pytest.mark.parametrize("name", CASES)
def test_every_layer_gives_what_a_hook_on_the_module_sees(name: str) -> None:
    make, shape = CASES[name]
    torch.manual_seed(0)
    module = shaken(make())
    graph = trace(module, shape)
    batch = torch.randn(3, *shape)
    expected, seen = hooked(module, batch.clone())  # some cases change their input
    outputs = activations(graph, state_arrays(module), batch.numpy())

    assert list(outputs) == [node.name for node in graph.nodes]
    assert all(value.dtype == np.float32 for value in outputs.values())
    close = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(outputs[graph.output], expected.numpy(), **close)
    for node in graph.nodes[1:]:
        calls = seen.get(node.name, [])
        if len(calls) == 1 and node.rule.arity == 1:
            np.testing.assert_allclose(
                outputs[node.name].reshape(calls[0].shape), calls[0].numpy(), **close, err_msg=node.name
            )


@pytest.mark.parametrize("name", nets.names())
def test_networks_of_the_catalogue(name: str) -> None:
    graph = nets.graph(name)
    module = shaken(graph.to_module(seed=1))
    batch = torch.randn(1, *graph.input_shape)
    _, seen = hooked(module, batch)
    outputs = activations(graph, state_arrays(module), batch.numpy())
    compared = [node for node in graph.nodes[1:] if len(seen[node.name]) == 1]
    assert len(compared) == len(graph.nodes) - 1
    for node in compared:
        expected = seen[node.name][0].numpy()
        assert outputs[node.name].shape == (1, *node.shape)
        scale = float(np.abs(expected).max()) or 1.0
        np.testing.assert_allclose(outputs[node.name], expected, rtol=1e-3, atol=1e-5 * scale)


def test_every_operation_of_the_graph_has_its_function() -> None:
    assert set(FUNCTIONS) == set(OPERATIONS) - {"input"}


def test_pads_that_crop_and_border() -> None:
    b = Builder("pads")
    x = b.input(2, 6, 5)
    x = b.append("pad", x, name="crop", padding=((-1, 2), (0, -2)))
    x = b.append("pad", x, name="mirror", padding=((2, 0), (1, 2)), mode="reflect")
    graph = b.build(x)
    batch = torch.randn(2, 2, 6, 5)
    with torch.inference_mode():
        expected = graph.to_module()(batch).numpy()
    np.testing.assert_array_equal(activations(graph, {}, batch.numpy())["mirror"], expected)


def test_the_weights_of_a_diverged_training_are_refused() -> None:
    graph = nets.graph("convnet-bn", (1, 8, 8), 10)
    weights = initial_weights(graph)
    weights["norm1.weight"][3] = np.nan
    with pytest.raises(DataError, match=r"'norm1\.weight' are not all finite"):
        activations(graph, weights, np.zeros((1, 1, 8, 8), np.float32))


def test_inputs_of_another_shape_are_refused() -> None:
    graph = nets.graph("lenet-5")
    with pytest.raises(ShapeError, match="takes"):
        activations(graph, initial_weights(graph), np.zeros((1, 3, 5, 5), np.float32))


def test_no_torch_is_imported() -> None:
    code = (
        "import sys, numpy as np; from convscope import nets; from convscope.graph import initial_weights\n"
        "from convscope.look import activations\n"
        "graph = nets.graph('lenet-5')\n"
        "activations(graph, initial_weights(graph), np.zeros((1, *graph.input_shape), np.float32))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
