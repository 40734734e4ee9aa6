"""3×3 kernels of each channel's own, which have a kernel of the engine's own."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope.graph import Builder, Node

from .oracle import check
from .test_kernels import network


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.tuples(st.integers(1, 11), st.integers(1, 14)),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(2, 5),
    st.booleans(),
    st.sampled_from(["relu", "tanh", None]),
    st.sampled_from([1, 16, 17]),
    st.integers(0, 999),
)
def test_a_kernel_for_each_channel(
    size: tuple[int, int],
    stride: int,
    padding: int,
    channels: int,
    bias: bool,
    activation: str | None,
    count: int,
    seed: int,
) -> None:
    def body(b: Builder, x: Node) -> Node:
        y = b.conv2d(x, channels, kernel_size=3, stride=stride, padding=padding, groups=channels, bias=bias)
        return getattr(b, activation)(y) if activation else y

    check(network((2, *size), body, channels=channels), count, seed, coarse=activation != "tanh")
