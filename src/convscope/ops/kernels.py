"""Kernels with a name: what each does, and the numbers of it.

They are written for cross-correlation, so that what is told of them holds for `cross_correlate` and for the
layers of a CNN; `convolve` flips them, which changes the sign of edges and the direction of the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import UnknownName, UsageError
from .arrays import is_number, is_whole

SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
PREWITT = [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
SCHARR = [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]


def sobel_x() -> np.ndarray:
    """Finds vertical edges: positive where it gets brighter to the right (Sobel & Feldman 1968). Sums to 0.

    >>> sobel_x()
    array([[-1.,  0.,  1.],
           [-2.,  0.,  2.],
           [-1.,  0.,  1.]])
    """
    return np.array(SOBEL, dtype=np.float64)


def sobel_y() -> np.ndarray:
    """Finds horizontal edges: positive where it gets brighter downwards. Sums to 0."""
    return sobel_x().T.copy()


def prewitt_x() -> np.ndarray:
    """As Sobel's, with equal weights across the edge (Prewitt 1970). Sums to 0."""
    return np.array(PREWITT, dtype=np.float64)


def prewitt_y() -> np.ndarray:
    """As Prewitt's for vertical edges, turned to find horizontal ones. Sums to 0."""
    return prewitt_x().T.copy()


def scharr_x() -> np.ndarray:
    """As Sobel's, with weights that respond more alike to edges of every angle (Scharr 2000). Sums to 0."""
    return np.array(SCHARR, dtype=np.float64)


def scharr_y() -> np.ndarray:
    """As Scharr's for vertical edges, turned to find horizontal ones. Sums to 0."""
    return scharr_x().T.copy()


def roberts() -> np.ndarray:
    """Difference along a diagonal of 2×2 pixels, to the bottom right (Roberts 1963). Sums to 0."""
    return np.array([[-1.0, 0.0], [0.0, 1.0]])


def laplacian() -> np.ndarray:
    """Second derivative: 0 on slopes, strong at spots and on both sides of an edge. Sums to 0."""
    return np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])


def laplacian_of_gaussian(sigma: float = 1.4, size: int | None = None) -> np.ndarray:
    """Finds blobs of radius √2·sigma: blur and second derivative in one (Marr & Hildreth 1980). Sums to 0.

    Negative in the middle of a bright blob. What sampling leaves over of the sum is taken off.
    """
    y, x = _grid(_size(sigma, size, 4))
    squares = (x**2 + y**2) / (2 * _positive(sigma, "sigma") ** 2)
    kernel = (squares - 1) * np.exp(-squares) / (math.pi * sigma**4)
    return np.asarray(kernel - kernel.mean())


def gaussian(sigma: float = 1.0, size: int | None = None, *, rank: int = 2) -> np.ndarray:
    """Blurs: the mean of what is around, less the farther away. Sums to 1.

    exp(-(x² + y²) / (2 sigma²)), divided by its sum. `sigma` in pixels; unless `size` is given it reaches
    3 sigma to each side (ndimage's 4 unless told `truncate=3`). rank=1 gives (size,), for signals.

    >>> gaussian(0.5, 3).round(3)
    array([[0.011, 0.084, 0.011],
           [0.084, 0.619, 0.084],
           [0.011, 0.084, 0.011]])
    """
    if rank not in (1, 2):
        raise UsageError(f"rank={rank} should be 1 for a signal or 2 for a picture.")
    at = _line(_size(sigma, size, 3))
    row = np.exp(-((at / _positive(sigma, "sigma")) ** 2) / 2)
    row /= row.sum()
    return row if rank == 1 else np.outer(row, row)


def box(size: int = 3) -> np.ndarray:
    """Blurs: the mean of `size` × `size` pixels. Sums to 1."""
    size = _whole(size)
    return np.full((size, size), 1 / size**2)


def sharpen(amount: float = 1.0) -> np.ndarray:
    """The picture minus `amount` times its Laplacian: edges stand out, even ground stays. Sums to 1."""
    return identity() - _finite(amount, "amount") * laplacian()


def emboss() -> np.ndarray:
    """Light from the top left: what gets brighter to the bottom right looks raised. Sums to 1."""
    return np.array([[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])


def motion_blur(size: int = 9, angle: float = 0.0) -> np.ndarray:
    """Smears along a line of `size` pixels, `angle` degrees up from the horizontal. Sums to 1."""
    size, turn = _whole(size), math.radians(_finite(angle, "angle"))
    at = (np.arange(8 * size) + 0.5) / 8 - size / 2  # eight places to a pixel of the line
    y, x = -at * math.sin(turn), at * math.cos(turn)
    kernel = np.zeros((size, size))
    rows, columns = (np.clip(np.rint(v + (size - 1) / 2).astype(int), 0, size - 1) for v in (y, x))
    np.add.at(kernel, (rows, columns), 1.0)
    return np.asarray(kernel / kernel.sum())


def gabor(
    sigma: float = 3.0,
    angle: float = 0.0,
    wavelength: float = 6.0,
    size: int | None = None,
    phase: float = 0.0,
) -> np.ndarray:
    """Stripes of one width and direction, as the visual cortex sees them (Daugman 1985). Sums to 0.

    A wave of `wavelength` pixels along `angle` degrees (0: across vertical stripes) under a Gaussian of
    `sigma`; its mean is taken off, so that even ground gives 0.
    """
    y, x = _grid(_size(sigma, size, 3))
    turn = math.radians(_finite(angle, "angle"))
    along = x * math.cos(turn) - y * math.sin(turn)
    envelope = np.exp(-(x**2 + y**2) / (2 * _positive(sigma, "sigma") ** 2))
    shift = math.radians(_finite(phase, "phase"))
    wave = np.cos(2 * math.pi * along / _positive(wavelength, "wavelength") + shift)
    kernel = envelope * wave
    return np.asarray(kernel - envelope * (kernel.sum() / envelope.sum()))


def identity(size: int = 3) -> np.ndarray:
    """Changes nothing: one in the middle. Sums to 1."""
    size = _whole(size)
    if size % 2 == 0:
        raise UsageError(f"size={size} of an identity should be odd: an even one has no middle.")
    kernel = np.zeros((size, size))
    kernel[size // 2, size // 2] = 1
    return kernel


@dataclass(frozen=True)
class NamedKernel:
    """A kernel of the gallery: its name and how it is made."""

    name: str
    make: Callable[..., np.ndarray]

    @property
    def purpose(self) -> str:
        """What it does, in a sentence."""
        text = (self.make.__doc__ or "").split("\n\n")[0]
        return " ".join(text.split())


KERNELS = {
    made.__name__.replace("_", "-"): NamedKernel(made.__name__.replace("_", "-"), made)
    for made in (
        identity, box, gaussian, motion_blur, sharpen, emboss, sobel_x, sobel_y, prewitt_x, prewitt_y,
        scharr_x, scharr_y, roberts, laplacian, laplacian_of_gaussian, gabor,
    )
}  # fmt: skip
ALIASES = {"sobel": "sobel-x", "prewitt": "prewitt-x", "scharr": "scharr-x", "log": "laplacian-of-gaussian"}


def named(name: str) -> NamedKernel:
    """A kernel of the gallery by its name or alias, however people write it. Raises `UnknownName`."""
    key = name.strip().lower().replace("_", "-").replace(" ", "-")
    key = ALIASES.get(key, key)
    if key not in KERNELS:
        raise UnknownName("kernel", name, [*KERNELS, *ALIASES])
    return KERNELS[key]


def kernel(name: str, *settings: float | str) -> np.ndarray:
    """A kernel by its name, with its settings in the order of its function.

    The names are those of `KERNELS`, and "sobel", "prewitt" and "scharr" for the one along x, "log" for
    "laplacian-of-gaussian". Settings may also stand in the name behind colons, as on the command line.
    Raises `UnknownName` with what is meant, `UsageError` for settings that it does not take.

    >>> kernel("sobel-x").shape, kernel("gaussian", 2).shape, kernel("gaussian:2").shape
    ((3, 3), (13, 13), (13, 13))
    """
    word, *written = str(name).split(":")
    found = named(word)
    settings = (*written, *settings)
    try:
        numbers = [float(setting) for setting in settings]
        return found.make(*(int(n) if n.is_integer() else n for n in numbers))
    except (TypeError, ValueError) as error:
        raise UsageError(f"the kernel {found.name} does not take the settings {settings}.") from error


def _size(sigma: float, size: int | None, reach: float) -> int:
    if size is not None:
        return _whole(size)
    if reach * _positive(sigma, "sigma") > 499:
        raise UsageError(f"sigma={sigma} makes a kernel wider than 999; give its size.")
    return 2 * int(reach * sigma + 0.5) + 1


def _whole(size: int) -> int:
    if not is_whole(size) or size > 999:
        raise UsageError(f"size={size!r} of a kernel should be a whole number from 1 to 999.")
    return int(size)


def _positive(value: float, what: str) -> float:
    if _finite(value, what) <= 0:
        raise UsageError(f"{what}={value} should be above 0.")
    return float(value)


def _finite(value: float, what: str) -> float:
    if not is_number(value):
        raise UsageError(f"{what}={value!r} should be a finite number.")
    return float(value)


def _line(size: int) -> np.ndarray:
    return np.arange(size) - (size - 1) / 2


def _grid(size: int) -> Sequence[np.ndarray]:
    at = _line(size)
    return np.meshgrid(at, at, indexing="ij")
