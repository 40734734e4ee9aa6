"""What `lanes.py` compares: contestants that train, or run forward, on the same pictures.

A contestant is called with the number of a step and does `steps` steps from there on; it returns their losses
(training) or their logits (forward) as NumPy once they are computed. One that cannot run here raises
`Unavailable` with the reason while it is made.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from native_engine import LR, Forward, Training, Unavailable
from torch_network import torch_network
from work import training_flops

from convscope.graph import Graph

PICTURES_PER_CALL = 1024  # of contestants that run several steps in one call
SCANNED_FLOPS = 4e9  # the most work in one such call of JAX, which is slow to return


@dataclass(frozen=True)
class Case:
    """One network with its weights and pictures, at one batch size and number of threads."""

    graph: Graph
    weights: Mapping[str, np.ndarray]
    images: np.ndarray  # uint8 (pictures, H, W, C)
    labels: np.ndarray  # int64 (pictures,)
    batch_size: int
    threads: int

    @property
    def pictures(self) -> np.ndarray:
        """The images as float32 from 0 to 1, (pictures, C, H, W)."""
        return np.ascontiguousarray(self.images.transpose(0, 3, 1, 2), np.float32) / np.float32(255)

    def start(self, step: int) -> int:
        """Position of the first picture of a step's batch; batches follow each other and begin anew."""
        return step % (len(self.images) // self.batch_size) * self.batch_size

    def batch(self, step: int) -> slice:
        """The positions of a step's batch."""
        return slice(self.start(step), self.start(step) + self.batch_size)


@dataclass(frozen=True)
class Contestant:
    """`run(step)` does `steps` steps; `flops` is what it executes per picture where it can say.

    `chosen` are settings that it found best here.
    """

    run: Callable[[int], np.ndarray]
    steps: int = 1
    flops: Callable[[], float | None] = lambda: None
    chosen: Mapping[str, Any] = field(default_factory=dict)


# PyTorch


def torch_as_written(case: Case) -> Contestant:
    """The loop of the tutorials, without its DataLoader: NCHW, Adam as it comes, eager."""
    network = torch_network(case.graph, case.weights)
    pictures = torch.from_numpy(case.pictures)
    return _torch_training(case, network, pictures, torch.optim.Adam(network.parameters(), LR))


def torch_channels_last(case: Case, *, compiled: bool = False) -> Contestant:
    """Pictures and weights in channels_last, fused Adam."""
    network, pictures = _channels_last(case)
    optimizer = torch.optim.Adam(network.parameters(), LR, fused=True)
    return _torch_training(case, network, pictures, optimizer, compiled=compiled)


def torch_compiled(case: Case) -> Contestant:
    """The same with network and loss compiled together by `torch.compile`."""
    return torch_channels_last(case, compiled=True)


def _torch_training(
    case: Case,
    network: torch.nn.Module,
    pictures: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    *,
    compiled: bool = False,
) -> Contestant:
    labels = torch.from_numpy(case.labels)

    def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(network(x), y)

    function = _compile(loss_of, pictures[case.batch(0)], labels[case.batch(0)]) if compiled else loss_of

    def run(step: int) -> np.ndarray:
        batch = case.batch(step)
        optimizer.zero_grad()
        loss = function(pictures[batch], labels[batch])
        loss.backward()
        optimizer.step()
        return loss.detach().numpy()

    return Contestant(run)


def torch_forward(case: Case) -> Contestant:
    """NCHW, eval mode, `inference_mode`."""
    return _torch_forward(case, torch_network(case.graph, case.weights), torch.from_numpy(case.pictures))


def torch_forward_channels_last(case: Case, *, compiled: bool = False) -> Contestant:
    """channels_last, eval mode, `inference_mode`."""
    return _torch_forward(case, *_channels_last(case), compiled=compiled)


def torch_forward_compiled(case: Case) -> Contestant:
    """The same compiled by `torch.compile`."""
    return torch_forward_channels_last(case, compiled=True)


def _torch_forward(
    case: Case, network: torch.nn.Module, pictures: torch.Tensor, *, compiled: bool = False
) -> Contestant:
    network.eval()
    with torch.inference_mode():
        function = _compile(network, pictures[case.batch(0)]) if compiled else network

    def run(step: int) -> np.ndarray:
        with torch.inference_mode():
            return function(pictures[case.batch(step)]).numpy()

    return Contestant(run)


def _channels_last(case: Case) -> tuple[torch.nn.Module, torch.Tensor]:
    network = torch_network(case.graph, case.weights).to(memory_format=torch.channels_last)
    return network, torch.from_numpy(case.pictures).contiguous(memory_format=torch.channels_last)


def _compile(function: Callable[..., torch.Tensor], *example: torch.Tensor) -> Callable[..., torch.Tensor]:
    """`function` compiled for the example's shapes.

    A training network runs once here, which moves its batch statistics but no weight.
    """
    torch._dynamo.reset()
    compiled = torch.compile(function, dynamic=False)
    try:
        compiled(*example)
    except Exception as error:
        raise Unavailable(f"torch.compile failed: {_first_line(error)}") from error
    return compiled


# JAX


def jax_jit(case: Case) -> Contestant:
    """One jitted training step per call."""
    jax, jax_network = _jax()
    step = jax.jit(jax_network.training_step(case.graph, case.batch_size, LR), donate_argnums=0)
    return _jax_training(case, step, lambda first: np.int32(case.start(first)), steps=1)


def jax_scan(case: Case) -> Contestant:
    """Several steps per call: `jit` of a `lax.scan` over them."""
    jax, jax_network = _jax()
    most = int(SCANNED_FLOPS / (training_flops(case.graph) * case.batch_size))
    count = max(2, min(16, PICTURES_PER_CALL // case.batch_size, most))
    step = jax_network.training_step(case.graph, case.batch_size, LR)
    steps = jax.jit(jax_network.scanned(step), donate_argnums=0)

    def starts(first: int) -> np.ndarray:
        return np.array([case.start(first + i) for i in range(count)], np.int32)

    return _jax_training(case, steps, starts, steps=count)


def _jax_training(case: Case, function: Any, starts: Callable[[int], Any], *, steps: int) -> Contestant:
    jax, jax_network = _jax()
    pictures, labels = jax.numpy.asarray(_nhwc(case)), jax.numpy.asarray(case.labels)
    state = jax_network.first_state(case.graph, case.weights)

    def run(first: int) -> np.ndarray:
        nonlocal state
        state, losses = function(state, pictures, labels, starts(first))
        return np.asarray(losses)

    return Contestant(run, steps)


def jax_forward(case: Case) -> Contestant:
    """The jitted network."""
    jax, jax_network = _jax()
    weights, statistics = jax_network.arrange(case.graph, case.weights)
    forward = jax.jit(lambda x: jax_network.apply(case.graph, weights, statistics, x, training=False)[0])
    pictures = _nhwc(case)
    return Contestant(lambda step: np.asarray(forward(pictures[case.batch(step)])))


def _nhwc(case: Case) -> np.ndarray:
    return np.ascontiguousarray(case.pictures.transpose(0, 2, 3, 1))


def _jax() -> tuple[Any, Any]:
    """The packages jax and jax_network."""
    if importlib.util.find_spec("jax") is None:
        raise Unavailable("jax is not installed")
    import jax
    import jax_network

    return jax, jax_network


# ONNX Runtime


def onnx_runtime(case: Case) -> Contestant:
    """The network exported by `torch.onnx` for this batch size, all graph optimisations on."""
    for package in ("onnx", "onnxscript", "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            raise Unavailable(f"{package} is not installed")
    import onnxruntime

    pictures, model = case.pictures, io.BytesIO()
    network = torch_network(case.graph, case.weights).eval()
    example = (torch.from_numpy(pictures[case.batch(0)]),)
    torch.onnx.export(network, example, dynamo=True, verbose=False).save(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = case.threads, 1
    session = onnxruntime.InferenceSession(model.getvalue(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return Contestant(lambda step: session.run(None, {name: pictures[case.batch(step)]})[0])


# convscope.lanes


def lanes_steps(case: Case) -> Contestant:
    """As `convscope train` uses it: several steps per native call, gathered from the uint8 images."""
    engine, count = Training(case), max(1, PICTURES_PER_CALL // case.batch_size)

    def run(first: int) -> np.ndarray:
        batches = [np.arange(b.start, b.stop) for b in map(case.batch, range(first, first + count))]
        return engine.steps(case.images, case.labels, batches)

    return Contestant(run, count, engine.flops)


def lanes_step(case: Case) -> Contestant:
    """As a loop of one's own uses it: one float32 batch per call."""
    engine, pictures = Training(case), case.pictures
    return Contestant(lambda step: engine.step(pictures[case.batch(step)], case.labels[case.batch(step)]))


def lanes_forward(case: Case) -> Contestant:
    """The compiled network, one float32 batch per call."""
    engine, pictures = Forward(case), case.pictures
    return Contestant(lambda step: engine.logits(pictures[case.batch(step)]), flops=engine.flops)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:200]


TRAINING: dict[str, Callable[[Case], Contestant]] = {
    "torch": torch_as_written,
    "torch-channels-last": torch_channels_last,
    "torch-compile": torch_compiled,
    "jax": jax_jit,
    "jax-scan": jax_scan,
    "lanes": lanes_steps,
    "lanes-step": lanes_step,
}
FORWARD: dict[str, Callable[[Case], Contestant]] = {
    "torch": torch_forward,
    "torch-channels-last": torch_forward_channels_last,
    "torch-compile": torch_forward_compiled,
    "jax": jax_forward,
    "onnxruntime": onnx_runtime,
    "lanes": lanes_forward,
}
CONTESTANTS = {"train": TRAINING, "forward": FORWARD}
