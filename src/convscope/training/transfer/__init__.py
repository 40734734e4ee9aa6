"""Weights that are there before the training."""
