"""How much an archive may unpack to, so that a small one fills neither the memory nor the disk."""

from __future__ import annotations

from ..errors import DataError

#: Unpacked, an archive may have this many times its own size, or `FREE_BYTES` where that is more.
MAX_EXPANSION = 100
FREE_BYTES = 1 << 30


def check_expansion(archive: object, unpacked: int, packed: int) -> None:
    """Raises `DataError` where so many bytes are too much for an archive of `packed` bytes.

    >>> check_expansion("photos.tar.gz", 900 << 20, packed=1000)
    >>> check_expansion("photos.tar.gz", 2 << 30, packed=1000)
    Traceback (most recent call last):
    convscope.errors.DataError: photos.tar.gz would unpack to more than 1.0 GiB, 100 times its ...
    """
    limit = max(MAX_EXPANSION * packed, FREE_BYTES)
    if unpacked > limit:
        raise DataError(
            f"{archive} would unpack to more than {limit / 2**30:.1f} GiB, {MAX_EXPANSION} times its "
            "size or more, as archives do that are made to fill a disk; if it is sound, unpack it and "
            "give the folder."
        )
