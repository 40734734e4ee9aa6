"""The script of a widget, built from `web/`: it holds its style, and asks for nothing else."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConvscopeError

FOLDER = Path(__file__).parent.parent / "studio" / "static" / "widgets"


def script(name: str) -> str:
    """The text of `convolution` or `network`. Raises `ConvscopeError` where it was not built."""
    try:
        return (FOLDER / f"{name}.js").read_text("utf-8")
    except OSError as error:
        raise ConvscopeError(
            "the widgets' page was not built, because there was no Node when convscope was installed: "
            "install Node 20 or newer, and run `make web` in the checkout."
        ) from error
