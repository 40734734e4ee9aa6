"""Networks, and pictures on their way through them, as the documents that studio and widgets show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Inspector:
    """Answers the questions of the Network screen; `web/src/api.ts` says what each answer holds.

    `model` is what a command calls it: `starter`, a run, a bundle's path, `untrained:simple-cnn-4-8`. `file`
    is a picture file's own bytes.
    """

    def models(self) -> list[dict[str, Any]]:
        """Which there are to choose from."""
        raise NotImplementedError

    def network(self, model: str) -> dict[str, Any]:
        """Its layers, and where each stands in the drawing."""
        raise NotImplementedError

    def passed(
        self, model: str, file: bytes, layers: Sequence[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What it makes of a picture, and the numbers of `layers`, or all: float32 without the batch."""
        raise NotImplementedError

    def why(self, model: str, file: bytes, cell: str) -> dict[str, Any]:
        """The arithmetic of one number."""
        raise NotImplementedError

    def drawing(self, model: str) -> str:
        """The network as an SVG document."""
        raise NotImplementedError

    def samples(self, model: str) -> list[tuple[str, bytes]]:
        """Pictures to begin with: names, and files."""
        raise NotImplementedError
