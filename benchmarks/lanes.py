"""Throughput of the native engine beside PyTorch, JAX and ONNX Runtime, as docs/benchmarks.md prints it.

    python benchmarks/lanes.py                                        # training, batch 64, 2 threads
    python benchmarks/lanes.py --batches 16,64,256,1024 --threads 2,1
    python benchmarks/lanes.py --what forward --batches 1,64,256,1024

Every network has a process of its own. In it all contestants start from the same weights, first losses (or
logits) must agree, and slices of time go round between them; a figure is the median over the repeats.
Packages that are not installed are left out: pip install jax onnxruntime onnx onnxscript adds them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from comparison import Comparison, table
from lanes_case import environment
from native_engine import instruction_set
from result_files import RESULTS, read_result, save_result

from convscope.columns import columns

NETS = (
    "simple-cnn-4-8",
    "simple-cnn-16-32",
    "convnet-bn",
    "simple-cnn-rgb",
    "lenet-5-relu",
    "tiny-vgg",
    "resnet-8",
)
CONTESTANTS = {
    "train": ("torch", "torch-channels-last", "torch-compile", "jax", "jax-scan", "lanes-step", "lanes"),
    "forward": ("torch", "torch-channels-last", "torch-compile", "jax", "onnxruntime", "lanes"),
}
PACKAGES = ("jax", "jaxlib", "onnx", "onnxscript", "onnxruntime")
LEGEND = """
Pictures per second, medians; ch. last: channels_last and fused Adam; step: lanes with one call per step.
÷: lanes over PyTorch as people write it, over the best PyTorch, over the best JAX (jit alone, or scan).
GFLOP/s: the work of direct convolution that lanes gets done; done: what it executes for that;
peak: the latter (the former where it is not known) as a share of the measured multiply-adds;
±: the largest distance of quartiles of a row, as a share of its median;
disturbed: other processes took too much of the processor, the row is not to be used."""


def main() -> None:
    words = _arguments()
    failed: list[str] = []
    for what in words.what:
        rows = _rows_kept(what, words) if words.add else []
        result = {"what": what, "settings": _settings(words), **_tools(), "rows": rows}
        for threads in words.threads:
            print(f"\n{what}, {threads} thread{'s' * (threads > 1)}\n", flush=True)
            mine: list[dict[str, Any]] = []
            for net in words.nets:
                new = _rows_of(what, net, threads, words)
                failed += [] if new else [f"{what} {net} on {threads}"]
                mine += new
                rows += new
                if rows:  # an interrupted run keeps what it has
                    path = save_result(f"lanes-{what}", result, packages=PACKAGES, folder=words.results)
            if mine:
                lines = table(mine)
                print("\n".join(columns(lines, right=range(1, len(lines[0])), gap=1)), flush=True)
        if rows:
            print(f"written to {path}")
    print(LEGEND)
    if failed:
        raise SystemExit(f"failed: {'; '.join(failed)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--what", type=_words, default=["train"], help="train, forward, or train,forward")
    parser.add_argument("--nets", type=_words, default=list(NETS))
    parser.add_argument("--batches", type=_numbers, default=[64])
    parser.add_argument("--threads", type=_numbers, default=[2])
    parser.add_argument("--contestants", type=_words, help="some of: " + ", ".join(_all_contestants()))
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.2, help="of a slice, at least")
    parser.add_argument("--add", action="store_true", help="keep the file's rows that are not measured again")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the result files")
    words = parser.parse_args()
    for given, known in ((words.what, CONTESTANTS), (words.contestants or (), _all_contestants())):
        if unknown := set(given) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return words


def _rows_kept(what: str, words: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of the result file that this run does not measure."""
    old = read_result(f"lanes-{what}", words.results)
    return [
        row
        for row in (old["rows"] if old else [])
        if row["net"] not in words.nets
        or row["batch_size"] not in words.batches
        or row["threads"] not in words.threads
    ]


def _rows_of(what: str, net: str, threads: int, words: argparse.Namespace) -> list[dict[str, Any]]:
    """A row per batch size of one network, measured in a fresh process; none where it failed."""
    settings = {
        "what": what,
        "net": net,
        "threads": threads,
        "batches": words.batches,
        "contestants": [n for n in CONTESTANTS[what] if n in (words.contestants or _all_contestants())],
        "repeats": words.repeats,
        "seconds": words.seconds,
    }
    command = [sys.executable, str(Path(__file__).with_name("lanes_case.py")), json.dumps(settings)]
    done = subprocess.run(command, env=os.environ | environment(threads), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"{net}: its process ended with {done.returncode}", file=sys.stderr)
        return []
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    reasons = {f"{net}: no {name}: {why}" for row in rows for name, why in row["skipped"].items()}
    print("\n".join(sorted(reasons)) or f"{net}: measured", file=sys.stderr, flush=True)
    return [row | {"figures": Comparison(row).figures()} for row in rows]


def _settings(words: argparse.Namespace) -> dict[str, Any]:
    chosen = {name: value for name, value in vars(words).items() if name != "results"}
    return chosen | {"environment": {threads: environment(threads) for threads in words.threads}}


def _tools() -> dict[str, Any]:
    """The instructions that the engine runs with, and the compiler that torch.compile uses."""
    compiler, version = shutil.which("g++") or shutil.which("clang++"), "none"
    if compiler:
        told = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
        version = told.stdout.splitlines()[0]
    return {"instruction_set": instruction_set(), "compiler": version}


def _all_contestants() -> list[str]:
    return list(dict.fromkeys(name for names in CONTESTANTS.values() for name in names))


def _words(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


if __name__ == "__main__":
    main()
