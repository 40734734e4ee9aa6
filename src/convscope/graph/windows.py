"""Operations that slide a window: convolutions, pooling and padding."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import ShapeError, UnknownName, UsageError
from ..ops.geometry import Window, output_size
from ..ops.padding import BORDERS, Pairs
from .operation import (
    LARGEST,
    Attribute,
    Attributes,
    Operation,
    ParameterSpec,
    Reach,
    Required,
    Shape,
    register,
    require_rank,
    spell,
)


class Windowed(Operation):
    """A window of `kernel_size` slides over the last `rank` axes."""

    def __init__(self, name: str, rank: int, **defaults: Attribute) -> None:
        ones = (1,) * rank
        super().__init__(name, kernel_size=Required(ones), stride=ones, padding=((0, 0),) * rank, **defaults)
        self.rank = rank

    def windows(self, attributes: Attributes) -> tuple[Window, ...]:
        dilation = attributes.get("dilation", (1,) * self.rank)
        axes = zip(
            attributes["kernel_size"], attributes["stride"], attributes["padding"], dilation, strict=True
        )
        return tuple(Window(k, s, before, d) for k, s, (before, _), d in axes)

    def spatial_shape(self, shape: Shape, attributes: Attributes) -> Shape:
        require_rank(shape, self.rank + 1, self.name)
        padding: Pairs = attributes["padding"]
        windows = self.windows(attributes)
        sizes = tuple(
            output_size(
                n,
                kernel_size=w.kernel_size,
                stride=w.stride,
                padding=pair,
                dilation=w.dilation,
                ceil_mode=bool(attributes.get("ceil_mode", False)),
            )
            for n, w, pair in zip(shape[1:], windows, padding, strict=True)
        )
        if min(sizes) < 1:
            extent = spell(tuple(w.extent for w in windows))
            around = "" if not any(map(sum, padding)) else f" with padding {padding}"
            raise ShapeError(f"its input of {spell(shape)} is smaller than the window of {extent}{around}.")
        return sizes

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return self.windows(attributes)


class Convolution(Windowed):
    """Cross-correlation (the kernel is not flipped) over all channels of a group, plus a bias."""

    prefix = "conv"

    def __init__(self, name: str, rank: int) -> None:
        super().__init__(name, rank, dilation=(1,) * rank, out_channels=Required(1), groups=1, bias=True)

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        sizes = self.spatial_shape(inputs[0], attributes)
        channels, out_channels, groups = inputs[0][0], attributes["out_channels"], attributes["groups"]
        if channels % groups or out_channels % groups:
            raise ShapeError(
                f"groups={groups} must divide both its {channels} input and {out_channels} output channels."
            )
        return (out_channels, *sizes)

    def parameters(self, inputs: Sequence[Shape], attributes: Attributes) -> dict[str, ParameterSpec]:
        out_channels, groups = attributes["out_channels"], attributes["groups"]
        shape = (out_channels, inputs[0][0] // groups, *attributes["kernel_size"])
        fan_in = math.prod(shape[1:])
        specs = {"weight": ParameterSpec(shape, initial="uniform", fan_in=fan_in)}
        if attributes["bias"]:
            specs["bias"] = ParameterSpec((out_channels,), initial="uniform", fan_in=fan_in)
        return specs

    def macs(self, inputs: Sequence[Shape], output: Shape, attributes: Attributes) -> int:
        return math.prod(output) * self.parameters(inputs, attributes)["weight"].fan_in


class Pool(Windowed):
    """Maximum, mean or p-norm over each window; channels stay apart."""

    prefix = "pool"

    def __init__(self, name: str, rank: int, **defaults: Attribute) -> None:
        super().__init__(name, rank, ceil_mode=False, **defaults)

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        padding: Pairs = attributes["padding"]
        if attributes["ceil_mode"] and not self.in_pytorch(attributes):
            raise UsageError(
                f"ceil_mode with padding {padding} is not defined: PyTorch has equal sides of at most "
                "half a window there, and none for a p-norm."
            )
        for window, sides in zip(self.windows(attributes), padding, strict=True):
            if max(sides) >= window.extent:
                raise ShapeError(
                    f"padding {padding} is as wide as the window of {window.extent}, "
                    "which would see nothing of the picture."
                )
        return (inputs[0][0], *self.spatial_shape(inputs[0], attributes))

    def in_pytorch(self, attributes: Attributes) -> bool:
        """Whether PyTorch's own layer takes this padding."""
        axes = zip(attributes["padding"], attributes["kernel_size"], strict=True)
        return all(before == after and 2 * before <= k for (before, after), k in axes)


class LpPool(Pool):
    """(Σ |x|^p)^(1/p) over each window."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        if attributes["p"] <= 0:
            raise UsageError(f"p={attributes['p']} of a p-norm should be above 0.")
        return super().output_shape(inputs, attributes)

    def in_pytorch(self, attributes: Attributes) -> bool:
        return not any(map(sum, attributes["padding"]))


class AdaptivePool(Operation):
    """Pooling to a given `output_size`: window i covers floor(i·n/m) to ceil((i+1)·n/m)."""

    prefix = "pool"

    def __init__(self, name: str, rank: int) -> None:
        super().__init__(name, output_size=(1,) * rank)
        self.rank = rank

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        require_rank(inputs[0], self.rank + 1, self.name)
        return (inputs[0][0], *attributes["output_size"])

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        sizes: tuple[int, ...] = attributes["output_size"]
        if any(n % m for n, m in zip(inputs[0][1:], sizes, strict=True)):
            return "whole"  # windows differ in size; the whole picture is their common bound
        return tuple(Window(n // m, n // m) for n, m in zip(inputs[0][1:], sizes, strict=True))


class Pad(Operation):
    """A border around the last axes, `padding` as (before, after) per axis; negative sides crop."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        padding: Pairs = attributes["padding"]
        if not 1 <= len(padding) < len(inputs[0]):
            raise ShapeError(f"padding {padding} does not fit the axes of its input of {spell(inputs[0])}.")
        kept, padded = inputs[0][: -len(padding)], inputs[0][-len(padding) :]
        shape = (*kept, *(n + before + after for n, (before, after) in zip(padded, padding, strict=True)))
        if min(shape) < 1:
            raise ShapeError(f"padding {padding} leaves nothing of its input of {spell(inputs[0])}.")
        mode = attributes["mode"]
        if mode not in BORDERS:
            raise UnknownName("padding mode", mode, BORDERS)
        if mode != "zeros" and len(kept) != 1:
            raise ShapeError(
                f"{mode} padding borders every axis but the channels, not {len(padding)} of them."
            )
        most = {"reflect": -1, "circular": 0}.get(mode, LARGEST)  # beyond the size of the axis
        if any(max(sides) > n + most for n, sides in zip(padded, padding, strict=True)):
            raise ShapeError(f"{mode} padding {padding} is wider than its input of {spell(inputs[0])}.")
        return shape

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        padding: Pairs = attributes["padding"]
        missing = len(inputs[0]) - 1 - len(padding)
        return (Window(),) * missing + tuple(Window(before=before) for before, _ in padding)


for _rank in (1, 2):
    register(
        Convolution(f"conv{_rank}d", _rank),
        Pool(f"max_pool{_rank}d", _rank, dilation=(1,) * _rank),
        Pool(f"average_pool{_rank}d", _rank, count_include_pad=True),
        LpPool(f"lp_pool{_rank}d", _rank, p=2.0),
        AdaptivePool(f"adaptive_average_pool{_rank}d", _rank),
        AdaptivePool(f"adaptive_max_pool{_rank}d", _rank),
    )
register(Pad("pad", padding=Required(((-LARGEST, -LARGEST),), any_length=True), mode="zeros", value=0.0))
