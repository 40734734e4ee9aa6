"""From a name or a path to a source."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import DataError, UnknownName
from . import cifar
from .catalogue import IDX_NAMES, Entry, catalogue
from .digits import open_digits
from .download import cached, file_md5, find_file
from .folder import FolderSource
from .idx import read_idx
from .signal_file import holds_signals, open_signals
from .source import ArraySource, Progress, Source
from .subject import GREY, Subject

DATA_DIR_VARIABLE = "CONVSCOPE_DATA"
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".7z", ".rar")


def open_source(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Source:
    """Open a data set: a name in the catalogue, a folder, or the name of a folder in `data_dir`.

    A folder holds one folder of pictures per class, directly or below train, val and test, or the four
    IDX files of an MNIST relative; a `.npz` file holds signals. `data_dir` (else the environment's
    CONVSCOPE_DATA) is also where the files of a named data set are looked for before they are downloaded to
    the cache; `progress` is told how far a download is. With `strict` a broken picture is an error instead
    of a note.

    Raises `UnknownName` for a name that is nothing, and `DataError` for what cannot be read.

    >>> source = open_source("digits")
    >>> source.counts, source.size, source.classes[:3]
    ({'train': 1438, 'test': 359}, (8, 8), ('0', '1', '2'))
    """
    folder = _data_folder(data_dir)
    text = os.fspath(name_or_path)
    entry = catalogue().get(text)
    if entry is not None:
        return open_entry(entry, data_dir=folder, progress=progress)
    path = Path(text).expanduser()
    looks_like_path = (
        isinstance(name_or_path, os.PathLike) or os.sep in text or "/" in text or text.startswith((".", "~"))
    )
    if not path.exists() and folder is not None and not path.is_absolute() and (folder / path).exists():
        path = folder / path
    if path.is_dir() and text:
        if any(_idx_path(path, filename) is not None for filename in IDX_NAMES):
            return _open_idx_folder(path)
        return FolderSource(path, strict=strict)
    if path.suffix.lower() == ".npz" and path.is_file() and holds_signals(path):
        return open_signals(path, strict=strict)
    if text.lower().endswith(_ARCHIVES):
        raise DataError(
            f"{text} is an archive, and archives are not read yet; unpack it and give the folder."
        )
    if path.exists() and text:
        raise DataError(f"{text} is a file; give the folder that has one folder of pictures per class.")
    if looks_like_path:
        raise DataError(f"there is no folder {text}; check the path.")
    raise UnknownName("data set", text, catalogue(), "A folder of pictures is given by its path.")


def open_entry(
    entry: Entry,
    *,
    data_dir: Path | None = None,
    mirrors: tuple[str, ...] | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Source:
    """Open a data set of the catalogue; `mirrors` and `cache` replace the usual places.

    Raises `DataError` for files that cannot be had, or are truncated or damaged.
    """
    if not entry.files:
        return open_digits()
    if cifar.ARCHIVE in entry.files:
        found = None if data_dir is None else _cifar_folder(entry, data_dir)
        if found is not None:
            return _cifar_source(entry, cifar.read_folder(found), found, [])
    paths, notes = {}, []
    for filename, md5 in entry.files.items():
        given = None if data_dir is None else find_file(entry, filename, data_dir)
        if given is None:
            paths[filename] = cached(entry, filename, mirrors=mirrors, cache=cache, progress=progress)
            continue
        paths[filename] = given
        if given.name == filename and file_md5(given) != md5:
            notes.append(f"{given} is not the published file of {entry.name}: its md5 is another.")
    if cifar.ARCHIVE in entry.files:
        archive = paths[cifar.ARCHIVE]
        return _cifar_source(entry, cifar.read_archive(archive), archive, notes)
    return _idx_source(entry.name, entry.classes, entry.subject, paths, notes)


def _data_folder(data_dir: str | os.PathLike[str] | None) -> Path | None:
    origin = "--data-dir"
    if data_dir is None:
        origin, data_dir = DATA_DIR_VARIABLE, os.environ.get(DATA_DIR_VARIABLE) or None
    if data_dir is None:
        return None
    folder = Path(data_dir).expanduser()
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder} ({origin}); check the path.")
    return folder


def _idx_path(folder: Path, filename: str) -> Path | None:
    """An IDX file in `folder`: zipped or not, `-idx3` or `.idx3`."""
    plain = filename.removesuffix(".gz")
    candidates = (filename, plain, filename.replace("-idx", ".idx"), plain.replace("-idx", ".idx"))
    return next((folder / name for name in candidates if (folder / name).is_file()), None)


def _open_idx_folder(folder: Path) -> Source:
    paths = {}
    for filename in IDX_NAMES:
        path = _idx_path(folder, filename)
        if path is None:
            raise DataError(f"{folder} has IDX files but no {filename} (zipped or not); add it.")
        paths[filename] = path
    name = folder.resolve().name
    known = catalogue().get(name)
    classes, subject = (known.classes, known.subject) if known else (None, GREY)
    return _idx_source(name, classes, subject, paths, [])


def _idx_source(
    name: str,
    classes: tuple[str, ...] | None,
    subject: Subject,
    paths: dict[str, Path],
    notes: list[str],
) -> ArraySource:
    images: dict[str, np.ndarray] = {}
    labels: dict[str, np.ndarray] = {}
    for part, (image_name, label_name) in {"train": IDX_NAMES[:2], "test": IDX_NAMES[2:]}.items():
        images[part] = read_idx(paths[image_name], dimensions=3)[..., None]  # (N, H, W, 1)
        labels[part] = read_idx(paths[label_name], dimensions=1).astype(np.int64)
        if len(images[part]) != len(labels[part]):
            raise DataError(
                f"{paths[image_name]} has {len(images[part]):,} pictures but {paths[label_name]} has "
                f"{len(labels[part]):,} labels; they do not belong together, download both again."
            )
        if images[part].size == 0:
            raise DataError(f"{paths[image_name]} has no pictures.")
    if images["train"].shape[1:] != images["test"].shape[1:]:
        raise DataError(
            f"the pictures of {paths[IDX_NAMES[0]]} and {paths[IDX_NAMES[2]]} have different sizes."
        )
    highest = int(max(labels["train"].max(), labels["test"].max()))
    if classes is None:
        classes = tuple(str(label) for label in range(highest + 1))
    if highest >= len(classes):
        raise DataError(
            f"{name} has a label {highest}, but only {len(classes)} classes: 0 to {len(classes) - 1}."
        )
    return ArraySource(name, classes, images, labels, subject=subject, notes=notes)


def _cifar_folder(entry: Entry, data_dir: Path) -> Path | None:
    candidates = [
        data_dir / entry.name / cifar.FOLDER,
        data_dir / cifar.FOLDER,
        data_dir / entry.name,
        data_dir,
    ]
    return next((folder for folder in candidates if (folder / cifar.TEST_FILE).is_file()), None)


def _cifar_source(entry: Entry, contents: dict[str, bytes], where: Path, notes: list[str]) -> ArraySource:
    images, labels = cifar.arrays(contents, where)
    return ArraySource(entry.name, entry.classes, images, labels, subject=entry.subject, notes=notes)
