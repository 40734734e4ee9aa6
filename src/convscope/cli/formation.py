"""How filters formed while a network was trained, for `convscope look --gif`."""

from __future__ import annotations

from pathlib import Path


def show_formation(run: Path, gif: Path, *, json: bool) -> None:
    """Write the animation."""
    raise NotImplementedError(run, gif, json)
