"""Shapes, parameters, work and receptive fields against what torch counts and gradients reach."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from convscope import nets
from convscope.graph import Builder, Graph, Node, ReceptiveField, receptive_fields, summarize


@pytest.mark.parametrize("name", nets.names())
def test_work_and_parameters_are_what_torch_counts(name: str) -> None:
    graph = nets.graph(name)
    module, summary = graph.to_module().eval(), summarize(graph)
    outputs: dict[str, Tensor] = {}
    for path, layer in module.named_modules():
        layer.register_forward_hook(lambda _, __, out, path=path: outputs.update({path: out}))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, *graph.input_shape))
    assert summary.macs == counter.get_total_flops() // 2
    assert summary.parameters == graph.parameter_count == sum(p.numel() for p in module.parameters())
    layers = dict(module.named_modules())
    for row in summary.layers:
        assert row.output_shape == tuple(outputs[row.name].shape[1:])
        assert row.activation_bytes == outputs[row.name].nbytes
        assert row.parameters == sum(p.numel() for p in layers[row.name].parameters(recurse=False))
        per_layer = counter.get_flop_counts().get(f"GraphModule.{row.name}", {})
        assert row.macs == sum(per_layer.values()) // 2


def test_shared_parameters_count_once_and_work_counts_each_time() -> None:
    b = Builder("shared")
    x, names = b.input(1, 6, 6), {"weight": "w", "bias": "b"}
    for _ in range(2):
        x = b.append(
            "conv2d", x, parameters=names, out_channels=1, kernel_size=(3, 3), padding=((1, 1), (1, 1))
        )
    summary = summarize(b.build(x))
    assert [row.parameters for row in summary.layers] == [10, 0]
    assert [row.macs for row in summary.layers] == [36 * 9, 36 * 9]


# receptive fields: where the gradient of one output is not 0


def plain(b: Builder, x: Node) -> Node:
    return b.average_pool(b.conv2d(b.conv2d(x, 2, kernel_size=3), 2, kernel_size=(5, 2)), (2, 3))


def strided(b: Builder, x: Node) -> Node:
    x = b.conv2d(x, 2, kernel_size=4, stride=(2, 3), padding=1)
    return b.conv2d(b.average_pool(x, 3, stride=2, padding=1), 2, kernel_size=3, padding="same")


def dilated(b: Builder, x: Node) -> Node:
    x = b.conv2d(x, 2, kernel_size=3, padding=2, dilation=2)
    return b.conv2d(x, 1, kernel_size=(2, 3), padding=((0, 3), (1, 0)), dilation=(3, 1))


def residual(b: Builder, x: Node) -> Node:
    y = b.conv2d(b.conv2d(x, 2, kernel_size=3, padding=1), 2, kernel_size=3, padding=1)
    return b.conv2d(b.add(x, y), 1, kernel_size=3, stride=2)


def branches(b: Builder, x: Node) -> Node:
    x = b.conv2d(x, 2, kernel_size=3, stride=2, padding=1)
    left = b.conv2d(x, 1, kernel_size=(1, 3), padding=((0, 0), (2, 0)))
    right = b.conv2d(x, 1, kernel_size=(4, 1), padding=((1, 2), (0, 0)))
    return b.average_pool(b.concat(left, right, b.average_pool(x, 3, stride=1, padding=1)), 2)


def padded(b: Builder, x: Node) -> Node:
    x = b.append("pad", x, padding=((2, 0), (-1, 3)))
    return b.append("adaptive_average_pool2d", b.conv2d(x, 1, kernel_size=3), output_size=(29, 11))


def same(b: Builder, x: Node) -> Node:
    return b.conv2d(b.conv2d(x, 1, kernel_size=4, padding="same"), 1, kernel_size=2, stride=2, padding="same")


NETS: list[Callable[[Builder, Node], Node]] = [plain, strided, dilated, residual, branches, padded, same]


def built(build: Callable[[Builder, Node], Node], *shape: int) -> Graph:
    b = Builder("net")
    return b.build(build(b, b.input(*shape)))


def positive_gradient(graph: Graph, position: tuple[int, ...]) -> np.ndarray:
    """|d output[position] / d input| of the net with positive weights, summed over channels."""
    module = graph.to_module().double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.5)
    x = torch.ones(1, *graph.input_shape, dtype=torch.float64, requires_grad=True)
    module(x)[(0, slice(None), *position)].sum().backward()
    assert x.grad is not None
    return x.grad[0].abs().sum(0).numpy()


def clipped(
    field: ReceptiveField, position: tuple[int, ...], picture: tuple[int, ...]
) -> list[tuple[int, int]]:
    """First and last pixel per axis that `field` says, within the picture."""
    bounds = []
    for axis, index in enumerate(position):
        middle = field.centre[axis] + index * field.jump[axis]
        first, last = middle - (field.size[axis] - 1) / 2, middle + (field.size[axis] - 1) / 2
        assert first == int(first), "a field begins on a pixel"
        bounds.append((max(0, int(first)), min(picture[axis] - 1, int(last))))
    return bounds


@pytest.mark.parametrize("build", NETS)
def test_receptive_field_is_where_the_gradient_reaches(build: Callable[[Builder, Node], Node]) -> None:
    graph = built(build, 2, 29, 33)
    field = receptive_fields(graph)[graph.output]
    assert not field.whole
    height, width = graph.output_shape[1:]
    for position in [
        (0, 0),
        (height // 2, width // 2),
        (height // 2 + 1, width // 2),
        (height - 1, width - 1),
    ]:
        rows, columns = np.nonzero(positive_gradient(graph, position))
        reached = [(rows.min(), rows.max()), (columns.min(), columns.max())]
        assert reached == clipped(field, position, (29, 33))


def test_jump_is_the_step_between_neighbours() -> None:
    graph = built(strided, 2, 49, 61)
    field = receptive_fields(graph)[graph.output]
    middle = [np.nonzero(positive_gradient(graph, (6, column)))[1].min() for column in (4, 5)]
    rows = [np.nonzero(positive_gradient(graph, (row, 5)))[0].min() for row in (5, 6)]
    assert field.jump == (rows[1] - rows[0], middle[1] - middle[0]) == (4, 6)


def test_max_pooling_reaches_its_whole_window() -> None:
    """One picture lets one pixel win, so the union over random pictures is taken."""
    graph = nets.graph("simple-cnn-4-8", (1, 18, 18))
    field = receptive_fields(graph)["pool2"]
    module = graph.to_module().double()
    reached = np.zeros((18, 18), bool)
    taken: list[Tensor] = []
    module.get_submodule("pool2").register_forward_hook(lambda _, __, out: taken.append(out))
    for seed in range(30):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(8, 1, 18, 18, dtype=torch.float64, generator=generator, requires_grad=True)
        module(x)
        (gradient,) = torch.autograd.grad(taken.pop()[:, :, 1, 1].sum(), x)
        reached |= (gradient != 0).any(0).any(0).numpy()
    rows, columns = np.nonzero(reached)
    reach = [(rows.min(), rows.max()), (columns.min(), columns.max())]
    assert reach == clipped(field, (1, 1), (18, 18)) == [(4, 13), (4, 13)]


@pytest.mark.parametrize(
    "build",
    [
        lambda b, x: b.linear(b.flatten(x), 3),
        lambda b, x: b.append("mean", x, dim=(2, 3)),
        lambda b, x: b.append("group_norm", x, num_groups=1),
        lambda b, x: b.append("softmax", x, dim=2),
        lambda b, x: b.append("adaptive_average_pool2d", x, output_size=(4, 5)),
        # positions that move or stretch: a field of a moving window would be wrong there
        lambda b, x: b.append("concat", x, x, dim=2),
        lambda b, x: b.append("multiply", x, b.conv2d(x, 1, kernel_size=(9, 1))),
        lambda b, x: b.add(
            b.conv2d(x, 1, kernel_size=3, padding=1, stride=2), b.average_pool(x, 1, stride=2)
        ),
    ],
)
def test_no_pixel_lies_outside_the_field(build: Callable[[Builder, Node], Node]) -> None:
    b = Builder("net")
    x = b.input(2, 9, 9)
    graph = b.build(build(b, x))
    field = receptive_fields(graph)[graph.output]
    module = graph.to_module().double()
    inputs = torch.rand(1, 2, 9, 9, dtype=torch.float64, requires_grad=True)
    out = module(inputs)
    sizes = out.shape[2:]
    for position in {(0,) * len(sizes), tuple(n - 1 for n in sizes)}:
        (gradient,) = torch.autograd.grad(out[(0, slice(None), *position)].sum(), inputs, retain_graph=True)
        rows, columns = np.nonzero(gradient[0].abs().sum(0).numpy())
        if field.whole:
            assert field.size == (9, 9)
            continue
        bounds = clipped(field, position, (9, 9))
        assert bounds[0][0] <= rows.min() <= rows.max() <= bounds[0][1]
        assert bounds[1][0] <= columns.min() <= columns.max() <= bounds[1][1]


# how it is shown

GOLDEN = """\
simple-cnn-4-8, input 1×28×28
layer     kind        output   params    MACs   memory  sees
─────────────────────────────────────────────────────────────
conv1     conv2d      4×26×26      40  24,336  10.8 kB  3×3
relu1     relu        4×26×26                  10.8 kB  3×3
pool1     max pool2d  4×13×13                   2.7 kB  4×4
conv2     conv2d      8×11×11     296  34,848   3.9 kB  8×8
relu2     relu        8×11×11                   3.9 kB  8×8
pool2     max pool2d  8×5×5                      800 B  10×10
flatten1  flatten     200                        800 B  all
linear    linear      10        2,010   2,000     40 B  all

2,346 parameters (9.4 kB as float32), 61,184 MACs and
33.7 kB of activations per picture.
Weight sharing in conv1: 40 instead of 2,122,640 parameters.
"""


def test_golden_table() -> None:
    assert str(summarize(nets.graph("simple-cnn-4-8"))) == GOLDEN.rstrip("\n")


def test_columns_of_the_table_add_up() -> None:
    summary = summarize(nets.graph("simple-cnn-4-8"))
    lines = str(summary).splitlines()
    starts = {heading: lines[1].index(heading) + len(heading) for heading in ("params", "MACs")}
    sums = dict.fromkeys(starts, 0)
    for line in lines[3:11]:
        for heading, end in starts.items():
            found = re.search(r"[\d,]+$", line[:end])
            sums[heading] += int(found.group().replace(",", "")) if found else 0
    assert sums == {"params": 2346, "MACs": summary.macs}
    assert f"{sums['params']:,} parameters" in lines[-3]
    assert f"{sums['MACs']:,} MACs" in lines[-3]


@pytest.mark.parametrize("name", nets.names())
def test_tables_fit_a_terminal(name: str) -> None:
    assert max(map(len, str(summarize(nets.graph(name))).splitlines())) <= 80


def test_to_dict_is_the_documented_document() -> None:
    summary = summarize(nets.graph("simple-cnn-4-8"))
    document = summary.to_dict()
    assert json.loads(json.dumps(document)) == document
    assert set(document) == {"net", "input_shape", "layers", "totals"}
    assert (document["net"], document["input_shape"]) == ("simple-cnn-4-8", [1, 28, 28])
    assert document["layers"][0] == {
        "name": "conv1", "kind": "conv2d", "output_shape": [4, 26, 26],
        "parameters": 4 * 9 + 4, "macs": 4 * 26 * 26 * 9, "activation_bytes": 4 * 4 * 26 * 26,
        "receptive_field": {"size": [3, 3], "jump": [1, 1], "centre": [1.0, 1.0], "whole": False},
        "dense_parameters": 784 * 2704 + 2704,
    }  # fmt: skip
    totals = document["totals"]
    assert totals["parameter_bytes"] == 4 * 2346
    for key in ("parameters", "macs", "activation_bytes"):
        assert totals[key] == sum(layer[key] for layer in document["layers"])


def test_html_escapes_names() -> None:
    b = Builder("<script>net</script>")
    summary = summarize(b.build(b.relu(b.input(1, 4, 4), name="<b>&")))
    text = summary._repr_html_()
    assert "<script>" not in text
    assert "&lt;script&gt;net" in text
    assert "<td>&lt;b&gt;&amp;</td>" in text


def test_a_network_without_layers_has_a_table() -> None:
    b = Builder("nothing")
    summary = summarize(b.build(b.input(1, 4, 4)))
    assert str(summary).startswith("nothing, input 1×4×4")
    assert (summary.parameters, summary.macs) == (0, 0)
