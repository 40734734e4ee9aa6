"""What all tests share: the command line as a person runs it, and small data sets made on the spot."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from convscope import native

if TYPE_CHECKING:
    from playwright.sync_api import Browser

needs_lanes = pytest.mark.skipif(not native.available(), reason=native.reason() or "")
Command = Callable[..., "subprocess.CompletedProcess[str]"]

# Two test processes share two cores: threads beyond one only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("untimed", deadline=None)  # a slow machine is no failure
settings.load_profile("untimed")


@pytest.fixture
def convscope(tmp_path: Path) -> Command:
    """Run `convscope <words>` in `tmp_path` as a process; returns exit code, output and errors."""

    def run(*words: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "convscope", *words],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "80", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    return run


def chromium_settings(*flags: str) -> dict[str, Any]:
    """How Chromium is started: the system's where there is one, with `flags`."""
    names = ("chromium", "chromium-browser", "google-chrome")
    system = next((path for name in names if (path := shutil.which(name))), None)
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox wants an ordinary user
    return {"executable_path": system, "args": [*flags, *(["--no-sandbox"] if root else [])]}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window: the system's, or Playwright's own; without either a test is skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright drives the browser")
    with sync_api.sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(**chromium_settings())
        except sync_api.Error as error:
            pytest.skip(f"no Chromium: `apt-get install chromium`, or `playwright install chromium`. {error}")
        yield chromium
        chromium.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """`photos/{bright,dark}`: 12 colour pictures each, of several sizes, easy to tell apart."""
    generator = np.random.default_rng(0)
    for name, level in (("bright", 200), ("dark", 40)):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(12):
            height, width = generator.integers(20, 90, size=2)
            noise = generator.integers(-30, 30, size=(height, width, 3))
            Image.fromarray((level + noise).astype(np.uint8)).save(folder / f"{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def picture_folder(tmp_path: Path) -> Callable[..., Path]:
    """{"train/cat": 6, ...}: PNG files with a bright left or right half per class, grey or colour."""

    def make(counts: dict[str, int], *, mode: str = "L", size: tuple[int, int] = (12, 12)) -> Path:
        root = tmp_path / "pictures"
        random = np.random.default_rng(1)
        names = sorted({Path(folder).name for folder in counts})
        for folder, count in counts.items():
            (root / folder).mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 100, (size[1], size[0], 3)).astype(np.uint8)
                start = names.index(Path(folder).name) * size[0] // len(names)
                pixels[:, start : start + size[0] // len(names)] += 150
                Image.fromarray(pixels).convert(mode).save(root / folder / f"{number:03}.png")
        return root

    return make


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    """A data folder with `mnist/`: scikit-learn's digits, enlarged to 28×28, as the four IDX files."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    enlarged = np.kron(digits.images, np.ones((3, 3)))
    pictures = np.pad(enlarged * 15.9, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for part, chosen in (("train", slice(0, 600)), ("t10k", slice(600, 800))):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pictures[chosen])
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels[chosen])
    return tmp_path / "data"


def write_idx(path: Path, values: np.ndarray) -> None:
    """An IDX file of bytes, zipped: magic, dimensions, values (the format of the MNIST pages)."""
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes()))
