"""Data sets of signals: arrays at hand and `.npz` files, their splits, and what is wrong with others."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.data import ArrayPreprocessing, SignalSource, load, memory, open_source, signal_source
from convscope.data import npy as npy_format
from convscope.data.array_files import is_signals, picture_blocks
from convscope.data.npy import ArchivedArrays
from convscope.data.reading_once import ReadOnce
from convscope.errors import DataError, UsageError

RANDOM = np.random.default_rng(11)
SIGNALS = RANDOM.normal(size=(40, 2, 9))
LABELS = np.arange(40) % 2


def write(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


# --- what is taken for signals


@pytest.mark.parametrize(
    ("key", "shape", "dtype", "signals"),
    [
        ("signals", (4, 9), "f8", True),
        ("signals", (4, 2, 9), "i2", True),
        ("test_signals", (4, 9), "f8", True),
        ("ecg-signals", (4, 9), "f8", True),
        ("x", (4, 9), "f8", True),
        ("x_train", (4, 9), "f4", True),
        ("trainX", (4, 9), "f4", True),
        ("x_train", (4, 9, 9), "f8", False),  # floats of three axes may be pictures
        ("x_train", (4, 9, 9), "u1", False),
        ("x_train", (4, 784), "u1", False),  # rows of pixels
        ("images", (4, 9, 9), "f8", False),
        ("y", (4, 9), "f8", False),
    ],
)
def test_the_rule(key: str, shape: tuple[int, ...], dtype: str, signals: bool) -> None:
    assert is_signals(key, shape, np.dtype(dtype)) is signals


def test_a_file_of_pictures_is_left_to_others(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", x_train=np.zeros((4, 9, 9), np.uint8), y_train=np.arange(4))
    assert not isinstance(open_source(path), SignalSource)


def test_files_that_lie_together(tmp_path: Path) -> None:
    np.save(tmp_path / "signals.npy", SIGNALS)
    np.save(tmp_path / "labels.npy", LABELS)
    for path in (tmp_path, tmp_path / "signals.npy"):
        source = open_source(path)
        assert isinstance(source, SignalSource)
        reading = source.read("train", np.arange(40), source.default_preprocessing())
        np.testing.assert_array_equal(reading.images, SIGNALS.astype(np.float32))


def test_a_network_of_pictures_predicts_no_signals(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", signals=SIGNALS)
    with (
        ArchivedArrays.open(path) as arrays,
        pytest.raises(DataError, match="signals holds signals, and the network takes pictures"),
    ):
        next(picture_blocks(arrays, str(path)))


# --- reading


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "<i2", ">i8", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("block", [7, 1 << 22])
def test_numbers_of_any_type_and_order(
    compressed: bool, dtype: str, order: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npy_format, "_BLOCK", block)
    signals = np.array(100 * abs(SIGNALS), dtype=dtype, order=order)  # type: ignore[call-overload]
    assert signals.flags.c_contiguous or order == "F"
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", signals=signals, labels=LABELS)
    source = open_source(tmp_path / "a.npz")
    reading = source.read("train", np.arange(40), source.default_preprocessing())
    assert reading.images.dtype == np.float32
    np.testing.assert_array_equal(reading.images, signals.astype(np.float32))


def test_parts_and_classes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "ecg.npz",
        x_train=SIGNALS[:20, 0],
        y_train=LABELS[:20],
        x_val=SIGNALS[20:30, 0],
        val_labels=LABELS[20:30],
        signals_test=SIGNALS[30:, :1],
        labels_test=LABELS[30:].astype(float),
        classes=np.array(["calm", "afib"]),
        rate=np.array(360),
    )
    source = open_source(path)
    assert isinstance(source, SignalSource)
    assert source.counts == {"train": 20, "validation": 10, "test": 10}
    assert (source.name, source.classes) == ("ecg", ("calm", "afib"))
    assert source.notes == (
        "arrays that are neither signals nor labels by name were passed over: rate.",
        "x_train of ecg has two axes, so it is taken for signals of 1×9.",
    )
    dataset = load(source, source.default_preprocessing())
    for split, rows in ((dataset.train, slice(0, 20)), (dataset.test, slice(30, 40))):
        assert split is not None
        np.testing.assert_array_equal(split.images, SIGNALS[rows, :1].astype(np.float32))
        np.testing.assert_array_equal(split.labels, LABELS[rows])
    assert dataset.test is not None
    assert list(dataset.test.names[:2]) == ["ecg/test/0", "ecg/test/1"]


def test_names_are_labels_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", signals=SIGNALS, labels=np.array(["yes", "no"])[LABELS])
    source = open_source(path)
    assert source.classes == ("no", "yes")
    np.testing.assert_array_equal(source.parts["train"].labels, 1 - LABELS)


def test_a_file_in_the_data_folder_is_found(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", signals=SIGNALS, labels=LABELS)
    assert open_source("a.npz", data_dir=tmp_path).counts == {"train": 40}


@pytest.mark.parametrize("block", [1, 18 * 7, 1 << 20])
def test_splits_hold_the_right_signals(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_source, "_BLOCK", block)
    source = SignalSource(SIGNALS, LABELS, name="noise")
    dataset = load(source, source.default_preprocessing(), test_fraction=0.2, seed=3)
    seen = []
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split is not None
        for signal, label, name in zip(split.images, split.labels, split.names, strict=True):
            position = int(name.rpartition("/")[2])
            np.testing.assert_array_equal(signal, SIGNALS[position].astype(np.float32))
            assert label == LABELS[position]
            seen.append(position)
    assert sorted(seen) == list(range(40))
    assert "8 of 40 signals are held out" in dataset.notes[0]


def test_read_once_hands_out_the_same() -> None:
    signals = SIGNALS.copy()
    signals[5, 1, 3] = np.nan
    source = SignalSource(signals, LABELS, name="noise")
    once = ReadOnce(source)
    assert (once.noun, once.default_preprocessing()) == ("signal", source.default_preprocessing())
    with pytest.raises(UsageError, match="--size"):
        once.default_preprocessing(size=3)
    for positions in (np.arange(40), np.array([7, 5, 2]), np.array([3, 4])):
        one, two = (s.read("train", positions, source.default_preprocessing()) for s in (source, once))
        np.testing.assert_array_equal(one.images, two.images)
        assert one.images.dtype == two.images.dtype
        np.testing.assert_array_equal(one.kept, two.kept)
        assert one.broken == two.broken
    assert once.checksum({}) == source.checksum({})


def test_the_checksum_names_the_data() -> None:
    first = SignalSource(SIGNALS, LABELS).checksum({})
    whole = hashlib.sha256(b"0\x001" + b"\x00train (40, 2, 9)\x00")
    whole.update(SIGNALS.astype("<f4").tobytes())
    whole.update(LABELS.astype("<i8").tobytes())
    assert first == whole.hexdigest()
    assert SignalSource(SIGNALS, 1 - LABELS).checksum({}) != first
    assert SignalSource(SIGNALS + 1, LABELS).checksum({}) != first


def test_signals_in_another_order_are_laid_out_once() -> None:
    for signals in (np.asfortranarray(SIGNALS, dtype=np.float32), np.asfortranarray(SIGNALS)):
        source = SignalSource(signals, LABELS)
        images = source.read("train", np.arange(40), source.default_preprocessing()).images
        assert images.flags.c_contiguous
        np.testing.assert_array_equal(images, SIGNALS.astype(np.float32))


def test_signals_that_are_float32_are_not_copied() -> None:
    signals = SIGNALS.astype(np.float32)
    signals.flags.writeable = False
    source = SignalSource(signals, LABELS)
    reading = source.read("train", np.arange(40), source.default_preprocessing())
    assert np.shares_memory(reading.images, signals)


def test_no_room_is_said_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.npz", signals=SIGNALS, labels=LABELS)
    monkeypatch.setattr(memory, "available_memory", lambda: 100)
    source = open_source(path)  # more than half of the free memory: in a file
    reading = source.read("train", np.arange(3), source.default_preprocessing())
    assert isinstance(reading.images, np.memmap)
    np.testing.assert_array_equal(reading.images, SIGNALS[:3].astype(np.float32))


# --- signals with holes


def broken_source(strict: bool = False) -> SignalSource:
    signals = SIGNALS.copy()
    signals[3, 1, 4], signals[10, 0, 0] = np.nan, 1e39  # too large for float32
    return SignalSource(signals, LABELS, name="holes", strict=strict)


def test_signals_with_holes_are_skipped_and_named() -> None:
    source = broken_source()
    dataset = load(source, source.default_preprocessing(), validation=0, test_fraction=0)
    assert len(dataset.train) == 38
    assert not {"holes/train/3", "holes/train/10"} & set(dataset.train.names)
    kept = np.delete(np.arange(40), [3, 10])
    np.testing.assert_array_equal(dataset.train.images, SIGNALS[kept].astype(np.float32))
    np.testing.assert_array_equal(dataset.train.labels, LABELS[kept])
    (note,) = (note for note in dataset.notes if "skipped" in note)
    assert note.startswith("skipped 2 signals that cannot be read: ")
    assert "holes/train/3 holds nan at position 4 of channel 1" in note
    assert "holes/train/10 holds inf at position 0 of channel 0" in note


def test_strict_refuses_them() -> None:
    source = broken_source(strict=True)
    with pytest.raises(DataError, match="holes/train/3 holds nan at position 4 of channel 1"):
        load(source, source.default_preprocessing(), validation=0, test_fraction=0)


def test_nothing_but_holes() -> None:
    source = SignalSource(np.full((6, 9), np.nan), np.arange(6) % 2, name="holes")
    with pytest.raises(DataError, match=r"none of the 6 train signals of holes .* nan at position 0"):
        load(source, source.default_preprocessing(), validation=0, test_fraction=0)


def test_a_class_with_nothing_but_holes() -> None:
    signals = SIGNALS.copy()
    signals[1::2] = np.nan
    source = SignalSource(signals, LABELS, name="holes")
    with pytest.raises(DataError, match="class '1' of holes has no train signal left"):
        load(source, source.default_preprocessing(), validation=0, test_fraction=0)


# --- what is refused


@pytest.mark.parametrize(
    ("signals", "labels", "words"),
    [
        (np.zeros((4, 1, 2, 3)), np.arange(4), r"\(4, 1, 2, 3\).*\(N, channels, length\)"),
        (np.zeros(4), np.arange(4), r"\(4,\).*\(N, channels, length\)"),
        (np.zeros((0, 9)), np.zeros(0, int), "are empty"),
        (np.zeros((4, 0)), np.arange(4), r"are empty: \(4, 1, 0\)"),
        (np.zeros((4, 9), complex), np.arange(4), "complex128, not of real numbers"),
        (np.full((4, 9), "a"), np.arange(4), "<U1, not of real numbers"),
        (np.broadcast_to(np.float32(0), (2, 1 << 29)), np.arange(2), "536,870,912 values each"),
        (np.zeros((4, 9)), np.arange(5), "4 train signals but 5 labels"),
        (np.zeros((4, 9)), np.ones(4), "one class only"),
        ({"train": np.zeros((4, 9))}, {"test": np.arange(4)}, "signals for train and labels for test"),
        ({"test": np.zeros((4, 9))}, {"test": np.arange(4)}, "a part to train on"),
        (
            {"train": np.zeros((4, 9)), "dev": np.zeros((4, 9))},
            {"train": np.arange(4), "dev": np.arange(4)},
            "a part 'dev'; the parts are train, validation, test",
        ),
        (
            {"train": np.zeros((4, 9)), "test": np.zeros((4, 8))},
            {"train": np.arange(4), "test": np.arange(4)},
            "train 1×9, test 1×8",
        ),
    ],
)
def test_arrays_that_do_not_fit(signals: Any, labels: Any, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        SignalSource(signals, labels, name="ecg")
    assert "ecg" in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"signals": SIGNALS}, r"bad.npz: there are no labels for signals. It holds signals float64 \(40, 2"),
        (
            {"signals": SIGNALS, "labels": LABELS, "x": SIGNALS},
            "signals and x could both be the train inputs",
        ),
        ({"signals": SIGNALS, "labels": LABELS, "y": LABELS}, "labels and y could both be the train labels"),
        ({"signals": SIGNALS, "labels": LABELS, "test_labels": LABELS}, "no signals for test_labels"),
        (
            {"x": LABELS, "y": LABELS, "test_signals": SIGNALS, "test_labels": LABELS},
            r"bad are an array \(40,",
        ),
        ({"test_signals": SIGNALS, "test_labels": LABELS}, "has test signals but none to train on"),
        ({"signals": SIGNALS, "labels": LABELS, "classes": np.ones(2)}, "class names are strings"),
        ({"signals": SIGNALS.astype(complex), "labels": LABELS}, "complex128, not of real numbers"),
        ({"signals": SIGNALS, "labels": np.array([1, "a"] * 20, dtype=object)}, "Python objects"),
    ],
)
def test_files_that_do_not_fit(arrays: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=words) as caught:
        open_source(path)
    assert "bad" in str(caught.value)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.npz", signals=SIGNALS, labels=LABELS).read_bytes()
    middle = len(whole) // 3
    for content in (
        b"",
        b"text",
        whole[:200],
        whole[:-30],
        whole[:middle] + b"\xff" * 20 + whole[middle + 20 :],  # its CRC is another
    ):
        (tmp_path / "a.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"a\.npz"):
            open_source(tmp_path / "a.npz")


def test_a_head_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, SIGNALS)
    lying = stream.getvalue().replace(b"(40, 2, 9), }     ", b"(40, 2, 900000), }")
    assert len(lying) == len(stream.getvalue())
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("signals.npy", lying)
        labels = io.BytesIO()
        np.save(labels, LABELS)
        archive.writestr("labels.npy", labels.getvalue())
    with pytest.raises(DataError, match="damaged: its head promises 576,000,000 bytes"):
        open_source(tmp_path / "a.npz")


def test_encrypted_files_are_refused(tmp_path: Path) -> None:
    content = bytearray(write(tmp_path / "a.npz", signals=SIGNALS).read_bytes())
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        start = archive.start_dir
    content[6] |= 1  # the flag of encryption, in the local head and in the directory
    content[start + 8] |= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="encrypted"):
        open_source(tmp_path / "a.npz")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="check the path"):
        open_source(tmp_path / "gone.npz")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"size": 32}, "^--size is for pictures; noise has signals of 2×9"),
        ({"channels": 1}, "^--channels is for pictures"),
        ({"resize": "crop"}, "^--resize is for pictures"),
        ({"invert": True, "size": (3, 4)}, "^--size and --invert are for pictures"),
    ],
)
def test_what_is_done_to_pictures_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        SignalSource(SIGNALS, LABELS, name="noise").default_preprocessing(**given)


def test_another_kind_or_size_of_input() -> None:
    digits, noise = open_source("digits"), SignalSource(SIGNALS, LABELS, name="noise")
    with pytest.raises(DataError, match="digits has pictures, and the network takes signals of 2×9"):
        load(digits, noise.default_preprocessing())
    with pytest.raises(DataError, match="noise has signals, and the network takes pictures of 1×8×8"):
        load(noise, digits.default_preprocessing())
    with pytest.raises(DataError, match=r"noise has signals of 2×9.*network takes 2×8"):
        load(noise, ArrayPreprocessing(shape=(2, 8)))
