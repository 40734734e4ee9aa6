from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from convscope.data import catalogue, load, open_source
from convscope.data.catalogue import idx_files
from convscope.data.download import find_file
from convscope.data.opening import needs_download, path_of
from convscope.data.source import ArraySource, Names
from convscope.errors import DataError, UnknownName, UsageError

from .conftest import idx_bytes


def test_digits_equal_scikit_learn() -> None:
    source = open_source("digits")
    dataset = load(source, source.default_preprocessing(), validation=0)
    bunch = load_digits()
    assert dataset.validation is None
    for split in (dataset.train, dataset.test):
        positions = [int(name.removeprefix("digits/")) for name in split.names]
        assert np.array_equal(split.labels, bunch.target[positions])
        assert np.array_equal(split.images[..., 0], np.floor(bunch.images[positions] * 255 / 16 + 0.5))
    assert dataset.train.images.max() == 255
    assert len({*dataset.train.names, *dataset.test.names}) == 1797


def test_catalogue_tells_the_truth_about_digits() -> None:
    entry, source = catalogue()["digits"], open_source("digits")
    assert (entry.size, entry.channels, entry.classes, dict(entry.counts)) == (
        source.size, source.channels, source.classes, source.counts,
    )  # fmt: skip


def test_catalogue_entries_are_whole() -> None:
    for entry in catalogue().values():
        assert len(entry.classes) == {"emnist-letters": 26, "cifar100": 100}.get(entry.name, 10)
        assert len(set(entry.classes)) == len(entry.classes)
        assert all(len(md5) == 32 for md5 in entry.files.values())
        assert all(mirror.endswith("/") for mirror in entry.mirrors)
        assert bool(entry.files) == bool(entry.mirrors)


@pytest.mark.parametrize("place", ["mnist", "."])
@pytest.mark.parametrize("zipped", [True, False])
def test_named_idx_in_the_data_folder(
    tmp_path: Path, write_idx: Callable, monkeypatch: pytest.MonkeyPatch, place: str, zipped: bool
) -> None:
    arrays = write_idx(tmp_path / place, zipped=zipped)
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    source = open_source("mnist")
    assert source.name == "mnist"
    assert source.counts == {"train": 40, "test": 20}
    assert source.class_counts("test") == {str(digit): 2 for digit in range(10)}
    dataset = load(source, source.default_preprocessing(), validation=0)
    assert np.array_equal(dataset.train.images[..., 0], arrays["train"])
    assert np.array_equal(dataset.test.labels, arrays["test labels"])
    assert dataset.test.names[7] == "mnist/test/7"
    assert len(source.notes) == (4 if zipped else 0)


@pytest.mark.parametrize("infix", ["-idx", ".idx"])
def test_idx_folder_by_path(tmp_path: Path, write_idx: Callable, infix: str) -> None:
    write_idx(tmp_path / "letters", zipped=False)
    for file in list((tmp_path / "letters").iterdir()):
        file.rename(file.with_name(file.name.replace("-idx", infix)))
    source = open_source(tmp_path / "letters")
    assert source.name == "letters"
    assert source.classes == tuple("0123456789")
    assert open_source("letters", data_dir=tmp_path).counts == source.counts


def test_idx_folder_with_a_known_name_has_its_classes(tmp_path: Path, write_idx: Callable) -> None:
    write_idx(tmp_path / "fashion-mnist")
    assert open_source(str(tmp_path / "fashion-mnist")).classes[9] == "Ankle boot"


def test_idx_folder_lacking_a_file(tmp_path: Path, write_idx: Callable) -> None:
    write_idx(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"has IDX files but no t10k-labels-idx1-ubyte.gz"):
        open_source(tmp_path)


def test_idx_files_that_do_not_belong_together(tmp_path: Path, write_idx: Callable) -> None:
    write_idx(tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx_bytes(np.zeros(39))))
    with pytest.raises(DataError, match=r"has 40 pictures but .* has 39 labels"):
        open_source(tmp_path)
    labels.write_bytes(gzip.compress(idx_bytes(np.full(40, 11))))
    with pytest.raises(DataError, match="mnist has a label 11, but only 10 classes"):
        open_source("mnist", data_dir=tmp_path)


def test_relatives_with_the_same_file_names_are_told_apart(
    tmp_path: Path, write_idx: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_idx(tmp_path / "mnist")
    fashion = catalogue()["fashion-mnist"]
    name = "train-images-idx3-ubyte.gz"
    assert find_file(fashion, name, tmp_path / "mnist") is None  # the folder's name is another's
    assert find_file(fashion, name, tmp_path) is None
    write_idx(tmp_path)
    assert find_file(fashion, name, tmp_path) == tmp_path / name
    md5 = hashlib.md5((tmp_path / name).read_bytes()).hexdigest()
    published = replace(catalogue()["mnist"], files=idx_files(md5, "", "", ""))
    monkeypatch.setattr("convscope.data.download.catalogue", lambda: {"mnist": published})
    assert find_file(fashion, name, tmp_path) is None  # the file's md5 is another's


def test_unknown_names() -> None:
    with pytest.raises(UnknownName, match=r"unknown data set 'minst': did you mean 'mnist'\?"):
        open_source("minst")
    with pytest.raises(UnknownName, match="Known: digits, mnist"):
        open_source("")


def test_paths_that_are_nothing(tmp_path: Path) -> None:
    for missing in ("./minst", "some/where", tmp_path / "gone", "~/certainly/not/here"):
        with pytest.raises(DataError, match="there is no folder"):
            open_source(missing)
    with pytest.raises(DataError, match=r"there is no folder .*gone \(--data-dir\)"):
        open_source("digits", data_dir=tmp_path / "gone")
    with pytest.raises(DataError, match=r"there is no file photos\.zip; check the path"):
        open_source("photos.zip")
    (tmp_path / "picture.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"picture\.png is a file of another kind; data is a folder, zip or"):
        open_source(tmp_path / "picture.png")


def test_data_folder_in_the_environment_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="CONVSCOPE_DATA"):
        open_source("mnist")
    with pytest.raises(DataError, match="CONVSCOPE_DATA"):
        needs_download("mnist")
    with pytest.raises(DataError, match="CONVSCOPE_DATA"):
        open_source("photos.zip")


def test_a_data_folder_that_is_gone_is_no_matter_where_it_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """digits come with scikit-learn, and a path that is there needs no folder to be looked for in."""
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "gone"))
    assert open_source("digits").name == "digits"
    assert not needs_download("digits")
    assert path_of(tmp_path) == tmp_path
    with pytest.raises(DataError, match=r"there is no folder .*pics; check the path"):
        open_source(tmp_path / "pics")


def test_default_preprocessing() -> None:
    source = open_source("digits")
    assert source.default_preprocessing().input_shape == (1, 8, 8)
    assert source.default_preprocessing(size=32, channels=3).input_shape == (3, 32, 32)
    chosen = source.default_preprocessing(size=(5, 7), resize="crop", invert=True)
    assert (chosen.height, chosen.width, chosen.resize, chosen.invert) == (5, 7, "crop", True)
    with pytest.raises(UsageError, match="--size 0×0"):
        source.default_preprocessing(size=0)
    with pytest.raises(UsageError, match="--channels is 2"):
        source.default_preprocessing(channels=2)  # type: ignore[arg-type]


def test_what_takes_long_to_import_is_not_imported() -> None:
    heavy = "torch", "sklearn", "pooch", "requests", "platformdirs", "scipy"
    code = f"import sys, convscope.data; print([name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_names() -> None:
    names = Names("mnist/train", np.array([4, 9, 2]))
    assert [*names] == ["mnist/train/4", "mnist/train/9", "mnist/train/2"]
    assert names[-1] == "mnist/train/2"
    assert [*names[1:]] == ["mnist/train/9", "mnist/train/2"]
    with pytest.raises(IndexError):
        names[3]


def array_source(count: int = 100, classes: int = 4) -> ArraySource:
    images = np.random.default_rng(1).integers(0, 256, (count, 6, 5, 3)).astype(np.uint8)
    return ArraySource("noise", [*"abcd"][:classes], {"train": images}, {"train": np.arange(count) % classes})


def test_array_source_resizes_like_one_picture() -> None:
    source = array_source()
    preprocessing = source.default_preprocessing(size=8, channels=1)
    split = load(source, preprocessing, validation=0, test_fraction=0).train
    for picture, original in zip(split.images, source._images["train"], strict=True):
        assert np.array_equal(picture, preprocessing.picture(Image.fromarray(original)))


def test_the_test_part_never_depends_on_the_seed() -> None:
    source = array_source()
    preprocessing = source.default_preprocessing()
    first, second = (load(source, preprocessing, seed=seed) for seed in (0, 1))
    assert [*first.test.names] == [*second.test.names]
    assert [*first.validation.names] != [*second.validation.names]
    assert first.checksum == second.checksum
    names = [*first.train.names, *first.validation.names, *first.test.names]
    assert sorted(names) == sorted(source.parts["train"].names)
    assert (len(first.train), len(first.validation), len(first.test)) == (76, 9, 15)
    assert first.evaluation == ("test", first.test)


def test_checksum_follows_the_content() -> None:
    source = array_source()
    before = source.checksum({})
    source._images["train"][0, 0, 0, 0] ^= 1
    assert source.checksum({}) != before
    assert len(before) == 64


def test_fractions_that_cannot_be() -> None:
    source = open_source("digits")
    preprocessing = source.default_preprocessing()
    with pytest.raises(UsageError, match="digits has its own test pictures; leave --test-fraction out"):
        load(source, preprocessing, test_fraction=0.2)
    with pytest.raises(UsageError, match="--validation is 1"):
        load(source, preprocessing, validation=1)


def test_with_nothing_held_out_figures_are_of_the_training_part_and_called_so() -> None:
    source = array_source()
    dataset = load(source, source.default_preprocessing(), validation=0, test_fraction=0)
    assert dataset.evaluation == ("train", dataset.train)
