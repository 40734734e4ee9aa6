"""Stratified hold-outs: which pictures of a part are kept aside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import DataError, UsageError

#: The seed of every test hold-out: runs with different seeds are compared on the same test pictures.
TEST_SEED = 20_240_229


def check_fraction(value: float, *, flag: str) -> float:
    """`value` where it is a share that can be held out, 0 <= value < 1; `UsageError` naming `flag` if not."""
    if not 0 <= value < 1:
        raise UsageError(f"{flag} is {value}, but it is a share of the pictures: at least 0 and below 1.")
    return float(value)


def hold_out(
    labels: np.ndarray, fraction: float, *, seed: int, classes: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Positions that stay and positions that are held out, each sorted: (kept, held), int64.

    Every class gives its share, rounded so that the whole is round(N * fraction) wherever that
    leaves each class at least one picture on both sides (largest remainders). The same labels,
    fraction and seed give the same split. `classes` names the labels in messages.

    Raises `DataError` for a class of fewer than two pictures.

    >>> kept, held = hold_out(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 0.25, seed=0)
    >>> len(kept), len(held)
    (6, 2)
    """
    everything = np.arange(len(labels), dtype=np.int64)
    if fraction == 0:
        return everything, everything[:0]
    present, sizes = np.unique(labels, return_counts=True)
    for label, size in zip(present, sizes, strict=True):
        if size < 2:
            name = classes[label] if classes is not None else str(label)
            raise DataError(
                f"class {name!r} has {size} picture, and a split needs at least 2. "
                "Add pictures, or leave the class out."
            )
    random = np.random.default_rng(seed)
    held = [
        np.flatnonzero(labels == label)[np.argsort(random.random(size), kind="stable")[:share]]
        for label, size, share in zip(present, sizes, _shares(sizes, fraction), strict=True)
    ]
    chosen = np.zeros(len(labels), dtype=bool)
    if held:
        chosen[np.concatenate(held)] = True
    return everything[~chosen], everything[chosen]


def _shares(sizes: np.ndarray, fraction: float) -> np.ndarray:
    exact = sizes * fraction
    shares = np.floor(exact).astype(np.int64)
    missing = int(np.floor(sizes.sum() * fraction + 0.5)) - int(shares.sum())
    largest_remainders = np.argsort(shares - exact, kind="stable")[:missing]
    shares[largest_remainders] += 1
    return np.clip(shares, 1, sizes - 1)
