"""Which pictures each step of an epoch sees: drawn from (seed, epoch) alone."""

from __future__ import annotations

import numpy as np

from ..recipe import Recipe


def epoch_batches(labels: np.ndarray, recipe: Recipe, epoch: int) -> list[np.ndarray]:
    """The positions of each batch of an epoch, as `recipe.sampling` says.

    `labels` are the classes of the training pictures, int (N,). An epoch has N positions either way.
    """
    if recipe.sampling == "balanced":
        return balanced_batches(labels, recipe.batch_size, recipe.seed, epoch)
    return shuffled_batches(len(labels), recipe.batch_size, recipe.seed, epoch)


def shuffled_batches(count: int, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The positions of each batch of an epoch; the last batch may be smaller, or larger by one.

    >>> [batch.tolist() for batch in shuffled_batches(6, 4, seed=0, epoch=1)]
    [[1, 4, 3, 0], [2, 5]]
    """
    order = np.random.default_rng((seed, epoch)).permutation(count)
    return np.split(order, batch_starts(count, batch_size)[1:])


def balanced_batches(labels: np.ndarray, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """N positions, as many of each class: some of a large class's pictures, those of a small one repeated.

    A picture comes as often as any other of its class, or once more. What is left over when N positions are
    divided among the classes goes to other classes in each epoch.

    >>> batches = balanced_batches(np.array([0, 0, 0, 0, 0, 0, 1, 1]), 4, seed=0, epoch=1)
    >>> [batch.tolist() for batch in batches]  # the pictures 6 and 7 twice each
    [[1, 6, 3, 6], [7, 0, 5, 7]]
    """
    random = np.random.default_rng((seed, epoch))
    present = np.unique(labels)
    share, left_over = divmod(len(labels), len(present))
    one_more = set(random.permutation(len(present))[:left_over].tolist())
    chosen = []
    for number, label in enumerate(present):
        wanted = share + (number in one_more)
        pictures = random.permutation(np.flatnonzero(labels == label))
        chosen.append(np.resize(pictures, wanted))  # over and over again, as often as it takes
    order = random.permutation(np.concatenate(chosen))
    return np.split(order, batch_starts(len(labels), batch_size)[1:])


def batch_starts(count: int, batch_size: int) -> range:
    """Where each batch begins. A single picture left over joins the batch before: batch norm needs two.

    >>> list(batch_starts(7, 3)), list(batch_starts(8, 3))
    ([0, 3], [0, 3, 6])
    """
    return range(0, count if batch_size == 1 else max(count - 1, 1), batch_size)
