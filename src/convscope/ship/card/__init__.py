"""The card of a trained network, in Markdown: what it is, how it was made, how good it is, and its limits."""

from .writing import card

__all__ = ["card"]
