"""A plan at work: its numbers in native memory, pictures in, outputs or steps of training out."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import native
from ..errors import DataError, ShapeError
from ..graph import Graph
from ..graph.operation import spell
from .pace import Pace
from .plan import TENSOR_FIELDS, Plan, Tensor, Weights, plan
from .settings import OptimizerSettings


@dataclass(frozen=True)
class Moves:
    """How each picture of a data set is changed in one epoch, while it is gathered.

    `table` is int32 (N, 11), a row per picture: `Move` in native/cpp/plan.h, which makes of it what
    native/cpp/moving.h does. `hole` is the side of the hole that is cut. Outside of a picture lies `fill`,
    or with `reflect` its own mirror image. Of a picture with a partner, input and loss are mixed.
    """

    table: np.ndarray
    hole: int = 0
    fill: int = 0
    reflect: bool = False


@dataclass(frozen=True)
class Pixels:
    """uint8 pictures (N, H, W, C) that enter as x * factor + offset, per channel in float32."""

    images: np.ndarray
    factor: np.ndarray
    offset: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, part: slice) -> Pixels:
        return replace(self, images=self.images[part])

    def arguments(self) -> dict[str, Any]:
        """As the native network takes them."""
        if self.images.dtype != np.uint8:
            raise DataError(f"pixels are uint8, not {self.images.dtype}.")
        return {"bytes": self.images, "factor": self.factor, "offset": self.offset}


class Network:
    """A graph planned for training or for its outputs alone, with weights.

    `ratios` are what the learning rate is multiplied with, by parameter, where that is not 1.
    Raises `UnsupportedOperation` where the plan has no kernel, `ConvscopeError` where there is no engine.
    """

    def __init__(
        self,
        graph: Graph,
        weights: Weights,
        *,
        training: bool,
        threads: int,
        settings: OptimizerSettings | None = None,
        ratios: Mapping[str, float] | None = None,
        instruction_set: str = "",
    ) -> None:
        module = native.module()
        self.graph = graph
        self.plan = plan(graph, training=training)
        encoded = encode(self.plan, ratios or {})
        optimizer = _encode_settings(settings or OptimizerSettings())
        self.native = module.Network(encoded, optimizer, threads, instruction_set)
        self.lock = threading.Lock()  # one call at a time: the memory it computes in is the network's own
        self.pace = Pace(native.lanes() * threads)
        self.counts: dict[str, int] = {}  # int64 tensors: the batches that a batch norm has seen
        self.steps_counted = 0
        self.set_weights(weights)

    def set_weights(self, weights: Weights) -> None:
        """Take the weights from a dictionary by the graph's names, float32 or anything that becomes it."""
        for name, spec in self.graph.parameters.items():
            if name not in weights or np.shape(weights[name]) != spec.shape:
                found = spell(np.shape(weights[name])) if name in weights else "missing"
                raise ShapeError(
                    f"the weights {name!r} of {self.graph.name} are {found}, not {spell(spec.shape)}."
                )
        arrays = {name: np.asarray(weights[name]) for name in self.graph.parameters}
        numbers = self.native.parameters
        for parameter in self.plan.parameters:
            numbers[parameter.offset : parameter.end] = np.ravel(parameter.value(arrays))
        self.native.parameters_changed()
        self.counts = {
            name: int(arrays[name]) for name, spec in self.graph.parameters.items() if spec.dtype == "int64"
        }
        self.steps_counted = self.native.steps_done

    def named(self, numbers: np.ndarray) -> dict[str, np.ndarray]:
        """A row of numbers, such as the weights or gradients, as copies by name. Of a plan that trains."""
        return {
            parameter.name: numbers[parameter.offset : parameter.end].reshape(parameter.shape).copy()
            for parameter in self.plan.parameters
            if parameter.name is not None
        }

    def put(self, numbers: np.ndarray, named: Mapping[str, np.ndarray]) -> None:
        """The inverse: write arrays by name into such a row; what is not named stays."""
        for parameter in self.plan.parameters:
            if parameter.name is not None and parameter.name in named:
                value = np.asarray(named[parameter.name], dtype=np.float32)
                if value.shape != parameter.shape:
                    raise ShapeError(
                        f"{parameter.name!r} of {self.graph.name} is {spell(value.shape)}, "
                        f"not {spell(parameter.shape)}."
                    )
                numbers[parameter.offset : parameter.end] = value.ravel()

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of all tensors by name, running statistics included. Of a plan that trains."""
        named = self.named(self.native.parameters)
        seen = self.native.steps_done - self.steps_counted
        counted = {name: np.array(count + seen, dtype=np.int64) for name, count in self.counts.items()}
        return {name: (named | counted)[name] for name in self.graph.parameters}

    def outputs(self, pictures: Pixels | np.ndarray) -> np.ndarray:
        """uint8 `Pixels` or float32 (N, C, H, W) → float32 (N, classes). Of a plan that does not train.

        Several Python threads may call it; a row does not depend on the others.
        """
        assert not self.plan.training
        result = np.empty((len(pictures), self.graph.output_shape[0]), dtype=np.float32)
        start = 0
        while start < len(pictures):
            with self.lock:  # waiting for it is no part of what a call took
                part = slice(start, start + self.pace.take(len(pictures) - start))
                began = time.perf_counter()
                try:
                    rows = self.native.logits(**_arguments(pictures[part], self.graph))
                except ValueError as error:
                    raise DataError(f"{error}.") from error
                self.pace.took(len(rows), time.perf_counter() - began)
            result[part] = rows
            start += len(rows)
        return result

    def train(
        self,
        pictures: Pixels | np.ndarray,
        labels: np.ndarray,
        batches: Sequence[np.ndarray],
        rates: Sequence[float],
        *,
        seed: int = 0,
        first_step: int = 0,
        moves: Moves | None = None,
        picture_weights: np.ndarray | None = None,
    ) -> tuple[np.ndarray, int]:
        """One step per batch of positions: the mean loss of each, and how many pictures were right.

        `seed` and the number of a step determine its dropout. With a weight for each picture the mean is
        Σ wᵢ lᵢ / Σ wᵢ over the batch (with class weights c: / Σ wᵢ c(yᵢ)), and 0 where all weigh nothing.
        Of a plan that trains. Raises `DataError` for labels or positions that do not exist, weights that are
        no finite numbers of 0 or more, and for batches without a picture or a rate.
        """
        assert self.plan.training
        if len(rates) != len(batches):
            raise DataError(f"{len(batches)} batches take as many rates, not {len(rates)}.")
        if empty := [number for number, batch in enumerate(batches) if len(batch) == 0]:
            raise DataError(f"batch {empty[0]} has no pictures.")
        positions = [_whole_numbers(batch, "positions") for batch in batches]
        extra: dict[str, Any] = {}
        if moves is not None:
            extra = {
                "moves": moves.table, "hole": moves.hole, "fill": moves.fill, "reflect": moves.reflect
            }  # fmt: skip
        if picture_weights is not None:
            extra["weights"] = _weights(picture_weights)
        starts = np.cumsum([0, *map(len, batches)], dtype=np.int64)
        try:
            with self.lock:
                losses, correct = self.native.train(
                    **_arguments(pictures, self.graph),
                    labels=_whole_numbers(labels, "labels"),
                    positions=np.concatenate([np.zeros(0, np.int64), *positions]),
                    starts=starts,
                    rates=np.ascontiguousarray(rates, dtype=np.float64),
                    seed=seed % 2**64,
                    first_step=first_step,
                    **extra,
                )
        except (ValueError, IndexError) as error:
            raise DataError(f"{error}.") from error
        return losses, int(correct)


def _whole_numbers(values: np.ndarray, what: str) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise DataError(f"{what} are a row of whole numbers, not {values.dtype} of shape {values.shape}.")
    return np.ascontiguousarray(values, dtype=np.int64)


def _weights(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise DataError(f"weights are a row of numbers, not {values.dtype} of shape {values.shape}.")
    with np.errstate(over="ignore"):  # what becomes infinite is refused as such
        return np.ascontiguousarray(values, dtype=np.float32)


def _arguments(pictures: Pixels | np.ndarray, graph: Graph) -> dict[str, Any]:
    """Inputs as the native network takes them: four axes, contiguous."""
    if isinstance(pictures, Pixels):
        return pictures.arguments()
    shape = graph.input_shape
    if pictures.shape[1:] != shape:
        wanted = ", ".join(map(str, shape))
        raise ShapeError(f"{graph.name} takes inputs of (N, {wanted}), not {pictures.shape}.")
    # a signal is a picture of one row, features are one of one pixel
    four = pictures.reshape(len(pictures), shape[0], *(1,) * (3 - len(shape)), *shape[1:])
    return {"floats": np.ascontiguousarray(four, dtype=np.float32)}


def encode(plan: Plan, ratios: Mapping[str, float]) -> Any:
    """The plan as the native module's own; with a factor of the learning rate for some parameters."""
    module = native.module()
    encoded = module.Plan()
    tensors = plan.tensors
    numbers = {tensor: number for number, tensor in enumerate(tensors)}
    encoded.tensors = [_encode_tensor(module, tensor) for tensor in tensors]
    encoded.steps = [_encode_step(module, step.kind, step.phase, step.fields, numbers) for step in plan.steps]
    phases = 1 + max(step.phase for step in plan.steps)
    encoded.serial = [phase % 2 == 1 for phase in range(phases)]
    encoded.thread_elements, encoded.block_elements = plan.thread_elements, plan.block_elements
    encoded.parameters, encoded.norms = plan.size, plan.norms
    encoded.classes = plan.graph.output_shape[0]
    for parameter in plan.parameters:
        if parameter.trainable:
            ratio = 1.0 if parameter.name is None else ratios.get(parameter.name, 1.0)
            encoded.add_trainable(parameter.offset, parameter.end, ratio)
    return encoded


def _encode_tensor(module: Any, tensor: Tensor) -> Any:
    encoded = module.Tensor()
    for name in ("channels", "height", "width", "bytes", "kept", "shared", "offset"):
        setattr(encoded, name, getattr(tensor, name))
    encoded.top, encoded.left, encoded.bottom, encoded.right = tensor.border
    return encoded


def _encode_step(
    module: Any, kind: str, phase: int, fields: Mapping[str, Any], numbers: Mapping[Tensor, int]
) -> Any:
    encoded = module.Step()
    encoded.kind, encoded.phase = getattr(module.Kind, kind), phase
    for name, value in fields.items():
        if name in TENSOR_FIELDS:
            value = numbers[value]
        elif name == "activation":
            value = getattr(module.Activation, value)
        setattr(encoded, name, value)
    return encoded


def _encode_settings(settings: OptimizerSettings) -> Any:
    module = native.module()
    encoded = module.Optimizer()
    encoded.rule = getattr(module.Rule, settings.optimizer)
    encoded.beta1, encoded.beta2 = settings.betas
    if settings.optimizer == "sgd":
        encoded.beta1 = settings.momentum
    encoded.nesterov = settings.nesterov
    encoded.weight_decay = settings.weight_decay
    encoded.clip_norm = settings.clip_norm or 0.0
    encoded.label_smoothing = settings.label_smoothing
    encoded.class_weights = list(settings.class_weights or ())
    return encoded
