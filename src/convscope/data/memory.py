"""Room for the inputs of a data set: in memory, or in a file where memory is short."""

from __future__ import annotations

import math
import os
import tempfile
import weakref
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import DataError

_BLOCK = 1 << 22  # bytes that are copied at a time


def allocate(
    shape: tuple[int, ...], dtype: npt.DTypeLike = np.uint8, *, available: int | None = None
) -> np.ndarray:
    """A zeroed array of `shape`; a file-backed one where it needs more than half of the free memory.

    The file lies in the temporary folder (`TMPDIR`), its room is reserved at once, and it goes away with
    the array, also when the process is killed. `available` is the free memory in bytes (measured if
    not given). Raises `DataError` when neither memory nor disk has the room.

    >>> allocate((2, 3, 3, 1)).shape
    (2, 3, 3, 1)
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if available is None:
        available = available_memory()
    if size == 0 or available is None or size <= available // 2:
        return np.zeros(shape, dtype)
    try:
        return _file_backed(shape, np.dtype(dtype), size)
    except OSError as error:
        raise DataError(
            f"the data need {size / 2**30:.1f} GiB: more than half of the free memory, and "
            f"{tempfile.gettempdir()} has no room for them ({error.strerror or error}). "
            "Choose smaller pictures (--size), or set TMPDIR to a folder on a larger disk."
        ) from error


def take(array: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The rows of an array at some positions: itself where they are all of them, in order, else a copy.

    The copy is `allocate`d, and made some rows at a time.

    >>> take(np.array([[1], [2], [3]]), np.array([2, 0])).tolist()
    [[3], [1]]
    """
    if np.array_equal(positions, np.arange(len(array))):
        return array
    taken = allocate((len(positions), *array.shape[1:]), array.dtype)
    step = max(1, _BLOCK // max(array[:1].nbytes, 1))
    for start in range(0, len(positions), step):
        taken[start : start + step] = array[positions[start : start + step]]
    return taken


def _file_backed(shape: tuple[int, ...], dtype: np.dtype, size: int) -> np.ndarray:
    descriptor, name = tempfile.mkstemp(prefix="convscope-pictures-")
    path = Path(name)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)  # a full disk is an error now, not a crash later
        else:
            os.ftruncate(descriptor, size)
        array = np.memmap(path, dtype=dtype, mode="r+", shape=shape)
    except BaseException:
        os.close(descriptor)
        path.unlink()
        raise
    os.close(descriptor)
    if os.name == "posix":
        path.unlink()  # the mapping keeps the content until the array is gone
    else:
        weakref.finalize(array, path.unlink, missing_ok=True)
    return array


def available_memory() -> int | None:
    """Bytes of memory that can be taken without swapping; None where the system does not say."""
    candidates = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        candidates += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii").strip()
        if limit != "max":
            candidates.append(max(0, int(limit) - int(used)))
    except (OSError, ValueError):
        pass
    if not candidates and hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        candidates.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(candidates, default=None)
