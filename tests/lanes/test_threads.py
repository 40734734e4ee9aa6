"""The same bits whatever shares the work: threads, calls, other networks, batches that came before."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from convscope import nets
from convscope.graph import Builder, Graph, initial_weights
from convscope.lanes.network import Network
from convscope.lanes.settings import OptimizerSettings

from .oracle import INSTRUCTION_SETS, Arrays, batch

COUNTS = [
    33,
    16,
    5,
    100,
    1,
]  # batches that fill blocks and that do not, of more blocks than threads and of fewer


def mixed() -> Graph:
    """Batch norm, dropout, a residual, and a linear layer in several pieces."""
    b = Builder("mixed")
    x = b.max_pool(b.relu(b.batch_norm(b.conv2d(b.input(2, 12, 11), 8, kernel_size=3, padding=1))), 2)
    y = b.relu(b.batch_norm(b.conv2d(b.dropout(x, 0.2), 16, kernel_size=3, padding=1)))
    y = b.conv2d(y, 8, kernel_size=1)
    x = b.append("dropout2d", b.relu(b.add(b.batch_norm(y), x)), p=0.3)
    x = b.dropout(b.relu(b.linear(b.flatten(x), 64)))
    return b.build(b.linear(x, 5))


GRAPHS = {
    "mixed": mixed(),
    "convnet-bn": nets.graph("convnet-bn", (1, 12, 13)),
    "resnet-8": nets.graph("resnet-8", (3, 9, 8)),
    "mobile-small": nets.graph("mobile-small", (3, 8, 8)),
}


@dataclass
class Trained:
    """What five steps of Adam leave behind."""

    losses: np.ndarray
    correct: int
    weights: Arrays
    outputs: np.ndarray = field(default_factory=lambda: np.zeros(0))


def network(graph: Graph, threads: int = 1, instruction_set: str = "") -> Network:
    return Network(
        graph,
        initial_weights(graph, 1),
        training=True,
        threads=threads,
        settings=OptimizerSettings("adam", weight_decay=0.01, clip_norm=1.0, label_smoothing=0.1),
        instruction_set=instruction_set,
    )


def data(graph: Graph) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    x, labels = batch(graph, 100, 2, coarse=False)
    generator = np.random.default_rng(3)
    return x, labels, [generator.permutation(100)[:count] for count in COUNTS]


def train(net: Network) -> Trained:
    x, labels, positions = data(net.graph)
    losses, correct = net.train(x, labels, positions, [0.01] * len(positions), seed=4)
    return Trained(losses, correct, net.weights())


def assert_same_bits(a: Trained, b: Trained) -> None:
    assert np.array_equal(a.losses, b.losses)
    assert a.correct == b.correct
    for name, value in a.weights.items():
        assert np.array_equal(value, b.weights[name]), name


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_bits_do_not_depend_on_the_number_of_threads(graph: Graph, instruction_set: str) -> None:
    one = train(network(graph, 1, instruction_set))
    assert np.isfinite(one.losses).all()
    outputs = Network(graph, one.weights, training=False, threads=1, instruction_set=instruction_set)
    x, _, _ = data(graph)
    for threads in (2, 3, 7):
        assert_same_bits(train(network(graph, threads, instruction_set)), one)
        shared = Network(graph, one.weights, training=False, threads=threads, instruction_set=instruction_set)
        assert np.array_equal(shared.outputs(x), outputs.outputs(x))


def test_bits_do_not_depend_on_how_steps_are_divided_into_calls() -> None:
    graph = GRAPHS["mixed"]
    whole, parts = train(network(graph)), network(graph, 2)
    x, labels, positions = data(graph)
    losses, right = [], 0
    for first, end in ((0, 1), (1, 4), (4, 5)):
        some, correct = parts.train(
            x, labels, positions[first:end], [0.01] * (end - first), seed=4, first_step=first
        )
        losses.extend(some)
        right += correct
    assert_same_bits(Trained(np.array(losses), right, parts.weights()), whole)


def test_bits_do_not_depend_on_where_the_pictures_lie() -> None:
    """Positions in a data set, or the batch itself in their order."""
    graph = GRAPHS["convnet-bn"]
    x, labels, positions = data(graph)
    chosen, own = network(graph), network(graph)
    for place in positions:
        a, _ = chosen.train(x, labels, [place], [0.01])
        b, _ = own.train(x[place], labels[place], [np.arange(len(place))], [0.01])
        assert np.array_equal(a, b)
    assert np.array_equal(chosen.native.parameters, own.native.parameters)


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_batches_leave_nothing_behind_but_weights(graph: Graph) -> None:
    """Buffers are used again: by a smaller batch, and after numbers that overflowed."""
    used, fresh = network(graph, 2), network(graph, 2)
    x, labels, _ = data(graph)
    train(used)
    used.train(x * 1e30, labels, [np.arange(100)], [0.01])
    used.set_weights(initial_weights(graph, 1))
    used.native.first_moments[:] = 0
    used.native.second_moments[:] = 0
    used.native.steps_done = 0
    for count in (3, 50):
        for net in (used, fresh):
            net.train(x, labels, [np.arange(count)], [0.01])
        assert np.array_equal(used.native.gradients, fresh.native.gradients)
    assert np.array_equal(used.native.parameters, fresh.native.parameters)


def test_two_networks_at_once() -> None:
    """The GIL is released: two Python threads train at the same time, each on two threads of its own."""
    chosen = [GRAPHS["mixed"], GRAPHS["resnet-8"]]
    expected = [train(network(graph)) for graph in chosen]
    found: list[list[Trained]] = [[], []]

    def work(number: int) -> None:
        for _ in range(3):
            found[number].append(train(network(chosen[number], 2)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(2):
        assert len(found[number]) == 3
        for trained in found[number]:
            assert_same_bits(trained, expected[number])


def test_many_networks_come_and_go() -> None:
    graph = GRAPHS["convnet-bn"]
    x, _, _ = data(graph)
    expected = None
    for number in range(20):
        net = Network(graph, initial_weights(graph, 1), training=False, threads=1 + number % 4)
        outputs = net.outputs(x[:40])
        expected = outputs if expected is None else expected
        assert np.array_equal(outputs, expected)
