"""What `make sanitize` runs under ThreadSanitizer and AddressSanitizer: what is compiled, without torch.

Every network of the catalogue at a small size, and one with the operations that none of them has, on every
instruction set: batches that leave lanes and threads without work, floats and bytes, moved pictures, outputs.
"""

from __future__ import annotations

import sys

import numpy as np

from convscope import native, nets
from convscope.data.augmentation import Augmentation
from convscope.data.moving import BRIGHTNESS, COSINE, UNTURNED
from convscope.graph import Builder, Graph, Node, initial_weights
from convscope.lanes.network import Moves, Network, Pixels
from convscope.lanes.settings import OptimizerSettings

SIZES: dict[str, tuple[int, ...]] = {
    "simple-cnn-rgb": (3, 9, 10),
    "multilayer-cnn": (1, 9, 10),
    "lenet-5": (1, 12, 13),
    "tiny-vgg": (3, 20, 19),
    "resnet-8": (3, 9, 8),
    "resnet-20": (3, 9, 8),
    "mobile-small": (3, 9, 8),
    "resnet-18": (3, 33, 40),
}
COUNTS = (17, 5)
THREADS = 3


def everything_else() -> Graph:
    """Strides, dilation, groups, uneven borders, all pools and activations, values read twice."""
    b = Builder("everything else")
    x: Node = b.conv2d(b.input(3, 13, 11), 6, kernel_size=(3, 2), stride=(1, 2), padding=((2, 0), (0, 1)))
    x = b.append("dropout2d", b.append("batch_norm", x, affine=False), p=0.2)
    x = b.append("pad", x, padding=((1, 0), (0, 2)))
    y = b.conv2d(x, 4, kernel_size=3, dilation=2, groups=2, padding=3, bias=False)
    y = b.append("max_pool2d", y, kernel_size=(3, 3), stride=(2, 1), padding=((1, 1), (1, 1)), ceil_mode=True)
    for kind in ("silu", "gelu", "elu", "leaky_relu", "relu6", "sigmoid"):
        y = b.add(y, b.append(kind, y))
    y = b.append("adaptive_max_pool2d", b.append("multiply", y, b.tanh(y)), output_size=(3, 2))
    z = b.append("average_pool2d", x, kernel_size=(3, 4), stride=(4, 5), count_include_pad=False)
    z = b.append("adaptive_average_pool2d", z, output_size=(3, 2))
    x = b.concat(y, z, b.append("affine", y, factor=0.5, offset=1.0))
    x = b.conv1d(b.append("reshape", x, shape=(7, 12)), 5, kernel_size=3, stride=2, padding=1)
    x = b.dropout(b.relu(b.batch_norm(b.linear(b.flatten(x), 37))), 0.3)
    return b.build(b.append("log_softmax", b.linear(x, 10)), frozen=["linear1.weight"])


def run(graph: Graph, instruction_set: str) -> None:
    """Two steps on floats, two on bytes, and the outputs."""
    generator = np.random.default_rng(0)
    most = max(COUNTS)
    batches = [np.arange(count) for count in COUNTS]
    rates = [1e-3] * len(batches)
    inputs = generator.standard_normal((most, *graph.input_shape)).astype(np.float32)
    labels = generator.integers(0, 10, most)
    network = Network(
        graph,
        initial_weights(graph),
        training=True,
        threads=THREADS,
        settings=OptimizerSettings("adamw", weight_decay=0.01, clip_norm=1.0, label_smoothing=0.1),
        instruction_set=instruction_set,
    )
    network.train(inputs, labels, batches, rates)
    if len(graph.input_shape) == 3:
        channels, height, width = graph.input_shape
        images = generator.integers(0, 256, (most, height, width, channels)).astype(np.uint8)
        pixels = Pixels(images, np.full(channels, 1 / 255, np.float32))
        how = Augmentation(
            shift=15, cutout=3, rotate=180, scale=0.9, contrast=1, brightness=1, mixup=0.5, flip=True
        )
        table = how.draw(most, height, width, seed=0, epoch=1)
        table[::2, COSINE:BRIGHTNESS] = UNTURNED, 0
        for reflect in (False, True):
            network.train(pixels, labels, batches, rates, moves=Moves(table, hole=3, reflect=reflect))
    outputs = Network(
        graph, network.weights(), training=False, threads=THREADS, instruction_set=instruction_set
    )
    for count in COUNTS:
        assert np.isfinite(outputs.outputs(inputs[:count])).all(), graph.name


def run_filters(instruction_set: str) -> None:
    """Kernels of several shapes, whole and as a column and a row, that reach beyond every border."""
    generator = np.random.default_rng(2)
    for number, (height, width, rows, columns) in enumerate(
        [(70, 90, 5, 7), (3, 2, 5, 5), (40, 17, 1, 9), (33, 64, 3, 1), (1, 200, 1, 31)]
    ):
        kind = (np.float32, np.float64)[number % 2]
        x = generator.normal(size=(height, width)).astype(kind)
        column, row = generator.normal(size=rows).astype(kind), generator.normal(size=columns).astype(kind)
        for stride in (1, 2):
            for border in (0, 2):
                y = np.empty(((height + stride - 1) // stride, (width + stride - 1) // stride), dtype=kind)
                for kernel in ({"weights": np.outer(column, row)}, {"factors": (column, row)}):
                    native.module().correlate(
                        x=x,
                        y=y,
                        before=(rows // 2, columns // 2),
                        stride=(stride, stride),
                        dilation=(1, 1),
                        border=border,
                        threads=THREADS,
                        instruction_set=instruction_set,
                        **kernel,
                    )
                    assert np.isfinite(y).all()


def main() -> None:
    print(native.module().__file__)
    graphs = [nets.graph(name, SIZES.get(name)) for name in nets.names()] + [everything_else()]
    for instruction_set in native.module().instruction_sets():
        for graph in graphs:
            run(graph, instruction_set)
            print(f"{instruction_set}  {graph.name}", flush=True)
        run_filters(instruction_set)
        print(f"{instruction_set}  filters", flush=True)
    if "torch" in sys.modules:
        raise SystemExit("torch was imported: its threads would drown what is looked for")


if __name__ == "__main__":
    main()
