"""Made-up inputs that use the whole range of what a network may be given, for where its data is not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..data import ArrayPreprocessing, InputPreprocessing, Preprocessing

SEED = 0


def synthetic(preprocessing: InputPreprocessing, count: int, *, seed: int = SEED) -> np.ndarray:
    """So many inputs as they are stored: extremes first, then noise, slopes, blobs and strokes in turn.

    Every channel differs from the others, and nothing is the same turned or mirrored, so that exchanged
    channels, axes or statistics show.

    >>> pictures = synthetic(Preprocessing(height=5, width=7, channels=3), 9)
    >>> pictures.shape, pictures.dtype, int(pictures[0].max()), int(pictures[1].min())
    ((9, 5, 7, 3), dtype('uint8'), 0, 255)
    """
    random = np.random.default_rng(seed)
    if isinstance(preprocessing, Preprocessing):
        shape = (preprocessing.channels, preprocessing.height, preprocessing.width)
        pictures = np.floor(256 * _unit(random, count, shape).clip(0, 1)).clip(0, 255).astype(np.uint8)
        return np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    assert isinstance(preprocessing, ArrayPreprocessing)
    column = (preprocessing.channels, *(1 for _ in preprocessing.shape[1:]))
    mean = np.array(preprocessing.mean or np.zeros(preprocessing.channels)).reshape(column)
    std = np.array(preprocessing.std or np.ones(preprocessing.channels)).reshape(column)
    values = mean + std * 6 * (_unit(random, count, preprocessing.shape) - 0.5)  # three deviations each way
    return values.astype(np.float32)


def _unit(random: np.random.Generator, count: int, shape: tuple[int, ...]) -> np.ndarray:
    """float64 (count, C, ...) mostly from 0 to 1."""
    extremes = [np.zeros(shape), np.ones(shape), *(_only(channel, shape) for channel in range(shape[0]))]
    made = [_KINDS[number % len(_KINDS)](random, shape) for number in range(max(count - len(extremes), 0))]
    return np.stack([*extremes, *made])[:count] if count else np.zeros((0, *shape))


def _only(channel: int, shape: tuple[int, ...]) -> np.ndarray:
    values = np.zeros(shape)
    values[channel] = 1
    return values


def _noise(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    low, high = np.sort(random.random(2))
    return random.uniform(low, high, shape)


def _slope(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Brighter towards one side, another side in each channel."""
    values = _each(random, shape, 1.0)
    for place in _places(shape):
        values = values + random.uniform(-1, 1, _column(shape)) * (place - 0.5)
    return values


def _blobs(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Light or dark spots, of another strength in each channel, on a ground."""
    values = _each(random, shape, 0.5)
    for _ in range(random.integers(1, 5)):
        width = random.uniform(0.05, 0.3)
        squares = sum((place - random.random()) ** 2 for place in _places(shape))
        values = values + random.uniform(-0.5, 1, _column(shape)) * np.exp(-squares / (2 * width**2))
    return values


def _strokes(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Lines with soft edges, as of a pen, light on dark; of a signal, waves."""
    values = _each(random, shape, 0.2)
    for _ in range(random.integers(2, 5)):
        direction = random.normal(size=len(shape) - 1)
        direction /= np.linalg.norm(direction) + 1e-9
        along = sum(
            part * (place - random.random()) for part, place in zip(direction, _places(shape), strict=True)
        )
        width = random.uniform(0.02, 0.1)
        values = values + random.uniform(0.4, 1, _column(shape)) * np.exp(-((along / width) ** 2))
    return values


_KINDS: tuple[Callable[[np.random.Generator, tuple[int, ...]], np.ndarray], ...] = (
    _strokes,
    _noise,
    _blobs,
    _slope,
)


def _each(random: np.random.Generator, shape: tuple[int, ...], most: float) -> np.ndarray:
    """A ground, another in each channel."""
    return np.broadcast_to(random.uniform(0, most, _column(shape)), shape)


def _column(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], *(1 for _ in shape[1:]))


def _places(shape: tuple[int, ...]) -> list[np.ndarray]:
    """From 0 to 1 along each axis but the channels'."""
    return list(np.meshgrid(*(np.linspace(0, 1, size) for size in shape[1:]), indexing="ij"))
