"""What `make sanitize` runs under ThreadSanitizer and AddressSanitizer: the native engine without torch."""

from __future__ import annotations

import sys

import numpy as np

SIZES = {
    "tiny-vgg": (3, 20, 19),
    "resnet-18": (3, 33, 40),
    "resnet-20": (3, 9, 8),
    "multilayer-cnn": (1, 9, 10),
}
THREADS = 3


def main() -> None:
    from convscope import nets
    from convscope.graph import initial_weights
    from convscope.lanes import native
    from convscope.lanes.network import Moves, Network, OptimizerSettings, Pixels

    print(native.module().__file__)
    generator = np.random.default_rng(0)
    for instruction_set in native.module().instruction_sets():
        for name in nets.names():
            graph = nets.graph(name, SIZES.get(name))
            weights = initial_weights(graph)
            settings = OptimizerSettings("adamw", weight_decay=0.01, clip_norm=1.0, label_smoothing=0.1)
            common = {"threads": THREADS, "instruction_set": instruction_set}
            network = Network(graph, weights, training=True, settings=settings, **common)
            inputs = generator.standard_normal((17, *graph.input_shape)).astype(np.float32)
            labels = generator.integers(0, 10, 17)
            network.train(inputs, labels, [np.arange(17), np.arange(5)], [1e-3, 1e-3])
            if len(graph.input_shape) == 3:
                channels, height, width = graph.input_shape
                images = generator.integers(0, 256, (17, height, width, channels)).astype(np.uint8)
                pixels = Pixels(images, np.full(channels, 1 / 255, np.float32))
                table = generator.integers(-3, 4, (17, 5)).astype(np.int16)
                for reflect in (False, True):
                    moves = Moves(table, hole=3, reflect=reflect)
                    network.train(pixels, labels, [np.arange(17)], [1e-3], moves=moves)
            Network(graph, network.weights(), training=False, **common).outputs(inputs)
            print(f"{instruction_set}  {name}", flush=True)
    if "torch" in sys.modules:
        raise SystemExit("torch was imported: its threads would drown what is looked for")


if __name__ == "__main__":
    main()
