"""Predictions of any number of pictures written to a file, from where a stopped run was."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ... import atomic
from ...bundle import Bundle
from ...bundle import find as find_bundle
from ...errors import DataError, UsageError
from ..inputs import PICTURE_TYPES, Picture, inputs_in
from ..prediction import check_threshold
from .formats import format_of
from .journal import journal_of
from .listener import Listener
from .named import check_named
from .tally import Tally
from .walk import Walk, there


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
        walk = Walk(bundle, there(inputs_in(pictures, bundle.preprocessing)), journal, top, listener)
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
