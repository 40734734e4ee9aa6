"""A stopped run goes on, and ends with the file of one without a stop."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope import Bundle, Prediction, inference, lock
from convscope.errors import ConvscopeError
from convscope.prediction.results import walk
from convscope.prediction.results.row import key_of
from convscope.prediction.results.writing import Listener, predict_to

from .conftest import MIDDLE, names_in

KILLS = 20 if os.environ.get("CONVSCOPE_LONG") else 3


class Stopping(Listener):
    """Stops after so many predictions, and hears notes."""

    def __init__(self, after: int | None = None, by: BaseException | None = None) -> None:
        self.after, self.by = after, by or KeyboardInterrupt()
        self.notes: list[str] = []
        self.done: list[Prediction] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def predicted(self, prediction: Prediction) -> None:
        self.done.append(prediction)
        if len(self.done) == self.after:
            raise self.by


def stopped(bundle: Bundle, given: Any, out: Path, after: int, **settings: Any) -> BaseException:
    """A run that is stopped there."""
    with pytest.raises(KeyboardInterrupt) as stop:
        predict_to(bundle, given, out, listener=Stopping(after), **settings)
    return stop.value


@pytest.fixture
def whole(network: Bundle, pictures: Path, tmp_path: Path) -> bytes:
    (tmp_path / "whole").mkdir()
    predict_to(network, pictures, tmp_path / "whole" / "out.csv")
    return (tmp_path / "whole" / "out.csv").read_bytes()


@pytest.mark.parametrize("after", [1, 256, 257, 600])
@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet"])
def test_the_file_is_that_of_a_run_without_a_stop(
    network: Bundle, pictures: Path, tmp_path: Path, after: int, ending: str
) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow", reason="pip install 'convscope[parquet]'")
    whole, out = tmp_path / f"whole{ending}", tmp_path / f"out{ending}"
    predict_to(network, pictures, whole, unsure=MIDDLE, top=2)
    out.write_text("from before")
    error = stopped(network, pictures, out, after, unsure=MIDDLE, top=2)
    kept = -(-after // 256) * 256 if after < 600 else 600
    (note,) = error.__notes__
    assert note.startswith(f"{kept} predictions are kept in {out}.part; the same again with --resume goes on")
    assert out.read_text() == "from before"
    listener = Stopping()
    tally = predict_to(network, pictures, out, unsure=MIDDLE, top=2, resume=True, listener=listener)
    assert out.read_bytes() == whole.read_bytes()
    assert (tally.count, tally.unreadable, len(listener.done)) == (600, 2, 600)
    assert tally.resumed == kept - (1 if kept == 256 else 2)  # broken ones are tried again
    assert listener.notes == []
    assert names_in(tmp_path) == sorted([whole.name, out.name])


def test_with_pytorch_the_batches_are_the_same(
    network: Bundle, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last bits depend on what is in a batch together."""
    monkeypatch.setattr(inference.native, "available", lambda: False)
    bundle = Bundle.from_bytes(network.to_bytes())
    predict_to(bundle, pictures, tmp_path / "whole.csv")
    stopped(bundle, pictures, tmp_path / "out.csv", 300)
    predict_to(bundle, pictures, tmp_path / "out.csv", resume=True)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_torn_line_is_cut(network: Bundle, pictures: Path, tmp_path: Path, whole: bytes) -> None:
    out, journal = tmp_path / "out.csv", tmp_path / "out.csv.part"
    stopped(network, pictures, out, 600)
    content = journal.read_bytes()
    ends = [at for at, byte in enumerate(content) if byte == 10]
    assert len(ends) == 4  # a head and three chunks
    for cut in (0, 5, ends[0], ends[0] + 1, ends[1] - 1, ends[1], ends[2] + 700, len(content) - 1):
        journal.write_bytes(content[:cut])
        listener = Stopping()
        predict_to(network, pictures, out, resume=True, listener=listener)
        assert out.read_bytes() == whole
        assert not journal.exists()
        assert bool(listener.notes) == (cut <= ends[1])  # nothing of it to go on with
        out.unlink()
    journal.write_bytes(content[: ends[1] + 1] + bytes(5000))  # what a crash of the system may leave
    predict_to(network, pictures, out, resume=True)
    assert out.read_bytes() == whole


def test_a_journal_is_never_thrown_away_unasked(network: Bundle, pictures: Path, tmp_path: Path) -> None:
    out, journal = tmp_path / "out.csv", tmp_path / "out.csv.part"
    stopped(network, pictures, out, 300)
    content = journal.read_bytes()

    def refused(match: str, bundle: Bundle = network, **settings: Any) -> None:
        with pytest.raises(ConvscopeError, match=match):
            predict_to(bundle, pictures, out, **settings)
        assert journal.read_bytes() == content
        assert not out.exists()

    refused(r"has 512 predictions of a run that was stopped: --resume goes on with it; remove it")
    other = Bundle(network.net, ("a", "b", "c", "d"), network.preprocessing, network.graph, network.weights)
    refused("of a run with another model: give the same", other, resume=True)
    refused(r"of a run with --top 3, no --unsure: give", top=2, unsure=0.5, resume=True)
    refused("of a run with no --invert: give", invert=True, resume=True)
    journal.write_text("mine\n")
    content = journal.read_bytes()
    refused("is no journal of this convscope's predictions; move it", resume=True)
    refused("is no journal of this convscope's predictions; move it")


def test_resume_without_a_journal_begins(
    network: Bundle, pictures: Path, tmp_path: Path, whole: bytes
) -> None:
    listener = Stopping()
    predict_to(network, pictures, tmp_path / "out.csv", resume=True, listener=listener)
    assert listener.notes == [f"there is no {tmp_path / 'out.csv.part'} to go on with; this begins anew."]
    assert (tmp_path / "out.csv").read_bytes() == whole


def test_pictures_that_came_and_went(network: Bundle, pictures: Path, tmp_path: Path) -> None:
    files = sorted(pictures.iterdir())
    before = files[:200] + files[210:] + files[:3]  # with some twice
    after = [*files[400:], tmp_path / "new.png", *files[3:390], files[0]]
    (tmp_path / "new.png").write_bytes(files[1].read_bytes())
    stopped(network, before, tmp_path / "out.csv", 500)
    listener = Stopping(100)
    with pytest.raises(KeyboardInterrupt):  # stopped again, while it sorts out
        predict_to(network, after, tmp_path / "out.csv", resume=True, listener=listener)
    assert "the pictures are no longer those of the run that was stopped" in listener.notes[0]
    assert f"the first other one {files[400]}" in listener.notes[0]
    tally = predict_to(network, after, tmp_path / "out.csv", resume=True)
    predict_to(network, after, tmp_path / "whole.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert tally.resumed > 400
    for fewer in ([], files[:256], files[:300]):
        stopped(network, files, tmp_path / "out.csv", 512)
        predict_to(network, fewer, tmp_path / "out.csv", resume=True)
        predict_to(network, fewer, tmp_path / "whole.csv")
        assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_what_could_not_be_read_is_tried_again(network: Bundle, pictures: Path, tmp_path: Path) -> None:
    files = sorted(pictures.iterdir())
    away = tmp_path / "away.png"
    given = [*files[:100], away, *files[100:]]
    stopped(network, given, tmp_path / "out.csv", 600)
    journal = (tmp_path / "out.csv.part").read_bytes()
    stopped(network, given, tmp_path / "out.csv", 600, resume=True)
    assert (tmp_path / "out.csv.part").read_bytes() == journal  # grows only by what is new
    away.write_bytes(files[0].read_bytes())  # the drive is back
    tally = predict_to(network, given, tmp_path / "out.csv", resume=True)
    predict_to(network, given, tmp_path / "whole.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert (tally.count, tally.unreadable) == (601, 2)


def test_what_is_no_longer_given_is_said(network: Bundle, pictures: Path, tmp_path: Path) -> None:
    files = sorted(pictures.iterdir())
    stopped(network, files, tmp_path / "out.csv", 600)
    listener = Stopping()
    predict_to(network, files[100:], tmp_path / "out.csv", resume=True, listener=listener)
    assert listener.notes[1] == (
        "99 that the run that was stopped predicted are not among the pictures that are given now, "
        "and are left out."  # one of the hundred is broken
    )
    away = tmp_path / "away.png"  # tried again, so that its chunk is in the journal twice
    stopped(network, [*files[:50], away], tmp_path / "out.csv", 51)
    away.write_bytes(files[0].read_bytes())
    stopped(network, [*files[:50], away], tmp_path / "out.csv", 51, resume=True)
    listener = Stopping()
    predict_to(network, [*files[:50], away], tmp_path / "out.csv", resume=True, listener=listener)
    assert listener.notes == []


@pytest.mark.parametrize("gone", ["away", "empty"])
def test_a_source_that_is_away_keeps_its_predictions(
    network: Bundle, pictures: Path, tmp_path: Path, gone: str
) -> None:
    """In a list from Python what is missing has a row, and yet takes nothing out of the journal."""
    drive, out = tmp_path / "drive", tmp_path / "out.csv"
    shutil.copytree(pictures, drive)
    stopped(network, [drive, pictures], out, 1200)
    drive.rename(tmp_path / "elsewhere")
    if gone == "empty":
        drive.mkdir()
    with pytest.raises(
        ConvscopeError, match=r"drive.*stopped predicted 598 in it; leave out .*drive to"
    ) as e:
        predict_to(network, [drive, pictures], out, resume=True)
    assert "What was predicted is kept in" in e.value.__notes__[0]
    assert not out.exists()
    if gone == "empty":
        drive.rmdir()
    (tmp_path / "elsewhere").rename(drive)
    tally = predict_to(network, [drive, pictures], out, resume=True)
    assert (tally.count, tally.resumed) == (1200, 1196)
    predict_to(network, [drive, pictures], tmp_path / "whole.csv")
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_damaged_journal_gives_what_is_whole(
    network: Bundle, pictures: Path, tmp_path: Path, whole: bytes
) -> None:
    out, journal = tmp_path / "out.csv", tmp_path / "out.csv.part"
    for chunk, kept in ((0, 344), (1, 344), (2, 512)):
        stopped(network, pictures, out, 600)
        lines = journal.read_bytes().splitlines(keepends=True)
        lines[1 + chunk] = lines[1 + chunk][:50] + b"\0" * 100 + lines[1 + chunk][150:]
        journal.write_bytes(b"".join(lines))
        with pytest.raises(ConvscopeError, match="--resume goes on with it"):
            predict_to(network, pictures, out)
        assert journal.read_bytes() == b"".join(lines)
        listener = Stopping()
        tally = predict_to(network, pictures, out, resume=True, listener=listener)
        assert out.read_bytes() == whole
        assert listener.notes == [
            f"{journal} is damaged: what is whole in it, {kept} predictions, is taken over, "
            "and the others are made again."
        ]
        assert kept - 2 <= tally.resumed <= kept
    stopped(network, pictures, out, 600)
    journal.write_bytes(b"".join([*lines[:2], b"torn\n", *lines[2:]]))
    stopped(network, pictures, out, 100, resume=True)  # and stopped again
    predict_to(network, pictures, out, resume=True)
    assert out.read_bytes() == whole


pools = st.integers(0, 11)  # of inputs, some of which are the same, and some no pictures


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(pools, max_size=30),
    after=st.lists(pools, max_size=30),
    stops=st.lists(st.integers(1, 30)),
)
def test_any_change_of_the_inputs_ends_right(
    network: Bundle,
    tmp_path_factory: pytest.TempPathFactory,
    before: list[int],
    after: list[int],
    stops: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("any")
    pixels = np.random.default_rng(1).integers(0, 256, (12, 8, 8)).astype(np.uint8)
    pool: list[Any] = [*pixels[:8], pixels[0].tobytes(), folder / "missing.png", pixels[8][:0], 42]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walk, "CHUNK", 4)
        given_before, given_after = [pool[k] for k in before], [pool[k] for k in after]
        out = folder / "out.csv"
        for inputs, after_so_many in zip([given_before, *[given_after] * 30], stops, strict=False):
            try:
                predict_to(network, inputs, out, resume=True, listener=Stopping(after_so_many))
            except KeyboardInterrupt:
                continue
        predict_to(network, given_after, out, resume=True)
    predict_to(network, given_after, folder / "whole.csv")
    assert out.read_bytes() == (folder / "whole.csv").read_bytes()
    assert names_in(folder) == ["out.csv", "whole.csv"]


def test_what_inputs_are_known_by() -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    keys = [key_of(one) for one in (pixels, pixels.T, pixels.reshape(4, 16), pixels.tobytes(), "a.png")]
    assert len(set(keys)) == 5
    assert key_of(np.ascontiguousarray(pixels.T).T) == keys[0]
    assert key_of(42) is None


def test_a_second_process_is_refused(network: Bundle, pictures: Path, tmp_path: Path, whole: bytes) -> None:
    out = tmp_path / "out.csv"

    class Meanwhile(Listener):
        refused = ""

        def finishing(self, file: Path) -> None:
            for resume in (False, True):
                with pytest.raises(ConvscopeError, match=r"out\.csv is being written by another process"):
                    predict_to(network, pictures, out, resume=resume)
            self.refused = "twice"

    listener = Meanwhile()
    predict_to(network, pictures, out, listener=listener)
    assert listener.refused == "twice"
    assert out.read_bytes() == whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_keeps_the_journal(
    network: Bundle, pictures: Path, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.write, []

    def write(descriptor: int, content: Any) -> int:
        calls.append(descriptor)
        if len(calls) == 4:
            return real(os.open("/dev/full", os.O_WRONLY), content)
        return real(descriptor, content[:1000])  # the system may write less than it was given

    monkeypatch.setattr("convscope.prediction.results.journal.os.write", write)
    with pytest.raises(ConvscopeError, match=r"cannot write .*out\.csv\.part: No space left on device; free"):
        predict_to(network, pictures, tmp_path / "out.csv")
    monkeypatch.undo()
    predict_to(network, pictures, tmp_path / "out.csv", resume=True)
    assert (tmp_path / "out.csv").read_bytes() == whole


@pytest.fixture
def closed_first(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As on Windows, a file that is open cannot be removed, and nothing is locked; what was refused so."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("the system does not say what is open")
    real, refused = Path.unlink, list[str]()

    def unlink(path: Path, missing_ok: bool = False) -> None:
        opened = {link.resolve() for link in Path("/proc/self/fd").iterdir()}
        if path.resolve() in opened:
            refused.append(path.name)
            raise PermissionError(errno.EACCES, "in use", str(path))
        real(path, missing_ok)

    monkeypatch.setattr("convscope.lock.fcntl", None)
    monkeypatch.setattr(Path, "unlink", unlink)
    return refused


def test_where_open_files_cannot_be_removed(
    network: Bundle, pictures: Path, tmp_path: Path, whole: bytes, closed_first: list[str]
) -> None:
    out = tmp_path / "out.csv"
    stopped(network, pictures, out, 300)
    predict_to(network, pictures, out, resume=True)
    assert out.read_bytes() == whole
    assert not (tmp_path / "out.csv.part").exists()
    with pytest.raises(KeyboardInterrupt):
        predict_to(network, _none(), tmp_path / "empty.csv")
    assert names_in(tmp_path) == ["out.csv", "whole"]
    assert closed_first == ["out.csv.part", "empty.csv.part"]


@pytest.mark.skipif(os.name != "posix", reason="removes what is open")
def test_a_journal_is_removed_while_it_is_locked(
    network: Bundle, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for the lock must not get that of a file that is about to go."""
    real, locked = Path.unlink, list[bool]()

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == "out.csv.part":
            locked.append(lock.is_taken(path))
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    predict_to(network, pictures, tmp_path / "out.csv")
    assert locked == [True]


def test_a_journal_that_stays_is_said(
    network: Bundle, pictures: Path, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlink(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", unlink)
    stays = r"out\.csv\.part is no longer needed, and cannot be removed \(Permission denied\); remove it"
    with pytest.raises(ConvscopeError, match=stays):
        predict_to(network, pictures, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == whole


@pytest.mark.skipif(os.name != "posix", reason="anybody may make links")
def test_planted_links_are_not_followed(
    network: Bundle, pictures: Path, tmp_path: Path, whole: bytes
) -> None:
    """Neither where the file is made, nor where the journal is."""
    out, mine = tmp_path / "out.csv", tmp_path / "mine"
    mine.write_text("precious")
    (tmp_path / "out.csv.part.new").symlink_to(mine)
    predict_to(network, pictures, out)
    assert out.read_bytes() == whole
    assert not out.is_symlink()
    mine.write_text("")
    (tmp_path / "out.csv.part").symlink_to(mine)
    with pytest.raises(ConvscopeError, match=r"cannot write .*out\.csv\.part: "):
        predict_to(network, pictures, out)
    assert mine.read_text() == ""


def _none() -> Iterator[Any]:
    raise KeyboardInterrupt
    yield


def test_nothing_is_left_of_a_run_without_predictions(network: Bundle, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        predict_to(network, _none(), tmp_path / "out.csv")
    assert names_in(tmp_path) == []


def _process(words: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "convscope", "predict", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def process(network: Bundle, pictures: Path, tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    """`convscope predict --resume` of 9,000 pictures, in a process."""
    network.save(tmp_path / "net.safetensors")
    words = ["net.safetensors", *[str(pictures)] * 15, "--out", "out.csv", "--resume"]
    return lambda: _process(words, tmp_path)


def _wait_for(journal: Path, size: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not (journal.exists() and journal.stat().st_size >= size):
        time.sleep(0.002)


def test_killed_at_any_moment(
    process: Callable[[], subprocess.Popen[str]], network: Bundle, pictures: Path, tmp_path: Path
) -> None:
    moments = random.Random(7)
    journal, kills, size = tmp_path / "out.csv.part", 0, 0
    for _ in range(KILLS):
        running = process()
        size += moments.randrange(150_000 if KILLS > 3 else 400_000)
        _wait_for(journal, size, running)
        running.kill()
        running.communicate()
        kills += running.returncode == -signal.SIGKILL
    ending = process()
    _, told = ending.communicate(timeout=120)
    assert kills >= 1
    assert ending.returncode == 1, told  # of the broken pictures
    predict_to(network, [pictures] * 15, tmp_path / "whole.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not [name for name in names_in(tmp_path) if ".part" in name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_how_to_go_on(
    process: Callable[[], subprocess.Popen[str]], tmp_path: Path, number: int
) -> None:
    running = process()
    _wait_for(tmp_path / "out.csv.part", 20_000, running)
    running.send_signal(number)
    output, told = running.communicate(timeout=60)
    assert (running.returncode, output) == (130, "")
    assert "interrupted. " in told
    assert "predictions are kept in out.csv.part; the same again with --resume goes on from there." in told
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_is_printed(network: Bundle, pictures: Path, tmp_path: Path, number: int) -> None:
    network.save(tmp_path / "net.safetensors")
    running = _process(["net.safetensors", *[str(pictures)] * 30, "--json"], tmp_path)
    assert running.stdout is not None
    running.stdout.read(1000)
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    assert (running.returncode, told.splitlines()[-1]) == (130, "interrupted.")


def test_outside_of_the_main_thread(network: Bundle, pictures: Path, tmp_path: Path, whole: bytes) -> None:
    thread = threading.Thread(target=predict_to, args=(network, pictures, tmp_path / "out.csv"))
    thread.start()
    thread.join()
    assert (tmp_path / "out.csv").read_bytes() == whole
