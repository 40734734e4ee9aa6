"""The compiled part: whether it is there, why not, and what it runs on. Imports no torch."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from ..errors import ConvscopeError

_native: ModuleType | None
_error: str | None
try:
    from . import _native

    _error = None
except ImportError as error:
    _native, _error = None, str(error)


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
    if _error is not None and "cannot import name" in _error:
        if (Path(__file__).parent / "cpp").is_dir():
            return "this checkout's has not been compiled; run `make native`."
        return (
            "it could not be compiled when convscope was installed. "
            "Install a C++17 compiler (g++ or clang++), then `pip install --force-reinstall --no-deps convscope`."
        )
    return f"its compiled module does not load: {_error}"


def module() -> ModuleType:
    """The compiled module; raises `ConvscopeError` saying why it is not there."""
    if _native is None:
        raise ConvscopeError(f"the lanes engine is not available: {reason()}")
    return _native


def instruction_set() -> str:
    """The instructions that the engine uses here: "avx512", "avx2" or "baseline"."""
    return str(module().instruction_sets()[0])


def lanes() -> int:
    """How many pictures lie side by side: 16 with AVX-512, 8 with AVX2, else 4."""
    return int(module().lanes())


def peak(threads: int, seconds: float = 0.5) -> float:
    """Measured GFLOP/s of float32 multiply-adds that nothing slows: what a benchmark is a share of."""
    return float(module().peak(threads, seconds))
