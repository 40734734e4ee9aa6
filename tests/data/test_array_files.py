"""Data sets in .npz and .npy files."""

from __future__ import annotations

import contextlib
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data import Dataset, Source, load, memory, open_source
from convscope.data.array_files import picture_blocks
from convscope.data.array_pictures import kind_of, pictures
from convscope.data.npy import ArchivedArrays
from convscope.errors import DataError

RANDOM = np.random.default_rng(3)
GREY = RANDOM.integers(0, 256, (40, 8, 6)).astype(np.uint8)
COLOUR = RANDOM.integers(0, 256, (40, 8, 6, 3)).astype(np.uint8)
LABELS = np.arange(40) % 4


def npz(tmp_path: Path, **arrays: np.ndarray) -> Path:
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


def read(path: Path) -> Dataset:
    source = open_source(path)
    return load(source, source.default_preprocessing(), validation=0, test_fraction=None)


def everything(source: Source, part: str = "train") -> np.ndarray:
    return source.read(part, np.arange(len(source.parts[part])), source.default_preprocessing()).images


def message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        open_source(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("trainX", "trainY", "testX", "testY"),
        ("xtrain", "ytrain", "xtest", "ytest"),
        ("images", "labels", "test_images", "test_labels"),
        ("training-data", "training-targets", "testing-data", "testing-targets"),
        ("arr_0", "arr_1", "arr_2", "arr_3"),
    ],
)
@pytest.mark.parametrize("compressed", [True, False])
def test_usual_keys(tmp_path: Path, keys: tuple[str, ...], compressed: bool) -> None:
    values = (GREY[:30], LABELS[:30], GREY[30:], LABELS[30:, None])
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "data.npz", **dict(zip(keys, values, strict=True)))
    source = open_source(tmp_path / "data.npz")
    assert (source.name, source.counts) == ("data", {"train": 30, "test": 10})
    assert (source.classes, source.size, source.channels) == (("0", "1", "2", "3"), (8, 6), 1)
    assert not source.subject.photos
    assert np.array_equal(everything(source)[..., 0], GREY[:30])
    assert np.array_equal(everything(source, "test")[..., 0], GREY[30:])
    assert source.parts["test"].labels.tolist() == LABELS[30:].tolist()
    assert source.parts["test"].names[4] == "data/test/4"
    assert source.notes == ()


@pytest.mark.parametrize("keys", [("X", "y"), ("images", "labels"), ("arr_0", "arr_1"), ("data", "target")])
def test_one_part(tmp_path: Path, keys: tuple[str, str]) -> None:
    dataset = read(npz(tmp_path, **{keys[0]: COLOUR, keys[1]: LABELS}))
    assert len(dataset.train) == 34
    assert len(dataset.test) == 6
    assert dataset.train.images.shape[1:] == (8, 6, 3)


def test_medmnist(tmp_path: Path) -> None:
    parts = {"train": 20, "val": 8, "test": 12}
    arrays: dict[str, np.ndarray] = {}
    for part, count in parts.items():
        arrays[f"{part}_images"] = COLOUR[:count]
        arrays[f"{part}_labels"] = LABELS[:count, None].astype(np.uint8)
    source = open_source(npz(tmp_path, **arrays))
    assert source.counts == {"train": 20, "validation": 8, "test": 12}
    assert source.subject.photos
    assert [*source.parts] == ["train", "validation", "test"]


def test_channels_first_is_turned(tmp_path: Path) -> None:
    source = open_source(npz(tmp_path, X=COLOUR.transpose(0, 3, 1, 2), y=LABELS))
    assert np.array_equal(everything(source), COLOUR)
    assert source.checksum({}) == open_source(npz(tmp_path, X=COLOUR, y=LABELS)).checksum({})


@given(
    st.sampled_from(["uint8", "float32", "int64", "bool"]),
    st.lists(st.integers(1, 40), min_size=1, max_size=6).map(tuple),
)
def test_kinds(dtype: str, shape: tuple[int, ...]) -> None:
    kind = kind_of(shape, np.dtype(dtype))
    if len(shape) == 3:
        assert kind == "grey"
    elif len(shape) != 4:
        assert kind is None
    else:
        expected = {(True, False): "channels first", (False, True): "channels last"}
        assert kind == expected.get((shape[1] in (1, 3), shape[3] in (1, 3)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0.0, 0.5, 1.0, 0.1]), [0, 128, 255, 26]),  # floor(255 v + 1/2)
        (np.array([0.0, 0.5, 255.0, 99.4], np.float32), [0, 1, 255, 99]),
        (np.array([0, 1, 255, 7], np.int64), [0, 1, 255, 7]),
        (np.array([0, 257, 65535, 384], np.uint16), [0, 1, 255, 1]),  # 384 / 257 = 1.49
        (np.array([0, 257, 65535, 386], np.int32), [0, 1, 255, 2]),
        (np.array([False, True, True, False]), [0, 255, 255, 0]),
        (np.array([0.0, 0.25, 1.0, 0.5], np.float16), [0, 64, 255, 128]),
    ],
)
def test_values_become_bytes(values: np.ndarray, expected: list[int]) -> None:
    pixels, _ = pictures({"train": values.reshape(2, 1, 2)}, {"train": "X"})
    assert pixels["train"].dtype == np.uint8
    assert pixels["train"].reshape(-1).tolist() == expected


def test_the_rule_for_floats_is_one_for_all_parts() -> None:
    dark = np.full((2, 4, 4), 0.75)
    pixels, _ = pictures({"train": np.full((2, 4, 4), 200.0), "test": dark}, {"train": "x", "test": "z"})
    assert pixels["test"].max() == 1
    pixels, notes = pictures({"train": dark / 8, "test": dark / 4}, {"train": "x", "test": "z"})
    assert (pixels["train"].max(), pixels["test"].max()) == (24, 48)
    assert len(notes) == 1
    assert notes[0].startswith(
        "x and z: the brightest value is 0.1875 where white is 1, so the pictures are dark;"
    )


def test_large_arrays_are_converted_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.data.array_pictures._BLOCK_BYTES", 8 * 48 * 7)  # seven pictures
    pixels, _ = pictures({"train": GREY / 255}, {"train": "X"})
    assert np.array_equal(pixels["train"][..., 0], GREY)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.full((4, 8, 8), -0.5), r"the values run from -0.5 to -0.5, which is neither 0..1 nor 0..255"),
        (np.full((4, 8, 8), 300.0), "before they were normalised"),
        (np.full((4, 8, 8), 70000), r"which is neither 0..255 nor 0..65535"),
        (np.full((4, 8, 8), np.nan), "no numbers (NaN or infinite)"),
        (np.ones((4, 64), int), "rows of numbers without height and width; store it as reshape(-1, 8, 8)"),
        (np.zeros((4, 65), int), "store it as reshape(-1, height, width)"),
        (np.zeros((4, 3, 8, 3)), "either axis could be the channels; store grey pictures as (N, H, W)"),
        (np.zeros((4, 8, 8, 4), np.uint8), "with four channels"),
        (np.zeros((4, 8, 8, 5), np.uint8), "(N, H, W), (N, H, W, C) or (N, C, H, W), with C 1 or 3"),
        (np.zeros((0, 8, 8), np.uint8), "which holds no pictures"),
        (np.zeros((4, 8, 8), np.complex64), "of numbers"),
        (np.array(5), "but pictures are (N, H, W)"),
    ],
)  # fmt: skip
def test_what_are_no_pictures(tmp_path: Path, values: np.ndarray, reason: str) -> None:
    path = npz(tmp_path, X=values, y=np.arange(len(values) if values.ndim else 1) % 2)
    text = message(path)
    assert text.startswith(f"{path}: X")
    assert reason in text


def test_labels_and_class_names(tmp_path: Path) -> None:
    words = np.array(["cat", "ant", "cat", "bee"] * 10)
    for labels in (words, words.astype("S"), words[:, None]):
        source = open_source(npz(tmp_path, X=GREY, y=labels))
        assert source.classes == ("ant", "bee", "cat")
        assert source.parts["train"].labels[:4].tolist() == [2, 0, 2, 1]
    source = open_source(npz(tmp_path, X=GREY, y=words, classes=np.array(["cat", "bee", "ant"])))
    assert source.parts["train"].labels[:4].tolist() == [0, 2, 0, 1]
    source = open_source(npz(tmp_path, X=GREY, y=LABELS, class_names=np.array([*"abcd"]).astype("S")))
    assert source.classes == ("a", "b", "c", "d")
    one_hot = np.eye(4)[LABELS]
    assert open_source(npz(tmp_path, X=GREY, y=one_hot)).parts["train"].labels.tolist() == LABELS.tolist()
    letters = open_source(npz(tmp_path, X=GREY, y=LABELS.astype(float) + 9))
    assert letters.classes == ("9", "10", "11", "12")
    assert letters.parts["train"].labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"y": LABELS / 3}, "has labels such as 0.333333, but they are whole numbers"),
        ({"y": np.where(LABELS, np.inf, 0.0)}, "has labels such as inf"),
        ({"y": np.ones((40, 3), int)}, "cannot have several classes here"),
        ({"y": LABELS[:39]}, "X has 40 pictures but y has 39 labels; they do not belong together"),
        ({"y": np.zeros(40, int)}, "has one class only, '0'"),
        ({"y": LABELS, "classes": np.array([*"abc"])}, "the label 3, but the 3 class names are for 0 to 2"),
        ({"y": LABELS - 1, "classes": np.array([*"abc"])}, "the label -1, but"),
        ({"y": LABELS.astype(str), "classes": np.array([*"012"])}, "the label '3', which is not among the 3"),
        ({"y": LABELS, "classes": np.array([*"abca"])}, "have the name 'a' twice"),
        ({"y": LABELS, "classes": np.zeros((2, 2))}, "class names are strings in one row"),
        ({"y": LABELS.astype(complex)}, "labels of complex128 (40,), but they are whole numbers or names"),
        ({"y": LABELS, "x_test": GREY[:4], "y_test": np.full(4, 9)}, "has the label 9, which"),
        ({"y": LABELS, "x_test": GREY[:4], "y_test": np.array(["a"] * 4)}, "numbers in one and text in"),
        ({"y": LABELS, "x_test": GREY[:4, :5], "y_test": LABELS[:4]}, "are 8×6 with 1 channel and those of"),
        ({"y": LABELS, "x_test": GREY[:4]}, "there are no labels for x_test"),
        ({"y": LABELS, "y_test": LABELS}, "there are no pictures for y_test"),
        ({"y": LABELS, "images": GREY}, "X and images could both be the train inputs; keep one"),
        ({}, "there are no labels for X. It holds X uint8 (40, 8, 6)"),
    ],
)  # fmt: skip
def test_labels_that_are_none(tmp_path: Path, arrays: dict[str, np.ndarray], reason: str) -> None:
    assert reason in message(npz(tmp_path, X=GREY, **arrays))


def test_keys_that_are_not_usual(tmp_path: Path) -> None:
    path = npz(tmp_path, foo=GREY, bar=LABELS)
    assert message(path) == (
        f"{path} has no pictures or signals under a usual name: x_train and y_train, train_images and "
        "train_labels, images and labels, signals and labels, or X and y (and x_test, val_images and so on). "
        "It holds foo uint8 (40, 8, 6), bar int64 (40,)."
    )
    assert "has test pictures but none to train on" in message(npz(tmp_path, x_test=GREY, y_test=LABELS))
    source = open_source(npz(tmp_path, X=GREY, y=LABELS, ids=np.arange(40)))
    assert source.notes == ("arrays that are neither pictures nor labels by name were passed over: ids.",)


def test_pictures_without_labels(tmp_path: Path) -> None:
    for arrays in ({"x_train": GREY, "x_test": GREY[:9]}, {"foo": GREY}, {"images": GREY, "ids": LABELS}):
        with ArchivedArrays.open(npz(tmp_path, **arrays)) as opened:
            found = dict(picture_blocks(opened, "data.npz"))
        assert [*found] == [key for key in arrays if key != "ids"]
        for key, pixels in found.items():
            assert np.array_equal(pixels[..., 0], arrays[key])


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    words = np.array(["a", "b"] * 20, dtype=object)
    text = message(npz(tmp_path, X=GREY, y=words))
    assert (
        "y holds Python objects (pickle), which would run code and are not read; save it as numbers" in text
    )
    np.save(tmp_path / "images.npy", GREY)
    np.save(tmp_path / "labels.npy", words)
    assert "labels.npy holds Python objects (pickle)" in message(tmp_path / "images.npy")


def test_damaged_files(tmp_path: Path) -> None:
    path = npz(tmp_path, X=GREY, y=LABELS)
    whole = path.read_bytes()
    for content in (b"", b"I am no array", whole[: len(whole) // 2], whole[:100] + bytes(500) + whole[600:]):
        path.write_bytes(content)
        assert str(path) in message(path)
    np.save(tmp_path / "labels.npy", LABELS)
    images = tmp_path / "images.npy"
    np.save(images, GREY)
    whole = images.read_bytes()
    for content in (b"", b"nothing", whole[: len(whole) // 2], whole[:8] + b"\xff" * 60 + whole[68:]):
        images.write_bytes(content)
        assert message(images).startswith(f"{images} ")


@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_damage_anywhere_is_one_sentence(tmp_path: Path, kind: str) -> None:
    path = npz(tmp_path, X=GREY, y=LABELS) if kind == "npz" else tmp_path / "X.npy"
    if kind == "npy":
        np.save(path, GREY)
        np.save(tmp_path / "y.npy", LABELS)
    whole = path.read_bytes()
    chance = random.Random(5)
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            content[chance.choice((chance.randrange(len(content)), chance.randrange(128)))] = (
                chance.randrange(256)
            )
        path.write_bytes(content)
        with contextlib.suppress(DataError):  # and nothing else
            open_source(path)


def test_an_npz_that_needs_more_memory_than_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npz(tmp_path, X=GREY, y=LABELS)
    monkeypatch.setattr(memory, "available_memory", lambda: 3000)
    images = everything(open_source(path))
    assert isinstance(images.base, np.memmap)  # more than half of the free memory: in a file
    assert np.array_equal(images[..., 0], GREY)


@pytest.mark.parametrize(
    ("names", "opened", "name"),
    [
        ({"images": GREY, "labels": LABELS}, "images.npy", None),
        ({"X": GREY, "y": LABELS}, "X.npy", None),
        ({"X_train": GREY, "y_train": LABELS}, "X_train.npy", None),
        ({"cats": GREY, "cats_labels": LABELS}, "cats.npy", "cats"),
        ({"cats": GREY, "labels": LABELS}, "cats.npy", "cats"),
        ({"cat_images": GREY, "cat_labels": LABELS, "dog_labels": LABELS}, "cat_images.npy", "cat_images"),
    ],
)  # fmt: skip
def test_npy_beside_its_labels(
    tmp_path: Path, names: dict[str, np.ndarray], opened: str, name: str | None
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for stem, array in names.items():
        np.save(folder / f"{stem}.npy", array)
    source = open_source(folder / opened)
    assert source.counts == {"train": 40}
    assert source.name == (name or "set")
    assert np.array_equal(everything(source)[..., 0], GREY)
    if name is None:
        assert open_source(folder).checksum({}) == source.checksum({})
        assert open_source("set", data_dir=tmp_path).counts == source.counts


def test_a_folder_of_npy_files(tmp_path: Path) -> None:
    for part, chosen in (("train", slice(0, 30)), ("test", slice(30, 40))):
        np.save(tmp_path / f"X_{part}.npy", COLOUR[chosen].transpose(0, 3, 1, 2))
        np.save(tmp_path / f"y_{part}.npy", LABELS[chosen])
    np.save(tmp_path / "classes.npy", np.array([*"abcd"]))
    for opened in (tmp_path, tmp_path / "X_train.npy"):
        source = open_source(opened)
        assert source.counts == {"train": 30, "test": 10}
        assert source.classes == (*"abcd",)
        assert np.array_equal(everything(source, "test"), COLOUR[30:])


def test_a_lone_npy(tmp_path: Path) -> None:
    np.save(tmp_path / "photos.npy", COLOUR)
    text = message(tmp_path / "photos.npy")
    assert text.startswith(f"{tmp_path / 'photos.npy'} has no labels beside it: put them into")
    assert text.endswith("Beside each other lie photos.npy.")
    assert "has no class folders, but" not in text
    npz(tmp_path, X=GREY, y=LABELS)
    (tmp_path / "photos.npy").unlink()
    assert (
        message(tmp_path) == f"{tmp_path} has no class folders, but data.npz; give {tmp_path / 'data.npz'}."
    )


def test_npy_pictures_are_not_read_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((40, 8, 6), np.uint8))
    np.save(tmp_path / "labels.npy", LABELS)
    source = open_source(tmp_path / "images.npy")
    on_disk = np.memmap(tmp_path / "images.npy", np.uint8, "r+", offset=128)
    on_disk[:] = GREY.reshape(-1)  # what changes after opening is what is read
    on_disk.flush()
    assert np.array_equal(everything(source)[..., 0], GREY)


def test_an_npz_is_never_executed(tmp_path: Path) -> None:
    """A zip with a pickle in it under the name of an array."""
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("X.npy", b"cos\nsystem\n(S'touch /tmp/pwned'\ntR.")
        archive.writestr("y.npy", b"cos\nsystem\n(S'touch /tmp/pwned'\ntR.")
    assert str(tmp_path / "data.npz") in message(tmp_path / "data.npz")
