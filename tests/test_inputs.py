"""Every kind of input trains, is evaluated and predicted, with the same pixels each time."""

from __future__ import annotations

import csv
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.data import load, open_source
from convscope.errors import DataError

from .conftest import Command


def folder(photos: Path) -> Path:
    return photos


def zipped(photos: Path) -> Path:
    return Path(shutil.make_archive(str(photos.with_name("packed")), "zip", photos))


def tarred(photos: Path) -> Path:
    return Path(shutil.make_archive(str(photos.with_name("packed")), "gztar", photos.parent, photos.name))


def plain_tar(photos: Path) -> Path:
    return Path(shutil.make_archive(str(photos.with_name("packed")), "tar", photos))


def files(photos: Path) -> list[Path]:
    return sorted(photos.rglob("*.png"))


def csv_list(photos: Path) -> Path:
    path = photos.parent / "list.csv"
    lines = [f"{file.relative_to(photos.parent)},{file.parent.name}" for file in files(photos)]
    path.write_text("\n".join(["path,label", *lines]))
    return path


def parquet_list(photos: Path) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = photos.parent / "list.parquet"
    names = [str(file.relative_to(photos.parent)) for file in files(photos)]
    table = pyarrow.table({"file": names, "class": [file.parent.name for file in files(photos)]})
    parquet.write_table(table, path)
    return path


def parquet_pictures(photos: Path) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = photos.parent / "pictures.parquet"
    pictures = [{"bytes": file.read_bytes(), "path": file.name} for file in files(photos)]
    table = pyarrow.table({"image": pictures, "label": [file.parent.name for file in files(photos)]})
    parquet.write_table(table, path)
    return path


def arrays(photos: Path) -> tuple[np.ndarray, np.ndarray]:
    pictures = [np.asarray(Image.open(file).resize((20, 20))) for file in files(photos)]
    return np.stack(pictures), np.array([file.parent.name for file in files(photos)])


def npz(photos: Path) -> Path:
    images, labels = arrays(photos)
    np.savez(photos.parent / "data.npz", images=images.astype(np.float32) / 255, labels=labels)
    return photos.parent / "data.npz"


def npy(photos: Path) -> Path:
    images, labels = arrays(photos)
    np.save(photos.parent / "images.npy", images)
    np.save(photos.parent / "labels.npy", labels)
    return photos.parent / "images.npy"


KINDS = [
    folder, zipped, tarred, plain_tar, csv_list, parquet_list, parquet_pictures, npz, npy,
]  # fmt: skip


@pytest.mark.parametrize("make", KINDS)
def test_each_kind_trains_is_evaluated_and_predicts(photos: Path, tmp_path: Path, make: Callable) -> None:
    data = make(photos)
    run = convscope.train(
        data, net="simple-cnn-4-8", size=16, epochs=30, batch_size=8, out=tmp_path / "run", quiet=True
    )
    assert run.bundle.classes == ("bright", "dark")
    assert run.evaluation.accuracy == 1.0  # a level of 200 or of 40
    assert Path(run.recipe.data) == data.resolve()
    for again in (convscope.evaluate(run.path), convscope.evaluate(run.path, str(data))):
        assert again.to_dict() == run.evaluation.to_dict()
    predictions = convscope.predict(run.path, data)
    assert [prediction.label for prediction in predictions] == ["bright"] * 12 + ["dark"] * 12
    probability = {prediction.path: prediction.probability for prediction in predictions}
    with (run.path / "predictions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    for row in rows:  # the names are those of the prediction, but for arrays
        name = row["picture"] if make not in (npz, npy) else _array_name(data, row["picture"])
        assert probability[name] == pytest.approx(float(row["probability"]), abs=1e-6)


def _array_name(data: Path, name: str) -> str:
    number = name.rpartition("/")[2]
    return f"{data}/images/{number}" if data.suffix == ".npz" else f"{data}/{number}"


@pytest.mark.parametrize("make", [zipped, tarred, plain_tar, csv_list, parquet_list, parquet_pictures])
def test_each_kind_of_file_gives_the_pixels_of_the_folder(photos: Path, make: Callable) -> None:
    one, other = open_source(photos), open_source(make(photos))
    preprocessing = one.default_preprocessing(size=24)
    first = load(one, preprocessing, validation=0, test_fraction=0).train
    second = load(other, preprocessing, validation=0, test_fraction=0).train
    by_class = [sorted(map(bytes, split.images[split.labels == 1])) for split in (first, second)]
    assert by_class[0] == by_class[1]


def test_from_the_command_line(convscope: Command, photos: Path) -> None:
    archive, listed = zipped(photos), csv_list(photos)
    trained = convscope("train", "packed.zip", "--epochs", "1", "--size", "16", "--net", "simple-cnn-4-8")
    assert trained.returncode == 0, trained.stderr
    assert "on packed:" in trained.stderr
    for given in (archive.name, listed.name, "photos", "photos/bright/0.png"):
        predicted = convscope("predict", "runs/latest", given, "--json")
        assert predicted.returncode == 0, predicted.stderr
        paths = [record["path"] for record in json.loads(predicted.stdout)]
        assert len(paths) == (1 if given.endswith("png") else 24)
        assert min(paths).endswith("bright/0.png")  # an archive has an order of its own
    evaluated = convscope("eval", "runs/latest", "--data", "list.csv")
    assert evaluated.returncode == 0, evaluated.stderr
    (photos.parent / "empty").mkdir()
    empty = convscope("predict", "runs/latest", "empty", "photos/dark/1.png")
    assert empty.returncode == 1
    assert empty.stderr.strip() == "error: empty has no pictures in it."
    assert "photos/dark/1.png" in empty.stdout


def test_what_cannot_be_predicted_is_said_by_path(photos: Path, tmp_path: Path) -> None:
    run = convscope.train(photos, net="simple-cnn-4-8", size=16, epochs=1, out=tmp_path / "run", quiet=True)
    (tmp_path / "x.zip").write_bytes(b"PK")
    (tmp_path / "x.npz").write_bytes(b"")
    np.savez(tmp_path / "y.npz", foo=np.zeros((2, 8, 8)), bar=np.zeros(2))
    np.save(tmp_path / "z.npy", np.zeros((2, 64)))
    (tmp_path / "x.csv").write_text("path\n")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/a.txt").write_text("x")
    with tarfile.open(tmp_path / "x.tar", "w"):
        pass
    given = [
        tmp_path / name for name in ("x.zip", "x.npz", "y.npz", "z.npy", "x.csv", "notes", "x.tar", "gone")
    ]
    predictions = convscope.predict(run.path, given)
    reasons = [
        "is cut off, damaged or not a zip archive", "is not an .npz file", "no pictures under a usual name",
        "rows of numbers without height", "lists no pictures", "has no pictures in it, but 1 .txt",
        "has no pictures in it.", "there is no picture",
    ]  # fmt: skip
    for prediction, path, reason in zip(predictions, given, reasons, strict=True):
        assert prediction.path == str(path)
        assert str(path) in prediction.error
        assert reason in prediction.error
        with pytest.raises(DataError):
            _ = prediction.label


def test_arrays_of_one_kind_need_no_labels_and_no_usual_name(photos: Path, tmp_path: Path) -> None:
    run = convscope.train(
        npz(photos), net="simple-cnn-4-8", epochs=30, batch_size=8, out=tmp_path / "run", quiet=True
    )
    images, _ = arrays(photos)
    np.savez(tmp_path / "new.npz", whatever=images.transpose(0, 3, 1, 2))
    np.save(tmp_path / "new.npy", images)
    for name in ("new.npz", "new.npy"):
        labels = [prediction.label for prediction in convscope.predict(run.path, tmp_path / name)]
        assert labels == ["bright"] * 12 + ["dark"] * 12


def test_a_folder_that_is_called_like_a_data_set_is_not_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    run = convscope.train("digits", net="simple-cnn-4-8", epochs=1, out=tmp_path / "run", quiet=True)
    assert run.recipe.data == "digits"
    assert convscope.evaluate(run.path).to_dict() == run.evaluation.to_dict()
