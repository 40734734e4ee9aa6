"""What goes in and what comes out: types of numbers, lists, tensors; and what is never imported."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from convscope.errors import UsageError
from convscope.ops import (
    autocorrelate,
    average_pool,
    batch_norm,
    conv1d,
    conv2d,
    conv_transpose2d,
    convolve,
    cross_correlate,
    flatten,
    global_average_pool,
    global_max_pool,
    kernel,
    lp_pool,
    max_pool,
    relu,
    softmax,
)

from .drawn import FLOATS, INTEGERS, close, numbers

TYPES = [*FLOATS, *INTEGERS, "bool"]


@pytest.mark.parametrize("of_kernel", TYPES)
@pytest.mark.parametrize("of_picture", TYPES)
def test_every_pair_of_types(of_picture: str, of_kernel: str) -> None:
    """Integers add up in int64; with a float among them the type is NumPy's, and nothing is cut off."""
    picture, taps = numbers([7, 6], 0, of_picture), numbers([3, 3], 1, of_kernel)
    exact = np.zeros((5, 4))
    for i, j in np.ndindex(3, 3):
        exact += picture[i : i + 5, j : j + 4].astype(np.float64) * float(taps[i, j])
    whole = of_picture not in FLOATS and of_kernel not in FLOATS
    by_numpy = np.result_type(picture.astype(np.uint8) if of_picture == "bool" else picture, taps)
    wanted = np.dtype(np.int64) if whole else by_numpy
    results = [cross_correlate(picture, taps, padding="valid"), conv2d(picture[None], taps[None, None])[0]]
    results += [convolve(picture, taps[::-1, ::-1], padding="valid")]
    for result in results:
        assert result.dtype == wanted
        close(result, exact, wanted)
    if whole:
        np.testing.assert_array_equal(results[0], exact)


def test_bytes_with_a_kernel_of_floats_lose_nothing() -> None:
    picture = np.full((4, 4), 255, np.uint8)
    np.testing.assert_array_equal(cross_correlate(picture, np.full((3, 3), 1.5), padding="valid"), 255 * 13.5)
    np.testing.assert_array_equal(
        cross_correlate(picture, np.full((3, 3), -1, np.int8), padding="valid"), -2295
    )
    assert cross_correlate(picture, [[0.5]])[0, 0] == 127.5
    assert conv2d(picture[None], [[[[1]]]], [0.25])[0, 0, 0] == 255.25


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "uint64"])
def test_integers_are_exact_up_to_where_they_would_overflow(dtype: str) -> None:
    large = np.array([2**30, 1, 2**30 + 1], dtype)
    wanted = [2**60 + 2**30 + 1]  # not a number of float64
    np.testing.assert_array_equal(cross_correlate(large, [2**30, 0, 1], padding="valid"), wanted)
    np.testing.assert_array_equal(conv1d(large[None], [[[2**30, 0, 1]]]), [wanted])


@pytest.mark.parametrize(
    "make",
    [
        lambda x: convolve(x, [1, 1, 1]),
        lambda x: autocorrelate(x),
        lambda x: conv1d(x[None], [[[2]]]),
        lambda x: conv2d(x[None, None], [[[[2]]]]),
        lambda x: conv_transpose2d(x[None, None], [[[[2]]]]),
        lambda x: conv1d(x[None] // 2, [[[1]]], [2**62]),
    ],
)
def test_an_overflow_is_refused(make: Any) -> None:
    sentence = r"^sums of these integers can reach .*e\+\d+, more than int64 holds; pass them as floats\.$"
    for x in (np.array([2**63 - 1, 5, 5]), np.array([-(2**63), 5, 5]), np.array([2**64 - 1, 5], np.uint64)):
        with pytest.raises(UsageError, match=sentence):
            make(x)


def test_half_precision_is_rounded_once() -> None:
    """A sum in half precision would stop at 2048, where adding 1 no longer counts."""
    ones = np.ones((64, 64), np.float16)
    assert cross_correlate(ones, ones, padding="valid")[0, 0] == 4096
    assert conv2d(ones[None], ones[None, None])[0, 0, 0] == 4096
    assert average_pool(ones, 64)[0, 0] == 1
    assert lp_pool(ones, 64, p=1)[0, 0] == 4096
    laid = conv_transpose2d(np.ones((1, 3000, 1), np.float16), np.ones((1, 1, 3000, 1), np.float16))
    assert laid.max() == 3000


def test_lists_and_tuples_and_bytes_of_the_other_order() -> None:
    nested = [[1, 2], [3, 4]]
    wanted = cross_correlate(np.array(nested), np.array([[1, 1, 1]]))
    np.testing.assert_array_equal(cross_correlate(nested, ((1, 1, 1),)), wanted)
    swapped = numbers([6, 6]).astype(">f8")
    close(cross_correlate(swapped, kernel("box")), cross_correlate(numbers([6, 6]), kernel("box")))
    close(
        cross_correlate(numbers([6, 6])[::-1, ::-2], kernel("box")),
        cross_correlate(numbers([6, 6])[::-1, ::-2].copy(), kernel("box")),
    )


def test_what_goes_in_is_left_as_it_was() -> None:
    x, taps = numbers([5, 5]), numbers([3, 3])
    for array in (x, taps):
        array.setflags(write=False)
    copies = x.copy(), taps.copy()
    results = [convolve(x, taps, padding="valid"), cross_correlate(x, [[1.0]]), max_pool(x, 1), relu(x)]
    results += [average_pool(x, 1), lp_pool(x, 1), conv2d(x[None], [[[[1.0]]]]), softmax(x)]
    results += max_pool(x, 1, return_indices=True)
    for result in results:
        assert not np.shares_memory(result, x)
        result[:] = 7
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(taps, copies[1])


# tensors


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.float32, torch.float64, torch.uint8, torch.int32, torch.bool]
)
def test_tensors_in_tensors_out(dtype: torch.dtype) -> None:
    x, weight = (torch.from_numpy(numbers(s, 0, "int8")).to(dtype) for s in ([1, 2, 6, 6], [3, 2, 3, 3]))
    y = conv2d(x, weight, padding=1)
    assert isinstance(y, torch.Tensor)
    assert y.dtype == (dtype if dtype.is_floating_point else torch.int64)
    np.testing.assert_array_equal(y, F.conv2d(x.double(), weight.double(), padding=1))
    largest, indices = max_pool(x, 2, return_indices=True)
    assert isinstance(largest, torch.Tensor)
    assert isinstance(indices, torch.Tensor)
    assert isinstance(convolve(x[0, 0], kernel("sobel-x")), torch.Tensor)
    assert isinstance(convolve(kernel("sobel-x"), weight[0, 0]), torch.Tensor)
    assert isinstance(batch_norm(x.float(), weight=torch.ones(2)), torch.Tensor)


def test_a_tensor_of_one_number_has_no_axes() -> None:
    mean = global_average_pool(torch.ones(4, 4))
    assert isinstance(mean, torch.Tensor)
    assert mean.shape == ()


def test_a_tensor_that_is_flipped_or_not_writable() -> None:
    x = torch.from_numpy(numbers([1, 6, 6])).transpose(1, 2)
    close(conv2d(x, torch.ones(1, 1, 3, 3).double()), F.conv2d(x, torch.ones(1, 1, 3, 3).double()))


def test_gradients_are_refused() -> None:
    x = torch.ones(1, 1, 4, 4, requires_grad=True)
    sentence = r"^conv2d gives no gradients: pass tensor\.detach\(\), or use torch\.nn\.functional"
    with pytest.raises(UsageError, match=sentence):
        conv2d(x, torch.ones(1, 1, 3, 3))
    with pytest.raises(UsageError, match=r"^relu gives no gradients"):
        relu(x)
    with torch.no_grad():
        assert conv2d(x, torch.ones(1, 1, 3, 3)).shape == (1, 1, 2, 2)
    assert conv2d(x.detach(), torch.ones(1, 1, 3, 3)).shape == (1, 1, 2, 2)


def test_a_type_that_numpy_does_not_have_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"^NumPy has no numbers of type torch.bfloat16: pass tensor.float\(\)\.$"
    ):
        relu(torch.ones(3, dtype=torch.bfloat16))


def test_torch_is_not_imported() -> None:
    code = (
        "import sys, convscope.ops as ops; "
        "ops.conv2d([[[1.0]]], [[[[1.0]]]]); ops.steps([1, 2], [1])[0]; ops.max_pool([[1]], 1); "
        "ops.convolve([1.0], [1.0], method='fft'); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_truth_values_are_0_and_1() -> None:
    """The type is kept, except of truth values: those become uint8."""
    truth = np.array([[True, False], [False, False]])
    for result in (max_pool(truth, 2), global_max_pool(truth), relu(truth), flatten(truth)):
        assert result.dtype == np.uint8
        assert result.max() == 1
    assert max_pool(torch.from_numpy(truth), 2).dtype == torch.uint8
