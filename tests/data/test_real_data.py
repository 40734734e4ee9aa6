"""The published data sets themselves, where CONVSCOPE_DATA says they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from convscope.data import load, open_source
from convscope.data.unusual import unusual

DATA = os.environ.get("CONVSCOPE_DATA", "")


def needs(name: str) -> pytest.MarkDecorator:
    there = bool(DATA) and Path(DATA, name).is_dir()
    return pytest.mark.skipif(not there, reason=f"needs {name} in the folder that CONVSCOPE_DATA names")


@needs("mnist")
def test_mnist() -> None:
    source = open_source("mnist", data_dir=DATA)
    dataset = load(source, source.default_preprocessing(), validation=0)
    assert dataset.train.images.shape == (60_000, 28, 28, 1)
    assert dataset.test.images.shape == (10_000, 28, 28, 1)
    assert np.bincount(dataset.train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert dataset.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.train.images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert dataset.notes == ()  # every md5 is the published one
    held = load(source, source.default_preprocessing())
    assert (len(held.train), len(held.validation)) == (54_000, 6_000)


@needs("hymenoptera")
def test_hymenoptera() -> None:
    source = open_source("hymenoptera", data_dir=DATA)
    assert source.classes == ("ants", "bees")
    # 244 and 153 JPEG, and among the ants one GIF that says "image not found"
    assert source.counts == {"train": 245, "validation": 153}
    dataset = load(source, source.default_preprocessing())
    assert dataset.train.images.shape == (245, 64, 64, 3)
    assert "1 GIF among 397 JPEG: train/ants/imageNotFound.gif (first frame read)." in dataset.notes
    assert any(note.startswith("no test set") for note in dataset.notes)
    assert dataset.evaluation[0] == "validation"


@pytest.mark.parametrize(
    "name",
    [pytest.param("mnist", marks=needs("mnist")), pytest.param("hymenoptera", marks=needs("hymenoptera"))],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_warnings_on_pictures_held_out_are_rare(name: str, channels: Literal[1, 3]) -> None:
    source = open_source(name, data_dir=DATA)
    dataset = load(source, source.default_preprocessing(channels=channels))
    held = dataset.test or dataset.validation
    assert held is not None
    told = unusual(dataset.preprocessing, dataset.usual, held.images, held.sizes)
    assert sum(map(bool, told)) <= 0.001 * len(told)
    inverted = unusual(dataset.preprocessing, dataset.usual, 255 - held.images)
    found = sum(any(one.kind == "inverted" for one in of) for of in inverted)
    assert found == (len(held) if name == "mnist" else 0)  # of photos it cannot be told
