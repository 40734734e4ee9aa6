"""What the comparison of an exported network with its bundle lets through, and what it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope import Bundle
from convscope.data import Preprocessing
from convscope.errors import GateFailed
from convscope.ship.entrance import Entrance
from convscope.ship.proof import MARGIN, TOLERANCE, Proof, prove

PREPROCESSING = Preprocessing(height=1, width=2, channels=1)


class Says(Bundle):
    """A bundle whose probabilities are given, one row per picture, told apart by their first pixel."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        rows: np.ndarray = self.weights["rows"][images[:, 0, 0, 0]]
        return rows


def saying(rows: np.ndarray, classes: str = "abc") -> tuple[Says, np.ndarray]:
    """A bundle that says the rows, and the pictures it says them of."""
    stored = np.zeros((len(rows), 1, 2, 1), np.uint8)
    stored[:, 0, 0, 0] = np.arange(len(rows))
    return Says("given", tuple(classes), PREPROCESSING, None, {"rows": rows.astype(np.float32)}), stored


ROWS = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])


def proved(change: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None, **settings: object) -> Proof:
    """Of ROWS; `change` makes of a batch and what the bundle says what the other network says."""
    bundle, stored = saying(ROWS)

    def run(batch: np.ndarray) -> np.ndarray:
        rows = ROWS[batch[:, 0, 0, 0]].astype(np.float32)
        return rows if change is None else change(batch, rows)

    return prove(bundle, Entrance(PREPROCESSING), stored, run, **settings)  # type: ignore[arg-type]


def test_the_same_numbers_pass() -> None:
    proof = proved()
    assert (proof.count, proof.largest, proof.mean, proof.close) == (3, 0.0, 0.0, 0)
    assert proof.what == "3 pictures"
    assert proof.batches == (1, 7, 64)
    assert proof.to_dict()["tolerance"] == 1e-4


def test_every_batch_size_is_run() -> None:
    sizes = []

    def seen(batch: np.ndarray, rows: np.ndarray) -> np.ndarray:
        sizes.append(len(batch))
        return rows

    proved(seen, batches=(1, 2, 64))
    assert sizes == [1, 1, 1, 2, 1, 3]


@pytest.mark.parametrize(("shift", "passes"), [(0.9e-4, True), (1.1e-4, False), (-1.1e-4, False)])
def test_the_tolerance(shift: float, passes: bool) -> None:
    def change(batch: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return rows + np.float32(shift) * (batch[:, :1, 0, 0] == 1)  # in one picture only

    if passes:
        assert proved(change).largest == pytest.approx(abs(shift), rel=1e-2)
        return
    with pytest.raises(GateFailed, match="on 1 of 3 pictures and names another class for 0"):
        proved(change)


def test_the_sentence_says_where_and_how_far() -> None:
    def change(batch: np.ndarray, rows: np.ndarray) -> np.ndarray:
        rows = rows.copy()
        rows[batch[:, 0, 0, 0] == 2] = [0.9, 0.05, 0.05]
        return rows

    with pytest.raises(GateFailed) as refused:
        proved(change, names=("x.png", "y.png", "z.png"))
    assert str(refused.value) == (
        "what was exported is not the same network. In batches of 1 it differs on 1 of 3 pictures and names "
        "another class for 1. Most on z.png: it names a where the bundle names c, and gives a 0.9000 instead "
        "of 0.2000 (0.0001 is allowed)."
    )


def test_a_fault_of_one_batch_size_is_found() -> None:
    def change(batch: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return rows[::-1].copy() if len(batch) == 3 else rows

    with pytest.raises(GateFailed, match="In batches of 7"):
        proved(change)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_no_number_is_different(number: float) -> None:
    def change(batch: np.ndarray, rows: np.ndarray) -> np.ndarray:
        rows = rows.copy()
        rows[batch[:, 0, 0, 0] == 1, 2] = number
        return rows

    with pytest.raises(GateFailed, match="Most on picture 1"):
        proved(change)


def test_a_bundle_without_numbers_proves_nothing() -> None:
    rows = ROWS.copy()
    rows[1] = np.nan
    bundle, stored = saying(rows)
    with pytest.raises(GateFailed, match=r"the bundle itself gives no probabilities.*for picture 1"):
        prove(bundle, Entrance(PREPROCESSING), stored, lambda batch: rows[batch[:, 0, 0, 0]])


def test_what_fails_or_has_another_shape_is_refused() -> None:
    def fails(batch: np.ndarray, rows: np.ndarray) -> np.ndarray:
        raise RuntimeError("Got: 7\n Expected: 1")

    with pytest.raises(GateFailed, match=r"exported fails on a batch of 1 \(Got: 7 Expected: 1\)\.$"):
        proved(fails)
    with pytest.raises(GateFailed, match=r"gives \(1, 2\) for a batch of 1, not \(1, 3\)"):
        proved(lambda _, rows: rows[:, :2])
    with pytest.raises(GateFailed, match=r"gives \(1, 3\) for a batch of 3, not \(3, 3\)"):
        proved(lambda _, rows: rows[:1])


def test_interruptions_are_not_the_network_s() -> None:
    def interrupted(batch: np.ndarray, rows: np.ndarray) -> np.ndarray:
        raise MemoryError

    with pytest.raises(MemoryError):
        proved(interrupted)


def test_two_classes_side_by_side_are_not_told_apart() -> None:
    rows = np.array([[0.50004, 0.49996, 0.0], [0.2, 0.5, 0.3]])
    bundle, stored = saying(rows)

    def run(batch: np.ndarray) -> np.ndarray:
        found = rows[batch[:, 0, 0, 0]].copy()
        found[batch[:, 0, 0, 0] == 0] = [0.49996, 0.50004, 0.0]
        return found

    proof = prove(bundle, Entrance(PREPROCESSING), stored, run)
    assert proof.close == 1
    assert proof.largest == pytest.approx(8e-5, rel=1e-2)


@given(st.integers(0, 2**32 - 1), st.floats(0, 3))
def test_within_the_tolerance_no_clear_class_changes(seed: int, scale: float) -> None:
    """The two parts of the gate agree: 2 × tolerance of margin cannot be lost within the tolerance."""
    random = np.random.default_rng(seed)
    rows = random.dirichlet(np.ones(4), 20).astype(np.float32).astype(np.float64)
    moved = rows + random.uniform(-1, 1, rows.shape) * TOLERANCE * scale
    bundle, stored = saying(rows, "abcd")
    differ = np.abs(moved - rows).max() > TOLERANCE
    best = np.sort(rows, axis=1)
    clear = best[:, -1] - best[:, -2] > MARGIN
    if not differ:
        assert (moved.argmax(1) == rows.argmax(1))[clear].all()
        assert prove(
            bundle, Entrance(PREPROCESSING), stored, lambda batch: moved[batch[:, 0, 0, 0]]
        ).close == np.sum(~clear)
        return
    with pytest.raises(GateFailed):
        prove(bundle, Entrance(PREPROCESSING), stored, lambda batch: moved[batch[:, 0, 0, 0]])


def test_what_the_pictures_cannot_show_is_said() -> None:
    rows = np.array([[1.0, 0.0, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0]])
    bundle, stored = saying(rows, "abcd")
    run = lambda batch: rows[batch[:, 0, 0, 0]]  # noqa: E731
    (sentence,) = prove(bundle, Entrance(PREPROCESSING), stored, run).unseen
    assert sentence == (
        "no picture has a probability above 0.0001 for c, d, so these classes mixed up would not be seen."
    )
    same = np.array([[0.6, 0.3, 0.1]] * 3)
    bundle, stored = saying(same)
    (sentence,) = prove(bundle, Entrance(PREPROCESSING), stored, lambda batch: same[: len(batch)]).unseen
    assert sentence.startswith("the network says nearly the same of every picture")


@pytest.mark.parametrize("grey", [True, False])
def test_grey_pictures_in_a_colour_network_hide_its_channels(grey: bool) -> None:
    colour = Preprocessing(height=1, width=2, channels=3)
    bundle, stored = saying(ROWS)
    bundle = dataclasses.replace(bundle, preprocessing=colour)
    stored = np.repeat(stored, 3, axis=3)
    stored[1, 0, 1] = (7, 7, 7 if grey else 9)
    proof = prove(bundle, Entrance(colour), stored, lambda batch: ROWS[batch[:, 0, 0, 0]])
    assert [one.startswith("all pictures are grey") for one in proof.unseen] == [True] * grey
