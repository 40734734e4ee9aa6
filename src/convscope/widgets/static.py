"""What a notebook shows of a widget where no widgets run: on GitHub, as a page or PDF, in a console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Display = tuple[dict[str, Any], dict[str, Any]]


def with_drawing(widget: Display | None, draw: Callable[[], str], text: str) -> Display:
    """The widget's own display, with a drawing and a text for a viewer that cannot show it."""
    data, metadata = widget or ({}, {})
    return {**data, "text/plain": text, "image/svg+xml": draw()}, metadata
