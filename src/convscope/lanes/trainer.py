"""Training steps on the native engine, for people with a loop of their own."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .. import native
from ..errors import DataError, ShapeError, UsageError
from .given import Array, Arrays, Inputs, Net, as_array, as_arrays, as_pictures, graph_and_weights, like
from .network import Network, Pixels
from .pace import Pace
from .settings import OptimizerSettings, check_number, check_whole, thread_count

if TYPE_CHECKING:
    from torch import nn


class Trainer:
    """A network and its optimiser on the native CPU engine; the loss is cross-entropy.

    `net` is an `nn.Module`, a `Graph` or a `Bundle`; a module needs the `input_shape` (C, H, W) or (C, L)
    of one input, or a batch of them, whose values do not matter. It is copied: `copy_to` brings the trained
    weights back. The settings mean what they mean in PyTorch (`Adam`, `AdamW`, `SGD`, `CrossEntropyLoss`);
    `betas` are of Adam, `momentum` and `nesterov` of SGD, `clip_norm` is the longest gradient over all
    parameters. `seed` decides dropout, and the first weights of a graph alone. The bits do not depend on
    `threads` (all cores where it is not given).

    Raises `UnsupportedOperation` naming the layer that cannot be trained here, `ShapeError` for inputs that
    the network does not take, `UsageError` for a setting that no training could use, and `ConvscopeError`
    where the engine is not available.

    >>> from convscope import nets
    >>> trainer = Trainer(nets.graph("simple-cnn-4-8"), lr=0.01)
    >>> images = np.random.default_rng(0).random((64, 1, 28, 28), dtype=np.float32)
    >>> labels = np.arange(64) % 10
    >>> losses = [trainer.step(images, labels) for _ in range(20)]
    >>> losses[-1] < losses[0]
    True
    """

    def __init__(
        self,
        net: Net,
        input_shape: Inputs | None = None,
        *,
        weights: Mapping[str, Array] | None = None,
        optimizer: Literal["sgd", "adam", "adamw"] = "adam",
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        class_weights: Sequence[float] | Array | None = None,
        clip_norm: float | None = None,
        threads: int | None = None,
        seed: int = 0,
    ) -> None:
        native.module()  # says why it is not there, before a module is traced
        check_number("lr", lr)
        check_whole("seed", seed, 0)
        self.lr = lr
        self.seed = seed
        self._threads = thread_count(threads)
        settings = OptimizerSettings(
            optimizer=optimizer,
            betas=betas,
            momentum=momentum,
            nesterov=nesterov,
            weight_decay=weight_decay,
            clip_norm=clip_norm,
            label_smoothing=label_smoothing,
            class_weights=None if class_weights is None else as_array(class_weights).tolist(),
        )
        self.graph, own = graph_and_weights(net, input_shape, weights, seed=seed)
        settings.check(self.graph.output_shape[0])
        if not self.graph.trained:
            raise UsageError(f"{self.graph.name} has no parameters to train.")
        self._network = Network(self.graph, own, training=True, threads=self._threads, settings=settings)
        self._evaluated: Network | None = None
        self._changed = False  # since it took over the weights
        self._pace = Pace()

    def __repr__(self) -> str:
        return f"Trainer({self.graph.name!r}, {self.step_count} steps done)"

    @property
    def step_count(self) -> int:
        """Steps done so far."""
        return int(self._network.native.steps_done)

    def step(
        self,
        images: Array,
        labels: Array,
        lr: float | None = None,
        *,
        picture_weights: Sequence[float] | Array | None = None,
    ) -> float:
        """One step of the optimiser on float32 (N, C, H, W) or (N, C, L) and N class numbers; the mean loss.

        `lr` replaces the trainer's own for this step. With N `picture_weights` w the loss is the weighted
        mean Σ wᵢ lᵢ / Σ wᵢ, l being PyTorch's loss of each picture; class weights c multiply them, as in
        PyTorch's mean: Σ wᵢ lᵢ / Σ wᵢ c(yᵢ). Raises `ShapeError` or `DataError` for inputs of
        another shape, an empty batch, labels that are no class numbers, and weights that are no numbers of
        0 or more. Inputs are not searched for NaN: one makes the weights NaN without a word, as in PyTorch.
        """
        pictures = as_pictures(images)
        if len(pictures) == 0:
            raise DataError("a step needs pictures, and this batch has none.")
        rate = self.lr if lr is None else lr
        (loss,) = self._train(pictures, labels, [np.arange(len(pictures))], [rate], picture_weights)
        return float(loss)

    def steps(
        self,
        images: Array,
        labels: Array,
        batches: Sequence[np.ndarray],
        lrs: float | Sequence[float] | np.ndarray | None = None,
        *,
        factor: float | Sequence[float] | np.ndarray = 1 / 255,
        offset: float | Sequence[float] | np.ndarray | None = None,
        picture_weights: Sequence[float] | Array | None = None,
    ) -> np.ndarray:
        """Many steps on pictures that stay in memory as uint8 (N, H, W, C); the losses, float64 (steps,).

        Each batch is an array of positions among the N pictures, and `labels` are N class numbers. `lrs`
        is a learning rate per batch, or one for all. A pixel enters as x * factor + offset, numbers or one
        per channel. `picture_weights` are N numbers, as in `step`. Raises as `step` does, and for positions
        that do not exist.

        >>> from convscope import nets
        >>> images = np.zeros((100, 28, 28, 1), dtype=np.uint8)
        >>> trainer = Trainer(nets.graph("simple-cnn-4-8"))
        >>> trainer.steps(images, np.zeros(100, int), [np.arange(64), np.arange(64, 100)]).shape
        (2,)
        """
        channels, height, width = self._picture_shape()
        pictures = as_array(images)
        if pictures.dtype != np.uint8 or pictures.shape[1:] != (height, width, channels):
            wanted = f"uint8 (N, {height}, {width}, {channels})"
            raise ShapeError(f"the pictures are {pictures.dtype} {pictures.shape}, not {wanted}.")
        if any(len(batch) == 0 for batch in batches):
            raise DataError("a step needs pictures, and one of the batches has none.")
        rates = np.asarray(self.lr if lrs is None else lrs)
        if rates.ndim > 1 or (rates.ndim == 1 and len(rates) != len(batches)):
            noun = "batch" if len(batches) == 1 else "batches"
            raise UsageError(f"there are {rates.size} learning rates for {len(batches)} {noun}.")
        pixels = Pixels(
            np.ascontiguousarray(pictures),
            _per_channel("factor", factor, channels),
            None if offset is None else _per_channel("offset", offset, channels),
        )
        rates = np.broadcast_to(rates, len(batches))
        return self._train(pixels, labels, batches, rates.tolist(), picture_weights)

    def logits(self, images: Array) -> Any:
        """float32 (N, C, H, W) or (N, C, L) → float32 (N, classes) in eval mode; a tensor for a tensor."""
        if self._evaluated is None:
            self._evaluated = Network(self.graph, self.weights(), training=False, threads=self._threads)
        elif self._changed:
            self._evaluated.set_weights(self.weights())
        self._changed = False
        return like(self._evaluated.outputs(as_pictures(images)), images)

    def weights(self) -> Arrays:
        """Copies of all tensors of the network by name, running statistics included."""
        return self._network.weights()

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Replace them; the optimiser's moments stay. Raises `ShapeError` naming one that does not fit."""
        self._network.set_weights(as_arrays(weights))
        self._changed = True

    def gradients(self) -> Arrays:
        """The gradients of the last step by name, before clipping and decay; zeros before the first."""
        named = self._network.named(self._network.native.gradients)
        return {name: named[name] for name in self.graph.trained}

    def executed_flops(self) -> int:
        """Floating-point operations of a step for one picture, as `Plan.operations` counts them."""
        return self._network.plan.operations

    def copy_to(self, module: nn.Module) -> None:
        """Write the weights into a module with the same names, such as the one that was given.

        Raises `ShapeError` naming one that the module does not have or has in another shape.
        """
        import torch

        if not hasattr(module, "state_dict"):
            raise UsageError(f"the weights are copied to an nn.Module, not to {module!r}.")
        state = module.state_dict()
        with torch.no_grad():
            for name, value in self.weights().items():
                if name not in state or tuple(state[name].shape) != value.shape:
                    found = tuple(state[name].shape) if name in state else "missing"
                    raise ShapeError(f"{name!r} is {found} in the module, not {value.shape}.")
            for name, value in self.weights().items():
                state[name].copy_(torch.from_numpy(value))

    def _train(
        self,
        pictures: Pixels | np.ndarray,
        labels: Array,
        batches: Sequence[np.ndarray],
        rates: Sequence[float],
        picture_weights: Sequence[float] | Array | None,
    ) -> np.ndarray:
        """In calls of a moment each, so that Ctrl-C is answered; the bits do not depend on the division."""
        numbers = as_array(labels)
        if not np.issubdtype(numbers.dtype, np.integer) or numbers.ndim != 1:
            raise DataError(
                f"the labels are {numbers.dtype} {numbers.shape}; they are integers, one for each picture."
            )
        for rate in rates:
            check_number("lr", rate)
        weights = None if picture_weights is None else as_array(picture_weights)
        self._changed = True

        def steps(part: slice) -> np.ndarray:
            return self._network.train(
                pictures,
                numbers,
                batches[part],
                rates[part],
                seed=self.seed,
                first_step=self.step_count,
                picture_weights=weights,
            )[0]

        return np.concatenate([np.zeros(0), *self._pace.calls(len(batches), steps)])

    def _picture_shape(self) -> tuple[int, int, int]:
        if len(self.graph.input_shape) != 3:
            raise ShapeError(f"{self.graph.name} takes signals, not pictures; `step` takes float32 of them.")
        channels, height, width = self.graph.input_shape
        return channels, height, width


def _per_channel(name: str, values: float | Sequence[float] | np.ndarray, channels: int) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        raise UsageError(f"{name}={reprlib.repr(values)} should be a number, or one a channel.") from None
    if array.ndim > 1 or (array.ndim == 1 and len(array) != channels):
        raise ShapeError(f"{name} has the shape {array.shape}; it is a number, or {channels}, one a channel.")
    return np.ascontiguousarray(np.broadcast_to(array, channels))
