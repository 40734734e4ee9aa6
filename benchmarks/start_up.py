"""How long `convscope predict starter one.png` takes as a whole process, and what of it is not convscope's.

    python benchmarks/start_up.py --runs 30

Processes take turns, with files that are in the cache: the prediction, Python with the libraries that it
needs and nothing else, Python alone, and Python that imports torch and does nothing. Wall time from the start
of the process to its end, and the processor time it used, which a busy machine stretches less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from result_files import write_result

LIBRARIES = (
    "import numpy, PIL.PngImagePlugin, pydantic, safetensors, typer.main; from pydantic import BaseModel"
)
PROCESSES = {
    "predict": ["-m", "convscope", "predict", "starter", "one.png"],
    "libraries": ["-c", LIBRARIES],
    "python": ["-c", "pass"],
    "torch": ["-c", "import torch"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    words = parser.parse_args()
    result = start_up(words.runs)
    for name, of in result["processes"].items():
        print(
            f"{name:10} median {of['median']:.3f} s, least {of['least']:.3f} s, "
            f"processor {of['processor']:.3f} s"
        )
    write_result("start-up", result, packages=("typer", "pydantic"))


def start_up(runs: int, processes: Mapping[str, Sequence[str]] = PROCESSES) -> dict[str, Any]:
    """Seconds of each process, medians over `runs`; the first round is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        draw_one(Path(folder) / "one.png")
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}
        for number in range(-1, runs):
            for name, words in processes.items():
                taken = timed([sys.executable, *words], Path(folder))
                if number >= 0:
                    samples[name].append(taken)
    return {"runs": runs, "processes": {name: _summary(taken) for name, taken in samples.items()}}


def draw_one(file: Path) -> None:
    """A picture of a 1 as in MNIST: light on dark, 28×28."""
    page = Image.new("L", (28, 28))
    ImageDraw.Draw(page).line([(14, 5), (14, 23)], fill=255, width=3)
    page.save(file)


def timed(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Wall and processor seconds of a process that has to end well."""
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime


def _summary(taken: Sequence[tuple[float, float]]) -> dict[str, Any]:
    walls, processor = zip(*taken, strict=True)
    return {
        "median": round(statistics.median(walls), 4),
        "least": round(min(walls), 4),
        "processor": round(statistics.median(processor), 4),
        "samples": [round(seconds, 4) for seconds in walls],
    }


if __name__ == "__main__":
    main()
