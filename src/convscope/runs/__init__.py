"""Runs on disk: their folders, what is in them, which there are, and how they compare."""
