"""Pictures and labels in NumPy's files: an .npz, or .npy files that lie together."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ..errors import DataError
from . import array_pictures
from .layout import PARTS
from .memory import available_memory
from .source import ArraySource
from .subject import subject_of

Role = Literal["pictures", "labels", "classes"]

_WORDS: dict[Role, frozenset[str]] = {
    "pictures": frozenset(["x", "image", "images", "picture", "pictures", "img", "imgs", "data", "pixels"]),
    "labels": frozenset(["y", "label", "labels", "target", "targets"]),
    "classes": frozenset(("classes", "names")),
}
_PARTS = {word: part for part, words in PARTS.items() for word in words}
_ROWS = {2: ("X", "y"), 4: ("x_train", "y_train", "x_test", "y_test")}  # of arrays saved without names
_USUAL = (
    "x_train and y_train, train_images and train_labels, images and labels, or X and y "
    "(and x_test, val_images and so on)"
)


@dataclass
class Found:
    """What belongs to one data set: by part, the keys of its pictures and labels."""

    pictures: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    classes: str | None = None
    others: list[str] = field(default_factory=list)


def open_npz(path: Path) -> ArraySource:
    """The data set in an .npz file; nothing in it is executed.

    Its keys are those of Keras (`x_train, y_train, x_test, y_test`), of MedMNIST (`train_images,
    train_labels, val_images, ...`), `images, labels`, `X, y`, or `arr_0, arr_1` (and `arr_2, arr_3` for the
    test); `classes` may name the classes. Raises `DataError` with the keys and shapes that were found.
    """
    with _Npz(path) as file:
        return _source(path.stem, file.arrays(find(file.keys)), find(file.keys), str(path), file.describe())


def open_npy(path: Path) -> ArraySource:
    """The data set that an .npy file of pictures belongs to: with the labels, and other parts, beside it.

    `images.npy` has its labels in `labels.npy` or `y.npy`, `X_train.npy` in `y_train.npy`, `cats.npy` in
    `cats_labels.npy`. The pictures are read from the file when they are needed.
    """
    together = _beside(path.parent)
    stem = path.stem
    if _role(stem)[1] != "pictures" and f"{stem}_images" not in together:
        together = {f"{stem}_images" if other == stem else other: file for other, file in together.items()}
        stem = f"{stem}_images"
    group = _role(stem)[2]
    mine = {key: file for key, file in together.items() if _role(key)[2] == group}
    if not any(_role(key)[1] == "labels" for key in mine):  # labels of no name in particular will do
        mine |= {
            key: file for key, file in together.items() if _role(key)[1:] in (("labels", ""), ("classes", ""))
        }
    found = find(list(mine))
    if stem not in found.pictures.values() or not found.labels:
        lying = ", ".join(sorted(file.name for file in together.values()))
        raise DataError(
            f"{path} has no labels beside it: put them into {path.parent / 'labels.npy'}, or into one .npz "
            f"with the pictures ({_USUAL}). Beside each other lie {lying}."
        )
    return _open_npy_files(path.stem if group else path.resolve().parent.name, mine, found, str(path.parent))


def open_npy_folder(folder: Path) -> ArraySource | None:
    """The data set of the .npy files in a folder, such as X_train.npy and y_train.npy, if there is one."""
    together = _beside(folder)
    found = find(list(together))
    if not found.pictures or not found.labels:
        return None
    return _open_npy_files(folder.resolve().name, together, found, str(folder))


def picture_arrays(path: Path) -> dict[str, np.ndarray]:
    """The pictures in an .npz or .npy file, without labels: names such as "test", and uint8 (N, H, W, C)."""
    if path.suffix.lower() == ".npy":
        arrays = {"": _load_npy(path)}
    else:
        with _Npz(path) as file:
            found = find(file.keys)
            if not found.pictures and len(file.keys) == 1:
                found = Found({"": file.keys[0]})
            if not found.pictures:
                raise DataError(
                    f"{path} has no pictures under a usual name: {_USUAL}. It holds {file.describe()}."
                )
            arrays = file.arrays(Found({key: key for key in found.pictures.values()}))
    return array_pictures.pictures(arrays, {key: f"{path}: {key}" if key else str(path) for key in arrays})[0]


def find(keys: list[str]) -> Found:
    """Which arrays are pictures, labels and class names, by their names.

    >>> find(["x_train", "y_train", "x_test", "y_test"]).pictures
    {'train': 'x_train', 'test': 'x_test'}
    >>> find(["images", "labels", "class_names"])
    Found(pictures={'train': 'images'}, labels={'train': 'labels'}, classes='class_names', others=[])
    """
    found = Found()
    unnamed = keys and all(re.fullmatch(r"arr_\d+", key) for key in keys)
    rows = _ROWS.get(len(keys), ())
    for key in keys:
        part, role, _ = _role(rows[int(key[4:])] if unnamed and int(key[4:]) < len(rows) else key)
        if role == "classes":
            found.classes = key
            continue
        named = {"pictures": found.pictures, "labels": found.labels}.get(role or "")
        if named is None:
            found.others.append(key)
        elif part in named:
            raise DataError(f"{named[part]} and {key} could both be the {part} {role}; keep one.")
        else:
            named[part] = key
    return found


def _role(key: str) -> tuple[str, Role | None, str]:
    """Part ("train" where none is said), role, and what else the name says."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", key)]
    words = [
        piece for word in words for piece in re.sub(f"^([xy])({'|'.join(_PARTS)})$", r"\1 \2", word).split()
    ]
    part, rest = "train", []
    role: Role | None = None
    for word in words:
        meant = next((one for one, known in _WORDS.items() if word in known), None)
        if word in _PARTS:
            part = _PARTS[word]
        elif word == "class":
            continue
        elif meant and (role is None or meant == "classes"):  # label_names are names
            role = meant
        else:
            rest.append(word)
    return part, role, " ".join(rest)


class _Npz:
    """An .npz file, its arrays loaded when they are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> _Npz:
        with contextlib.ExitStack() as opened:
            try:
                file = opened.enter_context(self.path.open("rb"))
                if not file.read(4).startswith(b"PK"):
                    raise DataError(
                        f"{self.path} is not an .npz file, or is damaged: numpy.savez writes one."
                    )
                file.seek(0)
                self._file = opened.enter_context(np.load(file, allow_pickle=False))
            except DataError:
                raise
            except OSError as error:
                raise DataError(f"{self.path} cannot be read: {error.strerror or error}.") from error
            except Exception as error:  # NumPy raises nearly anything for a damaged head
                raise _unreadable(str(self.path), error) from error
            self._opened = opened.pop_all()
        self.keys = list(self._file.files)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def arrays(self, found: Found) -> dict[str, np.ndarray]:
        keys = [*found.pictures.values(), *found.labels.values(), *([found.classes] if found.classes else [])]
        size, room = sum(map(self._size, keys)), available_memory()
        if room is not None and size > room:
            raise DataError(
                f"the arrays of {self.path} need {size / 2**30:.1f} GiB, and {room / 2**30:.1f} GiB of "
                "memory are free; save each with numpy.save in a folder (X_train.npy and so on), where "
                "they are read in place."
            )
        return {key: self._load(key) for key in keys}

    def describe(self) -> str:
        """The keys with their shapes."""
        shapes = []
        for key in self.keys[:12]:
            try:
                with self._file.zip.open(self._member(key)) as stream:
                    version = np.lib.format.read_magic(stream)
                    reader = {(1, 0): np.lib.format.read_array_header_1_0}.get(
                        version, np.lib.format.read_array_header_2_0
                    )
                    shape, _, dtype = reader(stream)
                shapes.append(f"{key} {dtype} {shape}")
            except Exception:  # it is said where it is read
                shapes.append(key)
        more = f" and {len(self.keys) - 12} more" if len(self.keys) > 12 else ""
        return ", ".join(shapes) + more if shapes else "nothing"

    def _member(self, key: str) -> str:
        return key if key in self._file.zip.namelist() else f"{key}.npy"

    def _size(self, key: str) -> int:
        return int(self._file.zip.getinfo(self._member(key)).file_size)

    def _load(self, key: str) -> np.ndarray:
        try:
            array = self._file[key]
        except Exception as error:
            raise _unreadable(f"{self.path}: {key}", error) from error
        if not isinstance(array, np.ndarray):
            raise DataError(f"{self.path}: {key} is not an array.")
        return array


def _load_npy(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            if file.read(6) != b"\x93NUMPY":
                raise DataError(f"{path} is not an .npy file, or is damaged: numpy.save writes one.")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        raise _unreadable(str(path), error) from error
    return np.asarray(array) if array.ndim == 0 else array


def _unreadable(where: str, error: BaseException) -> DataError:
    if "object" in str(error).lower() and "pickle" in str(error).lower():
        return DataError(
            f"{where} holds Python objects (pickle), which would run code and are not read; "
            "save it as numbers, or as strings with astype(str)."
        )
    if "Array can't be memory-mapped" in str(error):
        return _unreadable(where, ValueError("object pickle"))
    if isinstance(error, MemoryError):
        return DataError(f"{where} does not fit into memory.")
    return DataError(f"{where} is cut off or damaged ({str(error).rstrip('.')}); get it again.")


def _beside(folder: Path) -> dict[str, Path]:
    try:
        return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".npy"}
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from error


def _open_npy_files(name: str, files: Mapping[str, Path], found: Found, where: str) -> ArraySource:
    arrays = {key: _load_npy(files[key]) for key in files}
    described = ", ".join(f"{files[key].name} {array.dtype} {array.shape}" for key, array in arrays.items())
    return _source(name, arrays, found, where, described)


def _source(
    name: str, arrays: Mapping[str, np.ndarray], found: Found, where: str, described: str
) -> ArraySource:
    if "train" not in found.pictures:
        if found.pictures:
            parts = " and ".join(found.pictures)
            raise DataError(f"{where} has {parts} pictures but none to train on. It holds {described}.")
        raise DataError(f"{where} has no pictures under a usual name: {_USUAL}. It holds {described}.")
    for one, two, what in (
        (found.pictures, found.labels, "labels"),
        (found.labels, found.pictures, "pictures"),
    ):
        for part, key in one.items():
            if part not in two:
                raise DataError(f"{where}: there are no {what} for {key}. It holds {described}.")
    names_of = {part: f"{where}: {key}" for part, key in found.pictures.items()}
    images, notes = array_pictures.pictures(
        {part: arrays[key] for part, key in found.pictures.items()}, names_of
    )
    classes, labels = array_pictures.labels(
        {part: arrays[key] for part, key in found.labels.items()},
        {part: f"{where}: {key}" for part, key in found.labels.items()},
        _class_names(arrays[found.classes], f"{where}: {found.classes}") if found.classes else None,
    )
    for part, pixels in images.items():
        if len(pixels) != len(labels[part]):
            raise DataError(
                f"{where}: {found.pictures[part]} has {len(pixels):,} pictures but {found.labels[part]} has "
                f"{len(labels[part]):,} labels; they do not belong together."
            )
    if found.others:
        notes.append(
            "arrays that are neither pictures nor labels by name were passed over: "
            f"{', '.join(found.others)}."
        )
    ordered = [part for part in PARTS if part in images]
    return ArraySource(
        name,
        classes,
        {part: images[part] for part in ordered},
        {part: labels[part] for part in ordered},
        subject=subject_of(classes, grey=images["train"].shape[3] == 1),
        notes=notes,
    )


def _class_names(array: np.ndarray, where: str) -> list[str]:
    if array.ndim != 1 or array.dtype.kind not in "SUiu":
        raise DataError(f"{where} is {array.dtype} {array.shape}, but class names are strings in one row.")
    text = np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array
    names = [str(name) for name in text.tolist()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{where} has the name {twice!r} twice.")
    return names
