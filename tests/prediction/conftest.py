"""A small network, and pictures of which some cannot be read."""

from __future__ import annotations

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
