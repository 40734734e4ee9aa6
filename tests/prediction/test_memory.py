"""Memory stays flat: the same process with few and with many pictures, by the peak of its memory.

`CONVSCOPE_LONG=1` goes to a million pictures; without it some ten thousand have to do.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.prediction.reading import AHEAD_BYTES

LONG = bool(os.environ.get("CONVSCOPE_LONG"))
FEW, MANY = (100_000, 1_000_000) if LONG else (20_000, 60_000)
FEW_FILES, MANY_FILES = (FEW, MANY) if LONG else (5_000, 25_000)  # which take long to make and to read
#: Bytes per picture, of which the 784 numbers of one alone would be 784: names may stay, as text.
NAMES, NOTHING = 64, 24
SLACK = 8 * 2**20  # bytes by which the peak of the same run differs from one time to the next

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="only Linux tells the peak of a process without its parent's",
)

SCRIPT = """
import io, sys, numpy, convscope
from PIL import Image
bundle, path, count = convscope.Bundle.load(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def bmp():
    content = io.BytesIO()
    Image.new("RGB", (1024, 640)).save(content, "BMP")
    return content.getvalue()
each = {
    "generator": lambda: numpy.zeros((28, 28), numpy.uint8),
    "frames": lambda: numpy.zeros((240, 320, 3), numpy.uint8),
    "images": lambda: Image.new("RGB", (1920, 1080)),
    "bytes": bmp,
}
given = (each[path]() for _ in range(count)) if path in each else path
predicted = sum(prediction.error is None for prediction in bundle.predict_each(given))
assert predicted == count, (predicted, count)
status = open("/proc/self/status").read()
print(1024 * int(status.partition("VmHWM:")[2].split()[0]))
"""


def peak(bundle_file: Path, path: Path | str, count: int) -> int:
    """Bytes that a process had at most."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(bundle_file), str(path), str(count)],
        env={**os.environ, "MALLOC_ARENA_MAX": "2"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def png() -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)).save(content, "PNG")
    return content.getvalue()


def npy(folder: Path, count: int) -> Path:
    path = folder / f"{count}.npy"
    pictures = np.lib.format.open_memmap(path, "w+", np.uint8, (count, 28, 28))
    pictures[::1000] = 7
    del pictures
    return path


def floats(folder: Path, count: int) -> Path:
    count = min(count, 200_000)
    path = folder / f"float{count}.npy"
    pictures = np.lib.format.open_memmap(path, "w+", np.float32, (count, 28, 28))
    pictures[::1000] = 0.5
    del pictures
    return path


def npz(folder: Path, count: int) -> Path:
    path = folder / f"{count}.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(npy(folder, count), "images.npy")
    return path


def zipped(folder: Path, count: int) -> Path:
    path, content = folder / f"{count}.zip", png()
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"pictures/{number:07}.png", content)
    return path


def tarred(folder: Path, count: int) -> Path:
    path, content = folder / f"{count}.tar.gz", png()
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for number in range(count):
            member = tarfile.TarInfo(f"pictures/{number:07}.png")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def listed(folder: Path, count: int) -> Path:
    path = folder / f"{count}.csv"
    (folder / "one.png").write_bytes(png())
    with path.open("w", encoding="utf-8") as file:
        file.write("path\n")
        for _ in range(count):
            file.write("one.png\n")
    return path


def linked(folder: Path, count: int) -> Path:
    path = folder / str(count)
    path.mkdir()
    (folder / "one.png").write_bytes(png())
    for number in range(count):
        (path / f"{number:07}.png").symlink_to(folder / "one.png")
    return path


def generator(folder: Path, count: int) -> str:
    return "generator"


@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (npy, NOTHING), (npz, NOTHING), (zipped, NOTHING), (tarred, NOTHING), (listed, NOTHING),
        (generator, NOTHING), (linked, NAMES), pytest.param(floats, NOTHING, id="floats"),
    ],
)  # fmt: skip
def test_memory_per_picture(
    tmp_path: Path, bundle_file: Path, make: Callable[[Path, int], Path | str], allowed: int
) -> None:
    few, many = (FEW_FILES, MANY_FILES) if make in (zipped, tarred, listed, linked) else (FEW, MANY)
    if make is floats:
        few, many = min(few, 20_000), min(many, 200_000)
    small = peak(bundle_file, make(tmp_path, few), few)
    large = peak(bundle_file, make(tmp_path, many), many)
    per_picture = (large - small) / (many - few)
    print(
        f"{make.__name__}: {small / 2**20:.0f} and {large / 2**20:.0f} MiB, {per_picture:.1f} bytes a picture"
    )
    assert per_picture <= allowed + SLACK / (many - few)


def large_npy(folder: Path, count: int) -> Path:
    path = folder / f"large{count}.npy"
    np.lib.format.open_memmap(path, "w+", np.uint8, (count, 720, 1280, 3))
    return path


def large_tar(folder: Path, count: int) -> Path:
    path, content = folder / f"large{count}.tar.gz", io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((1024, 640)).save(content, "BMP")
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for number in range(count):
            member = tarfile.TarInfo(f"{number:07}.bmp")
            member.size = len(content.getvalue())
            tar.addfile(member, io.BytesIO(content.getvalue()))
    return path


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda *_: "frames", 3000), (lambda *_: "images", 150), (lambda *_: "bytes", 300),
        (large_npy, 250), (large_tar, 300),
    ],
    ids=["frames", "images", "bytes", "npy", "tar"],
)  # fmt: skip
def test_large_pictures_are_read_ahead_by_their_bytes(
    tmp_path: Path, bundle_file: Path, make: Callable[[Path, int], Path | str], count: int
) -> None:
    """All of them are 570 MB or more."""
    one, all_of_them = (peak(bundle_file, make(tmp_path, number), number) for number in (1, count))
    print(f"{one / 2**20:.0f} and {all_of_them / 2**20:.0f} MiB")
    assert all_of_them - one <= 2 * AHEAD_BYTES


def test_a_resumed_run_lets_go_what_it_has_read(tmp_path: Path, bundle_file: Path) -> None:
    path, out = large_tar(tmp_path, 300), tmp_path / "out.csv"
    script = """
import sys
from convscope.prediction.results.writing import Listener, predict_to
class Stopping(Listener):
    def finishing(self, file):
        if sys.argv[4] == "stop":
            raise KeyboardInterrupt
try:
    assert predict_to(*sys.argv[1:4], resume=True, listener=Stopping()).resumed == 300
except KeyboardInterrupt:
    pass
status = open("/proc/self/status").read()
print(1024 * int(status.partition("VmHWM:")[2].split()[0]))
"""
    for then in ("stop", "go on"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(bundle_file), str(path), str(out), then],
            env={**os.environ, "MALLOC_ARENA_MAX": "2"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) < 3 * AHEAD_BYTES
