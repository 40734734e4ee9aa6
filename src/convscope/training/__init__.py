"""Training: a recipe, engines, the loop, and the run directory it leaves."""

from .recipe import Recipe

__all__ = ["Recipe"]
