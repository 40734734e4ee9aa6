from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.data import load, open_source
from convscope.data.subject import CHARACTERS

from .conftest import message, read


def truncate(path: Path) -> None:
    """A picture whose head is sound and whose pixels end early."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 30, 3)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG")
    path.write_bytes(content.getvalue()[:900])


@pytest.mark.parametrize("names", [
    ("train", "val", "test"), ("training", "valid", "testing"), ("Train", "Validation", "TEST"),
])  # fmt: skip
def test_given_parts(make_folder: Callable, names: tuple[str, str, str]) -> None:
    train, val, test = names
    root = make_folder(
        {f"{train}/b": 3, f"{train}/a": 2, f"{val}/a": 1, f"{val}/b": 1, f"{test}/a": 2, f"{test}/b": 1}
    )
    dataset = read(root)
    assert dataset.name == "pictures"
    assert dataset.classes == ("a", "b")
    assert dataset.train.labels.tolist() == [0, 0, 1, 1, 1]
    assert dataset.validation.labels.tolist() == [0, 1]
    assert dataset.test.labels.tolist() == [0, 0, 1]
    assert dataset.notes == ()
    assert dataset.train.images.shape == (5, 8, 10, 3)  # all share a small size, so they keep it
    # make_folder numbers the pictures in the order of its argument, in the red channel
    assert dataset.train.images[:, 0, 0].tolist() == [[n, 7, 9] for n in (3, 4, 0, 1, 2)]
    assert [Path(name) for name in dataset.test.names] == [
        root / test / "a/000.png", root / test / "a/001.png", root / test / "b/000.png",
    ]  # fmt: skip


def test_single_folder_holds_out_a_test(make_folder: Callable) -> None:
    root = make_folder({"a": 20, "b": 40})
    dataset, other = read(root), read(root, seed=9)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (46, 5, 9)
    assert np.bincount(dataset.test.labels).tolist() == [3, 6]
    assert dataset.test.names == other.test.names
    assert dataset.validation.names != other.validation.names
    assert dataset.checksum == other.checksum
    assert any(note.startswith("9 of 60 pictures are held out for the test") for note in dataset.notes)
    assert dataset.evaluation[0] == "test"


def test_no_test_set(make_folder: Callable) -> None:
    root = make_folder({"train/a": 10, "train/b": 10, "val/a": 3, "val/b": 3})
    dataset = read(root)
    assert (len(dataset.train), len(dataset.validation), dataset.test) == (20, 6, None)
    assert dataset.evaluation == ("validation", dataset.validation)
    assert dataset.notes == (
        "no test set: these are validation figures, of the pictures that the best epoch was chosen by; "
        "--test-fraction 0.2 holds some out.",
    )
    held = read(root, test_fraction=0.2)
    assert (len(held.train), len(held.validation), len(held.test)) == (16, 6, 4)
    assert all("/train/" in name.replace("\\", "/") for name in held.test.names)


def test_train_and_test_without_validation(make_folder: Callable) -> None:
    dataset = read(make_folder({"train/a": 10, "train/b": 10, "test/a": 3, "test/b": 3}))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (18, 2, 6)


def test_train_only_is_like_a_single_folder(make_folder: Callable) -> None:
    dataset = read(make_folder({"train/a": 20, "train/b": 20}))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (31, 3, 6)


def test_clutter_sidecars_and_nested_folders(make_folder: Callable) -> None:
    root = make_folder({"a": 3, "b": 3, "b/deeper": 1, "__MACOSX/a": 1, ".git/a": 1})
    for name in ("a/Thumbs.db", "a/.DS_Store", "b/._000.png"):
        (root / name).write_bytes(b"\0")
    for name in ("README.md", "a/labels.csv", "a/more.csv", "b/photo.heic", "b/LICENSE", "lying.png"):
        (root / name).write_bytes(b"x")
    dataset = read(root, test_fraction=0)
    assert dataset.classes == ("a", "b")
    assert len(dataset.train) + len(dataset.validation) == 7
    assert dataset.notes[0] == (
        "files that are not pictures of a class were passed over: "
        "2 .csv, 1 .heic, 1 .md, 1 .png, 1 without extension."
    )


def test_sizes_and_channels(make_folder: Callable) -> None:
    root = make_folder({"a": 2, "b": 2})
    assert open_source(root).size == (8, 10)
    assert open_source(root).channels == 3
    Image.new("RGB", (97, 97)).save(root / "a/odd.png")
    mixed = open_source(root)
    assert mixed.size is None
    assert mixed.default_preprocessing().input_shape == (3, 64, 64)
    for number, path in enumerate(sorted(root.rglob("*.png"))):
        Image.new("L", (100, 100), number).save(path)
    grey = open_source(root)
    assert (grey.size, grey.channels, grey.subject) == ((100, 100), 1, CHARACTERS)
    assert grey.default_preprocessing().input_shape == (1, 64, 64)


def test_formats_are_remarked_and_content_counts(make_folder: Callable) -> None:
    root = make_folder({"a": 1, "b": 1})
    (root / "a/000.png").unlink()
    (root / "b/000.png").unlink()
    for number in range(4):
        for name in "ab":
            Image.new("RGB", (120, 100), (9, 9, 200)).save(root / name / f"{number}.png", format="JPEG")
    Image.new("P", (100, 100)).save(root / "a/x.gif")
    dataset = read(root, test_fraction=0)
    assert "1 GIF among 8 JPEG: a/x.gif (first frame read)." in dataset.notes
    assert dataset.train.images.shape[1:] == (64, 64, 3)


def test_small_jpeg_pictures_are_called_lossy(make_folder: Callable) -> None:
    root = make_folder({"a": 2, "b": 2})
    for path in root.rglob("*.png"):
        Image.new("RGB", (32, 32)).save(path.with_suffix(".jpg"))
        path.unlink()
    assert any("JPEG, which is lossy" in note for note in open_source(root).notes)


def test_broken_pictures_are_skipped_and_named(make_folder: Callable) -> None:
    root = make_folder({"a": 10, "b": 10})
    (root / "a/000.png").write_text("I am no picture")
    truncate(root / "b/005.png")
    dataset = read(root)
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 18
    skipped = " ".join(note for note in dataset.notes if note.startswith("skipped 1 picture"))
    assert f"{root / 'a/000.png'} is text, not a picture." in skipped
    assert f"{root / 'b/005.png'} ends early or is damaged" in skipped
    for split in (dataset.train, dataset.validation, dataset.test):
        assert len(split.images) == len(split.labels) == len(split.names)
        for picture, label, name in zip(split.images, split.labels, split.names, strict=True):
            assert dataset.classes[label] == Path(name).parent.name
            number = int(Path(name).stem) + 10 * label  # the level `make_folder` gave it
            assert picture.any() == bool(number)


@pytest.mark.parametrize("damage", [truncate, lambda path: path.write_bytes(b"")])
def test_strict_refuses_broken_pictures(make_folder: Callable, damage: Callable[[Path], None]) -> None:
    root = make_folder({"a": 10, "b": 10})
    damage(root / "b/005.png")
    assert message(root, strict=True).startswith(f"{root / 'b/005.png'} ")


def test_all_pictures_broken(make_folder: Callable) -> None:
    root = make_folder({"a": 3, "b": 3})
    for path in root.rglob("*.png"):
        path.write_bytes(b"")
    assert message(root) == (
        f"none of the 6 pictures in {root} can be read; the first: {root / 'a/000.png'} is empty (0 bytes)."
    )
    for path in root.rglob("*.png"):
        truncate(path)
    assert "pictures of pictures can be read; the first:" in message(root)


def test_a_class_with_only_broken_pictures(make_folder: Callable) -> None:
    root = make_folder({"a": 3, "b": 3})
    for path in (root / "b").iterdir():
        path.write_bytes(b"")
    assert "class 'b' has 3 train pictures and none can be read; the first: " in message(root)
    for path in (root / "b").iterdir():
        truncate(path)
    assert "class 'b' of pictures has no train picture left, because they cannot be read: " in message(root)


def test_layout_errors(make_folder: Callable, tmp_path: Path) -> None:
    assert "has no class folders" in message(make_folder({".": 0}, name="empty"))
    assert "2 pictures lie directly in" in message(make_folder({".": 2}, name="flat"))
    assert "class 'b' has no pictures: " in message(make_folder({"a": 2, "b": 0}, name="hollow"))
    one = make_folder({"a": 4}, name="one")
    assert message(one) == f"{one} has one class only, 'a'; a classifier needs at least two class folders."
    nested = make_folder({"inner/a": 4, "inner/b": 4}, name="nested")
    assert f"if the classes are inside that folder, give {nested / 'inner'}" in message(nested)
    small = make_folder({"a": 5, "b": 2}, name="small")
    assert "class 'b' of small has 2 pictures to train on, and 3 are needed" in message(small)
    assert len(read(small, validation=0).test) == 2  # one of each class at least
    single = make_folder({"a": 5, "b": 1}, name="single")
    assert "class 'b' of single has 1 picture to train on, and 2 are needed" in message(single, validation=0)
    assert "no train folder" in message(make_folder({"val/a": 1, "test/a": 1}, name="trainless"))
    assert "two folders for train, train and training" in message(
        make_folder({"train/a": 1, "training/a": 1}, name="twice")
    )
    sidecars = make_folder({"a": 2, "b": 0}, name="sidecars")
    (sidecars / "b/x.heic").write_bytes(b"x")
    assert "only other files (1 .heic)" in message(sidecars)


def test_classes_that_differ_between_parts(make_folder: Callable) -> None:
    root = make_folder({"train/ants": 2, "train/bees": 2, "val/ants": 2, "val/bee": 2})
    assert message(root) == (
        f"train and val of {root} have different classes (only in train: bees; only in val: bee); "
        "rename or move the folders so that they agree."
    )


def test_other_folders_beside_the_parts(make_folder: Callable) -> None:
    dataset = read(make_folder({"train/a": 9, "train/b": 9, "docs": 1}))
    assert "folders beside train were passed over: docs." in dataset.notes


def test_a_train_can_be_a_class(make_folder: Callable) -> None:
    assert read(make_folder({"car": 9, "train": 9, "tram": 9})).classes == ("car", "train", "tram")
    flat = make_folder({"train": 3, "val": 3}, name="flat")
    assert f"3 pictures lie directly in {flat / 'train'}" in message(flat)


def test_checksum_follows_names_and_content(make_folder: Callable) -> None:
    root = make_folder({"a": 4, "b": 4})
    first = read(root).checksum
    assert read(root, validation=0, test_fraction=0).checksum == first
    (root / "a/000.png").rename(root / "a/moved.png")
    assert read(root).checksum != first
    (root / "a/moved.png").rename(root / "a/000.png")
    assert read(root).checksum == first
    Image.new("RGB", (10, 8), (250, 1, 1)).save(root / "b/003.png")
    assert read(root).checksum != first


def test_progress_and_name_in_data_dir(make_folder: Callable, tmp_path: Path) -> None:
    make_folder({"train/a": 40, "train/b": 40})
    source = open_source("pictures", data_dir=tmp_path)
    told = []
    load(
        source,
        source.default_preprocessing(),
        validation=0,
        test_fraction=0,
        progress=lambda *n: told.append(n),
    )
    assert told == [("reading train pictures", done, 80) for done in (32, 64, 80)]


def test_train_and_predict_see_the_same_numbers(make_folder: Callable) -> None:
    root = make_folder({"a": 1, "b": 1})
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        pixels = random.integers(0, 256, (300, 401, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(root / name / "000.png", format="JPEG")
    dataset = read(root, validation=0, test_fraction=0)
    for picture, name in zip(dataset.train.images, dataset.train.names, strict=True):
        assert np.array_equal(picture, dataset.preprocessing.read(name))
