"""The compiled part: whether it is there, why not, and what it runs on. Imports no torch."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ..errors import ConvscopeError

_native: ModuleType | None = None
_error: ImportError | None = None
try:
    _native = import_module("._native", __package__)
except ImportError as error:
    _error = error


def available() -> bool:
    """Whether this installation has the native engine."""
    return _native is not None


def reason() -> str | None:
    """Why the native engine is not there, as a sentence; None where it is.

    >>> (reason() is None) == available()
    True
    """
    if _native is not None:
        return None
    if isinstance(_error, ModuleNotFoundError):
        if (Path(__file__).parent / "cpp").is_dir():
            return "this checkout's has not been compiled; run `make native`."
        return (
            "it could not be compiled when convscope was installed. "
            "Install a C++17 compiler (g++ or clang++), then "
            "`pip install --force-reinstall --no-deps convscope`."
        )
    return f"its compiled module does not load: {_error}"


def module() -> ModuleType:
    """The compiled module; raises `ConvscopeError` saying why it is not there."""
    if _native is None:
        raise ConvscopeError(f"the native engine is not available: {reason()}")
    return _native


def instruction_set() -> str:
    """The instructions that the engine uses here: "avx512", "avx2" or "baseline"."""
    return str(module().instruction_sets()[0])


def lanes() -> int:
    """How many pictures lie side by side: 16 with AVX-512, 8 with AVX2, else 4."""
    return int(module().lanes())


def cores() -> int:
    """CPU cores that this process may use: the threads of a network where nobody says otherwise."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak(threads: int, seconds: float = 0.5) -> float:
    """Measured GFLOP/s of float32 multiply-adds that nothing slows: what a benchmark is a share of."""
    return float(module().peak(threads, seconds))
