"""The layers' convolutions: batches with channels, groups and a bias; the kernel is not flipped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import (
    Array,
    DType,
    as_kernel,
    as_numbers,
    check_memory,
    computing_type,
    result_type,
    takes_tensors,
)
from .geometry import check_groups, output_size
from .padding import Padding, Pairs, pad, per_axis, resolve_padding
from .sliding import windows

COPIED = 1 << 24  # numbers of windows laid out for one matrix product


@takes_tensors
def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    border: str = "zeros",
) -> np.ndarray:
    """A convolutional layer on pictures: cross-correlation over all channels of a group, plus a bias.

    y[n, o, i, j] = bias[o] + Σ_c Σ_a Σ_b weight[o, c, a, b] · x[n, c, s·i + d·a - p, s·j + d·b - p]
    (Goodfellow, Bengio & Courville 2016, equation 9.6: the kernel is not flipped).

    x: (N, C, H, W), or (C, H, W) for one picture, which gives (O, H', W').
    weight: (O, C / groups, kernel height, kernel width). bias: (O,) or none.
    padding: a number, per axis a number or (before, after), "valid", "same" (ceil(n / stride) results; an odd
        column goes to the end, ONNX `SAME_UPPER`), "same_lower" (to the start) or "full". With an even kernel
        "same" therefore differs from that of `cross_correlate`, which is SciPy's: there it goes to the start.
    border: "zeros", "reflect", "replicate" or "circular".
    Integers give int64; floats their common type. Raises `ShapeError` and `UsageError` with the sizes.

    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> conv2d(x, np.ones((2, 1, 3, 3)), [0.0, 100.0])
    array([[[[ 45.,  54.],
             [ 81.,  90.]],
    <BLANKLINE>
            [[145., 154.],
             [181., 190.]]]])
    """
    return _convolution(2, x, weight, bias, stride, padding, dilation, groups, border)


@takes_tensors
def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    border: str = "zeros",
) -> np.ndarray:
    """The same on signals: (N, C, L) or (C, L), with weights (O, C / groups, kernel).

    >>> conv1d([[1, 2, 3, 4]], [[[1, 0, -1]], [[0, 1, 0]]], padding="same")
    array([[-2, -2, -2,  3],
           [ 1,  2,  3,  4]])
    """
    return _convolution(1, x, weight, bias, stride, padding, dilation, groups, border)


@takes_tensors
def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int | tuple[int, int]] = 0,
    output_padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> np.ndarray:
    """The transpose of `conv2d`: each number is laid down times the kernel, `stride` apart, and added up.

    It is the gradient of `conv2d` with regard to its input (Dumoulin & Visin 2016, section 4), and gives
    (n - 1)·stride - before - after + dilation·(kernel - 1) + output_padding + 1 along each axis.

    x: (N, C, H, W) or (C, H, W). weight: (C, O / groups, kernel height, kernel width). bias: (O,) or none.
    padding: what is cut off each side, a number or (before, after) per axis.
    output_padding: rows and columns added at the end.

    >>> conv_transpose2d([[[1.0, 2.0]]], np.ones((1, 1, 1, 3)), stride=2)
    array([[[1., 1., 3., 2., 2.]]])
    """
    values, kernel, single = _checked(2, x, weight)
    batch, channels, *sizes = values.shape
    check_groups(groups, channels, kernel.shape[1] * groups)
    if kernel.shape[0] != channels:
        raise ShapeError(
            f"a transposed convolution of {channels} channels takes weights "
            f"({channels}, outputs / groups, height, width), not {kernel.shape}."
        )
    outs, kernel_size = kernel.shape[1], kernel.shape[2:]
    strides, dilations = per_axis(stride, 2, "stride"), per_axis(dilation, 2, "dilation")
    if isinstance(padding, str):
        raise UsageError(f"padding={padding!r} of a transposed convolution should be numbers, not a name.")
    cut = resolve_padding(padding, sizes, kernel_size=kernel_size, stride=strides, dilation=dilations)
    extra = per_axis(output_padding, 2, "output_padding", least=0)
    if any(e >= max(s, d) for e, s, d in zip(extra, strides, dilations, strict=True)):
        raise UsageError(
            f"output_padding={output_padding!r} should be below the stride {strides} or the dilation "
            f"{dilations}."
        )
    whole = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(sizes, strides, dilations, kernel_size, extra, strict=True)
    ]
    shape = [n - before - after for n, (before, after) in zip(whole, cut, strict=True)]
    if min(shape) < 1:
        raise ShapeError(f"padding {cut} cuts off all of a result of {tuple(whole)}; take less.")
    added = _checked_bias(bias, groups * outs)
    result = result_type(values, kernel, added)
    kind = computing_type(result)
    check_memory([batch, groups * outs, *whole], kind, "a result", "take a smaller stride or input")
    values = values.astype(kind, copy=False).reshape(batch, groups, channels // groups, *sizes)
    weights = kernel.astype(kind).reshape(groups, channels // groups, outs, *kernel_size)
    y = np.zeros((batch, groups, outs, *whole), dtype=kind)
    for a, b in np.ndindex(*kernel_size):
        laid = np.einsum("ngchw,gco->ngohw", values, weights[..., a, b], optimize=True)
        top, left = a * dilations[0], b * dilations[1]
        y[
            ...,
            top : top + (sizes[0] - 1) * strides[0] + 1 : strides[0],
            left : left + (sizes[1] - 1) * strides[1] + 1 : strides[1],
        ] += laid
    (above, _), (before, _) = cut
    y = y[..., above : above + shape[0], before : before + shape[1]].reshape(batch, groups * outs, *shape)
    return _finished(y, added, result, single)


def _convolution(
    rank: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: int | Sequence[int],
    padding: Padding,
    dilation: int | Sequence[int],
    groups: int,
    border: str,
) -> np.ndarray:
    values, kernel, single = _checked(rank, x, weight)
    channels, sizes = values.shape[1], values.shape[2:]
    outs, ins, *kernel_size = kernel.shape
    check_groups(groups, channels, outs)
    if ins != channels // groups:
        raise ShapeError(
            f"weights of shape {kernel.shape} take {ins * groups} input channels in {groups} group"
            f"{'s' * (groups > 1)}; the input has {channels}."
        )
    strides, dilations = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    pads = resolve_padding(padding, sizes, kernel_size=kernel_size, stride=strides, dilation=dilations)
    check_fits("kernel", sizes, kernel_size, strides, pads, dilations)
    added = _checked_bias(bias, outs)
    result = result_type(values, kernel, added)
    kind = computing_type(result)
    padded = pad(values, pads, border).astype(kind, copy=False)
    matrix = kernel.astype(kind).reshape(groups, outs // groups, -1)  # (groups, O/groups, C/groups·K)
    by = kernel_size, strides, dilations
    y = _product(padded, matrix[0], *by) if groups == 1 else _product_of_groups(padded, matrix, *by)
    return _finished(y, added, result, single)


def _product(
    padded: np.ndarray,
    matrix: np.ndarray,
    kernel_size: Sequence[int],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> np.ndarray:
    """Windows as columns times weights as rows, some rows of windows at a time (Chellapilla et al. 2006)."""
    seen = windows(padded, kernel_size, stride, dilation)  # (N, C, positions..., kernel...)
    rank = len(kernel_size)
    batch, _, rows, *across = seen.shape[: 2 + rank]
    y = np.empty((batch, len(matrix), rows, *across), dtype=padded.dtype)
    columns = int(np.prod(across, dtype=np.int64)) * matrix.shape[1]
    band = max(1, COPIED // columns)
    order = (*range(1, 1 + rank), 0, *range(1 + rank, 1 + 2 * rank))  # channels behind the positions
    for n in range(batch):
        for first in range(0, rows, band):
            part = seen[n, :, first : first + band].transpose(order)
            table = part.reshape(-1, matrix.shape[1])  # (positions, C·K)
            y[n, :, first : first + band] = (matrix @ table.T).reshape(len(matrix), -1, *across)
    return y


def _product_of_groups(
    padded: np.ndarray,
    matrix: np.ndarray,
    kernel_size: Sequence[int],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> np.ndarray:
    """The same for several groups at once: a depthwise convolution has one for each channel."""
    seen = windows(padded, kernel_size, stride, dilation)  # (N, C, positions..., kernel...)
    groups, outs, size = matrix.shape
    rank = len(kernel_size)
    batch, _, rows, *across = seen.shape[: 2 + rank]
    y = np.empty((batch, groups * outs, rows, *across), dtype=padded.dtype)
    columns = int(np.prod(across, dtype=np.int64)) * groups * size
    band = max(1, COPIED // columns)
    order = (0, *range(1 + rank, 1 + 2 * rank), *range(1, 1 + rank))  # the kernel before the positions
    for n in range(batch):
        for first in range(0, rows, band):
            part = seen[n, :, first : first + band].transpose(order)
            table = part.reshape(groups, size, -1)  # (groups, C/groups·K, positions)
            y[n, :, first : first + band] = (matrix @ table).reshape(groups * outs, -1, *across)
    return y


def check_fits(
    what: str,
    sizes: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
    pads: Pairs,
    dilation: Sequence[int],
) -> None:
    """Raises `ShapeError` where not one window fits."""
    axes = list(zip(sizes, kernel_size, stride, pads, dilation, strict=True))
    if min(output_size(n, kernel_size=k, stride=s, padding=p, dilation=d) for n, k, s, p, d in axes) < 1:
        extents = tuple(d * (k - 1) + 1 for _, k, _, _, d in axes)
        raise ShapeError(
            f"a {what} of extent {extents} does not fit an input of {tuple(sizes)} with padding {pads}; "
            "take a larger input or more padding."
        )


def _checked(rank: int, x: Array, weight: Array) -> tuple[np.ndarray, np.ndarray, bool]:
    """The input with a batch axis, the weights, and whether the batch axis was added."""
    values, kernel = as_numbers(x, "the input"), as_kernel(weight, "the weight")
    axes = "height, width" if rank == 2 else "length"
    if values.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"the input should be (batch, channels, {axes}) or (channels, {axes}), not {values.shape}."
        )
    if kernel.ndim != rank + 2:
        raise ShapeError(f"the weight should have {rank + 2} axes, not the shape {kernel.shape}.")
    single = values.ndim == rank + 1
    return (values[None] if single else values), kernel, single


def _checked_bias(bias: Array | None, outs: int) -> np.ndarray | None:
    if bias is None:
        return None
    numbers = as_kernel(bias, "the bias")
    if numbers.shape != (outs,):
        raise ShapeError(
            f"the bias should have one number per output channel, ({outs},), not {numbers.shape}."
        )
    return numbers


def _finished(y: np.ndarray, bias: np.ndarray | None, result: DType, single: bool) -> np.ndarray:
    if bias is not None:
        y = y + bias.astype(y.dtype).reshape(-1, *[1] * (y.ndim - 2))
    y = y.astype(result, copy=False)
    return y[0] if single else y
