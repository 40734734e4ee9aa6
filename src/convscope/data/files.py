"""Pictures in files, of a folder, an archive or a list: heads first, the pixels when a data set is loaded."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..errors import DataError
from .layout import Layout, Picture
from .loading import skipped
from .memory import allocate
from .pictures import Facts, file_content, picture_facts
from .preprocessing import Preprocessing
from .source import LARGEST_NATURAL_SIDE, Part, Progress, Reading, Source
from .subject import subject_of

_BLOCK = 32  # pictures that one task decodes
_ODD_SHARE = 0.05  # a format that fewer pictures than this have is worth a remark
_NAMED = 3


class FileSource(Source):
    """Pictures in files, laid out in parts and classes: opening reads the heads, `read` the pixels.

    Raises `DataError` for a class whose pictures are all broken, and with `strict` for the first broken
    picture.
    """

    def __init__(self, name: str, layout: Layout, *, strict: bool = False) -> None:
        self.name = name
        self.strict = strict
        self.classes = layout.classes
        self._layout = layout
        facts: dict[Picture, Facts] = {}
        broken: dict[Picture, str] = {}
        self._pictures: dict[str, list[Picture]] = {}
        parts = {}
        for part, classes in layout.parts.items():
            pictures: list[Picture] = []
            labels: list[int] = []
            for label, class_name in enumerate(self.classes):
                sound = self._sound(classes.get(class_name, []), facts, broken)
                pictures += sound
                labels += [label] * len(sound)
            self._pictures[part] = pictures
            parts[part] = Part(
                np.array(labels, dtype=np.int64),
                [str(picture) for picture in pictures],
                np.array([(facts[p].height, facts[p].width) for p in pictures], np.int64).reshape(-1, 2),
            )
        _check_left(layout, facts, broken)
        self.parts = parts
        sizes = {(fact.height, fact.width) for fact in facts.values()}
        self.size = next(iter(sizes)) if len(sizes) == 1 else None
        self.channels = 1 if all(fact.grey for fact in facts.values()) else 3
        self.subject = subject_of(self.classes, grey=self.channels == 1)
        self.notes = (*layout.notes, *skipped(list(broken.values())), *_remarks(layout, facts, self.size))

    def _sound(
        self, pictures: list[Picture], facts: dict[Picture, Facts], broken: dict[Picture, str]
    ) -> list[Picture]:
        for picture in pictures:
            try:
                facts[picture] = picture_facts(picture)
            except DataError as error:
                if self.strict:
                    raise
                broken[picture] = str(error)
        return [picture for picture in pictures if picture in facts]

    def read(
        self, part: str, positions: np.ndarray, preprocessing: Preprocessing, progress: Progress | None = None
    ) -> Reading:
        height, width = preprocessing.height, preprocessing.width
        images = allocate((len(positions), height, width, preprocessing.channels))
        digests: list[str | None] = [None] * len(positions)
        reasons: dict[int, str] = {}
        pictures = self._pictures[part]

        def decode(start: int) -> int:
            stop = min(start + _BLOCK, len(positions))
            for row in range(start, stop):
                picture = pictures[positions[row]]
                try:
                    content = file_content(picture, str(picture))
                    images[row] = preprocessing.read(content, name=str(picture))
                    digests[row] = f"{len(content)} {hashlib.sha256(content).hexdigest()}"
                except DataError as error:
                    if self.strict:
                        raise
                    reasons[row] = str(error)
            return stop

        pool = ThreadPoolExecutor(self._workers())
        try:
            for done in pool.map(decode, range(0, len(positions), _BLOCK)):
                if progress:
                    progress(f"reading {part} pictures", done, len(positions))
        finally:
            pool.shutdown(cancel_futures=True)
        labels = self.parts[part].labels
        names = [
            self._layout.identity(part, self.classes[labels[position]], pictures[position])
            for position in positions
        ]
        read = tuple(
            (name, digest) for name, digest in zip(names, digests, strict=True) if digest is not None
        )
        broken = tuple((int(positions[row]), reasons[row]) for row in sorted(reasons))
        if broken:
            sound = np.flatnonzero([digest is not None for digest in digests])
            for row, origin in enumerate(sound):  # in place: the array may be larger than the memory
                if row != origin:
                    images[row] = images[origin]
            images, positions = images[: len(sound)], positions[sound]
        return Reading(images, positions, broken, read)

    def checksum(self, digests: Mapping[str, str]) -> str:
        whole = hashlib.sha256()
        for name in sorted(digests):
            whole.update(f"{name}\0{digests[name]}\n".encode("utf-8", "surrogateescape"))
        return whole.hexdigest()

    def _workers(self) -> int:
        # decoding a tiny picture is nearly all Python, where a second thread only gets in the way
        tiny = self.size is not None and max(self.size) <= LARGEST_NATURAL_SIDE
        return 1 if tiny else os.cpu_count() or 1


def _check_left(layout: Layout, facts: Mapping[Picture, Facts], broken: Mapping[Picture, str]) -> None:
    if broken and not facts:
        first = next(iter(broken.values()))
        raise DataError(
            f"none of the {len(broken)} pictures in {layout.root} can be read; the first: {first}"
        )
    for part, classes in layout.parts.items():
        for name, pictures in classes.items():
            if not any(picture in facts for picture in pictures):
                raise DataError(
                    f"class {name!r} has {len(pictures)} {part} pictures and none can be read; "
                    f"the first: {broken[pictures[0]]}"
                )


def _remarks(layout: Layout, facts: Mapping[Picture, Facts], size: tuple[int, int] | None) -> list[str]:
    """What a person would want to know about the files' formats."""
    remarks = []
    formats = Counter(fact.format for fact in facts.values())
    (usual, most), *others = formats.most_common()
    for kind, count in others:
        if count > max(_NAMED, _ODD_SHARE * most):
            continue
        names = [layout.short_name(picture) for picture, fact in facts.items() if fact.format == kind]
        more = f" and {count - _NAMED} more" if count > _NAMED else ""
        frame = " (first frame read)" if kind == "GIF" else ""
        remarks.append(f"{count} {kind} among {most} {usual}: {', '.join(names[:_NAMED])}{more}{frame}.")
    if usual == "JPEG" and size is not None and max(size) <= LARGEST_NATURAL_SIDE:
        remarks.append(
            f"the {size[0]}×{size[1]} pictures are stored as JPEG, which is lossy: their pixels differ "
            "a little from the originals', so figures are not those of the original data set."
        )
    return remarks
