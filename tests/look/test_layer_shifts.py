"""Equivariance layer by layer: what must be 0, what must not, and a figure worked out with torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from convscope import Bundle
from convscope.data import Preprocessing
from convscope.errors import DataError, UnsupportedOperation
from convscope.graph import Builder, initial_weights
from convscope.look.breaking.layer_shifts import layer_shifts

from .pixel_networks import convolutions, pictures

SIDE = 24
Body = Callable[[Builder, object], object]


def bundle_of(body: Callable[[Builder, object], object], *, side: int = SIDE) -> Bundle:
    b = Builder("net")
    x = body(b, b.input(1, side, side))
    graph = b.build(b.linear(b.flatten(x), 2))  # type: ignore[arg-type]
    seen = Preprocessing(height=side, width=side, channels=1, mean=(0.3,), std=(0.2,))
    return Bundle("net", ("a", "b"), seen, graph, initial_weights(graph, 4))


@given(sizes=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2)), min_size=1, max_size=3))
def test_valid_convolutions_of_stride_1_commute(sizes: list[tuple[int, int]]) -> None:
    def body(b: Builder, x: object) -> object:
        for kernel_size, dilation in sizes:
            x = b.relu(b.conv2d(x, 3, kernel_size=kernel_size, dilation=dilation))  # type: ignore[arg-type]
        return x

    for shift in layer_shifts(bundle_of(body), pictures(2, side=SIDE)):
        assert shift.interior
        assert shift.jump == 1
        assert shift.distance < 1e-6
        assert shift.aligned == pytest.approx(shift.distance)


def test_padding_takes_no_part_in_the_interior() -> None:
    def body(b: Builder, x: object) -> object:
        return b.conv2d(b.conv2d(x, 3, kernel_size=5, padding=2), 3, kernel_size=3, padding=1)  # type: ignore[arg-type]

    assert max(shift.distance for shift in layer_shifts(bundle_of(body), pictures(2, side=SIDE))) < 1e-6


def test_a_pool_does_not_commute_with_one_pixel() -> None:
    """‖pool(shifted) - pool halfway between‖ / ‖pool halfway between‖, by torch, down and to the right."""
    bundle = bundle_of(lambda b, x: b.max_pool(x, kernel_size=2))  # type: ignore[arg-type]
    images = pictures(3, side=SIDE)
    (found,) = layer_shifts(bundle, images)
    x = torch.from_numpy(bundle.preprocessing.batch(images))
    before = F.max_pool2d(x, 2)
    difference = reference = 0.0
    for axis in (2, 3):
        after = F.max_pool2d(torch.roll(x, 1, axis), 2)
        inner = after.narrow(axis, 1, SIDE // 2 - 1)  # its first window has what came in
        n = inner.shape[axis]
        wanted = (before.narrow(axis, 0, n) + before.narrow(axis, 1, n)) / 2
        difference += float(((inner - wanted) ** 2).sum())
        reference += float((wanted**2).sum())
    assert found.jump == 2
    assert found.interior
    assert found.distance == pytest.approx((difference / reference) ** 0.5, rel=1e-5)
    assert found.distance > 0.1
    assert found.aligned == 0


def test_a_strided_convolution_commutes_with_its_own_steps() -> None:
    def body(b: Builder, x: object) -> object:
        return b.average_pool(b.conv2d(x, 2, kernel_size=3, stride=2), kernel_size=2)  # type: ignore[arg-type]

    strided, pooled = layer_shifts(bundle_of(body), pictures(2, side=SIDE))
    assert (strided.jump, pooled.jump) == (2, 4)
    assert strided.aligned == pytest.approx(0, abs=1e-6)
    assert pooled.aligned == pytest.approx(0, abs=1e-6)
    assert min(strided.distance, pooled.distance) > 0.05


def test_a_constant_picture_is_the_same_everywhere() -> None:
    bundle = bundle_of(lambda b, x: b.max_pool(x, kernel_size=2))  # type: ignore[arg-type]
    (found,) = layer_shifts(bundle, np.full((1, SIDE, SIDE, 1), 90, np.uint8))
    assert found.distance == 0


def test_where_every_field_reaches_the_border_the_border_has_its_part() -> None:
    def body(b: Builder, x: object) -> object:
        for _ in range(4):
            x = b.conv2d(x, 2, kernel_size=5, padding=2)  # type: ignore[arg-type]
        return x

    *_, last = layer_shifts(bundle_of(body, side=12), pictures(2, side=12))
    assert not last.interior
    assert last.aligned is None
    assert last.distance > 1e-3


def test_a_group_norm_sees_the_whole_picture() -> None:
    def body(b: Builder, x: object) -> object:
        return b.append("group_norm", b.conv2d(x, 2, kernel_size=3), num_groups=1)  # type: ignore[arg-type]

    bundle = bundle_of(body)
    assert [shift.layer for shift in layer_shifts(bundle, pictures(2, side=SIDE))] == ["conv1"]


def test_a_single_place_has_no_shifted_counterpart() -> None:
    bundle = bundle_of(lambda b, x: b.average_pool(x, kernel_size=SIDE))  # type: ignore[arg-type]
    assert layer_shifts(bundle, pictures(2, side=SIDE)) == ()


def test_a_network_without_a_graph_or_without_finite_weights_is_refused() -> None:
    with pytest.raises(UnsupportedOperation, match="not in convscope's graph"):
        layer_shifts(convolutions(exported=True)[1], pictures(1))
    _, bundle = convolutions()
    bundle.weights["fc.bias"][0] = np.nan
    with pytest.raises(DataError, match="diverged"):
        layer_shifts(bundle, pictures(1))
