"""An int8 ONNX model in whole numbers, as a processor with or without VNNI adds its products.

Without VNNI, ONNX Runtime multiplies bytes and weights by `vpmaddubsw` on x86, which adds pairs of products
in 16 bits and cuts off what is larger (Intel's Intrinsics Guide, `_mm256_maddubs_epi16`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, numpy_helper
from onnx.reference import ReferenceEvaluator

WHOLE = ("Conv", "Gemm")


class Integers:
    """Runs a model node by node; convolutions and linear layers by the integers behind their inputs."""

    def __init__(self, model: bytes, *, saturating: bool) -> None:
        self._model, self._saturating = onnx.load_from_string(model), saturating
        self.pairs = self.cut = 0

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        graph = self._model.graph
        values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        values[graph.input[0].name] = inputs
        rounded = {}  # what came out of DequantizeLinear: integers, scale, zero point
        for node in graph.node:
            given = [values[name] for name in node.input]
            if node.op_type == "DequantizeLinear":
                rounded[node.output[0]] = given
            settings = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            if node.op_type in WHOLE:
                data, weight = (rounded[name] for name in node.input[:2])
                values[node.output[0]] = self._layer(data, weight, given[2], settings)
            else:
                values[node.output[0]] = self._node(node, given)
        return values[graph.output[0].name]

    def _node(self, node: NodeProto, given: list[np.ndarray]) -> np.ndarray:
        names = [f"x{i}" for i in range(len(given))]
        one = onnx.NodeProto()
        one.CopyFrom(node)
        one.input[:], one.output[:] = names, ["y"]
        return ReferenceEvaluator(one).run(None, dict(zip(names, given, strict=True)))[0]

    def _layer(
        self, data: list[np.ndarray], weight: list[np.ndarray], bias: np.ndarray, settings: dict[str, Any]
    ) -> np.ndarray:
        (x, step, zero), (w, steps, _) = data, weight
        scale = float(step) * np.asarray(steps, np.float64).reshape(-1)
        if w.ndim == 2:  # (N, features)
            w = w if settings.get("transB") else w.T
            return (self._products(x, w, int(zero)) * scale + bias).astype(np.float32)
        before, after = settings["pads"][: w.ndim - 2], settings["pads"][w.ndim - 2 :]
        sides = [(0, 0), (0, 0), *zip(before, after, strict=True)]
        x = np.pad(x, sides, constant_values=int(zero))
        windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=tuple(range(2, w.ndim)))
        steps_of = (slice(None), slice(None), *(slice(None, None, stride) for stride in settings["strides"]))
        windows = windows[steps_of]  # (N, C, places..., window...)
        groups, axes = settings.get("group", 1), w.ndim - 2
        order = (0, *range(2, 2 + 2 * axes), 1)  # channels last, as the kernels have them
        parts = []
        for x_part, w_part in zip(np.split(windows, groups, axis=1), np.split(w, groups), strict=True):
            columns = x_part.transpose(order).reshape(-1, w_part[0].size)
            kernels = w_part.transpose(0, *range(2, w.ndim), 1).reshape(len(w_part), -1)
            parts.append(self._products(columns, kernels, int(zero)))
        places = windows.shape[2 : 2 + axes]
        sums = np.concatenate(parts, axis=1).reshape(len(x), *places, len(w))
        return (sums * scale + bias).astype(np.float32).transpose(0, 1 + axes, *range(1, 1 + axes))

    def _products(self, x: np.ndarray, w: np.ndarray, zero: int) -> np.ndarray:
        """Bytes (M, K) by weights (O, K), in pairs → (M, O)."""
        odd = [(0, 0), (0, x.shape[1] % 2)]
        x, w = np.pad(x, odd).astype(np.int32), np.pad(w, odd).astype(np.int32)
        sums = np.empty((len(x), len(w)), np.int64)
        for column, kernel in enumerate(w):
            pairs = x[:, 0::2] * kernel[0::2] + x[:, 1::2] * kernel[1::2]
            kept = np.clip(pairs, -(2**15), 2**15 - 1)
            self.pairs, self.cut = self.pairs + pairs.size, self.cut + int((kept != pairs).sum())
            sums[:, column] = (kept if self._saturating else pairs).sum(axis=1)
        return sums - zero * w.sum(axis=1)
