"""The plan of the working memory, checked by going through the steps with a list of who owns which place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope import nets
from convscope.graph import Graph
from convscope.ship.c_source import memory as plan
from convscope.ship.c_source.memory import place
from convscope.ship.c_source.network import lower
from convscope.ship.c_source.steps import Listing, Step, Value
from convscope.ship.entrance import Entrance

from .networks import of_numbers, trained
from .test_networks import usual


def steps_of(graph: Graph) -> Listing:
    return lower(graph, trained(graph), Entrance(usual(graph)), "logits")


def needed_at_once(steps: Sequence[Step]) -> int:
    """The most numbers that any one step needs kept; no plan takes less."""
    areas = plan._areas(steps)
    return max((sum(area.during(at, at) for area in areas) for at in range(len(steps))), default=0)


def check_owners(steps: list[Step], memory: int) -> None:
    """Whatever a step reads is what was written under that value and nothing else."""
    owner = np.full(memory, None, dtype=object)
    for step in steps:
        for value in step.inputs:
            if value.argument is None and value is not step.result:
                assert (owner[value.offset : value.offset + value.size] == value).all(), step.layer
        result = step.result
        if result.argument is None:
            for value in step.inputs:  # overwritten only where the function allows it
                overlap = value.argument is None and (
                    value.offset < result.offset + result.size and result.offset < value.offset + value.size
                )
                assert not overlap or value is result or value in step.in_place_of
            assert result.offset + result.size <= memory
            owner[result.offset : result.offset + result.size] = result


@pytest.mark.parametrize("name", nets.names())
def test_no_value_is_overwritten_before_its_last_reader_and_no_plan_needs_less(name: str) -> None:
    listing = steps_of(nets.graph(name))
    memory = place(listing.steps)
    check_owners(listing.steps, memory)
    assert memory == needed_at_once(listing.steps)


def test_memory_of_a_network_by_hand() -> None:
    """convnet-bn: the first convolution has 28·28 in and 16·28·28 out, and is the largest; ReLU and pool
    work in place, so nothing else counts."""
    assert place(steps_of(nets.graph("convnet-bn")).steps) == 28 * 28 + 16 * 28 * 28
    # resnet-8: three arrays of 16·32·32 where a block's input waits for its sum
    assert place(steps_of(nets.graph("resnet-8")).steps) == 3 * 16 * 32 * 32


@st.composite
def any_steps(draw: st.DrawFn) -> list[Step]:
    """Steps that read some of what was written before, perhaps in place."""
    given_ = Value(5, "values")
    values, steps = [given_], []
    for number in range(draw(st.integers(1, 14))):
        inputs = draw(st.lists(st.sampled_from(values[-5:]), min_size=1, max_size=3))
        result = Value(draw(st.integers(1, 30)))
        in_place = tuple(value for value in inputs[:2] if draw(st.booleans()))
        steps.append(Step(f"step {number}", "f", (*inputs, result), result, in_place))
        values.append(result)
    return steps


@settings(max_examples=300)
@given(steps=any_steps())
def test_no_plan_of_any_steps_overlaps(steps: list[Step]) -> None:
    memory = place(steps)
    check_owners(steps, memory)
    assert memory >= needed_at_once(steps)


def test_values_that_enter_as_they_are_take_no_memory() -> None:
    graph = nets.graph("simple-cnn-1d")
    bundle = of_numbers(graph)
    listing = lower(graph, bundle.weights, Entrance(bundle.preprocessing), "probabilities")
    assert listing.steps[0].arguments[0].text == "values"  # type: ignore[union-attr]
