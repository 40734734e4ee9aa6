"""Looking into a network: what each of its layers gives for an input."""

from .activations import activations

__all__ = ["activations"]
