"""Where the files of a named data set come from: the data folder, the cache, or a mirror."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError
from .catalogue import Entry, catalogue
from .source import Progress

TIMEOUT = 30.0  # seconds without an answer, or without any data


def cache_folder() -> Path:
    """The folder downloads are kept in: `convscope` in the user's cache folder of the platform."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("convscope", appauthor=False))


def find_file(entry: Entry, filename: str, data_dir: Path) -> Path | None:
    """A file of the data set in `data_dir`: in its folder `<name>` or directly there, zipped or not.

    The relatives of MNIST share their file names, so a file that lies directly in `data_dir` is
    not taken where the folder's name or the file's md5 says that it is another's.
    """
    names = (filename, filename.removesuffix(".gz"))
    for name in names:
        if (data_dir / entry.name / name).is_file():
            return data_dir / entry.name / name
    others = [other for other in catalogue().values() if other.name != entry.name]
    if data_dir.resolve().name in [other.name for other in others]:
        return None
    for name in names:
        path = data_dir / name
        if path.is_file() and not any(file_md5(path) == other.files.get(name) for other in others):
            return path
    return None


def file_md5(path: Path) -> str:
    """md5 of a file's content, as 32 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def cached(
    entry: Entry,
    filename: str,
    *,
    mirrors: Sequence[str] | None = None,
    cache: Path | None = None,
    timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> Path:
    """The path of a file in the cache, downloaded first where it is not there, its md5 checked.

    The mirrors (the entry's if None) are tried in turn. A download lies beside its name until it is
    whole and right. Raises `DataError` with each address and why it failed, and what to do by hand.
    """
    import pooch

    mirrors = entry.mirrors if mirrors is None else mirrors
    folder = (cache_folder() if cache is None else cache) / entry.name
    failures = []
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # the progress and the errors are told below
    try:
        for mirror in mirrors:
            url = mirror + filename
            bar = _Bar(filename, progress)
            try:
                path = pooch.retrieve(
                    url,
                    known_hash=f"md5:{entry.files[filename]}",
                    fname=filename,
                    path=folder,
                    downloader=pooch.HTTPDownloader(progressbar=bar, timeout=timeout, chunk_size=1 << 16),
                )
                return Path(path)
            except Exception as error:
                failures.append(f"  {url}: {_why(error, timeout, folder)}")
    finally:
        logger.setLevel(level)
    with contextlib.suppress(OSError):
        folder.rmdir()  # pooch made it; nothing came
    files = " and ".join(entry.files) if len(entry.files) < 3 else ", ".join(entry.files)
    raise DataError(
        f"{entry.name} is not on this machine, and {filename} cannot be downloaded.\n"
        + "\n".join(failures)
        + f"\nTo go on without a download, put {files} into a folder DIR/{entry.name} and pass "
        "--data-dir DIR (or set CONVSCOPE_DATA=DIR)."
    )


def _why(error: Exception, timeout: float, folder: Path) -> str:
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    if isinstance(error, exceptions.Timeout) or "timed out" in str(error):
        return f"no answer within {timeout:g} seconds"
    if isinstance(error, exceptions.ChunkedEncodingError) or "IncompleteRead" in str(error):
        return "truncated, the connection ended early"
    if isinstance(error, exceptions.ConnectionError):
        return "no connection"
    if isinstance(error, exceptions.RequestException):
        return str(error)
    if isinstance(error, ValueError):
        return "wrong checksum, this is not the published file"
    if isinstance(error, OSError):
        raise DataError(f"cannot write to {folder}: {error.strerror or error}.") from error
    raise error


class _Bar:
    """What pooch calls a progress bar, told on to a `Progress`."""

    def __init__(self, what: str, progress: Progress | None) -> None:
        self.what = what
        self.progress = progress
        self.total = 0
        self.done = 0

    def update(self, amount: int) -> None:
        self.done += amount  # pooch counts whole chunks, so the last one can overshoot
        if self.progress:
            self.progress(self.what, min(self.done, self.total or self.done), self.total or None)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass
