"""The command line: one file per command, nothing but arguments in and results out."""

from . import train, eval, predict, summary, nets, runs, compare, info  # noqa: F401, I001  (the order of --help)
from .app import main

__all__ = ["main"]
