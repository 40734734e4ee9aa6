"""A whole `convscope train`, from typing the command to the printed test accuracy, over several seeds.

    python benchmarks/whole_process.py                                # the defaults on MNIST
    python benchmarks/whole_process.py mnist-fast --runs 30           # settings from a recipe

Every run is a fresh process under the next seed, as the shell would start it; the data must already lie on
the disk. The test set is read once per run, at its end.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from result_files import RESULTS, write_result
from seeds import mean_and_deviation

from convscope.recipe import Recipe

BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("recipe", nargs="?", type=Path, help="settings from a TOML file, or mnist-fast")
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=1, help="runs before, which are not counted")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the result file")
    words = parser.parse_args()
    arguments = ["train", words.data, *(["--recipe", str(words.recipe)] if words.recipe else [])]
    runs = []
    for number in range(-words.warm_up, words.runs):
        run = timed_run(arguments, seed=max(number, 0))
        what = f"seed {number}" if number >= 0 else "warm-up"
        print(
            f"{what}: {run['split']} accuracy {run['accuracy']:.2%}, "
            f"{run['seconds_to_result']:.2f} s to it, {run['seconds_trained']:.2f} s of training, "
            f"{run['seconds']:.2f} s with the report, "
            f"{run['cpu_seconds']:.2f} s of CPU, {run['peak_bytes'] / 1e6:.0f} MB",
            flush=True,
        )
        runs += [run] if number >= 0 else []
    result = summary(runs)
    print(
        f"{words.runs} runs: {result['mean']:.3%} ± {result['deviation']:.3%}, "
        f"median {result['median']:.2f} s, {result['fastest']:.2f} to {result['slowest']:.2f} s"
    )
    settings = Recipe.read(words.recipe) if words.recipe else {}
    settings.pop("data_dir", None)  # a path of this machine
    named = {"data": words.data, "recipe": words.recipe.name if words.recipe else None, "settings": settings}
    write_result("whole-process", {**named, **result, "runs": runs}, folder=words.results)


def timed_run(arguments: list[str], *, seed: int) -> dict[str, Any]:
    """One `convscope` process: wall time to its result and to its end, CPU time, peak memory, accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        flags = ["--seed", str(seed), "--out", str(out), "--quiet"]
        start = time.perf_counter()
        with subprocess.Popen([*_command(), *arguments, *flags], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.read(1)  # nothing is printed before the accuracy
            printed = time.perf_counter() - start
            process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"convscope {' '.join(arguments)} ended with {process.returncode}")
        document = json.loads((out / "result.json").read_text("utf-8"))
    return {
        "seed": seed,
        "accuracy": document["test"]["accuracy"],
        "split": document["test"]["split"],
        "net": document["net"],
        "engine": document["engine"],
        "epochs": len(document["epochs"]),
        "seconds": seconds,
        "seconds_to_result": printed,
        "seconds_trained": document["seconds"],
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * BYTES_OF_MAXRSS,
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy over the seeds, and over the runs the time to the printed accuracy."""
    seconds = [run["seconds_to_result"] for run in runs]
    mean, deviation = mean_and_deviation([run["accuracy"] for run in runs])
    return {
        "mean": mean,
        "deviation": deviation,
        "median": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
        "peak_bytes": max(run["peak_bytes"] for run in runs),
    }


def _command() -> list[str]:
    """The installed command beside this Python, or else the module."""
    script = Path(sys.executable).with_name("convscope")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "convscope"]


if __name__ == "__main__":
    main()
