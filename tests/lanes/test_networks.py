"""Whole networks that hypothesis makes up, against PyTorch in float64."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope.graph import Graph

from .networks import networks
from .oracle import check


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(networks(), st.sampled_from([2, 15, 16, 17, 33]), st.integers(0, 999))
def test_network(graph: Graph, count: int, seed: int) -> None:
    check(graph, count, seed)
