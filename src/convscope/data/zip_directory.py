"""What is in a zip file, read from its directory some members at a time (APPNOTE.TXT 6.3.10).

`zipfile` makes an object of 600 bytes for each member before it gives the first. Here a member is a few
numbers, and its content is one read and one call of the decompressor, with no lock between threads.
"""

from __future__ import annotations

import bz2
import lzma
import os
import struct
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from threading import Lock
from typing import IO, NamedTuple

ENCRYPTED = 0x1
_UTF8, _END_MARK = 0x800, 0x2  # flags of a member
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
METHODS = (STORED, DEFLATED, BZIP2, LZMA)

_END = struct.Struct("<4s4H2LH")  # of the directory: 4.3.16
_LOCATOR = struct.Struct("<4sLQL")  # of the end in zip64: 4.3.15
_END_64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_ENTRY = struct.Struct("<4s6H3L5H2L")  # of the directory: 4.3.12
_LOCAL = struct.Struct("<4s5H3L2H")  # before the content: 4.3.7
_LONGEST_COMMENT = 1 << 16
_BLOCK = 1 << 20
_FULL = 0xFFFFFFFF  # the value is in the extra field for zip64
_LEAST_DICTIONARY = 1 << 12  # bytes; no more is made room for than the content has
_EXTRA = 256  # bytes that are read for a local extra field of unknown length


class Member(NamedTuple):
    """A member as the directory has it."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int  # bytes in the file
    size: int  # and unpacked
    offset: int  # of its local head in the file
    mode: int  # of Unix, 0 where there is none


class Positioned:
    """A file that threads read at places of their own; it is closed when nothing reads it any more."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        weakref.finalize(self, file.close)
        self._lock = Lock()
        self.length = file.seek(0, os.SEEK_END)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there, fewer at the end of the file."""
        length = min(length, self.length - offset)
        if hasattr(os, "pread"):
            parts: list[bytes] = []
            while length > 0 and (part := os.pread(self._file.fileno(), length, offset)):
                if len(part) == length and not parts:
                    return part
                parts.append(part)
                offset, length = offset + len(part), length - len(part)
            return b"".join(parts)
        with self._lock:
            self._file.seek(min(offset, self.length))
            return self._file.read(max(length, 0))


def members(file: Positioned) -> Iterator[Member]:
    """The members in the order of the directory. Raises `zipfile.BadZipFile` for what is none."""
    start, length, count, before = _directory(file)
    waiting, at, seen = b"", 0, 0
    read = 0
    while seen < count:
        if len(waiting) - at < _ENTRY.size + 3 * 0xFFFF and read < length:
            part = file.read(start + read, min(_BLOCK, length - read))
            if not part:
                raise zipfile.BadZipFile("its directory ends early")
            read += len(part)
            waiting, at = waiting[at:] + part, 0
            continue
        if len(waiting) - at < _ENTRY.size:
            raise zipfile.BadZipFile("its directory ends early")
        (
            mark, _, _, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length,
            _, _, attributes, offset,
        ) = _ENTRY.unpack_from(waiting, at)  # fmt: skip
        if mark != b"PK\1\2":
            raise zipfile.BadZipFile("a head in its directory is no head")
        name_at = at + _ENTRY.size
        name = waiting[name_at : name_at + name_length]
        if _FULL in (packed, size, offset):
            extra = waiting[name_at + name_length : name_at + name_length + extra_length]
            size, packed, offset = _long(extra, size, packed, offset)
        yield Member(name, flags, method, crc, packed, size, offset + before, attributes >> 16)
        at = name_at + name_length + extra_length + comment_length
        seen += 1


def content(file: Positioned, member: Member) -> bytes:
    """A member unpacked. Raises `zipfile.BadZipFile`, or what the decompressor does, where it is damaged."""
    if member.offset + member.packed > file.length:
        raise zipfile.BadZipFile("it would lie beyond the end of the archive")
    whole = file.read(member.offset, _LOCAL.size + len(member.name) + _EXTRA + member.packed)
    if len(whole) < _LOCAL.size or not whole.startswith(b"PK\3\4"):
        raise zipfile.BadZipFile("its head is no head")
    *_, name_length, extra_length = _LOCAL.unpack_from(whole)
    begin = _LOCAL.size + name_length + extra_length
    packed = whole[begin : begin + member.packed]
    if len(packed) < member.packed:
        packed = file.read(member.offset + begin, member.packed)
    if len(packed) < member.packed:
        raise EOFError
    unpacked = _unpacked(packed, member)
    if len(unpacked) != member.size or zlib.crc32(unpacked) != member.crc:
        raise zipfile.BadZipFile("its checksum is another")
    return unpacked


def text_of(member: Member) -> str:
    """A member's name; UTF-8 without the flag that says so is read as UTF-8 all the same."""
    try:
        name = member.name.decode("utf-8")
    except UnicodeDecodeError:
        name = member.name.decode("utf-8" if member.flags & _UTF8 else "cp437", "replace")
    return name.partition("\0")[0].replace("\\", "/")


def _unpacked(packed: bytes, member: Member) -> bytes:
    most = member.size + 1  # more than it says is not unpacked
    if member.method == STORED:
        return packed
    if member.method == DEFLATED:
        return zlib.decompressobj(-15).decompress(packed, most)
    if member.method == BZIP2:
        return bz2.BZ2Decompressor().decompress(packed, most)
    # 5.8.8: two bytes of version, two of length, then LZMA's own head but for the size
    size = _FULL << 32 | _FULL if member.flags & _END_MARK else member.size
    dictionary = min(int.from_bytes(packed[5:9], "little"), max(member.size, _LEAST_DICTIONARY))
    head = packed[4:5] + dictionary.to_bytes(4, "little") + size.to_bytes(8, "little")
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(head + packed[9:], most)


def _directory(file: Positioned) -> tuple[int, int, int, int]:
    """Where the directory begins, its length, how many members it has, and what lies before the archive."""
    tail_at = max(0, file.length - _END.size - _LONGEST_COMMENT)
    tail = file.read(tail_at, file.length - tail_at)
    found = tail.rfind(b"PK\5\6")
    if found < 0 or len(tail) - found < _END.size:
        raise zipfile.BadZipFile("it has no directory")
    *_, count, length, offset, _ = _END.unpack_from(tail, found)
    end = tail_at + found
    locator = file.read(end - _LOCATOR.size, _LOCATOR.size) if end >= _LOCATOR.size else b""
    if locator.startswith(b"PK\6\7"):
        record = file.read(end - _LOCATOR.size - _END_64.size, _END_64.size)
        if len(record) == _END_64.size and record.startswith(b"PK\6\6"):
            *_, count, length, offset = _END_64.unpack(record)
            end -= _LOCATOR.size + _END_64.size
    before = end - length - offset  # a program that unpacks itself, say
    if before < 0 or count * _ENTRY.size > length:
        raise zipfile.BadZipFile("its directory is not where it says")
    return offset + before, length, count, before


def _long(extra: bytes, *values: int) -> list[int]:
    """Size, packed size and offset, those that are full taken from the extra field for zip64 (4.5.3)."""
    found, at = list(values), 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            numbers = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
            try:
                return [next(numbers) if value == _FULL else value for value in found]
            except StopIteration:
                break
        at += 4 + length
    raise zipfile.BadZipFile("the head for its length is damaged")
