"""The report of a training run: one HTML file that opens with no network, and its figures."""

from .content import Mistake, Report
from .writing import write

__all__ = ["Report", "Mistake", "write"]
