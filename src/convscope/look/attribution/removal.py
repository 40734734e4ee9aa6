"""What a network says of a picture while its pixels are taken away, in the order of a map or of chance.

Deletion takes the most important pixels first; insertion begins with the empty picture and puts them back
first, so it is deletion in reverse order, read from its end (Petsiuk et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ...data import InputPreprocessing, Preprocessing

STEPS = 20  # in each of them a twentieth of the pixels goes
AT_ONCE = 256  # pictures

Order = npt.NDArray[np.intp]  # every pixel once, as its place in the picture's rows; first to last


def baseline_of(preprocessing: InputPreprocessing, stored: np.ndarray) -> np.ndarray:
    """What stands where a pixel was removed, one number per channel, as it is stored.

    Of a picture the median of the pixels along its four sides, channel by channel: the ground that it stands
    on, black below a light digit and white below a dark one, some middle tone of a photo. Of a signal and
    of arrays the training data's mean where the bundle keeps it, else 0.

    >>> preprocessing = Preprocessing(height=3, width=3, channels=1)
    >>> picture = np.full((3, 3, 1), 250, np.uint8)
    >>> picture[1, :2] = 10
    >>> baseline_of(preprocessing, picture)
    array([250], dtype=uint8)
    """
    if isinstance(preprocessing, Preprocessing):
        sides = [stored[0], stored[-1], stored[1:-1, 0], stored[1:-1, -1]]
        ground: np.ndarray = np.rint(np.median(np.concatenate(sides), axis=0)).astype(stored.dtype)
        return ground
    return np.array(preprocessing.mean or (0.0,) * len(stored), stored.dtype)


def pixels_of(preprocessing: InputPreprocessing, stored: np.ndarray) -> tuple[int, ...]:
    """(H, W) of a picture, (L,) of a signal."""
    return stored.shape[:2] if isinstance(preprocessing, Preprocessing) else stored.shape[1:]


def without(
    preprocessing: InputPreprocessing,
    stored: np.ndarray,
    baseline: np.ndarray,
    removed: npt.NDArray[np.bool_],
) -> np.ndarray:
    """The picture with the baseline at `removed` (N, pixels): (N, *stored.shape)."""
    gone = removed.reshape(len(removed), *pixels_of(preprocessing, stored))
    if isinstance(preprocessing, Preprocessing):
        return np.where(gone[..., None], baseline, stored)
    return np.where(gone[:, None], baseline.reshape(-1, *[1] * (stored.ndim - 1)), stored)


def order_of(values: npt.NDArray[np.floating], seed: int) -> Order:
    """The pixels of a map, the most important first; equal ones in an order drawn from the seed.

    >>> order_of(np.array([[0.5, -1.0], [2.0, 0.0]]), seed=0).tolist()
    [2, 0, 3, 1]
    """
    ties = np.random.default_rng([seed, 1]).permutation(values.size)
    return np.lexsort((ties, -values.ravel()))


def random_orders(values: npt.NDArray[np.floating], count: int, seed: int) -> list[Order]:
    """So many orders by random maps that are as coarse as this one.

    They have the map's Fourier amplitudes and random phases (Theiler et al. 1992), so neighbours go together
    as much as they do by the map, in other places. Orders of single pixels would compare a map of soft spots
    with noise, which makes most networks fail long before the picture is gone.
    """
    random = np.random.default_rng([seed, 2])
    amplitudes = np.abs(np.fft.rfftn(values))
    amplitudes.flat[0] = 0  # the mean, which has no place
    orders = []
    for _ in range(count):
        phases = np.angle(np.fft.rfftn(random.standard_normal(values.shape)))
        drawn = np.fft.irfftn(amplitudes * np.exp(1j * phases), values.shape, axes=range(values.ndim))
        orders.append(
            order_of(np.round(drawn / (np.abs(drawn).max() or 1.0), 9), int(random.integers(1 << 31)))
        )
    return orders


def curves(
    probabilities: Callable[[np.ndarray], np.ndarray],
    preprocessing: InputPreprocessing,
    stored: np.ndarray,
    baseline: np.ndarray,
    orders: list[Order],
) -> npt.NDArray[np.float64]:
    """The target's probability with none to all of the pixels removed in each order: (orders, steps + 1).

    `probabilities` gives the target's for stored pictures. There are `STEPS` steps, or one per pixel of a
    picture with fewer.
    """
    pixels = orders[0].size
    steps = min(STEPS, pixels)
    after = np.rint(np.linspace(0, pixels, steps + 1)).astype(int)  # how many are gone
    result = np.empty((len(orders), steps + 1))
    together = max(1, AT_ONCE // (steps + 1))
    for start in range(0, len(orders), together):
        group = orders[start : start + together]
        ranks = np.stack([np.argsort(order) for order in group])  # (orders, pixels): the how-manieth it goes
        removed = ranks[:, None, :] < after[None, :, None]
        pictures = without(preprocessing, stored, baseline, removed.reshape(-1, pixels))
        result[start : start + together] = probabilities(pictures).reshape(len(group), steps + 1)
    return result


def areas(curves: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of each curve by the trapezoidal rule, 0..1."""
    inner: npt.NDArray[np.float64] = curves[:, 1:-1].sum(axis=1) + (curves[:, 0] + curves[:, -1]) / 2
    result: npt.NDArray[np.float64] = inner / (curves.shape[1] - 1)
    return result
