"""What tells `lanes.compile` and `lanes.Trainer` the inputs of a module: the same for both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from convscope import lanes, nets
from convscope.errors import ConvscopeError, ShapeError, UnsupportedOperation, UsageError

from ..conftest import needs_lanes
from .test_compiled import a_net, batch

pytestmark = needs_lanes

USES: dict[str, Callable[..., Any]] = {"compile": lanes.compile, "Trainer": lanes.Trainer}
both = pytest.mark.parametrize("use", USES.values(), ids=list(USES))


@both
@pytest.mark.parametrize(
    "inputs",
    [batch(2), batch(2).numpy(), batch(2).double(), (1, 12, 12), [1, 12, 12], batch(2).shape[1:]],
    ids=["tensor", "array", "double", "tuple", "list", "torch.Size"],
)
def test_a_batch_or_the_shape_of_one_input(use: Callable[..., Any], inputs: Any) -> None:
    assert use(a_net(), inputs).graph.input_shape == (1, 12, 12)


@both
def test_signals(use: Callable[..., Any]) -> None:
    net = nn.Sequential(nn.Conv1d(2, 3, 3), nn.Flatten(), nn.Linear(3 * 8, 2))
    for inputs in (torch.zeros(5, 2, 10), (2, 10)):
        assert use(net, inputs).graph.input_shape == (2, 10)


@both
@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        (None, UsageError, r"Net is a module.*a batch of them \(N, C, H, W\), or the shape of one"),
        (28, UsageError, "^28 is neither a batch of inputs .* nor the shape of one"),
        ("digit.png", UsageError, "'digit.png' is neither a batch"),
        ((1.0, 12, 12), UsageError, "is neither a batch"),
        (batch(8).shape, ShapeError, r"\(8, 1, 12, 12\) does not say one input's.*`batch.shape\[1:\]`"),
        ((1, 0, 12), ShapeError, r"the shape \(1, 0, 12\) does not say one input's"),
        (batch(2)[None], ShapeError, r"a batch of \(1, 2, 1, 12, 12\) does not say one input's"),
        (batch(2)[0], ShapeError, r"not take an input of 12×12.*batch of signals.*such as images\[:1\]"),
        ((1, 5, 5), ShapeError, "does not take an input of 1×5×5"),
    ],
)
def test_what_does_not_say_the_inputs(
    use: Callable[..., Any], inputs: Any, error: type[ConvscopeError], words: str
) -> None:
    with pytest.raises(error, match=words):
        use(a_net(), inputs)


@both
def test_a_graph_takes_its_own(use: Callable[..., Any]) -> None:
    graph = nets.graph("simple-cnn-4-8")
    use(graph, np.zeros((2, 1, 28, 28)))
    with pytest.raises(ShapeError, match=r"simple-cnn-4-8 takes inputs of \(1, 28, 28\), not \(3, 28, 28\)"):
        use(graph, (3, 28, 28))


@both
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_modules_in_another_precision(use: Callable[..., Any], dtype: torch.dtype) -> None:
    module = a_net().to(dtype)
    with pytest.raises(UsageError, match=rf"'conv.weight' of Net is {dtype}.*give module\.float\(\)"):
        use(module, (1, 12, 12))
    use(module.float(), (1, 12, 12))


@both
def test_networks_of_the_catalogue_keep_their_name(use: Callable[..., Any]) -> None:
    module = nets.create("simple-cnn-4-8")
    assert "'simple-cnn-4-8'" in repr(use(module, (1, 28, 28)))
    with pytest.raises(ShapeError, match=r"^simple-cnn-4-8 does not take an input of 1×2×2"):
        use(module, (1, 2, 2))


@both
def test_what_has_no_kernel_runs_with_pytorch(use: Callable[..., Any]) -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(10, 3), nn.Flatten(), nn.Linear(60, 3))
    with pytest.raises(UnsupportedOperation, match=r"no kernel for linear over .*; PyTorch has one\.$"):
        use(net, (1, 12, 12))


@both
def test_weights_that_are_no_dictionary(use: Callable[..., Any]) -> None:
    """The module itself, say, where its state_dict is meant."""
    with pytest.raises(UsageError, match=r"dictionary by name, such as module.state_dict\(\), not a Net"):
        use(a_net(), (1, 12, 12)).set_weights(a_net())


def test_weights_are_copied_to_a_module_only() -> None:
    with pytest.raises(UsageError, match=r"copied to an nn\.Module, not to None"):
        lanes.Trainer(a_net(), (1, 12, 12)).copy_to(None)  # type: ignore[arg-type]
