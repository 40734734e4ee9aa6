"""Who hears how predictions are written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..prediction import Prediction


class Listener:
    """Hears how the writing goes; this one listens to nothing."""

    def note(self, sentence: str) -> None:
        """Something a person should read."""

    def read(self, one: Any, error: str | None) -> None:
        """One of the inputs, and why it could not be read; nobody else keeps it any longer."""

    def predicted(self, prediction: Prediction) -> None:
        """The prediction of each input, in order, or that of the run that goes on."""

    def finishing(self, file: Path) -> None:
        """All are predicted, and the file is made."""
