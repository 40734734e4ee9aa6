"""Exercises: the same seed gives the same, the numbers lie in their range, and they are worth the work."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import scipy.signal

from convscope.errors import ConvscopeError, ShapeError, UnknownName, UsageError
from convscope.exercise import Pooling, check, make, render


def test_the_seed_decides() -> None:
    one, same, other = make(seed=7), make(seed=7), make(seed=8)
    assert np.array_equal(one.problem.input, same.problem.input)
    assert np.array_equal(one.problem.kernel, same.problem.kernel)
    assert not np.array_equal(one.problem.input, other.problem.input)


@pytest.mark.parametrize("flip", [False, True])
def test_the_result_is_scipys(flip: bool) -> None:
    for seed in range(20):
        problem = make(size=(6, 5), kernel=(3, 2), flip=flip, seed=seed).problem
        slide = scipy.signal.convolve2d if flip else scipy.signal.correlate2d
        assert np.array_equal(problem.stages[0].result, slide(problem.input, problem.kernel, "valid"))
        signal = make(size=[8], kernel=[3], flip=flip, padding="full", seed=seed).problem
        line = scipy.signal.convolve if flip else scipy.signal.correlate
        assert np.array_equal(signal.stages[0].result, line(signal.input, signal.kernel, "full"))


def test_numbers_lie_in_their_range() -> None:
    problems = [make(values=(0, 9), kernel_values=(-1, 1), seed=seed).problem for seed in range(30)]
    inputs, kernels = (np.stack([getattr(p, name) for p in problems]) for name in ("input", "kernel"))
    assert (inputs.min(), inputs.max()) == (0, 9)
    assert (kernels.min(), kernels.max()) == (-1, 1)


def test_a_kernel_is_worth_the_work() -> None:
    for seed in range(200):
        kernel = make(kernel=[2], values=(0, 1), seed=seed).problem.kernel
        assert kernel is not None
        assert not np.array_equal(kernel, np.flip(kernel))  # else convolution and cross-correlation agree
    assert make(values=(0, 0)).problem.kernel is not None  # where there is no other


def test_channels_and_filters() -> None:
    problem = make(size=(4, 4), channels=2, filters=3, pool="max:2").problem
    assert problem.input.shape == (2, 4, 4)
    assert problem.kernel is not None
    assert problem.kernel.shape == (3, 2, 3, 3)
    assert [stage.result.shape for stage in problem.stages] == [(3, 2, 2), (3, 1, 1)]
    assert make(size=[6], kernel=[2], channels=2).problem.stages[0].result.shape == (1, 5)
    assert make(kernel=None, channels=2, pool="average:5").problem.stages[0].result.shape == (2, 1, 1)


def test_a_named_kernel() -> None:
    kernel = make(kernel="sobel-x").problem.kernel
    assert kernel is not None
    assert kernel.tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    with pytest.raises(UsageError, match="has decimals"):
        make(kernel="gaussian")
    with pytest.raises(UsageError, match="is for one picture"):
        make(size=[5], kernel="sobel-x")


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"size": (2, 2)}, ShapeError, "does not fit"),
        ({"size": (0, 2)}, UsageError, "size=0 should be a whole number from 1"),
        ({"size": (2, 2, 2)}, UsageError, "two (height, width)"),
        ({"channels": 0}, UsageError, "channels=0"),
        ({"kernel": (3, 0)}, UsageError, "kernel=(3, 0)"),
        ({"size": [9], "kernel": (3, 3)}, UsageError, "kernel=(3, 3)"),
        ({"seed": -1}, UsageError, "seed=-1"),
        ({"values": (3, -3)}, UsageError, "values=3:-3"),
        ({"values": (0, 10**7)}, UsageError, "1000000"),
        ({"size": (99, 99)}, ShapeError, "products"),
        ({"size": (10**6, 10**6)}, ShapeError, "products"),
        ({"padding": 10**9}, ShapeError, "at most"),
        ({"padding": "sam"}, UnknownName, "did you mean 'same'"),
        ({"pool": "max:two"}, UsageError, "pool 'max:two'"),
        ({"pool": "max:0"}, UsageError, "pool 'max:0'"),
        ({"kernel": None}, UsageError, "nothing to compute"),
        ({"kernel": None, "pool": "max:2", "filters": 2}, UsageError, "no filters"),
    ],
)
def test_what_no_exercise_has(settings: dict[str, Any], error: type[ConvscopeError], words: str) -> None:
    with pytest.raises(error) as raised:
        make(**settings)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "text", ["max:2", "average:3x2", "l2:2:1", "l1:3x3:2x1", "lp:2:2:2.5", "global-average"]
)
def test_a_pool_is_written_as_it_is_read(text: str) -> None:
    assert str(Pooling.parse(text)) == text


SETTINGS: list[dict[str, Any]] = [
    {},
    {"flip": True, "padding": "same", "kernel": (2, 2), "stride": 2},
    {"padding": ((1, 0), (2, 1)), "dilation": (1, 2), "border": "reflect"},
    {"size": [9], "kernel": [3], "padding": "full", "pool": "average:3"},
    {"channels": 2, "filters": 2, "pool": "l2:2:1"},
    {"kernel": None, "pool": "global-average"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_written_solution_is_right_and_a_change_is_found(settings: dict[str, Any]) -> None:
    exercises = [make(**settings, seed=seed) for seed in (3, 4)]
    documents = json.loads(render(exercises, "json"))
    assert [document["seed"] for document in documents] == [3, 4]
    for document in documents:
        assert check(document).is_right
        result = np.array(document["result"])
        result.flat[-1] += 1
        assert check({**document, "result": result.tolist()}).wrong == 1
    problem = json.loads(render(exercises[:1], "json", part="problem"))
    assert problem["result"] is problem["output_size"] is None
    assert not {"windows", "products", "partial_sums"} & set(problem)
    assert check({**problem, "result": documents[0]["result"]}).is_right


@pytest.mark.parametrize("more", [{}, {"pool": "max:2"}, {"channels": 2, "filters": 3, "pool": "max:2"}])
def test_the_kernel_has_as_many_axes_as_the_input(more: dict[str, Any]) -> None:
    first, *pools = make(size=[8], **more).problem.stages
    assert first.kernel_size == (3,)
    assert first.result.shape[-1] == 6
    assert [pool.result.shape[-1] for pool in pools] == [3] * len(pools)


@pytest.mark.parametrize(
    ("text", "same"),
    [("max", "max:2"), ("lp:3", "l2:3"), ("lp:2:2:3", "l3:2:2"), ("max:3,2:2×1", "max:3x2:2x1")],
)
def test_other_ways_to_write_a_pool(text: str, same: str) -> None:
    assert Pooling.parse(text) == Pooling.parse(same)
