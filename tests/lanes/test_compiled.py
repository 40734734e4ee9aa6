"""`lanes.compile`: the same outputs as PyTorch for modules, graphs and bundles, tensors and arrays."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import convscope
from convscope import lanes, native, nets
from convscope.bundle import Bundle
from convscope.data import Preprocessing
from convscope.errors import ConvscopeError, DataError, ShapeError, UnsupportedOperation, UsageError
from convscope.graph import initial_weights

from ..conftest import needs_lanes


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8 * 5 * 5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(F.dropout(x.flatten(1), 0.5, self.training))


def a_net() -> Net:
    torch.manual_seed(0)
    net = Net()
    net.norm.running_mean.uniform_(-0.5, 0.5)
    net.norm.running_var.uniform_(0.5, 1.5)
    return net


def batch(count: int = 21) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((count, 1, 12, 12), dtype=np.float32))


@needs_lanes
def test_a_module_computes_the_same() -> None:
    net = a_net()
    fast = convscope.lanes.compile(net, batch(1))
    with torch.no_grad():
        expected = net.eval()(batch())
    found = fast(batch())
    assert isinstance(found, torch.Tensor)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    array = fast(batch().numpy())
    assert isinstance(array, np.ndarray)
    np.testing.assert_array_equal(array, found.numpy())
    assert fast(batch().double().requires_grad_()).dtype == torch.float32
    coarse = batch().bfloat16()
    assert torch.equal(fast(coarse), fast(coarse.float()))
    assert fast(batch()[:0]).shape == (0, 3)
    assert "Net" in repr(fast)


@needs_lanes
def test_weights_are_copied_and_can_be_replaced() -> None:
    net, other = a_net(), a_net()
    fast = lanes.compile(net, batch(1), threads=1)
    before = fast(batch())
    with torch.no_grad():
        net.fc.weight.mul_(2)
        expected = net.eval()(batch())
    assert torch.equal(fast(batch()), before)
    fast.set_weights(net.state_dict())
    torch.testing.assert_close(fast(batch()), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(
        lanes.compile(other, batch(1), weights=net.state_dict())(batch()), fast(batch())
    )
    with pytest.raises(ShapeError, match=r"'fc\.weight'.*missing"):
        fast.set_weights({name: value for name, value in net.state_dict().items() if name != "fc.weight"})


@needs_lanes
def test_graphs_and_bundles_compile_without_torch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from convscope import lanes, nets, Bundle\n"
        "from convscope.data import Preprocessing\n"
        "from convscope.graph import initial_weights\n"
        "graph = nets.graph('simple-cnn-4-8')\n"
        "weights = initial_weights(graph, 3)\n"
        "preprocessing = Preprocessing(height=28, width=28, channels=1)\n"
        "bundle = Bundle('net', tuple('abcdefghij'), preprocessing, graph, weights)\n"
        "pictures = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1)).astype(np.uint8)\n"
        "expected = bundle.logits(pictures)\n"
        "for fast in (lanes.compile(bundle), lanes.compile(graph, weights=weights)):\n"
        "    assert abs(fast(preprocessing.batch(pictures)) - expected).max() < 1e-5\n"
        "lanes.Trainer(graph).step(preprocessing.batch(pictures), np.arange(5))\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


FORK = """
import os
import sys
import numpy as np
from convscope import lanes, nets

fast = lanes.compile(nets.graph("simple-cnn-4-8"), threads=2)
batch = np.random.default_rng(0).random((64, 1, 28, 28), dtype=np.float32)
before = fast(batch)
for use in (True, False):
    child = os.fork()
    if child == 0:
        sys.exit(use and not np.array_equal(fast(batch), before))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert np.array_equal(fast(batch), before)
"""


@needs_lanes
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_fork_has_threads_of_its_own() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=True, timeout=60)


@needs_lanes
def test_signals_compile() -> None:
    graph = nets.graph("simple-cnn-1d")
    module = graph.to_module(seed=1).eval()
    signals = torch.from_numpy(np.random.default_rng(0).normal(size=(9, *graph.input_shape))).float()
    with torch.no_grad():
        torch.testing.assert_close(
            lanes.compile(module, signals)(signals), module(signals), rtol=1e-5, atol=1e-5
        )


class Upsampled(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU())


@needs_lanes
@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (batch(2).to(torch.int64), DataError, "int64; the network takes float32"),
        (np.zeros((2, 1, 12, 12), np.uint8), DataError, "uint8; the network takes float32.*images / 255"),
        (batch(2) > 0, DataError, r"torch\.bool; the network takes an array or a tensor of float32"),
        ("digit.png", DataError, "'digit.png', and files are for `convscope.predict`; the network takes"),
        (None, DataError, "the inputs are None; the network takes an array or a tensor"),
        (batch(2)[:, :, :10], ShapeError, r"takes inputs of \(N, 1, 12, 12\), not \(2, 1, 10, 12\)"),
        (batch(2)[0], ShapeError, r"not \(1, 12, 12\)"),
        (torch.zeros(2, 1, 12, 12, device="meta"), DataError, "on meta, the lanes engine on the CPU"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        lanes.compile(a_net(), batch(1))(given)


@needs_lanes
def test_what_cannot_be_compiled_is_said() -> None:
    with pytest.raises(UsageError, match=r"an nn\.Module, a Graph or a Bundle, not 'convnet-bn'"):
        lanes.compile("convnet-bn")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedOperation, match=r"a score per class; Upsampled ends in 2×12×12"):
        lanes.compile(Upsampled(), batch(1))
    for threads in (0, -1, 1.5, "all"):
        with pytest.raises(UsageError, match=f"threads={threads!r} should be a whole number, 1 or more"):
            lanes.compile(a_net(), batch(1), threads=threads)  # type: ignore[arg-type]
    preprocessing = Preprocessing(height=8, width=8, channels=1)
    program = Bundle("own", ("a", "b"), preprocessing, None, {"exported_program": np.zeros(1, np.uint8)})
    with pytest.raises(UnsupportedOperation, match="own is not in convscope's graph"):
        lanes.compile(program)


def test_without_the_native_engine_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native.extension, "_native", None)
    monkeypatch.setattr(native.extension, "_error", ImportError("no such symbol"))
    assert not lanes.available()
    graph = nets.graph("simple-cnn-4-8")
    for use in (lambda: lanes.compile(graph, weights=initial_weights(graph)), lambda: lanes.Trainer(graph)):
        with pytest.raises(ConvscopeError, match=r"not available: .*no such symbol"):
            use()


def test_the_public_names() -> None:
    assert set(lanes.__all__) <= set(dir(lanes))
    for name in lanes.__all__:
        assert getattr(lanes, name).__doc__
    assert (lanes.reason() is None) == lanes.available()
    with pytest.raises(AttributeError, match="no attribute 'fast'"):
        lanes.fast  # noqa: B018


def test_inputs_of_one_axis() -> None:
    """Features, such as the last layer of a network takes."""
    module = torch.nn.Sequential(torch.nn.Linear(37, 20), torch.nn.ReLU(), torch.nn.Linear(20, 5))
    x = torch.rand(70, 37, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(lanes.compile(module, (37,))(x), module(x), rtol=1e-5, atol=1e-6)
    trainer, optimizer = (
        lanes.Trainer(module, (37,), optimizer="sgd"),
        torch.optim.SGD(module.parameters(), 0.1, 0.9),
    )
    labels = torch.arange(70) % 5
    for _ in range(5):
        loss = torch.nn.functional.cross_entropy(module(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert trainer.step(x, labels, lr=0.1) == pytest.approx(loss.item(), rel=1e-5)
    for name, value in module.state_dict().items():
        np.testing.assert_allclose(trainer.weights()[name], value.numpy(), rtol=1e-4, atol=1e-6)
