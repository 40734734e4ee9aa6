"""Predictions of any number of pictures written to a file, from where a stopped run was."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ... import atomic
from ...bundle import Bundle
from ...bundle import find as find_bundle
from ...errors import DataError, UsageError
from ..inputs import PICTURE_TYPES, Picture, Unreadable, inputs_in
from ..predicting import predicted
from ..prediction import Prediction, check_threshold
from ..reading import BATCH
from .formats import format_of
from .journal import Journal, journal_of
from .named import check_named
from .row import Row, key_of
from .spares import Spares
from .tally import Tally

# What goes through the network together is kept together, so that a resumed run makes the same batches, and
# with them the same last bits, as one without a stop.
CHUNK = BATCH


class Listener:
    """Hears how the writing goes; this one listens to nothing."""

    def note(self, sentence: str) -> None:
        """Something a person should read."""

    def read(self, one: Any, error: str | None) -> None:
        """One of the inputs, and why it could not be read; nobody else keeps it any longer."""

    def predicted(self, prediction: Prediction) -> None:
        """The prediction of each input, in order, or that of the run that goes on."""

    def finishing(self, file: Path) -> None:
        """All are predicted, and the file is made."""


def predict_to(
    model: str | os.PathLike[str] | Bundle,
    pictures: Picture | Iterable[Picture],
    out: str | os.PathLike[str],
    *,
    top: int = 3,
    unsure: float | None = None,
    invert: bool = False,
    resume: bool = False,
    listener: Listener | None = None,
) -> Tally:
    """Write what a run, a bundle file or a `Bundle` says of pictures to `out`: .csv, .json, .jsonl or
    .parquet.

    `pictures` are those of `Bundle.predict`, any number of them in the same little memory. `unsure` marks
    predictions below that probability, `invert` turns light and dark around. Until all are predicted they
    are kept in a journal, `out` with `.part` behind it, which stays when the run is stopped, in whatever
    way. With `resume` a run goes on from there and writes the same file as one without a stop; what could
    not be read is tried again. Returns how many there are of what. Raises `ConvscopeError` where `out`
    cannot be written, for a journal that is there without `resume` or is of another model or other
    settings, and for a path, a pattern or standard input where nothing is at all; a path that is missing
    among others has a row with its error.

    >>> import tempfile
    >>> import numpy as np
    >>> from convscope import nets
    >>> from convscope.data import Preprocessing
    >>> from convscope.graph.weights import initial_weights
    >>> graph, preprocessing = nets.graph("simple-cnn-4-8"), Preprocessing(height=28, width=28, channels=1)
    >>> bundle = Bundle("simple-cnn-4-8", tuple("0123456789"), preprocessing, graph, initial_weights(graph))
    >>> out = Path(tempfile.mkdtemp(), "out.csv")
    >>> predict_to(bundle, np.zeros((3, 28, 28, 1), np.uint8), out, unsure=0.99)
    Tally(3 predictions, 3 unsure, 0 unreadable)
    >>> print(out.read_text().splitlines()[0])
    path,class,probability,unsure,error,warnings,class_2,probability_2,class_3,probability_3
    """
    file, listener = Path(out), listener or Listener()
    check_threshold(unsure)
    check_out(file, model, pictures)
    bundle = model if isinstance(model, Bundle) else Bundle.load(model)
    if isinstance(pictures, str | os.PathLike):
        check_named([pictures], bundle.preprocessing)
    return write_to(
        file,
        bundle.inverted() if invert else bundle,
        pictures,
        model=bundle.sha256,
        top=top,
        unsure=unsure,
        invert=invert,
        resume=resume,
        listener=listener,
    )


def write_to(
    file: Path,
    bundle: Bundle,
    pictures: Picture | Iterable[Picture],
    *,
    model: str,
    top: int,
    unsure: float | None,
    invert: bool,
    resume: bool,
    listener: Listener,
) -> Tally:
    """What `predict_to` does with a file that `check_out` lets pass and a bundle as it looks at the pictures:
    that of the checksum `model`, inverted where `invert` says so."""
    write = format_of(file)
    top = min(top, len(bundle.classes))
    head = {"model": model, "invert": invert, "top": top, "unsure": unsure}
    tally = Tally()
    with _terminable(), journal_of(file, head, resume=resume) as journal:
        if journal.damaged:
            listener.note(
                f"{journal.path} is damaged: what is whole in it, {journal.whole:,} predictions, is taken "
                "over, and the others are made again."
            )
        elif resume and not journal.count:
            listener.note(f"there is no {journal.path} to go on with; this begins anew.")
        walk = _Walk(bundle, _there(inputs_in(pictures, bundle.preprocessing)), journal, top, listener)
        with contextlib.closing(walk.all()) as found:
            for row in found:
                listener.predicted(row.prediction.marked(unsure))
        listener.finishing(file)
        tally.resumed = walk.resumed
        marked = (row.prediction.marked(unsure) for row in journal.rows())
        with atomic.writing(file) as written:
            write(tally.counting(marked), written, top)
    return tally


def check_out(file: Path, model: object, pictures: object) -> None:
    """Raises `UsageError` or `DataError` where `file` cannot hold what is said of these pictures."""
    format_of(file)
    if not file.parent.is_dir():
        raise DataError(f"{file}: there is no folder {file.parent}.")
    if file.is_dir():
        raise UsageError(f"{file} is a folder; give the name of a file.")
    place = os.path.realpath(file)
    given = (
        pictures if isinstance(pictures, Sequence) and not isinstance(pictures, PICTURE_TYPES) else [pictures]
    )
    for one in given:
        if isinstance(one, str | os.PathLike) and os.path.realpath(one) == place:
            raise UsageError(f"{file} is one of the inputs; give it a name of its own.")
    if isinstance(model, str | os.PathLike) and os.path.realpath(find_bundle(Path(model))) == place:
        raise UsageError(f"{file} is the model; give it a name of its own.")


class _Walk:
    """Once through all inputs: each has its prediction from the journal, or gets one that goes there.

    Of the inputs only the keys are kept, until their rows are.
    """

    def __init__(
        self, bundle: Bundle, inputs: Iterator[Any], journal: Journal, top: int, listener: Listener
    ) -> None:
        self.bundle, self.inputs, self.journal, self.top = bundle, inputs, journal, top
        self.listener = listener
        self.at = self.resumed = 0
        self.spares: Spares | None = None  # once the inputs are no longer those of the journal

    def all(self) -> Generator[Row, None, None]:
        """The rows of the inputs, in order."""
        yield from self._as_before()
        yield from self._by_key()
        yield from self._new()

    def _as_before(self) -> Iterator[Row]:
        """What the journal has, as long as the inputs are those of the run that was stopped.

        What could not be read is tried again.
        """
        for line in tuple(self.journal.lines):
            before = self.journal.rows_of(line)
            rows = self._filled(lambda at, key, before=before: self._row_before(before, at, key))  # type: ignore[misc]
            if len(rows) < len(before) and self.spares is None:
                self._part_ways(None, before[: len(rows)])
            if rows != before:
                self.journal.write(self.at, rows)
            self.at += len(rows)
            yield from rows
            if rows != before:
                return

    def _row_before(self, before: Sequence[Row], at: int, key: str | None) -> Row | None:
        if self.spares is None:
            if at < len(before) and before[at].key == key:
                return before[at] if before[at].prediction.error is None else None
            self._part_ways(key, before[:at])
        assert self.spares is not None
        return self.spares.row(key)

    def _part_ways(self, key: str | None, alike: Sequence[Row]) -> None:
        """The inputs are others from `key` on, behind those of a chunk that are `alike`."""
        self.listener.note(
            "the pictures are no longer those of the run that was stopped"
            f"{f', the first other one {key}' if key else ''}; "
            "what it predicted is taken over by path."
        )
        self.journal.write(self.at, [])
        self.spares = Spares(self.journal)
        for row in alike:
            self.spares.row(row.key)

    def _by_key(self) -> Iterator[Row]:
        """What is spare in the journal, wherever it is among the inputs, and all others between."""
        if self.journal.count > self.at:
            self.journal.write(self.at, [])
        spares = self.spares or Spares(self.journal)
        while spares.left:
            rows = self._filled(lambda _, key: spares.row(key))
            if not rows:
                self._without(spares)
                return
            self._keep(rows)
            yield from rows

    def _without(self, spares: Spares) -> None:
        """What the run that was stopped predicted, and is not among the inputs, which have ended.

        Raises `DataError` where some of it lies below a path that cannot be read: it may be back later.
        """
        errors = {row.key: row.prediction.error for row in self.journal.rows() if row.prediction.error}
        below: Counter[str] = Counter()
        for key in spares.keys_left() if errors else ():
            below.update(place for place in _above(key) if place in errors)
        if below:
            ((place, count),) = below.most_common(1)
            raise DataError(
                f"{errors[place]} The run that was stopped predicted {count:,} in it; leave out {place} "
                "to finish without them."
            )
        self.listener.note(
            f"{spares.left:,} that the run that was stopped predicted are not among the "
            f"{self.bundle.preprocessing.noun}s that are given now, and are left out."
        )

    def _new(self) -> Iterator[Row]:
        """All others, read ahead without a break."""

        def key(one: Any, error: str | None) -> str | None:
            self.listener.read(one, error)
            return key_of(one)

        with contextlib.closing(predicted(self.bundle, self.inputs, top=self.top, keep=key)) as found:
            while rows := [Row(*kept) for kept in islice(found, CHUNK)]:
                self._keep(rows)
                yield from rows

    def _filled(self, find: Callable[[int, str | None], Row | None]) -> list[Row]:
        """The rows of the next chunk: those that `find` knows by place and key, and the others predicted."""
        keys: list[str | None] = []
        known: list[Row | None] = []

        def others() -> Iterator[Any]:
            for one in islice(self.inputs, CHUNK):
                keys.append(key_of(one))
                known.append(find(len(known), keys[-1]))
                if known[-1] is None:
                    yield one
                else:
                    self.resumed += 1
                    self.listener.read(one, None)

        with contextlib.closing(
            predicted(self.bundle, others(), top=self.top, keep=self.listener.read)
        ) as found:
            made = [prediction for _, prediction in found]
        rest = iter(made)
        return [row or Row(key, next(rest)) for key, row in zip(keys, known, strict=True)]

    def _keep(self, rows: Sequence[Row]) -> None:
        self.journal.write(self.at, rows)
        self.at += len(rows)


def _there(inputs: Iterable[Any]) -> Iterator[Any]:
    """The inputs; raises `DataError` where a pattern has no match, or standard input nothing."""
    for one in inputs:
        if isinstance(one, Unreadable) and one.nothing:
            raise DataError(one.error)
        yield one


def _above(path: str) -> Iterator[str]:
    """The folders, or the archive, that a path lies in.

    >>> list(_above("a/b.zip/c.png"))
    ['a', 'a/b.zip']
    """
    for sign in re.finditer(r"[/\\]", path):
        if sign.start():
            yield path[: sign.start()]


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends what is inside as Ctrl-C does, where nobody else listens."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
