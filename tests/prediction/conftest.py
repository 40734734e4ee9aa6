"""A bundle of random weights, and pictures whose order can be told from their predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import Bundle, nets
from convscope.data import Preprocessing
from convscope.graph.weights import initial_weights


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """For 28×28 grey pictures."""
    graph = nets.graph("simple-cnn-4-8")
    preprocessing = Preprocessing(height=28, width=28, channels=1)
    return Bundle("simple-cnn-4-8", tuple("0123456789"), preprocessing, graph, initial_weights(graph))


@pytest.fixture
def bundle_file(bundle: Bundle, tmp_path: Path) -> Path:
    """The bundle as a file."""
    bundle.save(tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


@pytest.fixture
def random_pictures() -> Callable[[int], np.ndarray]:
    """So many, uint8 (N, 28, 28)."""
    return lambda count: np.random.default_rng(count).integers(0, 256, (count, 28, 28), dtype=np.uint8)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of PNGs, JPEGs and other files, in folders, with names that sort in a way of their own."""
    root = tmp_path / "tree"
    random = np.random.default_rng(0)
    for name in (
        "b.png",
        "a/2.jpg",
        "a/10.png",
        "a.png",
        "a/deep/er/x.png",
        "c/y.jpeg",
        ".hidden/z.png",
        "Z.png",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (28, 28), dtype=np.uint8)).save(path)
    (root / "a" / "notes.txt").write_text("no picture")
    (root / "a" / ".dot.png").write_bytes((root / "b.png").read_bytes())
    return root
