"""Training: a recipe, engines, the loop, and the run directory it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..recipe import Recipe
    from .stepping import steps

__all__ = ["Recipe", "steps"]


def __getattr__(name: str) -> object:
    if name == "Recipe":  # both are imported when they are used: a prediction needs neither
        from ..recipe import Recipe

        return Recipe
    if name == "steps":
        from .stepping import steps

        return steps
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
