"""ONNX as a format of export."""

from __future__ import annotations

from ...bundle import Bundle
from ..entrance import Entrance
from ..runner import Runner
from .model import model_of
from .running import run_with_onnxruntime


def written(bundle: Bundle, entrance: Entrance) -> bytes:
    """The content of the file, the same bytes for the same bundle.

    Raises `UnsupportedOperation` for a network that has no such form.
    """
    content: bytes = model_of(bundle, entrance).SerializeToString(deterministic=True)
    return content


def runner(content: bytes, *_: object) -> Runner:
    """The file as ONNX Runtime runs it, on all cores."""
    return run_with_onnxruntime(content)
