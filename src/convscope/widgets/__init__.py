"""Widgets for notebooks: the studio's screens, with values that Python reads and sets.

    from convscope.widgets import Convolution, Network

    shown = Convolution([[1, 2, 3], [4, 5, 6], [7, 8, 9]], "sobel-x", padding="same")
    shown.at = (1, 2)  # the page follows; what is pointed at in the page is read here

They take the extra `notebook`, which is imported when the first of them is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import ConvscopeError

if TYPE_CHECKING:
    from .convolution import Convolution
    from .network import Network

_HOMES = {"Convolution": "convolution", "Network": "network"}

__all__ = ["Convolution", "Network"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import anywidget  # noqa: F401
    except ImportError as error:
        missing = "the widgets need anywidget: pip install 'convscope[notebook]'"
        raise ConvscopeError(f"{missing} ({error}).") from error
    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
