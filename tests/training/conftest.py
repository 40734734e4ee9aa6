"""Small data sets, a network of one's own in a file, and a few trained runs that several tests look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import convscope
from convscope.data import Dataset, Preprocessing, Split
from convscope.training.pipeline import Run

TUTORIAL_NET = """
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 50, 3, padding=1)
        self.drop = nn.Dropout(0.25)
        self.fc1 = nn.Linear(200, 24)
        self.fc2 = nn.Linear(24, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 200)
        x = self.drop(F.relu(self.fc1(x)))
        return self.fc2(x)
"""

SAMPLER_NET = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class Sampler(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.theta = nn.Parameter(torch.eye(2, 3))
        self.norm = nn.BatchNorm2d(1)
        self.fc = nn.Linear(64, num_classes)

    def forward(self, x):
        grid = F.affine_grid(self.theta.repeat(x.shape[0], 1, 1), x.shape, align_corners=False)
        x = self.norm(F.grid_sample(x, grid, align_corners=False))
        return self.fc(torch.flatten(x, 1))
"""


@pytest.fixture(autouse=True)
def _no_machine_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def make_dataset(
    train: int = 50, validation: int = 20, *, classes: int = 3, side: int = 6, channels: int = 1
) -> Dataset:
    """Noise with a bright row per class, so that there is something to learn."""
    random = np.random.default_rng(7)

    def split(count: int) -> Split:
        labels = random.integers(0, classes, count)
        images = random.integers(0, 120, (count, side, side, channels)).astype(np.uint8)
        images[np.arange(count), labels] += 100
        return Split(images, labels.astype(np.int64), [f"noise/{i}" for i in range(count)])

    statistics = {"mean": (0.3,) * channels, "std": (0.2,) * channels}
    return Dataset(
        "noise",
        tuple("abcdefghij"[:classes]),
        Preprocessing(height=side, width=side, channels=channels, **statistics),
        split(train),
        split(validation) if validation else None,
        None,
        (),
        "0" * 64,
    )


@pytest.fixture
def net_file(tmp_path: Path) -> Callable[..., Path]:
    """Write Python source to a file of its own folder."""

    def write(source: str = TUTORIAL_NET, name: str = "mynet.py") -> Path:
        folder = tmp_path / "code"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(source, encoding="utf-8")
        return folder / name

    return write


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two epochs of batch norm, convolutions and all on the digits."""
    out = tmp_path_factory.mktemp("digits") / "run"
    return convscope.train("digits", net="convnet-bn", epochs=2, out=out, quiet=True)


@pytest.fixture(scope="session")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two networks in files that are gone once the runs below are done."""
    folder = tmp_path_factory.mktemp("own")
    files = {}
    for name, source in {"traced": TUTORIAL_NET, "sampler": SAMPLER_NET}.items():
        files[name] = folder / f"{name}.py"
        files[name].write_text(source, encoding="utf-8")
    return files


@pytest.fixture(scope="session")
def own_runs(own_files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A run of each network in a file; the files are deleted afterwards."""
    out = tmp_path_factory.mktemp("own-runs")
    runs = {}
    for name, file in own_files.items():
        runs[name] = convscope.train("digits", net=str(file), epochs=1, out=out / name, quiet=True)
        file.unlink()
    return runs
