"""From a name or a path to a source."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DataError, UnknownName
from .archive import ArchivePath, open_archive
from .archive_kind import is_archive, plain_name
from .array_files import open_npy, open_npy_folder, open_npz
from .catalogue import catalogue
from .files import FileSource
from .layout import PARTS, find_layout, subfolders
from .lists import csv_layout
from .named import has_idx_files, is_here, open_entry, open_idx_folder
from .source import Progress, Source
from .tables import parquet_layout

DATA_DIR_VARIABLE = "CONVSCOPE_DATA"

LISTS = (".csv", ".tsv")
TABLES = (".parquet", ".pq")
ARRAYS = (".npz", ".npy")
KINDS = (
    "a folder, zip or tar archive with one folder of pictures per class, a .csv or .parquet list of path "
    "and label, or an .npz or .npy file of arrays"
)


def open_source(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    fewest_classes: int = 2,
) -> Source:
    """Open a data set: a name in the catalogue, a path, or the name of a file or folder in `data_dir`.

    A folder, or a zip or tar archive, holds one folder of pictures per class, directly or below train, val
    and test; a folder may also hold the four IDX files of an MNIST relative, .npy files, or the Parquet
    files of one data set. A CSV or Parquet file lists paths and labels, an .npz or .npy file holds arrays of
    pictures or of signals.

    `data_dir` (else the environment's CONVSCOPE_DATA) is also where the files of a named data set are looked
    for before they are downloaded to the cache; `progress` is told how far a download is. With `strict` a
    broken picture is an error instead of a note. Folders, archives and CSV lists of one class are refused but
    with `fewest_classes` 1.

    Raises `UnknownName` for a name that is nothing, and `DataError` for what cannot be read.

    >>> source = open_source("digits")
    >>> source.counts, source.size, source.classes[:3]
    ({'train': 1438, 'test': 359}, (8, 8), ('0', '1', '2'))
    """
    text = os.fspath(name_or_path)
    entry = catalogue().get(text)
    if data_dir is not None:
        data_folder(data_dir)  # what is named for this very data is there, or a mistake
    if entry is not None:
        folder = data_folder(data_dir) if entry.files else None
        return open_entry(entry, data_dir=folder, progress=progress)
    path = path_of(text, data_dir=data_dir)
    if text and path.is_dir():
        return _open_folder(path, strict=strict, fewest_classes=fewest_classes)
    if text and path.exists():
        return _open_file(path, strict=strict, progress=progress, fewest_classes=fewest_classes)
    looks_like_path = isinstance(name_or_path, os.PathLike) or "/" in text or os.sep in text
    if looks_like_path or text.startswith((".", "~")) or Path(text).suffix:
        what = "file" if Path(text).suffix else "folder"
        raise DataError(f"there is no {what} {text}; check the path.")
    raise UnknownName("data set", text, catalogue(), "A folder of pictures is given by its path.")


def needs_download(name: str, *, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether `name` is a data set of the catalogue whose files are not on this machine.

    >>> needs_download("digits")
    False
    """
    entry = catalogue().get(name)
    if entry is None or not entry.files:
        return False
    return not is_here(entry, data_dir=data_folder(data_dir))


def path_of(name: str | os.PathLike[str], *, data_dir: str | os.PathLike[str] | None = None) -> Path:
    """A path, which is looked for in `data_dir` (else CONVSCOPE_DATA's folder) where there is none as it is.

    Raises `DataError` where that has to be looked into and is no folder.
    """
    path = Path(name).expanduser()
    if path.is_absolute() or path.exists():
        return path
    folder = data_folder(data_dir)
    return path if folder is None or not (folder / path).exists() else folder / path


def _open_folder(path: Path, *, strict: bool, fewest_classes: int) -> Source:
    if has_idx_files(path):
        return open_idx_folder(path)
    if not subfolders(path):
        arrays = open_npy_folder(path, strict=strict)
        if arrays is not None:
            return arrays
        files = sorted(file for file in path.iterdir() if file.is_file())
        tables = [file for file in files if file.suffix.lower() in TABLES]
        if tables:
            return FileSource(path.resolve().name, parquet_layout(tables), strict=strict)
        one = next(
            (file for file in files if is_archive(file) or file.suffix.lower() in (*LISTS, *ARRAYS)), None
        )
        if one is not None:
            raise DataError(f"{path} has no class folders, but {one.name}; give {one}.")
    layout = find_layout(path, fewest_classes=fewest_classes)
    return FileSource(path.name or path.resolve().name, layout, strict=strict)


def _open_file(path: Path, *, strict: bool, progress: Progress | None, fewest_classes: int) -> Source:
    ending = path.suffix.lower()
    if is_archive(path):
        root = _top(open_archive(path, progress=progress))
        layout = find_layout(root, fewest_classes=fewest_classes)
        layout.notes += root.archive.notes
        return FileSource(plain_name(path), layout, strict=strict)
    if ending in LISTS:
        return FileSource(path.stem, csv_layout(path, fewest_classes=fewest_classes), strict=strict)
    if ending in TABLES:
        return FileSource(path.stem, parquet_layout([path]), strict=strict)
    if ending == ".npz":
        return open_npz(path, strict=strict)
    if ending == ".npy":
        return open_npy(path, strict=strict)
    raise DataError(f"{path} is a file of another kind; data is {KINDS}.")


def _top(root: ArchivePath) -> ArchivePath:
    """Below a single folder that is around everything else, as most archives have one."""
    parts = {name for names in PARTS.values() for name in names}
    while True:
        below = subfolders(root)
        if len(below) != 1 or below[0].name.lower() in parts or not subfolders(below[0]):
            return root
        assert isinstance(below[0], ArchivePath)
        root = below[0]


def data_folder(data_dir: str | os.PathLike[str] | None) -> Path | None:
    """Where data is looked for: `data_dir`, else CONVSCOPE_DATA's; raises `DataError` for no folder."""
    origin = "--data-dir"
    if data_dir is None:
        origin, data_dir = DATA_DIR_VARIABLE, os.environ.get(DATA_DIR_VARIABLE) or None
    if data_dir is None:
        return None
    folder = Path(data_dir).expanduser()
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder} ({origin}); check the path.")
    return folder
