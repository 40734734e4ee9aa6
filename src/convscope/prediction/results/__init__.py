"""Predictions written down: as CSV, JSON or Parquet, from a journal that a stopped run goes on with."""

from .formats import FORMATS
from .tally import Tally
from .writing import Listener, predict_to

__all__ = ["FORMATS", "Listener", "Tally", "predict_to"]
