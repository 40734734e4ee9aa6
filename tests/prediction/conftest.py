"""Bundles of random weights, and pictures whose order can be told from their predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import Bundle, nets
from convscope.data import Preprocessing
from convscope.graph.weights import initial_weights

COUNT = 600  # more than two chunks
MIDDLE = 0.2785  # about half of the network's best probabilities are less


def names_in(folder: Path) -> list[str]:
    """What is in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="session")
def network() -> Bundle:
    """Never trained, so that its probabilities are all different."""
    graph = nets.graph("resnet-8", (1, 8, 8), 4)
    preprocessing = Preprocessing(height=8, width=8, channels=1)
    return Bundle("resnet-8", ("ape", "bee", "cat", "dog"), preprocessing, graph, initial_weights(graph))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 600 pictures, two of them broken."""
    folder = tmp_path_factory.mktemp("many")
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8)).astype(np.uint8)
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(folder / f"{number:03}.png")
    (folder / "007.png").write_text("no picture")
    (folder / "300.png").write_bytes(b"")
    return folder


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
