"""Predictions written down: as CSV, JSON or Parquet, from a journal that a stopped run goes on with."""
