"""The documents in the tests of the page (web/tests/network/documents.json) are what `look.why` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope import Bundle
from convscope.data import Preprocessing
from convscope.graph import Builder
from convscope.look import ForwardPass

FILE = Path(__file__).parents[2] / "web" / "tests" / "network" / "documents.json"
CELLS = (
    "relu1:1:1:1",
    "input:0:2:2",
    "input:0:1:2",
    "pool1:1:0:0",
    "linear1:1",
    "probability:1",
    "add:1:1:1",
)


def tiny() -> tuple[Bundle, np.ndarray]:
    """A network whose every number fits on a page, and a picture for it."""
    b = Builder("tiny")
    x = b.input(1, 4, 4)
    convolved = b.conv2d(x, 2, kernel_size=3, padding=1)
    y = b.relu(b.batch_norm(convolved))
    y = b.add(y, convolved, name="add")
    y = b.max_pool(y, 2)
    graph = b.build(b.linear(b.flatten(y), 3))
    random = np.random.default_rng(4)
    weights = {
        name: (random.integers(-8, 9, spec.shape) / 8).astype(np.float32)
        for name, spec in graph.parameters.items()
    }
    weights["norm1.running_var"] = np.array([1.5, 0.5], np.float32)
    bundle = Bundle(
        "tiny", ("cat", "dog", "owl"), Preprocessing(height=4, width=4, channels=1), graph, weights
    )
    return bundle, (np.arange(16, dtype=np.uint8) * 15).reshape(4, 4)


def documents() -> dict[str, Any]:
    forward = ForwardPass(*tiny())
    return {cell: forward.why(cell).to_dict() for cell in CELLS}


def test_the_documents_of_the_components_tests_are_real() -> None:
    kept, made = json.loads(FILE.read_text("utf-8")), documents()
    assert list(kept) == list(made)
    for cell, document in made.items():
        _assert_alike(kept[cell], json.loads(json.dumps(document)), cell)


def _assert_alike(kept: Any, made: Any, where: str) -> None:
    if isinstance(made, dict):
        assert kept.keys() == made.keys(), where
        for key in made:
            _assert_alike(kept[key], made[key], f"{where}.{key}")
    elif isinstance(made, list):
        assert len(kept) == len(made), where
        for at, (one, other) in enumerate(zip(kept, made, strict=True)):
            _assert_alike(one, other, f"{where}[{at}]")
    elif isinstance(made, float):
        if not where.endswith("difference"):  # rounding, which may be another on another machine
            assert kept == pytest.approx(made, rel=1e-6, abs=1e-7), where
    elif not where.split("[")[0].endswith("sentences"):  # which state that difference
        assert kept == made, where


if __name__ == "__main__":  # python tests/studio/test_network_documents.py: writes them anew
    FILE.write_text(json.dumps(documents(), separators=(",", ":")) + "\n", "utf-8")
