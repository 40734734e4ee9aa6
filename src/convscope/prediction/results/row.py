"""A prediction as the journal keeps it, with what it is known by."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ...data.unusual import Unusual
from ..inputs import with_path
from ..prediction import Prediction


class Row(NamedTuple):
    """A prediction, and the `key_of` its input."""

    key: str | None
    prediction: Prediction

    def to_json(self) -> dict[str, Any]:
        """JSON values, without what is empty."""
        one = self.prediction
        kept = {
            "path": one.path,
            "key": None if self.key == one.path else self.key,
            "top": one.top,
            "error": one.error,
            "warnings": [(warning.kind, warning.what, warning.advice) for warning in one.warnings],
        }
        return {name: value for name, value in kept.items() if value not in (None, (), [])}

    @staticmethod
    def of_json(kept: dict[str, Any]) -> Row:
        """The inverse of `to_json`; raises `LookupError`, `TypeError` or `ValueError` for anything else."""
        path = kept.get("path")
        top = tuple((str(label), float(share)) for label, share in kept.get("top", ()))
        if not top and not isinstance(kept["error"], str):
            raise ValueError("a row has classes or an error")
        warnings = tuple(Unusual(*map(str, warning)) for warning in kept.get("warnings", ()))
        return Row(kept.get("key", path), Prediction(path, top, kept.get("error"), warnings))


def key_of(one: Any) -> str | None:
    """What one of `inputs_in` is known by when a run goes on: its path, or a digest of its content.

    None where it has neither.

    >>> key_of("a.png"), key_of(b"bytes") == key_of(b"bytes"), key_of(b"bytes") == key_of(b"others")
    ('a.png', True, False)
    """
    path, content = with_path(one)
    if path is not None:
        return path
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(content, Image.Image):
        try:
            digest.update(f"{content.mode} {content.size} {content.getexif().get(0x0112)}".encode())
            digest.update(content.tobytes())
        except (OSError, ValueError, SyntaxError):  # broken: said where it is predicted
            return None
    elif isinstance(content, np.ndarray) and not content.dtype.hasobject:
        digest.update(f"{content.dtype.str} {content.shape}".encode())
        digest.update(np.ascontiguousarray(content).tobytes())
    elif isinstance(content, bytes):
        digest.update(content)
    else:
        return None
    return f"{type(content).__name__}:{digest.hexdigest()}"
