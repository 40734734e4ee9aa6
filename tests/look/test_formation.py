"""Snapshots are read as they were written, while a training is at work too; what is damaged is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save

from convscope.errors import ConvscopeError
from convscope.look.inside.formation import Formation
from convscope.look.inside.snapshot import WATCHED, Snapshot, Watched, WatchedLayer, file_name

LAYER = WatchedLayer("conv1", ("conv1", "relu1"), (4, 1, 3, 3), (4, 6, 6), (4, 1, 3, 3), (4, 6, 6))
FLOATS = st.floats(-(2.0**30), 2.0**30, width=32)


def make(run: Path, *, pictures: int = 3) -> Formation:
    (run / "watch").mkdir(parents=True)
    images = np.arange(pictures * 64, dtype=np.uint8).reshape(pictures, 8, 8, 1)
    names = tuple(f"a\udcff/{i}" for i in range(pictures))  # a name that is not UTF-8
    labels = tuple("abc"[i % 3] for i in range(pictures))
    Watched("net", "data", "picture", (LAYER,), images, labels, names, 2, 5, (0, 4, 10)).save(run / "watch")
    return Formation.open(run)


def snapshot(step: int, *, pictures: int = 3) -> Snapshot:
    random = np.random.default_rng(step)
    filters = random.normal(size=LAYER.filters_shape).astype(np.float32)
    maps = random.normal(size=(pictures, *LAYER.maps_shape)).astype(np.float32)
    return Snapshot(step, 1, 0.5, 0.25, {"conv1": filters}, {"conv1": maps})


def test_it_grows_while_the_training_is_at_work(tmp_path: Path) -> None:
    formation = make(tmp_path)
    assert formation.steps == ()
    for step in (0, 4, 123_456_789):
        snapshot(step).save(formation.folder)
        (formation.folder / ".00000099.safetensors.x1").write_bytes(b"half")  # being written
        assert formation.steps[-1] == step
        np.testing.assert_array_equal(formation.filters(step)["conv1"], snapshot(step).filters["conv1"])
        np.testing.assert_allclose(
            formation.maps(step)["conv1"], snapshot(step).maps["conv1"], rtol=2**-11, atol=1e-7
        )
    assert formation.epochs() == []
    line = {"epoch": 1, "train_loss": None, "train_accuracy": 0.5, "seconds": 1.0}
    line |= {"validation_loss": 0.5, "validation_accuracy": 0.5, "learning_rate": 0.1}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    assert [figures.validation_accuracy for figures in formation.epochs()] == [0.5]
    watched = Formation.open(tmp_path).watched
    assert watched.names[0] == "a\udcff/0"
    assert (watched.steps, watched.planned, watched.layers) == (10, (0, 4, 10), (LAYER,))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays.arrays(np.float32, LAYER.filters_shape, elements=FLOATS),
    arrays.arrays(np.float32, (3, *LAYER.maps_shape), elements=FLOATS),
)
def test_filters_to_the_bit_and_maps_in_half_precision(
    tmp_path: Path, filters: np.ndarray, maps: np.ndarray
) -> None:
    folder = tmp_path / "run"
    formation = Formation.open(folder) if folder.exists() else make(folder)
    Snapshot(4, 1, None, None, {"conv1": filters}, {"conv1": maps}).save(formation.folder)
    read = formation.snapshot(4)
    np.testing.assert_array_equal(read.filters["conv1"], filters)
    with np.errstate(over="ignore"):
        halves = np.clip(maps, -65504, 65504).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(read.maps["conv1"], halves)
    assert read.maps["conv1"].dtype == read.filters["conv1"].dtype == np.float32


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "shapes", "version", "metadata"])
@pytest.mark.parametrize("name", [WATCHED, file_name(4)])
def test_what_is_damaged_is_refused(tmp_path: Path, damage: str, name: str) -> None:
    formation = make(tmp_path)
    snapshot(4).save(formation.folder)
    file = formation.folder / name
    content = file.read_bytes()
    head = {"format": "convscope-watch", "version": 1, "step": 4, "epoch": 1, "loss": None, "accuracy": None}
    if damage == "version":
        head["version"] = 2
    shapes = {
        "filters/conv1": np.zeros((4, 1, 5, 5), np.float32),
        "maps/conv1": np.zeros((3, 4, 6, 6), np.float16),
    }
    broken = {
        "cut": content[:-10],
        "empty": b"",
        "other": b"\x80\x04pickle",
        "shapes": save(shapes, {"convscope": json.dumps(head)}),
        "version": save(shapes, {"convscope": json.dumps(head)}),
        "metadata": save(shapes),
    }
    file.write_bytes(broken[damage])
    with pytest.raises(ConvscopeError, match=f"{name} is not of a watched training, or is damaged"):
        Formation.open(tmp_path).snapshot(4)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match="is no run"):
        Formation.open(tmp_path / "gone")
    (tmp_path / "it is" / "a run").mkdir(parents=True)
    (tmp_path / "it is" / "a run" / "recipe.toml").write_text("")
    with pytest.raises(
        ConvscopeError, match=r"was not watched .*\n  convscope train --recipe '.*toml' --watch"
    ):
        Formation.open(tmp_path / "it is" / "a run")
    formation = make(tmp_path / "run")
    with pytest.raises(ConvscopeError, match="has no snapshot of step 7"):
        formation.snapshot(7)
    bundle = tmp_path / "bundle.safetensors"
    bundle.write_bytes(b"")
    with pytest.raises(ConvscopeError, match="is one network"):
        Formation.open(bundle)
    (tmp_path / "run" / "metrics.jsonl").write_text("{")
    with pytest.raises(ConvscopeError, match=r"metrics\.jsonl cannot be read"):
        formation.epochs()


def test_reading_and_drawing_import_no_torch() -> None:
    code = (
        "import sys, convscope.drawing.formation, convscope.cli.formation; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
