"""Training: a recipe, engines, the loop, and the run directory it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..recipe import Recipe

if TYPE_CHECKING:
    from .stepping import steps

__all__ = ["Recipe", "steps"]


def __getattr__(name: str) -> object:
    if name == "steps":  # imported when it is used: the command line needs the recipe alone
        from .stepping import steps

        return steps
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
