"""The pipeline: in order, ahead but not far, ended by whoever stops taking."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest

import convscope
from convscope import Bundle
from convscope.prediction import inputs_in, predicted
from convscope.prediction.ahead import ahead
from convscope.prediction.reading import AHEAD, AHEAD_BYTES, BATCH, PIECE_BYTES


def reading_threads() -> int:
    return sum(thread.name.startswith("convscope-reading") for thread in threading.enumerate())


def test_each_is_what_all_are(bundle: Bundle, tree: Path, random_pictures: Callable) -> None:
    pictures = [*random_pictures(700), tree / "gone.png", tree, *random_pictures(30)]
    for each, whole, one in zip(
        bundle.predict_each(pictures, top=2), bundle.predict(pictures, top=2),
        [*pictures[:701], *sorted(bundle_paths(bundle, tree)), *pictures[702:]], strict=True,
    ):  # fmt: skip
        assert each == whole
        assert len(each.top) == (0 if each.error else 2)
        if isinstance(one, Path | str):
            assert each.path == str(one)


def bundle_paths(bundle: Bundle, tree: Path) -> Iterator[Path]:
    return (Path(str(p.path)) for p in bundle.predict(tree))


def test_probabilities_are_those_of_the_network(bundle: Bundle, random_pictures: Callable) -> None:
    pictures = random_pictures(600)
    rows = bundle.probabilities(pictures[..., None])
    for row, prediction in zip(
        rows, convscope.predict_each(bundle, pictures[..., None], top=10), strict=True
    ):
        best = sorted(range(10), key=lambda i: (-row[i], i))
        assert [label for label, _ in prediction.top] == [str(i) for i in best]
        np.testing.assert_allclose([p for _, p in prediction.top], row[best], atol=1e-6)


def test_the_first_inputs_are_left_out_without_being_decoded(
    bundle: Bundle, tmp_path: Path, tree: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.png").write_bytes(
            (tree / "b.png").read_bytes() if number >= 30 else b"broken"
        )
    rest = itertools.islice(inputs_in(folder, bundle.preprocessing), 30, None)
    pairs = list(predicted(bundle, rest, top=1, keep=lambda one, _: one))
    assert [one for one, _ in pairs] == [str(folder / f"{number}.png") for number in range(30, 40)]
    assert all(prediction.error is None for _, prediction in pairs)


def test_closing_ends_the_threads_and_the_inputs(bundle: Bundle) -> None:
    closed = Event()

    def endless() -> Iterator[np.ndarray]:
        try:
            while True:
                yield np.zeros((28, 28), np.uint8)
        finally:
            closed.set()

    each = bundle.predict_each(endless())
    assert next(each).error is None
    assert reading_threads() > 0
    each.close()  # type: ignore[attr-defined]
    assert reading_threads() == 0
    assert closed.is_set()


def test_an_error_of_the_caller_comes_after_what_was_before_it(bundle: Bundle) -> None:
    def some() -> Iterator[np.ndarray]:
        for _ in range(130):
            yield np.zeros((28, 28), np.uint8)
        raise KeyError("mine")

    found: list[object] = []
    with pytest.raises(KeyError, match="mine"):
        found.extend(bundle.predict_each(some()))
    assert reading_threads() == 0


def test_an_error_within_is_not_lost() -> None:
    def work(piece: int, stopped: Event) -> int:
        if piece == 7:
            raise ZeroDivisionError
        return piece

    found: list[object] = []
    with pytest.raises(ZeroDivisionError):
        found.extend(ahead(work, range(100)))
    assert found == list(range(7))


def test_results_before_an_error_of_the_pieces_come_first() -> None:
    def pieces() -> Iterator[int]:
        yield from range(3)
        raise OSError("gone")

    found: list[object] = []
    with pytest.raises(OSError, match="gone"):
        found.extend(ahead(lambda piece, _: piece, pieces()))
    assert found == [0, 1, 2]


def test_never_far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.native.cores", lambda: 3)
    taken = 0

    def pieces() -> Iterator[int]:
        nonlocal taken
        while True:
            yield taken
            taken += 1

    def slow(piece: int, stopped: Event) -> int:
        time.sleep(0.002 if piece % 5 else 0.01)
        return piece

    for number, result in enumerate(itertools.islice(ahead(slow, pieces()), 50)):
        assert result == number
        assert taken - number <= 9


def test_threads_work_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.native.cores", lambda: 2)
    meeting = threading.Barrier(2, timeout=20)  # which one thread alone would never leave
    assert len(list(ahead(lambda *_: meeting.wait(), range(6)))) == 6


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_ctrl_c_ends_it_at_once(bundle_file: Path, tree: Path) -> None:
    script = (
        "import sys, itertools, convscope\n"
        "given = itertools.repeat(sys.argv[2])\n"
        "for p in convscope.predict_each(sys.argv[1], given): print(p.label, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(bundle_file), str(tree / "a" / "2.jpg")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode != 0
    assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("side", [1, 28, 300])
def test_a_generator_is_drained_so_far_and_no_further(bundle: Bundle, side: int) -> None:
    taken = 0

    def endless() -> Iterator[np.ndarray]:
        nonlocal taken
        while True:
            taken += 1
            yield np.zeros((side, side), np.uint8)

    with contextlib.closing(bundle.predict_each(endless())) as each:  # type: ignore[type-var]
        for number, _ in enumerate(itertools.islice(each, 3000)):
            assert taken - number <= AHEAD + 2 * BATCH
            assert (taken - number - 2 * BATCH) * side * side <= AHEAD_BYTES + PIECE_BYTES


def test_the_share_bounds_what_is_ahead() -> None:
    taken = 0

    def pieces() -> Iterator[int]:
        nonlocal taken
        while True:
            yield taken
            taken += 1

    for number, _ in enumerate(
        itertools.islice(ahead(lambda *_: time.sleep(0.001), pieces(), share=lambda _: 0.6), 9)
    ):
        assert taken - number <= 1


def test_closing_does_not_wait_for_the_garbage(bundle: Bundle) -> None:
    each = predicted(bundle, itertools.repeat(np.zeros((28, 28), np.uint8)), top=1)
    frame = each.gi_frame
    next(each)
    inner = frame.f_locals["reads"]  # held here, as a debugger or a traceback may
    each.close()
    assert inner.gi_frame is None
    assert reading_threads() == 0


def test_what_is_kept_comes_in_order_with_why_it_could_not_be_read(bundle: Bundle) -> None:
    given = [np.zeros((28, 28), np.uint8), b"no picture", "gone.png"] * 100
    pairs = list(predicted(bundle, given, top=1, keep=lambda one, error: (one, error)))
    for one, (kept, prediction) in zip(given, pairs, strict=True):
        assert kept[0] is one
        assert kept[1] == prediction.error
