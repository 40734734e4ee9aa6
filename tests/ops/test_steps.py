"""Every step of a convolution and of a pool: the same numbers as all at once, and as torch."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from convscope.errors import ShapeError, UnknownName, UsageError
from convscope.ops import (
    average_pool,
    conv1d,
    conv2d,
    convolve,
    cross_correlate,
    lp_pool,
    max_pool,
    pool_steps,
    steps,
)
from convscope.ops.looking import source_index

from .drawn import FLOATS, close, numbers

RANKS = st.sampled_from([1, 2])
BORDERS = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
TORCH: dict[int, Any] = {1: F.conv1d, 2: F.conv2d}
OURS: dict[int, Any] = {1: conv1d, 2: conv2d}


def around(values: np.ndarray, pairs: list[tuple[int, int]], border: str) -> np.ndarray:
    """NumPy's own padding of the last axes."""
    whole = [(0, 0)] * (values.ndim - len(pairs)) + list(pairs)
    return np.pad(values, whole, BORDERS[border])  # type: ignore[no-any-return, call-overload]


def checked(step: Any, dtype: Any) -> None:
    """A step's numbers follow from one another."""
    exact = step.window.astype(np.float64) * step.kernel.astype(np.float64)
    close(step.products, exact, dtype)
    close(step.running.ravel(), np.cumsum(exact.ravel()), dtype)
    rank = len(step.dilation)
    close(
        step.channel_sums, np.atleast_1d(exact.sum(axis=tuple(range(exact.ndim - rank, exact.ndim)))), dtype
    )
    close(step.result, exact.sum() + (0 if step.bias is None else float(step.bias)), dtype)


@given(st.data(), RANKS, st.sampled_from([*FLOATS, "uint8"]), st.sampled_from(sorted(BORDERS)), st.booleans())
def test_steps_with_channels(data: st.DataObject, rank: int, dtype: str, border: str, flip: bool) -> None:
    def each(least: int, most: int) -> tuple[int, ...]:
        return tuple(data.draw(st.integers(least, most)) for _ in range(rank))

    groups, seed = data.draw(st.integers(1, 2)), data.draw(st.integers(0, 99))
    ins, outs = groups * data.draw(st.integers(1, 2)), groups * data.draw(st.integers(1, 2))
    x = numbers((ins, *each(4, 6)), seed, dtype)
    taps = numbers((outs, ins // groups, *each(1, 3)), seed + 1, dtype)
    bias = numbers([outs], seed + 2, dtype) if data.draw(st.booleans()) else None
    pairs = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in range(rank)]
    stride, dilation = each(1, 3), each(1, 2)
    axes = zip(x.shape[1:], taps.shape[2:], dilation, pairs, strict=True)
    assume(all(n + sum(p) > d * (k - 1) for n, k, d, p in axes))
    settings: dict[str, Any] = {"padding": pairs, "stride": stride, "dilation": dilation, "groups": groups}
    walked = steps(x, taps, bias, flip=flip, border=border, **settings)

    padded = around(x.astype(np.float64), pairs, border)
    applied = np.flip(taps, tuple(range(2, 2 + rank))) if flip else taps
    tensors = [torch.from_numpy(a.astype(np.float64)) for a in (padded, applied)]
    tensors += [] if bias is None else [torch.from_numpy(bias.astype(np.float64))]
    del settings["padding"]
    wanted = TORCH[rank](*tensors, **settings).numpy()

    assert walked.shape == wanted.shape
    assert len(walked) == wanted.size
    assert walked.name.startswith("convolution (kernel" if flip else "cross-correlation (kernel not")
    close(walked.output(), wanted, dtype)
    assert walked.output().dtype == (np.int64 if dtype == "uint8" else dtype)
    close(np.reshape([step.result for step in walked], wanted.shape), wanted, dtype)
    for place in {0, len(walked) // 2, len(walked) - 1}:
        step = walked[place]
        assert step.position == np.unravel_index(place, walked.shape)
        out, *where = step.position
        group = out // (outs // groups)
        np.testing.assert_array_equal(step.kernel, applied[out])
        # the window is what lies under the taps of the padded picture
        seen = padded[group * (ins // groups) : (group + 1) * (ins // groups)]
        under = [
            slice(s * p, s * p + d * (k - 1) + 1, d)
            for s, p, d, k in zip(stride, where, dilation, taps.shape[2:], strict=True)
        ]
        np.testing.assert_array_equal(step.window, seen[(slice(None), *under)])
        for start, coordinates, s, p, (before, _), d, k in zip(
            step.start, step.coordinates, stride, where, pairs, dilation, taps.shape[2:], strict=True
        ):
            assert start == s * p - before
            assert coordinates.tolist() == [start + d * i for i in range(k)]
        lies = [(c >= 0) & (c < n) for c, n in zip(step.coordinates, x.shape[1:], strict=True)]
        inside = lies[0] if rank == 1 else np.outer(*lies)
        np.testing.assert_array_equal(step.inside, np.broadcast_to(inside, step.window.shape))
        np.testing.assert_array_equal(walked.at(*step.position).window, step.window)
        checked(step, dtype)


@given(st.data(), RANKS, st.booleans(), st.sampled_from(["valid", "full", "same", 1]))
def test_steps_without_channels(data: st.DataObject, rank: int, flip: bool, padding: Any) -> None:
    x = numbers([data.draw(st.integers(5, 8)) for _ in range(rank)], data.draw(st.integers(0, 99)))
    taps = numbers([data.draw(st.sampled_from([1, 3])) for _ in range(rank)], data.draw(st.integers(0, 99)))
    settings: dict[str, Any] = {"padding": padding, "stride": data.draw(st.integers(1, 3))}
    settings["dilation"] = data.draw(st.integers(1, 2))
    walked = steps(x, taps, flip=flip, **settings)
    wanted = (convolve if flip else cross_correlate)(x, taps, **settings)
    close(walked.output(), wanted)
    close(np.reshape([step.result for step in walked], walked.shape), wanted)
    for step in walked:
        assert step.window.shape == step.running.shape == taps.shape
        assert len(step.channel_sums) == 1
        checked(step, np.float64)


def test_steps_with_padding_by_name_are_those_of_the_layer() -> None:
    x, taps = numbers([2, 7, 8]), numbers([3, 2, 2, 4])
    for padding in ("same", "same_lower", "full", "valid"):
        walked = steps(x, taps, padding=padding, stride=(1, 2))
        close([step.result for step in walked], conv2d(x, taps, padding=padding, stride=(1, 2)).ravel())


def test_a_bias_without_channels_is_one_number() -> None:
    (step,) = steps([1, 2], [3, 4], 0.5)
    assert step.result == 11.5
    assert step.equation() == "1·3 + 2·4 + 0.5 = 11.5"


def test_what_is_not_a_number_is_told_as_it_is() -> None:
    (step,) = steps([np.nan, 2.0], [3.0, 0.0])
    assert np.isnan(step.result)
    assert step.equation() == "nan·3 + 2·0 = nan"


@given(st.data(), RANKS, st.sampled_from(["max", "average", "lp"]), st.sampled_from(sorted(BORDERS)))
def test_steps_of_pools(data: st.DataObject, rank: int, kind: str, border: str) -> None:
    dtype = data.draw(st.sampled_from([*FLOATS, "uint8", "int8"]))
    x = numbers([data.draw(st.integers(5, 7)) for _ in range(rank)], data.draw(st.integers(0, 99)), dtype)
    kernel_size = tuple(data.draw(st.integers(1, 3)) for _ in range(rank))
    pairs = [(data.draw(st.integers(0, k - 1)), data.draw(st.integers(0, k - 1))) for k in kernel_size]
    settings: dict[str, Any] = {
        "padding": pairs,
        "stride": data.draw(st.integers(1, 3)),
        "dilation": data.draw(st.integers(1, 2)),
        "ceil_mode": data.draw(st.booleans()),
        "border": border,
    }
    include = {"count_include_pad": data.draw(st.booleans())} if kind == "average" else {}
    p = {"p": data.draw(st.sampled_from([1, 2, 3.5]))} if kind == "lp" else {}
    pool: Any = {"max": max_pool, "average": average_pool, "lp": lp_pool}[kind]
    walked = pool_steps(x, kernel_size, kind=kind, **include, **p, **settings)
    wanted = pool(x, kernel_size, **include, **p, **settings)
    np.testing.assert_array_equal(walked.output(), wanted)
    assert walked.shape == wanted.shape
    results = np.reshape([step.result for step in walked], wanted.shape)
    floating = dtype if dtype in FLOATS else np.float64
    close(results, wanted, floating)
    for step in walked:
        assert np.asarray(step.result).dtype == wanted.dtype
        counted = step.window[step.counted].astype(np.float64)
        assert counted.size
        recomputed = {
            "max": counted.max(),
            "average": counted.mean(),
            "lp": np.linalg.norm(counted, ord=step.p),
        }[kind]
        close(step.result, recomputed, floating)
    if kind == "max":
        _, indices = max_pool(x, kernel_size, return_indices=True, **settings)
        places = [np.ravel_multi_index(step.winner, x.shape) for step in walked]  # type: ignore[arg-type]
        np.testing.assert_array_equal(np.reshape(places, indices.shape), indices)


def test_padding_is_no_winner_where_all_is_the_least_there_is() -> None:
    least = np.full((3, 3), -128, np.int8)
    walked = pool_steps(least, 3, padding=1, stride=1)
    assert [step.winner for step in walked[:3]] == [(0, 0), (0, 0), (0, 1)]
    assert walked[0].result == -128


def test_equations_of_pools() -> None:
    picture = [[1, -2], [4, 5]]
    assert pool_steps(picture, 2)[0].equation() == "max(1, -2, 4, 5) = 5"
    assert pool_steps(picture, 2, kind="average")[0].equation() == "(1 + (-2) + 4 + 5) / 4 = 2"
    assert (
        pool_steps(picture, 2, kind="lp", p=1)[0].equation() == "(|1|^1 + |-2|^1 + |4|^1 + |5|^1)^(1/1) = 12"
    )
    corner = pool_steps(picture, 2, kind="average", padding=1, stride=1, count_include_pad=False)[0]
    assert corner.equation() == "(1) / 1 = 1"


@given(st.integers(1, 9), st.sampled_from(sorted(BORDERS)))
def test_beyond_the_border_lies_what_numpy_puts_there(size: int, border: str) -> None:
    """As far as NumPy repeats itself; zeros come from nowhere."""
    reach = 20
    index = np.arange(-reach, size + reach)
    source, inside = source_index(index, size, border)
    np.testing.assert_array_equal(inside, (index >= 0) & (index < size))
    if border != "zeros":
        wanted = np.pad(np.arange(size), reach, BORDERS[border])  # type: ignore[call-overload]
        np.testing.assert_array_equal(source, wanted)


@pytest.mark.parametrize("what", ["convolution", "filters", "pool"])
def test_a_large_picture_costs_nothing_until_it_is_asked(what: str) -> None:
    picture = numbers([2160, 3840], 0, "uint8")
    tracemalloc.start()
    try:
        if what == "pool":
            walked: Any = pool_steps(picture, 3, stride=1, padding=1)
        elif what == "filters":
            walked = steps(picture[None], np.ones((1, 1, 5, 5)), padding="same")
        else:
            walked = steps(picture, np.ones((5, 5), int), padding="same", border="reflect")
        assert len(walked) == 2160 * 3840
        step, last = walked[4_000_000], walked[-1]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    row, column = step.position[-2:]
    reach = 1 if what == "pool" else 2
    under = picture[row - reach : row + reach + 1, column - reach : column + reach + 1]
    assert step.result == (under.max() if what == "pool" else under.sum())
    assert last.position[-2:] == (2159, 3839)
    assert peak < 1_000_000  # the picture has eight million numbers


def test_a_walk_is_a_sequence() -> None:
    walked = steps(numbers([4, 5]), numbers([2, 2]))
    assert walked.shape == (3, 4)
    assert [step.position for step in walked[2:6]] == [(0, 2), (0, 3), (1, 0), (1, 1)]
    assert walked[-1].position == (2, 3)
    assert [step.position for step in walked] == [step.position for step in walked[:]]
    with pytest.raises(IndexError, match="there are 12 steps, from 0 to 11; not 12"):
        walked[12]
    for place in ((3, 0), (0, -1), (1,), (0, 0, 0)):
        with pytest.raises(ShapeError, match=r"there is no step at .*: the output has the shape \(3, 4\)"):
            walked.at(*place)


def test_steps_of_tensors() -> None:
    x, taps = torch.from_numpy(numbers([2, 5, 5])), torch.from_numpy(numbers([3, 2, 3, 3]))
    close([step.result for step in steps(x, taps)], F.conv2d(x, taps).ravel())
    with pytest.raises(UsageError, match="steps gives no gradients"):
        steps(x.requires_grad_(), taps)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: steps([[1, 2]], [1]), r"shapes \(1, 2\) and \(1,\) do not go together: a signal"),
        (lambda: steps(np.ones((2, 5, 5)), np.ones((3, 3))), r"shapes \(2, 5, 5\) and \(3, 3\) do not go"),
        (
            lambda: steps(np.ones((3, 5, 5)), np.ones((4, 2, 3, 3))),
            r"filters of shape \(4, 2, 3, 3\) in groups=1",
        ),
        (
            lambda: steps(np.ones((3, 5, 5)), np.ones((4, 1, 3, 3)), groups=2),
            "groups=2 must divide both the 3",
        ),
        (
            lambda: steps([1, 2], [1, 2], [1, 2]),
            r"the bias should be one number for each of 1 filters, not \(2,\)",
        ),
        (lambda: steps([1, 2], [1, 2, 3]), r"a kernel of extent \(3,\) does not fit an input of \(2,\)"),
        (lambda: steps([1, 2], [1, 2], border="mirror"), r"unknown border 'mirror'\. Known: zeros, reflect"),
        (lambda: steps([1, 2], [1, 2], stride=0), "stride=0 should be a whole number from 1"),
        (lambda: steps([1, 2], [1, float("nan")]), r"the kernel holds nan at \(1,\)"),
        (
            lambda: pool_steps(np.ones((2, 5, 5)), 2),
            r"the steps of a pool are those of one picture .* not of \(2, 5, 5\); take one channel",
        ),
        (
            lambda: pool_steps(np.ones((5, 5)), 2, kind="maximum"),
            "unknown pool 'maximum': did you mean 'max'. Known: max, average, lp",
        ),
        (lambda: pool_steps(np.ones((5, 5)), 2, kind="lp", p=0), "p=0 of a p-norm should be above 0"),
        (
            lambda: pool_steps(np.ones((5, 5)), 6),
            r"a window of extent \(6, 6\) does not fit an input of \(5, 5\)",
        ),
    ],
)
def test_steps_that_there_are_not(make: Any, sentence: str) -> None:
    with pytest.raises((ShapeError, UsageError, UnknownName), match="^" + sentence):
        make()


def test_steps_are_told_in_a_line() -> None:
    walk = steps(np.ones((3, 8, 8)), np.ones((5, 3, 3, 3)), flip=True)
    assert repr(walk) == "<180 steps of a convolution (kernel flipped), output 5×6×6>"
    assert repr(walk[0]) == "<step at (0, 0, 0): 27>"
    assert repr(pool_steps([[1, -2], [3, 4]], 1)) == "<4 steps of a max pool, output 2×2>"
    assert repr(pool_steps([[1, -2], [3, 4]], 1)[1]) == "<step at (0, 1): -2>"
