"""What `ship.py` compares: pictures as they are stored in, probabilities out, in every contestant's best way.

A contestant is called with the number of a step, which it does not need: each step is all pictures once, in
batches of its own, and gives their probabilities.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
from contestants import Contestant
from native_engine import Unavailable

from convscope import Bundle, nets
from convscope.data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from convscope.graph import initial_weights

BATCHES = (64, 128, 256, 512, 1024)
SIDE = 28
COMPARED = 64  # pictures whose probabilities have to agree
Predict = Callable[[np.ndarray], np.ndarray]  # a batch as it is stored → probabilities (N, classes)


class ShipCase:
    """A bundle of one network with drawn weights, and pictures (signals) for it as they are stored."""

    def __init__(self, net: str, pictures: int, threads: int) -> None:
        self.net, self.count, self.threads = net, pictures, threads
        self.input_shape = input_shape(net)

    @cached_property
    def bundle(self) -> Bundle:
        """Running statistics are drawn too: folding those of a fresh network would change nothing."""
        generator = np.random.default_rng(0)
        graph = nets.graph(self.net, self.input_shape, 10)
        weights = initial_weights(graph)
        for name, value in weights.items():
            if name.endswith("running_mean"):
                weights[name] = generator.normal(0, 0.1, value.shape).astype(np.float32)
            elif name.endswith("running_var"):
                weights[name] = generator.uniform(0.5, 1.5, value.shape).astype(np.float32)
        return Bundle(self.net, tuple("0123456789"), self.preprocessing, graph, weights)

    @cached_property
    def preprocessing(self) -> InputPreprocessing:
        if len(self.input_shape) == 2:
            return ArrayPreprocessing(shape=self.input_shape, mean=(0.5,), std=(0.3,))
        return Preprocessing(height=SIDE, width=SIDE, channels=1, mean=(0.13,), std=(0.31,))

    @cached_property
    def stored(self) -> np.ndarray:
        """uint8 (N, H, W, C), or float32 (N, C, L) of signals; drawn, all different."""
        generator = np.random.default_rng(1)
        blank = self.preprocessing.blank(1)
        size = (self.count, *blank.shape[1:])
        if blank.dtype == np.uint8:
            return generator.integers(0, 256, size, np.uint8)
        return generator.random(size, dtype=np.float32)


def input_shape(net: str) -> tuple[int, ...]:
    """Grey pictures of 28×28, or the signals that the network is made for."""
    shape = nets.net(net).input_shape
    return (1, SIDE, SIDE) if len(shape) == 3 else shape


def torch_eager(case: ShipCase, *, channels_last: bool = False) -> Contestant:
    """The module under `inference_mode`; a batch is scaled, runs and becomes probabilities."""
    import torch
    from torch_network import torch_network

    bundle, of = case.bundle, case.bundle.preprocessing
    assert bundle.graph is not None
    module = torch_network(bundle.graph, bundle.weights).eval()
    if channels_last:
        if len(case.input_shape) != 3:
            raise Unavailable("signals have one layout")
        module = module.to(memory_format=torch.channels_last)
    assert of.mean
    assert of.std
    axes = (-1, *(1,) * (len(case.input_shape) - 1))
    scale = 255.0 if isinstance(of, Preprocessing) else 1.0
    mean, std = torch.tensor(of.mean).reshape(axes), torch.tensor(of.std).reshape(axes)
    factor, offset = 1 / (scale * std), -mean / std

    def predict(stored: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            x = torch.from_numpy(stored)
            if isinstance(of, Preprocessing):
                x = x.permute(0, 3, 1, 2)
                x = x if channels_last else x.contiguous()  # bytes are the cheapest to move
            return torch.softmax(module(x.float() * factor + offset), 1).numpy()

    return in_best_batches(case, predict)


def torch_channels_last(case: ShipCase) -> Contestant:
    """The same with weights and pictures in channels_last."""
    return torch_eager(case, channels_last=True)


def onnx_runtime(case: ShipCase) -> Contestant:
    """The exported bundle, which takes pictures as they are stored."""
    for package in ("onnx", "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            raise Unavailable(f"{package} is not installed")
    import onnxruntime

    from convscope.ship.entrance import Entrance
    from convscope.ship.formats import format_of

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = case.threads, 1
    entrance = Entrance(case.bundle.preprocessing)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        file.write_bytes(format_of("onnx").written(case.bundle, entrance))
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    (taken,), (given, *_) = session.get_inputs(), session.get_outputs()
    return in_best_batches(case, lambda x: session.run([given.name], {taken.name: entrance.of_stored(x)})[0])


def bundle(case: ShipCase) -> Contestant:
    """`Bundle.probabilities` of all pictures."""
    if case.threads != _cores():
        raise Unavailable(f"a bundle uses all {_cores()} cores")
    return Contestant(lambda _: case.bundle.probabilities(case.stored))


def predict_each(case: ShipCase) -> Contestant:
    """`Bundle.predict_each` of the same array: a `Prediction` for each picture, warnings measured."""
    if not hasattr(case.bundle, "predict_each"):
        raise Unavailable("this convscope has no predict_each")

    def run(_: int) -> np.ndarray:
        found = list(case.bundle.predict_each(case.stored, top=10))
        rows = np.zeros((min(COMPARED, len(found)), 10), np.float32)
        for row, prediction in zip(rows, found, strict=False):
            for label, probability in prediction.top:
                row[int(label)] = probability
        return rows

    return Contestant(run)


def in_best_batches(case: ShipCase, predict: Predict) -> Contestant:
    """All pictures in batches of that size of `BATCHES` which is fastest here."""

    def run(size: int, stored: np.ndarray) -> np.ndarray:
        return np.concatenate([predict(stored[i : i + size]) for i in range(0, len(stored), size)])

    some = case.stored[: 2 * max(BATCHES)]
    taken = dict.fromkeys(BATCHES, float("inf"))
    for attempt in range(3):  # the first warms up
        for size in BATCHES:
            start = time.perf_counter()
            run(size, some)
            if attempt:
                taken[size] = min(taken[size], time.perf_counter() - start)
    best = min(BATCHES, key=taken.__getitem__)
    return Contestant(lambda _: run(best, case.stored), chosen={"batch_size": best})


def _cores() -> int:
    from convscope import native

    return native.cores()


SHIP: dict[str, Callable[[ShipCase], Contestant]] = {
    "torch": torch_eager,
    "torch-channels-last": torch_channels_last,
    "onnxruntime": onnx_runtime,
    "bundle": bundle,
    "predict-each": predict_each,
}
