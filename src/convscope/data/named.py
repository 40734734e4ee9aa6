"""The data sets of the catalogue, opened from their published files or from IDX files in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..errors import DataError
from . import cifar, emnist
from .catalogue import IDX_NAMES, Entry, catalogue
from .digits import open_digits
from .download import cache_folder, cached, file_md5, find_file
from .idx import read_idx
from .source import ArraySource, Progress, Source
from .subject import GREY, Subject


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
    form = cifar.FORMS.get(entry.name)
    is_emnist = emnist.ARCHIVE in entry.files
    if data_dir is not None and form is not None:
        found = _cifar_folder(entry, form, data_dir)
        if found is not None:
            return _cifar_source(entry, form, cifar.read_folder(found, form), found, [])
    if data_dir is not None and is_emnist:
        unpacked = _emnist_folder(entry, data_dir)
        if unpacked is not None:
            return _emnist_source(entry, _idx_paths(unpacked, emnist.NAMES), [])
    paths, notes = {}, []
    for filename, md5 in entry.files.items():
        given = None if data_dir is None else find_file(entry, filename, data_dir)
        if given is None:
            paths[filename] = cached(entry, filename, mirrors=mirrors, cache=cache, progress=progress)
            continue
        paths[filename] = given
        if given.name == filename and file_md5(given) != md5:
            notes.append(f"{given} is not the published file of {entry.name}: its md5 is another.")
    if form is not None:
        archive = paths[form.archive]
        return _cifar_source(entry, form, cifar.read_archive(archive, form), archive, notes)
    if is_emnist:
        archive = paths[emnist.ARCHIVE]
        return _emnist_source(entry, emnist.members(archive), notes)
    return _idx_source(entry.name, entry.classes, entry.subject, [paths[name] for name in IDX_NAMES], notes)


def is_here(entry: Entry, *, data_dir: Path | None = None, cache: Path | None = None) -> bool:
    """Whether a data set of the catalogue can be opened without a download."""
    if data_dir is not None:
        form = cifar.FORMS.get(entry.name)
        if form is not None and _cifar_folder(entry, form, data_dir) is not None:
            return True
        if emnist.ARCHIVE in entry.files and _emnist_folder(entry, data_dir) is not None:
            return True
    folder = (cache_folder() if cache is None else cache) / entry.name
    return all(
        (folder / name).is_file() or (data_dir is not None and find_file(entry, name, data_dir) is not None)
        for name in entry.files
    )


def has_idx_files(folder: Path) -> bool:
    """Whether a folder has one of the four files of an MNIST relative."""
    return any(_idx_path(folder, filename) is not None for filename in IDX_NAMES)


def open_idx_folder(folder: Path) -> Source:
    """The four IDX files in a folder; its name may be that of a data set with class names."""
    name = folder.resolve().name
    known = catalogue().get(name)
    classes, subject = (known.classes, known.subject) if known else (None, GREY)
    return _idx_source(name, classes, subject, _idx_paths(folder, IDX_NAMES), [])


def _idx_path(folder: Path, filename: str) -> Path | None:
    """An IDX file in `folder`: zipped or not, `-idx3` or `.idx3`."""
    plain = filename.removesuffix(".gz")
    candidates = (filename, plain, filename.replace("-idx", ".idx"), plain.replace("-idx", ".idx"))
    return next((folder / name for name in candidates if (folder / name).is_file()), None)


def _idx_paths(folder: Path, names: tuple[str, ...]) -> list[Path]:
    paths = []
    for filename in names:
        path = _idx_path(folder, filename)
        if path is None:
            raise DataError(f"{folder} has IDX files but no {filename} (zipped or not); add it.")
        paths.append(path)
    return paths


def _idx_source(
    name: str,
    classes: tuple[str, ...] | None,
    subject: Subject,
    files: list[Path] | list[emnist.Member],
    notes: list[str],
    put_right: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
) -> ArraySource:
    """The source of four IDX files, in the order of `IDX_NAMES`; `put_right` is what is done to each part."""
    images: dict[str, np.ndarray] = {}
    labels: dict[str, np.ndarray] = {}
    for part, (pictures_file, labels_file) in {"train": files[:2], "test": files[2:]}.items():
        images[part] = read_idx(pictures_file, dimensions=3)[..., None]  # (N, H, W, 1)
        labels[part] = read_idx(labels_file, dimensions=1).astype(np.int64)
        if len(images[part]) != len(labels[part]):
            raise DataError(
                f"{pictures_file} has {len(images[part]):,} pictures but {labels_file} has "
                f"{len(labels[part]):,} labels; they do not belong together, download both again."
            )
        if images[part].size == 0:
            raise DataError(f"{pictures_file} has no pictures.")
        if put_right is not None:
            images[part], labels[part] = put_right(images[part], labels[part])
    if images["train"].shape[1:] != images["test"].shape[1:]:
        raise DataError(f"the pictures of {files[0]} and {files[2]} have different sizes.")
    lowest = int(min(labels["train"].min(), labels["test"].min()))
    highest = int(max(labels["train"].max(), labels["test"].max()))
    if classes is None:
        classes = tuple(str(label) for label in range(highest + 1))
    if highest >= len(classes) or lowest < 0:
        wrong = highest if highest >= len(classes) else lowest
        raise DataError(
            f"{name} has a label {wrong}, but only {len(classes)} classes: 0 to {len(classes) - 1}."
        )
    return ArraySource(name, classes, images, labels, subject=subject, notes=notes)


def _emnist_source(entry: Entry, files: list[Path] | list[emnist.Member], notes: list[str]) -> ArraySource:
    return _idx_source(entry.name, entry.classes, entry.subject, files, notes, emnist.put_right)


def _emnist_folder(entry: Entry, data_dir: Path) -> Path | None:
    candidates = (data_dir / entry.name / "gzip", data_dir / entry.name, data_dir / "gzip", data_dir)
    return next((folder for folder in candidates if _idx_path(folder, emnist.NAMES[0]) is not None), None)


def _cifar_folder(entry: Entry, form: cifar.Form, data_dir: Path) -> Path | None:
    candidates = (
        data_dir / entry.name / form.folder,
        data_dir / form.folder,
        data_dir / entry.name,
        data_dir,
    )
    return next((folder for folder in candidates if (folder / form.test_file).is_file()), None)


def _cifar_source(
    entry: Entry, form: cifar.Form, contents: Mapping[str, bytes], where: Path, notes: list[str]
) -> ArraySource:
    images, labels = cifar.arrays(contents, where, form)
    return ArraySource(entry.name, entry.classes, images, labels, subject=entry.subject, notes=notes)
