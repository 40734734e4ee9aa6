"""The script of a widget, built from `web/`: it holds its style, and asks for nothing else."""

from __future__ import annotations

from ..studio.built import STATIC, PageNotBuilt

FOLDER = STATIC / "widgets"


def script(name: str) -> str:
    """The text of `convolution` or `network`. Raises `PageNotBuilt`."""
    try:
        return (FOLDER / f"{name}.js").read_text("utf-8")
    except FileNotFoundError as error:
        raise PageNotBuilt("the widgets'") from error
