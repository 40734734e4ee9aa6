"""One number of a network as its arithmetic, for `convscope explain --why`."""

from __future__ import annotations

from pathlib import Path

from ..bundle import Bundle


def show_why(bundle: Bundle, picture: Path, place: str, *, json: bool) -> None:
    """Print where a number comes from."""
    raise NotImplementedError(bundle, picture, place, json)
