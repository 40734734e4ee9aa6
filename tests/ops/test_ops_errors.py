"""Every refusal is one sentence of ours with the values in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convscope.errors import ConvscopeError, ShapeError, UnknownName, UsageError
from convscope.ops import (
    Window,
    autocorrelate,
    average_pool,
    batch_norm,
    conv1d,
    conv2d,
    conv_transpose2d,
    convolution_cost,
    convolve,
    cross_correlate,
    equivariance_error,
    flatten,
    full_padding,
    gaussian,
    global_average_pool,
    lp_pool,
    max_pool,
    output_size,
    receptive_field,
    same_padding,
    softmax,
    steps,
    unreached,
)

NAN = float("nan")
PICTURE, TAPS = np.ones((5, 5)), np.ones((3, 3))
AXES = "a signal (length,) or picture (height, width) takes a kernel with as many axes, not"
SHIFT = "a shift (down, right) of whole pixels needs a picture with rows and columns, not"
ONE_AXIS = (
    "of one axis should be a whole number or (before, after); same_padding and full_padding give those."
)
FIELD = "a receptive field is that of a list such as [Window(3)], not of"
STEP = "should be a whole number, or a position of the output such as (0, 0)."
X, WEIGHT = np.ones((1, 4, 5, 5)), np.ones((6, 4, 3, 3))
PADDINGS = (
    "should be 'valid', 'same', 'same_lower', 'full', a whole number from 0, or one (before, after) per axis."
)

SHAPES: dict[str, Callable[[], Any]] = {
    "a kernel of extent (6, 3) does not fit into a signal of (5, 5) with padding ((0, 0), (0, 0)); "
    'padding="same" or "full" lets it reach beyond the border.': lambda: convolve(
        PICTURE, np.ones((6, 3)), padding="valid"
    ),
    "a kernel of extent (7,) does not fit into a signal of (5,) with padding ((0, 1),); "
    'padding="same" or "full" lets it reach beyond the border.': lambda: convolve(
        PICTURE[0], [1, 2, 3], padding=[(0, 1)], dilation=3
    ),
    "a kernel of extent (7, 7) does not fit an input of (5, 5) with padding ((0, 0), (0, 0)); "
    "take a larger input or more padding.": lambda: conv2d(X, np.ones((6, 4, 7, 7))),
    "a window of extent (6, 6) does not fit an input of (5, 5) with padding ((0, 0), (0, 0)); "
    "take a larger input or more padding.": lambda: max_pool(X, 6),
    "padding ((2, 2), (2, 2)) lets a window of extent (2, 2) see nothing of an input of (5, 5); "
    "take less padding.": lambda: max_pool(X, 2, padding=2),
    "padding ((2, 2), (0, 0)) lets a window of extent (4, 1) see nothing of an input of (1, 5); "
    "take less padding.": lambda: average_pool(X[..., :1, :], (2, 1), padding=(2, 0), dilation=3),
    f"{AXES} shapes (5, 5) and (3,); conv1d and conv2d take channels and batches.": lambda: convolve(
        PICTURE, [1, 2, 3]
    ),
    f"{AXES} shapes () and (); conv1d and conv2d take channels and batches.": lambda: convolve(3, 4),
    f"{AXES} shapes (1, 4, 5, 5) and (6, 4, 3, 3); conv1d and conv2d take channels and batches.": lambda: (
        cross_correlate(X, WEIGHT)
    ),
    "the input should be (batch, channels, height, width) or (channels, height, width), not (5, 5).": (
        lambda: conv2d(PICTURE, WEIGHT)
    ),
    "the input should be (batch, channels, length) or (channels, length), not (5,).": (
        lambda: conv1d(PICTURE[0], WEIGHT[..., 0])
    ),
    "the weight should have 4 axes, not the shape (3, 3).": lambda: conv2d(X, TAPS),
    "groups=3 must divide both the 4 input and the 6 output channels.": lambda: conv2d(X, WEIGHT, groups=3),
    "groups=0 must divide both the 4 input and the 6 output channels.": lambda: conv2d(X, WEIGHT, groups=0),
    "groups=-2 must divide both the 4 input and the 6 output channels.": lambda: conv2d(X, WEIGHT, groups=-2),
    "groups=1.0 must divide both the 4 input and the 6 output channels.": lambda: conv2d(
        X, WEIGHT, groups=1.0
    ),  # type: ignore[arg-type]
    "groups=3 must divide both the 4 input and the 12 output channels.": lambda: conv_transpose2d(
        X, np.ones((4, 4, 3, 3)), groups=3
    ),
    "weights of shape (6, 4, 3, 3) take 8 input channels in 2 groups; the input has 4.": lambda: conv2d(
        X, WEIGHT, groups=2
    ),
    "weights of shape (6, 3, 3, 3) take 3 input channels in 1 group; the input has 4.": lambda: conv2d(
        X, WEIGHT[:, :3]
    ),
    "a transposed convolution of 4 channels takes weights (4, outputs / groups, height, width), not "
    "(6, 4, 3, 3).": lambda: conv_transpose2d(X, WEIGHT),
    "padding ((9, 9), (9, 9)) cuts off all of a result of (7, 7); take less.": lambda: conv_transpose2d(
        X, np.ones((4, 6, 3, 3)), padding=9
    ),
    "the bias should have one number per output channel, (6,), not (4,).": lambda: conv2d(
        X, WEIGHT, np.ones(4)
    ),
    "the signal of shape (0,) is empty; it should have at least one number.": lambda: convolve([], [1]),
    "the kernel of shape (0, 3) is empty; it should have at least one number.": lambda: convolve(
        PICTURE, np.ones((0, 3))
    ),
    "the input of shape (0, 4, 5, 5) is empty; it should have at least one number.": lambda: conv2d(
        X[:0], WEIGHT
    ),
    "the signal has rows of different lengths; its numbers should fill a rectangle.": lambda: convolve(
        [[1, 2], [3]], TAPS
    ),
    "a reflect border of ((5, 5), (5, 5)) is wider than an input of (5, 5) can give; "
    'border="replicate" or "zeros" has no such limit.': lambda: convolve(
        PICTURE, TAPS, padding=5, border="reflect"
    ),
    "a circular border of ((6, 6), (6, 6)) is wider than an input of (5, 5) can give; "
    'border="replicate" or "zeros" has no such limit.': lambda: conv2d(
        X, WEIGHT, padding=6, border="circular"
    ),
    "a window of kernel_size=(2, 2, 2) needs an input with as many axes; this one is (1, 4, 5, 5). "
    "For signals give a tuple of one: kernel_size=(3,).": lambda: max_pool(X, (2, 2, 2)),
    "a window of kernel_size=2 needs an input with as many axes; this one is (5,). "
    "For signals give a tuple of one: kernel_size=(3,).": lambda: max_pool(PICTURE[0], 2),
    "rank=3 should be from 1 to the 2 axes of an input (5, 5).": lambda: global_average_pool(PICTURE, rank=3),
    "axis=2 is not one of an input of shape (5, 5).": lambda: softmax(PICTURE, axis=2),
    "start=3 is not an axis of an input of shape (5, 5).": lambda: flatten(PICTURE, start=3),
    "the mean should have one number per channel, (4,), not (3,).": lambda: batch_norm(
        X, mean=np.ones(3), variance=np.ones(4)
    ),
    "a kernel of (9, 9) does not fit an input of (5, 5).": lambda: convolution_cost(
        (4, 5, 5), 6, kernel_size=(9, 9)
    ),
    "input_shape=5 should be (channels, height, width) or (channels, length).": lambda: convolution_cost(
        5,  # type: ignore[arg-type]
        6,
        kernel_size=3,
    ),
    f"{SHIFT} shape (5, 5) and shift 3.": lambda: equivariance_error(lambda x: x, PICTURE, 3),  # type: ignore[arg-type]
    "there is no step at (0, 'a'): the output has the shape (3, 3).": lambda: steps(PICTURE, TAPS).text(
        (0, "a")  # type: ignore[arg-type]
    ),
    f"{SHIFT} shape (5,) and shift (1, 1).": (lambda: equivariance_error(lambda x: x, PICTURE[0], (1, 1))),
    f"{SHIFT} shape (5, 5) and shift (0.5, 1).": lambda: equivariance_error(lambda x: x, PICTURE, (0.5, 1)),  # type: ignore[arg-type]
    "the function should give rows and columns; it gives shape ().": lambda: equivariance_error(
        np.mean, PICTURE, (1, 1)
    ),
}

USAGE: dict[str, Callable[[], Any]] = {
    "stride=0 should be a whole number from 1, or 2 of them.": lambda: convolve(PICTURE, TAPS, stride=0),
    "stride=-1 should be a whole number from 1.": lambda: convolve([1, 2], [1], stride=-1),
    "stride=1.5 should be a whole number from 1, or 2 of them.": lambda: conv2d(X, WEIGHT, stride=1.5),  # type: ignore[arg-type]
    "stride=(1, 2, 3) should be a whole number from 1, or 2 of them.": lambda: conv2d(
        X, WEIGHT, stride=(1, 2, 3)
    ),
    "stride='2' should be a whole number from 1, or 2 of them.": lambda: max_pool(X, 2, stride="2"),  # type: ignore[arg-type]
    "dilation=None should be a whole number from 1, or 2 of them.": lambda: conv2d(X, WEIGHT, dilation=None),  # type: ignore[arg-type]
    "dilation=True should be a whole number from 1, or 2 of them.": lambda: conv2d(X, WEIGHT, dilation=True),
    "kernel_size=0 should be a whole number from 1, or 2 of them.": lambda: max_pool(X, 0),
    "kernel_size=2.5 should be a whole number from 1, or 2 of them.": lambda: max_pool(X, 2.5),  # type: ignore[call-overload]
    f"padding=-1 {PADDINGS}": lambda: convolve(PICTURE, TAPS, padding=-1),
    f"padding=0.5 {PADDINGS}": lambda: conv2d(X, WEIGHT, padding=0.5),  # type: ignore[arg-type]
    f"padding=None {PADDINGS}": lambda: conv2d(X, WEIGHT, padding=None),  # type: ignore[arg-type]
    f"padding=(1, 2, 3) {PADDINGS}": lambda: conv2d(X, WEIGHT, padding=(1, 2, 3)),
    f"padding=((1, 2, 3), 1) {PADDINGS}": lambda: conv2d(X, WEIGHT, padding=((1, 2, 3), 1)),  # type: ignore[arg-type]
    'padding="same_lower" is for conv1d, conv2d and the pools; here there is "same".': lambda: convolve(
        PICTURE, TAPS, padding="same_lower"
    ),
    "padding='same' of a transposed convolution should be numbers, not a name.": lambda: conv_transpose2d(
        X,
        np.ones((4, 6, 3, 3)),
        padding="same",  # type: ignore[arg-type]
    ),
    "output_padding=2 should be below the stride (2, 2) or the dilation (1, 1).": lambda: conv_transpose2d(
        X, np.ones((4, 6, 3, 3)), stride=2, output_padding=2
    ),
    "output_padding=-1 should be a whole number from 0, or 2 of them.": lambda: conv_transpose2d(
        X, np.ones((4, 6, 3, 3)), output_padding=-1
    ),
    "the kernel holds nan at (0, 1); its numbers should be finite.": lambda: convolve(PICTURE, [[1, NAN]]),
    "the kernel holds inf at (1,); its numbers should be finite.": lambda: cross_correlate(
        [1.0, 2], [1, float("inf")]
    ),
    "the weight holds nan at (0, 0, 0, 0); its numbers should be finite.": lambda: conv2d(X, WEIGHT * NAN),
    "the bias holds nan at (0,); its numbers should be finite.": lambda: conv2d(X, WEIGHT, np.ones(6) * NAN),
    "the signal holds nan at (1,); its numbers should be finite.": lambda: autocorrelate([1, NAN]),
    "the signal should be real numbers, not 'abc' (str).": lambda: convolve("abc", [1]),
    "the signal should be real numbers, not '1' (str).": lambda: convolve(["1", "2"], [1]),
    "the kernel should be real numbers, not (1+2j) (complex).": lambda: convolve(PICTURE, [[1 + 2j]]),
    "the input should be real numbers, not None (NoneType).": lambda: max_pool(None, 2),
    "the signal should be real numbers, not 'two' (str).": lambda: convolve(
        np.array([1, "two"], dtype=object), [1]
    ),
    "the signal has integers that 64 bits do not hold; pass them as floats.": lambda: convolve(
        [2**70, 1], [1]
    ),
    "the kernel should be numbers; ops.kernel('sobel-x') gives those of a name.": lambda: convolve(
        PICTURE, "sobel-x"
    ),
    f"padding=(1, 2) {PADDINGS[:-1]}: ((1, 2),).": lambda: convolve([1, 2], [1], padding=(1, 2)),
    f"padding=(1, 2, 3, 4) {PADDINGS[:-1]}: ((1, 2), (3, 4)).": lambda: conv2d(
        X, WEIGHT, padding=(1, 2, 3, 4)
    ),
    "the signal is zero everywhere; its autocorrelation cannot be normalised.": lambda: autocorrelate(
        [0, 0], normalize=True
    ),
    "p='2' of a p-norm should be above 0 and finite; max_pool gives the largest.": lambda: lp_pool(
        X,
        2,
        p="2",  # type: ignore[arg-type]
    ),
    "a variance and eps=None should not be below 0.": lambda: batch_norm(X, eps=None),  # type: ignore[arg-type]
    "sigma='2' should be a finite number.": lambda: gaussian("2"),  # type: ignore[arg-type]
    "p=0 of a p-norm should be above 0 and finite; max_pool gives the largest.": lambda: lp_pool(X, 2, p=0),
    "p=nan of a p-norm should be above 0 and finite; max_pool gives the largest.": lambda: lp_pool(
        X, 2, p=NAN
    ),
    "mean and variance go together: give both, or neither for those of the batch.": lambda: batch_norm(
        X, mean=np.ones(4)
    ),
    "a variance and eps=1e-05 should not be below 0.": lambda: batch_norm(
        X, mean=np.ones(4), variance=-np.ones(4)
    ),
    "stride=0 should be a whole number from 1.": lambda: output_size(5, kernel_size=3, stride=0),
    "kernel_size=0 should be a whole number from 1.": lambda: same_padding(5, kernel_size=0),
    "dilation=-2 should be a whole number from 1.": lambda: unreached(5, kernel_size=2, dilation=-2),
    "kernel_size=2.0 should be a whole number from 1.": lambda: full_padding(kernel_size=2.0),  # type: ignore[arg-type]
    "size=(32, 32) of one axis should be a whole number from 0.": lambda: output_size(
        (32, 32), kernel_size=3
    ),  # type: ignore[arg-type]
    "size=32.5 of one axis should be a whole number from 0.": lambda: same_padding(32.5, kernel_size=3),  # type: ignore[arg-type]
    f"padding='same' {ONE_AXIS}": lambda: output_size(32, kernel_size=3, padding="same"),  # type: ignore[arg-type]
    f"padding=(1, 2, 3) {ONE_AXIS}": lambda: unreached(32, kernel_size=3, padding=(1, 2, 3)),  # type: ignore[arg-type]
    "before=(1, 1) should be a whole number, the padding at the start.": lambda: Window(3, before=(1, 1)),  # type: ignore[arg-type]
    f"{FIELD} [3, 3].": lambda: receptive_field([3, 3]),  # type: ignore[list-item]
    f"{FIELD} Window(kernel_size=3, stride=1, before=0, dilation=1).": lambda: receptive_field(Window(3)),  # type: ignore[arg-type]
    "kernel_size=(3,) should be a whole number from 1, or 2 of them.": lambda: convolution_cost(
        (4, 5, 5), 6, kernel_size=(3,)
    ),
    "out_channels=1.5 should be a whole number from 1.": lambda: convolution_cost(
        (4, 5, 5),
        1.5,  # type: ignore[arg-type]
        kernel_size=3,
    ),
    f"the step 'a' {STEP}": lambda: steps(PICTURE, TAPS).show("a"),  # type: ignore[arg-type]
    f"the step 1.5 {STEP}": lambda: steps(PICTURE, TAPS)[1.5],  # type: ignore[call-overload]
    "margin=-1 should be a whole number from 0.": lambda: equivariance_error(
        lambda x: x, PICTURE, (1, 1), margin=-1
    ),
    "margin=3 leaves nothing of a result of (5, 5).": lambda: equivariance_error(
        lambda x: x, PICTURE, (1, 1), margin=3
    ),
}

NAMES: dict[str, Callable[[], Any]] = {
    "unknown padding 'sane': did you mean 'same'? Known: valid, same, same_lower, full. Or a number, or one "
    "(before, after) per axis.": lambda: convolve(PICTURE, TAPS, padding="sane"),
    "unknown border 'mirror'. Known: zeros, reflect, replicate, circular.": lambda: convolve(
        PICTURE, TAPS, border="mirror"
    ),
    "unknown border 'reflct': did you mean 'reflect'? Known: zeros, reflect, replicate, circular.": lambda: (
        conv2d(X, WEIGHT, border="reflct")
    ),
    "unknown border 'None'. Known: zeros, reflect, replicate, circular.": lambda: max_pool(X, 2, border=None),  # type: ignore[call-overload]
    "unknown method 'ftt': did you mean 'fft'? Known: auto, direct, separable, fft.": lambda: convolve(
        PICTURE, TAPS, method="ftt"
    ),
    "unknown method 'None'. Known: auto, direct, separable, fft.": lambda: convolve(
        PICTURE,
        TAPS,
        method=None,  # type: ignore[arg-type]
    ),
    "unknown padding 'valid'. Known: full, same.": lambda: autocorrelate([1, 2], padding="valid"),
}


@pytest.mark.parametrize(
    ("kind", "sentence", "make"),
    [
        (kind, sentence, make)
        for kind, cases in ((ShapeError, SHAPES), (UsageError, USAGE), (UnknownName, NAMES))
        for sentence, make in cases.items()
    ],
)
def test_refusal(kind: type[ConvscopeError], sentence: str, make: Callable[[], Any]) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "make",
    [
        lambda: convolve(PICTURE, TAPS, padding=10**6),
        lambda: convolve(PICTURE, TAPS, padding=10**9, stride=10**9),
        lambda: convolve([1, 2], [1, 2, 3], padding=10**12),
        lambda: convolve(PICTURE, TAPS, dilation=10**9 + 1),
        lambda: max_pool(PICTURE, 2 * 10**6, padding=10**6),
        lambda: max_pool(PICTURE[0], (3,), padding=10**10),
        lambda: conv2d(X, WEIGHT, padding=10**9),
        lambda: unreached(10**13, kernel_size=3, stride=10**12),
        lambda: conv_transpose2d(X, np.ones((4, 6, 3, 3)), stride=10**7),
        lambda: steps(PICTURE, TAPS, padding=10**6).output(),
    ],
)
def test_what_no_memory_holds_is_refused_before_it_is_made(make: Callable[[], Any]) -> None:
    with pytest.raises(
        ShapeError, match=r"has the shape \([0-9, ]+\) and would take [0-9,.]+ GiB, more than the"
    ):
        make()


def test_a_window_is_no_window_without_a_kernel() -> None:
    for settings in ({"kernel_size": 0}, {"stride": 0}, {"dilation": 1.5}):
        ((name, value),) = settings.items()
        with pytest.raises(UsageError) as caught:
            Window(**settings)  # type: ignore[arg-type]
        assert str(caught.value) == f"{name}={value} should be a whole number from 1."
