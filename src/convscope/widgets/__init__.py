"""Widgets for notebooks: the studio's screens, with values that Python reads and sets."""
