"""A folder of JPEGs to predictions, beside the decoder alone, on all cores.

    CONVSCOPE_DATA=... python benchmarks/decoding.py

The decoder alone is Pillow, from the files to arrays at their own size, by as many threads and by as many
processes as there are cores; the faster of the two counts. Predictions are `Bundle.predict_each` of the
folder: found, read, decoded, brought to size, measured, through the network, sorted. The weights are random,
which takes as long. Contestants take turns; a figure is the median, a ratio ours over theirs: above 1 ours is
faster.

Photos are those of `hymenoptera`; small JPEGs come out of `cifar10-jpeg.zip`, and go to a temporary folder.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import QUIET, busy_elsewhere, wait_for_quiet
from PIL import Image
from result_files import write_result

from convscope import Bundle, native, nets
from convscope.columns import columns
from convscope.data import Preprocessing
from convscope.graph.weights import initial_weights

SMALL = 4000  # small JPEGs
CASES = (  # data, network, side of its pictures
    ("photos", "simple-cnn-4-8", 64),
    ("photos", "resnet-8", 64),
    ("small JPEGs", "simple-cnn-4-8", 32),
    ("small JPEGs", "resnet-8", 32),
)
PHOTOS, ARCHIVE = "hymenoptera", "cifar10-jpeg.zip"
Contestants = dict[str, Callable[[], None]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=9)
    words = parser.parse_args()
    rows = measured(Path(os.environ.get("CONVSCOPE_DATA", ".")), words.repeats)
    print(table(rows))
    write_result(
        "decoding", {"rows": rows, "cores": native.cores(), "repeats": words.repeats}, packages=("pillow",)
    )


def measured(data: Path, repeats: int) -> list[dict[str, Any]]:
    """A row for each case whose data is there."""
    rows = []
    cores = native.cores()
    with (
        tempfile.TemporaryDirectory() as unpacked,
        ThreadPoolExecutor(cores) as threads,
        ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as processes,
    ):
        folders = {"photos": data / PHOTOS, "small JPEGs": Path(unpacked)}
        if (data / ARCHIVE).is_file():
            unpack(data / ARCHIVE, folders["small JPEGs"])
        for kind, net, side in CASES:
            files = sorted(map(str, folders[kind].rglob("*.jpg")))
            if not files:
                print(f"{kind} were left out: they are not in {data}.")
                continue
            bundle = random_bundle(net, side)
            list(processes.map(decode, [files[:1]] * cores))  # they have begun
            contestants = {
                "threads": lambda files=files: spread(decode, files, threads, cores),
                "processes": lambda files=files: spread(decode, files, processes, cores),
                "predictions": lambda folder=folders[kind], bundle=bundle: predict(bundle, folder),
            }
            rows.append({"data": kind, "net": net, "side": side, **timed(contestants, len(files), repeats)})
    return rows


def unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith(".jpg")]
        for number, name in enumerate(names[:: max(1, len(names) // SMALL)][:SMALL]):
            (folder / f"{number:05}.jpg").write_bytes(opened.read(name))


def random_bundle(net: str, side: int) -> Bundle:
    graph = nets.graph(net, (3, side, side), 10)
    preprocessing = Preprocessing(height=side, width=side, channels=3)
    return Bundle(net, tuple("0123456789"), preprocessing, graph, initial_weights(graph))


def decode(files: Sequence[str]) -> int:
    return sum(np.asarray(Image.open(io.BytesIO(Path(file).read_bytes()))).shape[0] for file in files)


def spread(work: Callable[[Sequence[str]], int], files: list[str], pool: Executor, cores: int) -> None:
    step = max(1, min(64, len(files) // (8 * cores)))
    sum(pool.map(work, [files[start : start + step] for start in range(0, len(files), step)]))


def predict(bundle: Bundle, folder: Path) -> None:
    for prediction in bundle.predict_each(folder):
        if prediction.error:
            raise RuntimeError(prediction.error)


def timed(contestants: Contestants, count: int, repeats: int) -> dict[str, Any]:
    """Pictures per second of each, medians over the repeats in which other processes left the cores alone."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    quiet: dict[str, list[float]] = {name: [] for name in contestants}
    patience = 60.0
    for repeat in range(repeats):
        patience -= wait_for_quiet(max(0.0, patience))
        names = list(contestants)
        for name in names[repeat % len(names) :] + names[: repeat % len(names)]:
            busy, start = busy_elsewhere(), time.perf_counter()
            contestants[name]()
            elapsed = time.perf_counter() - start
            rates[name].append(count / elapsed)
            others = (busy_elsewhere() - busy) / (elapsed * (os.cpu_count() or 1))
            if others <= QUIET or name == "processes":  # whose work is another's
                quiet[name].append(count / elapsed)
    disturbed = any(len(several) < min(3, repeats) for several in quiet.values())
    medians = {name: statistics.median((rates if disturbed else quiet)[name]) for name in contestants}
    alone = max(medians["threads"], medians["processes"])
    return {
        "pictures": count,
        "per_second": {name: round(rate) for name, rate in medians.items()},
        "ratio": round(medians["predictions"] / alone, 3),
        "disturbed": disturbed,
    }


def table(rows: list[dict[str, Any]]) -> str:
    lines = [("data", "network", "threads", "processes", "predictions", "ratio")]
    for row in rows:
        rates = [f"{row['per_second'][name]:,}" for name in ("threads", "processes", "predictions")]
        ratio = f"{row['ratio']:.2f}{' (disturbed)' if row['disturbed'] else ''}"
        name = f"{row['net']} {row['side']}×{row['side']}"
        lines.append((row["data"], name, *rates, ratio))
    return "\n".join(columns(lines, right=[2, 3, 4, 5]))


if __name__ == "__main__":
    main()
