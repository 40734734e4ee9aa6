"""Plans: what is fused, what is refused, and that no tensor is overwritten while somebody still reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from convscope import nets
from convscope.errors import UnsupportedOperation
from convscope.graph import Builder, Graph, Node
from convscope.lanes.plan import Plan, Step, Tensor, plan

from .networks import networks

SMALL = {"resnet-18": (3, 32, 32), "tiny-vgg": (3, 24, 24)}


def small(name: str) -> Graph:
    return nets.graph(name, SMALL.get(name))


# what is fused


def test_the_plan_of_simple_cnn_4_8() -> None:
    """Both convolutions store only pooled values; where they came from is enough for the weights' gradient,
    and the first convolution needs no other."""
    assert plan(nets.graph("simple-cnn-4-8"), training=True).describe() == (
        "0  gather                y=1×28×28\n"
        "0  convolution           x=1×28×28 y=4×13×13 index=4×13×13 pool activation=relu\n"
        "0  convolution           x=4×13×13 y=8×5×5 index=8×5×5 pool activation=relu\n"
        "0  linear                x=200×1×1 y=10×1×1 gy=10×1×1\n"
        "0  loss                  x=10×1×1 gx=10×1×1\n"
        "0  linear_input          gy=10×1×1 gx=200×1×1\n"
        "0  activation_input      x=8×5×5 y=8×5×5 gy=8×5×5 gx=8×5×5 activation=relu\n"
        "0  max_pool_input        y=8×5×5 gy=8×5×5 index=8×5×5 gx=8×11×11 pool\n"
        "0  convolution_weight    x=4×13×13 gy=8×5×5 index=8×5×5 pool\n"
        "0  convolution_input     gy=8×11×11 gx=4×13×13\n"
        "0  activation_input      x=4×13×13 y=4×13×13 gy=4×13×13 gx=4×13×13 activation=relu\n"
        "0  convolution_weight    x=1×28×28 gy=4×13×13 index=4×13×13 pool"
    )
    assert plan(nets.graph("simple-cnn-4-8"), training=False).describe() == (
        "0  gather                y=1×28×28\n"
        "0  convolution           x=1×28×28 y=4×13×13 pool activation=relu\n"
        "0  convolution           x=4×13×13 y=8×5×5 pool activation=relu\n"
        "0  linear                x=200×1×1 y=10×1×1\n"
        "0  loss                  x=10×1×1"
    )


def forward(graph: Graph, *, training: bool) -> Counter[str]:
    """Steps by kind, up to the loss."""
    kinds = [step.kind for step in plan(graph, training=training).steps]
    return Counter(kinds[: kinds.index("loss")])


@pytest.mark.parametrize("name", nets.names())
def test_batch_norms_are_folded_into_convolutions(name: str) -> None:
    """For outputs alone nothing is left of a batch norm, an activation after a convolution, or dropout."""
    graph = small(name)
    kinds = forward(graph, training=False)
    operations = Counter(node.operation for node in graph.nodes)
    assert kinds["convolution"] == operations["conv2d"] + operations["conv1d"]
    assert kinds["normalization"] == kinds["statistics"] == kinds["dropout"] == 0
    assert kinds["add"] == operations["add"]
    if operations["max_pool2d"] and name != "resnet-18":  # whose pool is 3×3
        assert kinds["max_pool"] == 0


def test_fused_while_training() -> None:
    """A batch norm takes the sum and the activation after it, or the activation and the pool."""
    kinds = forward(nets.graph("resnet-8"), training=True)
    assert kinds["activation"] == kinds["add"] == 0
    assert kinds["normalization"] == kinds["statistics"] == 9
    kinds = forward(nets.graph("convnet-bn"), training=True)
    assert kinds == Counter(
        gather=1, convolution=2, statistics=2, normalization_begin=2, normalization=2, linear=1
    )


CHAINS: dict[str, tuple[Callable[[Builder, Node], Node], int]] = {
    "relu, pool": (lambda b, x: b.max_pool(b.relu(x), 2), 0),
    "pool, relu": (lambda b, x: b.relu(b.max_pool(x, 2)), 0),
    "tanh": (lambda b, x: b.tanh(x), 0),
    "gelu": (lambda b, x: b.append("gelu", x), 1),
    "pool of 3": (lambda b, x: b.max_pool(b.relu(x), 3), 1),
    "two activations": (lambda b, x: b.tanh(b.relu(x)), 1),
    "falling leaky relu": (lambda b, x: b.append("leaky_relu", x, negative_slope=-1.0), 1),
    "dropout, relu": (lambda b, x: b.relu(b.dropout(x)), 1),
    "read twice": (lambda b, x: b.concat(b.relu(x), b.tanh(x)), 4),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("chain", CHAINS)
def test_what_a_convolution_takes_with_it(chain: str, training: bool) -> None:
    """The steps that are left between the convolution and the linear layer."""
    body, steps = CHAINS[chain]
    b = Builder("chain")
    graph = b.build(b.linear(b.flatten(body(b, b.conv2d(b.input(1, 8, 8), 2, kernel_size=1))), 2))
    kinds = forward(graph, training=training)
    left = sum(kinds.values()) - sum(kinds[k] for k in ("gather", "convolution", "linear"))
    assert left == steps + (chain == "dropout, relu" and training)


# what is refused


def refused(body: Callable[[Builder, Node], Node], *shape: int, training: bool = False) -> str:
    b = Builder("net")
    x = body(b, b.input(*shape))
    graph = b.build(b.linear(b.flatten(x), 2, name="last") if len(x.shape) > 1 else x)
    with pytest.raises(UnsupportedOperation) as error:
        plan(graph, training=training)
    return str(error.value)


REFUSED: dict[str, tuple[Callable[[Builder, Node], Node], str]] = {
    "group norm": (lambda b, x: b.append("group_norm", x, num_groups=2), "group_norm"),
    "layer norm": (lambda b, x: b.append("layer_norm", x, normalized_shape=(6,)), "layer_norm"),
    "p-norm pool": (lambda b, x: b.append("lp_pool2d", x, kernel_size=(2, 2)), "lp_pool2d"),
    "hardswish": (lambda b, x: b.append("hardswish", x), "hardswish"),
    "mish": (lambda b, x: b.append("mish", x), "mish"),
    "linear over one axis": (lambda b, x: b.linear(x, 3), "linear over the last axis of 4×6×6"),
    "softmax over channels": (lambda b, x: b.append("softmax", x), "softmax of 4×6×6"),
    "softmax over a row": (lambda b, x: b.append("log_softmax", x, dim=3), "log_softmax of 4×6×6"),
    "stretched sum": (
        lambda b, x: b.add(x, b.append("mean", x, dim=(2, 3), keepdim=True)),
        "add of 4×6×6 and 4×1×1",
    ),
    "stretched product": (
        lambda b, x: b.append("multiply", b.append("mean", x, dim=(2, 3), keepdim=True), x),
        "multiply of 4×1×1 and 4×6×6",
    ),
    "concat of rows": (lambda b, x: b.append("concat", x, x, dim=2), "concat along dimension 2"),
    "mean over channels": (lambda b, x: b.append("mean", x, dim=(1,), keepdim=True), r"mean over (1,)"),
    "mean over a column": (lambda b, x: b.append("mean", x, dim=(2,), keepdim=True), r"mean over (2,)"),
    "reflected border": (
        lambda b, x: b.append("pad", x, padding=((1, 1), (1, 1)), mode="reflect"), "with reflect"
    ),
    "border of ones": (lambda b, x: b.append("pad", x, padding=((1, 1),), value=1.0), "padding"),
    "cropping": (lambda b, x: b.append("pad", x, padding=((-1, 0),)), "padding"),
    "four axes": (lambda b, x: b.append("reshape", x, shape=(2, 2, 6, 6)), "reshape to 2×2×6×6"),
}  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_kernel_is_refused_by_name(what: str, training: bool) -> None:
    body, words = REFUSED[what]
    message = refused(body, 4, 6, 6, training=training)
    assert words in message
    assert "of 'net'" in message
    assert message.endswith("; PyTorch has one.")
    if what not in ("stretched sum", "stretched product"):
        assert "layer '" in message


def test_windows_of_more_positions_than_a_byte_tells() -> None:
    large = refused(lambda b, x: b.max_pool(x, 16), 1, 32, 32)
    assert "max_pool2d over more than 255 positions (layer 'pool1'" in large
    adaptive = refused(lambda b, x: b.append("adaptive_max_pool2d", x), 1, 16, 16)
    assert "adaptive_max_pool2d over more than 255 positions" in adaptive
    assert plan(pooled(15), training=True).steps


def pooled(size: int) -> Graph:
    b = Builder("pooled")
    return b.build(b.linear(b.flatten(b.max_pool(b.input(1, 32, 32), size)), 2))


def test_inputs_and_outputs_of_other_shapes() -> None:
    assert "an input of 1×1×1×5" in refused(lambda b, x: b.linear(x, 2), 1, 1, 1, 5)
    b = Builder("maps")
    graph = b.build(b.conv2d(b.input(1, 4, 4), 3, kernel_size=2, name="last"))
    for training in (True, False):
        with pytest.raises(UnsupportedOperation, match=r"maps.*3×3×3"):
            plan(graph, training=training)


def test_weights_in_two_layers() -> None:
    """For outputs alone they may be shared."""
    b = Builder("shared")
    x = b.conv2d(b.input(2, 6, 6), 2, kernel_size=3, padding=1, name="first")
    again = {"weight": "first.weight", "bias": "first.bias"}
    x = b.append(
        "conv2d",
        x,
        name="second",
        parameters=again,
        out_channels=2,
        kernel_size=(3, 3),
        padding=((1, 1), (1, 1)),
    )
    graph = b.build(b.linear(b.flatten(x), 2))
    assert plan(graph, training=False).steps
    message = r"does not train 'first.weight' in two layers at once \('first' and 'second'\)"
    with pytest.raises(UnsupportedOperation, match=message):
        plan(graph, training=True)


# memory


def reads(step: Step) -> list[Tensor]:
    """Whose numbers a step uses."""
    names = ["x", "x2", "gy"]
    if step.kind.endswith(("_input", "_sums")):
        names += ["y", "index"]
    if step.kind == "linear":  # it knows the gradient that the update will want, and does not read it
        names.remove("gy")
    if step.fields.get("accumulate"):
        names += ["gx"] if "gx" in step.fields else ["y"]
    if (
        step.kind == "copy"
        and step.fields.get("first_channel")
        and step.fields["y"].channels > step.fields["x"].channels
    ):
        names.append("y")  # beside what is there
    return [step.fields[name] for name in names if step.fields.get(name) is not None]


def writes(step: Step) -> list[Tensor]:
    names = ["gx"] if step.kind.endswith("_input") or step.kind == "loss" else ["y", "index"]
    if step.kind.endswith(("_weight", "_sums", "_begin", "_end")) or step.kind == "statistics":
        names = []
    return [step.fields[name] for name in names if step.fields.get(name) is not None]


class Memory:
    """Which tensor's numbers lie where: one arena for a thread's, one for a block's."""

    def __init__(self, of: Plan) -> None:
        self.arenas = {
            kept: np.full(size, -1, np.int64)
            for kept, size in ((False, of.thread_elements), (True, of.block_elements))
        }
        self.roots: dict[Tensor, int] = {}

    def cells(self, tensor: Tensor) -> np.ndarray:
        cells = self.arenas[tensor.kept][tensor.offset : tensor.offset + tensor.elements]
        assert len(cells) == tensor.elements
        return cells

    def number(self, tensor: Tensor) -> int:
        return self.roots.setdefault(tensor.root, len(self.roots))

    def write(self, tensor: Tensor) -> None:
        self.cells(tensor)[:] = self.number(tensor)

    def check(self, tensor: Tensor, step: Step) -> None:
        assert (self.cells(tensor) == self.number(tensor)).all(), (
            f"{step.kind} reads what others have written"
        )


def check_memory(of: Plan) -> None:
    """Runs the steps in order, and keeps book: a thread's memory is another block's in the next phase."""
    memory = Memory(of)
    phase = 0
    for step in of.steps:
        assert step.phase >= phase
        if step.phase > phase:
            memory.arenas[False][:] = -1
            phase = step.phase
        if step.kind in ("normalization_begin", "normalization_end"):
            assert phase % 2 == 1
            continue
        assert phase % 2 == 0
        for tensor in reads(step):
            memory.check(tensor, step)
        for tensor in writes(step):
            memory.write(tensor)
        for tensor in reads(step):  # a step does not write where it still reads
            memory.check(tensor, step)
    for step in of.steps:  # the update
        if step.kind == "linear" and of.training:
            for name in ("x", "gy"):
                assert step.fields[name].kept
                memory.check(step.fields[name], step)
    check_borders(of)


def check_borders(of: Plan) -> None:
    """Zeros that no step writes stay: the memory is nobody else's, or the tensor says that it is shared."""
    roots = list({tensor.root for tensor in of.tensors})
    for a in roots:
        others = [
            b
            for b in roots
            if a is not b
            and a.kept == b.kept
            and a.offset < b.offset + b.elements
            and b.offset < a.offset + a.elements
        ]
        assert not (a.exclusive and others)
        assert a.shared or not others
    for tensor in of.tensors:
        if tensor.base is not None:
            assert (tensor.kept, tensor.offset) == (tensor.root.kept, tensor.root.offset)
            assert tensor.elements == tensor.root.elements
            assert not any(tensor.border) or tensor.border == tensor.root.border


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", nets.names())
def test_no_tensor_is_overwritten_before_its_last_reader(name: str, training: bool) -> None:
    planned = plan(small(name), training=training)
    check_memory(planned)
    own = sum(tensor.elements for tensor in planned.tensors if tensor.base is None)
    assert planned.thread_elements + planned.block_elements < own  # some is used again


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(networks())
def test_no_tensor_of_any_network_is_overwritten(graph: Graph) -> None:
    for training in (True, False):
        check_memory(plan(graph, training=training))
