"""Prediction from a bundle beside PyTorch eager and ONNX Runtime, as docs/benchmarks.md prints it.

    python benchmarks/ship.py                          # every network of the catalogue
    python benchmarks/ship.py --nets convnet-bn,resnet-8
    python benchmarks/ship.py --parts folder,start-up  # what decoding.py and start_up.py measure
    python benchmarks/ship.py --quick                  # whether it runs; its figures mean nothing

All contestants get pictures as they are stored, uint8 28x28 grey (signals where the network takes those),
and give probabilities; each has a process of its own and batches of the size that is fastest for it. Their
results must agree to 1e-4, and slices of time go round between them; a figure is the median over the repeats.
Where 60,000 pictures take long a part of them is predicted, again and again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contestant_process import Remote
from interleaved import interleaved
from lanes_case import agree, environment
from native_engine import Unavailable, fma_peak, instruction_set
from result_files import RESULTS, read_result, save_result
from ship_contestants import COMPARED, input_shape
from work import forward_flops

from convscope import native, nets
from convscope.columns import columns

PICTURES = 60_000
WORK = 4e10  # operations of one pass over the pictures, at most; a multiple of the largest batch where it can
PACKAGES = ("onnx", "onnxruntime")
NAMES = ("torch", "torch-channels-last", "onnxruntime", "bundle", "predict-each")
PARTS = {"folder": "decoding.py", "start-up": "start_up.py"}  # beside the batches: files of their own
HEADINGS = (
    "net", "input", "pictures", "torch", "ort", "bundle", "each", "÷torch", "÷ort", "60,000", "GFLOP/s", "±"
)  # fmt: skip
LEGEND = """
Pictures per second, medians. torch: eager, the better of NCHW and channels_last; ort: ONNX Runtime on the
exported bundle; bundle: Bundle.probabilities; each: Bundle.predict_each, a record and warnings for each.
÷: bundle over the other. 60,000: seconds that bundle takes for as many at this rate. GFLOP/s: the work of
direct convolution that bundle gets done. ±: the largest distance of quartiles of a row, over its median.
disturbed: other processes took too much of the processor, the row is not to be used."""


def main() -> None:
    words = _arguments()
    threads = native.cores()
    if "batches" in words.parts:
        os.environ.update(environment(threads))  # of the contestants' processes
        old = read_result("ship", words.results) if words.add else None
        rows = [row for row in (old["rows"] if old else []) if row["net"] not in words.nets]
        result = {"threads": threads, "instruction_set": instruction_set(), "rows": rows}
        result["fma_peak_gflops"] = max(fma_peak(threads) or 0 for _ in range(1 if words.quick else 3))
        for net in words.nets:
            rows.append(measured(net, threads, words))
            rows.sort(key=lambda row: nets.names().index(row["net"]))
            path = save_result("ship", result, packages=PACKAGES, folder=words.results)
            print(f"{net}: measured", file=sys.stderr, flush=True)
        lines = table(rows)
        print("\n".join(columns(lines, right=range(1, len(lines[0])), gap=1)))
        print(f"written to {path}\n{LEGEND}")
    for part in words.parts:
        if part in PARTS:
            subprocess.run([sys.executable, str(Path(__file__).with_name(PARTS[part]))], check=True)


def measured(net: str, threads: int, words: argparse.Namespace) -> dict[str, Any]:
    """The row of a network; an interrupted run keeps those before."""
    flops = forward_flops(nets.graph(net, input_shape(net), 10))
    fitting = int(min(PICTURES, WORK / flops))
    count = 64 if words.quick else fitting - fitting % 1024 * (1024 < fitting < PICTURES)
    case = {"what": "ship", "net": net, "pictures": count, "threads": threads}
    remotes = {name: Remote({**case, "contestant": name}) for name in NAMES}
    first, skipped = {}, {}
    for name, remote in remotes.items():
        try:
            first[name] = remote.first_results()[:COMPARED]
        except Unavailable as reason:
            skipped[name] = str(reason)
    agree(first, "forward")
    contestants = {name: remotes[name] for name in first}
    slices = {"repeats": words.repeats, "seconds": words.seconds, "patience": words.patience}
    rates = interleaved(contestants, batch_size=count, **slices)
    chosen = {name: remote.chosen for name, remote in contestants.items()}
    for remote in contestants.values():
        remote.close()
    return {
        "net": net,
        "input_shape": list(input_shape(net)),
        "pictures": count,
        "nominal_flops": flops,
        "rates": {name: rate.to_dict() | chosen[name] for name, rate in rates.items()},
        "skipped": skipped,
    }


def rate_of(row: Mapping[str, Any], *names: str) -> float | None:
    """The highest median of these contestants."""
    return max((row["rates"][name]["median"] for name in names if name in row["rates"]), default=None)


def over(row: Mapping[str, Any], *names: str) -> float | None:
    """How many times as fast as the best of these the bundle is."""
    mine, best = rate_of(row, "bundle"), rate_of(row, *names)
    return mine / best if mine and best else None


def table(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Headings and a line of cells for each row."""
    lines: list[tuple[str, ...]] = [HEADINGS]
    for row in rows:
        mine = rate_of(row, "bundle")
        spread = max(rates["spread"] for rates in row["rates"].values())
        disturbed = any(rates["disturbed"] for rates in row["rates"].values())
        lines.append(
            (
                row["net"] + " (disturbed)" * disturbed,
                "×".join(map(str, row["input_shape"])),
                f"{row['pictures']:,}",
                _number(rate_of(row, "torch", "torch-channels-last")),
                *(_number(rate_of(row, name)) for name in ("onnxruntime", "bundle", "predict-each")),
                _ratio(over(row, "torch", "torch-channels-last")),
                _ratio(over(row, "onnxruntime")),
                f"{PICTURES / mine:.2f} s" if mine else "–",
                _number(mine * row["nominal_flops"] / 1e9 if mine else None),
                f"{spread:.0%}",
            )
        )
    return lines


def behind(rows: list[dict[str, Any]]) -> list[str]:
    """A sentence for each network on which the bundle is slower than ONNX Runtime."""
    return [
        f"- {row['net']}: {ratio:.2f}× as fast as ONNX Runtime"
        for row in rows
        if (ratio := over(row, "onnxruntime")) is not None and ratio < 1
    ]


def median_over_torch(rows: list[dict[str, Any]]) -> float:
    """Of the ratios to PyTorch over the networks."""
    return statistics.median(
        ratio for row in rows if (ratio := over(row, "torch", "torch-channels-last")) is not None
    )


def _number(value: float | None) -> str:
    return f"{value:,.0f}" if value else "–"


def _ratio(value: float | None) -> str:
    return f"{value:.2f}×" if value else "–"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nets", type=lambda text: text.split(","), default=nets.names())
    parser.add_argument(
        "--parts", type=lambda text: text.split(","), default=["batches"], help="of batches, folder, start-up"
    )
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a slice, at least")
    parser.add_argument("--patience", type=float, default=120.0, help="s to wait for quiet, a network")
    parser.add_argument("--add", action="store_true", help="keep the file's rows that are not measured again")
    parser.add_argument("--quick", action="store_true", help="few pictures, one short slice each")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the result file")
    words = parser.parse_args()
    if words.quick:
        words.repeats, words.seconds, words.patience = 1, 0.0, 0.0
    if unknown := set(words.parts) - {"batches", *PARTS}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: batches, {', '.join(PARTS)}")
    return words


if __name__ == "__main__":
    main()
