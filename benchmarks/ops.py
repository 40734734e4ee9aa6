"""`convscope.ops` beside OpenCV, SciPy and torch, on one picture and one kernel at a time.

    python benchmarks/ops.py

Contestants of a case take turns within one run, each with two threads where it has threads; their results
must agree first. A figure is the median; ratios are ours over theirs: below 1 ours is faster. Packages
that are not installed are left out: pip install opencv-python-headless adds OpenCV.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal
from interleaved import wait_for_quiet
from result_files import write_result

from convscope import native, ops
from convscope.columns import columns

THREADS = 2
HEIGHT, WIDTH = 2160, 3840
PATIENCE = 1.5  # s in which a slow contestant has had enough repeats
Contestants = dict[str, Callable[[], np.ndarray]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=15)
    words = parser.parse_args()
    rows = [
        measure(name, contestants, margin, words.repeats) for name, contestants, margin in cases(picture())
    ]
    print(table(rows))
    write_result(
        "ops",
        {
            "rows": rows,
            "threads": THREADS,
            "repeats": words.repeats,
            "instruction_set": native.instruction_set() if native.available() else None,
        },
        packages=("scipy", "opencv-python-headless"),
    )


def picture() -> np.ndarray:
    return np.random.default_rng(0).random((HEIGHT, WIDTH), dtype=np.float32)


def cases(large: np.ndarray) -> list[tuple[str, Contestants, int]]:
    """Name, contestants, and how wide a border of the results is not compared."""
    sobel = ops.kernel("sobel-x").astype(np.float32)
    blur = ops.gaussian(5, 31).astype(np.float32)
    noise = np.random.default_rng(1).normal(size=(31, 31)).astype(np.float32)
    small = large[:512, :512].copy()
    five = noise[:5, :5].copy()
    return [
        ("copy", {"ours": large.copy}, 0),
        ("Sobel 3×3", {"ours": ours(large, sobel), **others(large, sobel)}, 1),
        (
            "Gaussian σ=5, 31×31",
            {"ours": ours(large, blur), **opencv_blur(large), **others(large, blur, torch=False)},
            15,
        ),
        ("random 31×31", {"ours": ours(large, noise), **others(large, noise, fft=True)}, 15),
        (
            "random 5×5 on 512×512",
            {
                "ours": ours(small, five),
                "scipy.signal.convolve2d": lambda: scipy.signal.convolve2d(small, np.flip(five), "same"),
                **others(small, five),
            },
            2,
        ),
    ]


def ours(x: np.ndarray, kernel: np.ndarray) -> Callable[[], np.ndarray]:
    return lambda: ops.cross_correlate(x, kernel, border="reflect")


def others(x: np.ndarray, kernel: np.ndarray, *, torch: bool = True, fft: bool = False) -> Contestants:
    found: Contestants = {}
    if find_spec("cv2"):
        import cv2

        cv2.setNumThreads(THREADS)
        found["OpenCV filter2D"] = lambda: cv2.filter2D(x, -1, kernel)
    if kernel.size <= 25:
        found["scipy.ndimage"] = lambda: scipy.ndimage.correlate(x, kernel, mode="mirror")
    if fft:
        found["scipy.signal.fftconvolve"] = lambda: scipy.signal.fftconvolve(x, np.flip(kernel), "same")
    if torch:
        found["torch"] = _torch(x, kernel)
    return found


def opencv_blur(x: np.ndarray) -> Contestants:
    if not find_spec("cv2"):
        return {}
    import cv2

    return {
        "OpenCV GaussianBlur": lambda: cv2.GaussianBlur(x, (31, 31), 5),
        "scipy.ndimage": lambda: scipy.ndimage.gaussian_filter(x, 5, mode="mirror", radius=15),
    }


def _torch(x: np.ndarray, kernel: np.ndarray) -> Callable[[], np.ndarray]:
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(THREADS)
    pixels, weights = torch.from_numpy(x)[None, None], torch.from_numpy(kernel)[None, None]

    def run() -> np.ndarray:
        with torch.inference_mode():
            return F.conv2d(pixels, weights, padding="same")[0, 0].numpy()

    return run


def measure(name: str, contestants: Contestants, margin: int, repeats: int) -> dict[str, Any]:
    """Median ms of every contestant, after their results were compared inside the margin."""
    inside = slice(margin, -margin or None)
    expected = contestants["ours"]()[inside, inside]
    for other, run in contestants.items():
        error = np.abs(run()[inside, inside] - expected).max() / np.abs(expected).max()
        if error > 1e-4:
            raise SystemExit(f"{name}: {other} differs by {error:.1e}")
    times: dict[str, list[float]] = {other: [] for other in contestants}
    wait_for_quiet(20)
    for repeat in range(repeats):
        for other, run in contestants.items():
            if repeat >= 3 and sum(times[other]) > PATIENCE:
                continue
            start = time.perf_counter()
            run()
            times[other].append(time.perf_counter() - start)
    medians = {other: round(1e3 * float(np.median(taken)), 3) for other, taken in times.items()}
    return {"case": name, "ms": medians, "peak_pictures": round(peak_memory(contestants["ours"]), 2)}


def peak_memory(run: Callable[[], np.ndarray]) -> float:
    """Most memory that NumPy held beyond the picture, the result included, in results."""
    tracemalloc.start()
    result = run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / result.nbytes


def table(rows: list[dict[str, Any]]) -> str:
    lines = [("case", "contestant", "ms", "ours over it", "memory of ours")]
    for row in rows:
        mine = row["ms"]["ours"]
        for other, taken in row["ms"].items():
            own = other == "ours"
            memory = f"{row['peak_pictures']:.2f} pictures" if own else ""
            ratio = "" if own else f"{mine / taken:.2f}"
            lines.append((row["case"] if own else "", other, f"{taken:.2f}", ratio, memory))
    return "\n".join(columns(lines, right=[2, 3, 4]))


if __name__ == "__main__":
    main()
