"""What int8 costs on trained runs, by how ranges and weights are chosen, as docs/results.md prints it.

    python benchmarks/int8.py runs/A runs/B

Each setting is ours with one thing changed. All are calibrated on the same training pictures and measured on
the validation pictures (test pictures where there are none). `without VNNI` is of the first 100 of these, in
whole numbers by without_vnni.py: right as float32, as here, and on a processor that cuts pairs of products
off at 16 bits.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
import onnxruntime.quantization as ort
from result_files import write_result
from without_vnni import Integers

from convscope import Bundle
from convscope.columns import columns, in_bytes
from convscope.ship.entrance import Entrance
from convscope.ship.onnx_model.form import written
from convscope.ship.quantization import Cost, gate, static
from convscope.ship.quantization.gate import int8_of
from convscope.training.evaluation import dataset_of

METHODS = ort.CalibrationMethod
SETTINGS: dict[str, dict[str, Any]] = {
    "ours": {},
    "64 pictures": {"pictures": 64},
    "percentile 99.99": {
        "calibrate_method": METHODS.Percentile,
        "extra_options": {"CalibPercentile": 99.99},
    },
    "entropy": {"calibrate_method": METHODS.Entropy},
    "one scale per tensor": {"per_channel": False},
    "weights of 8 bits": {"reduce_range": False},
    "scores rounded too": {"scores": True},
}
FEW = 100  # pictures in whole numbers


@contextmanager
def changed(pictures: int = 512, scores: bool = False, **settings: Any) -> Iterator[None]:
    """Our quantisation, with other settings."""
    quantize, release, count = ort.quantize_static, static.release_scores, gate.CALIBRATED
    ort.quantize_static = lambda *words, **given: quantize(*words, **{**given, **settings})
    static.release_scores = (lambda _: None) if scores else release
    gate.CALIBRATED = pictures
    try:
        with redirect_stdout(StringIO()):  # the histograms talk
            yield
    finally:
        ort.quantize_static, static.release_scores, gate.CALIBRATED = quantize, release, count


def measured(path: str) -> dict[str, Any]:
    """One run under all settings."""
    bundle = Bundle.load(path)
    data, _ = dataset_of(bundle)
    entrance = Entrance(bundle.preprocessing)
    model = written(bundle, entrance)
    record: dict[str, Any] = {"net": bundle.net, "data": data.name, "size": len(model), "settings": {}}
    rows = [("setting", "accuracy", "only before", "only after", "same class", "mean", "largest", "size")]
    for name, settings in SETTINGS.items():
        with changed(**settings):
            quantized = int8_of(bundle, entrance, model, data, max_drop=100)
        rows.append((name, *row(quantized.cost), in_bytes(len(quantized.model))))
        record["settings"][name] = quantized.to_dict()
        if name in ("ours", "weights of 8 bits"):
            split = data.validation or data.test
            assert split is not None
            stored, labels = split.images[:FEW], split.labels[:FEW]
            floats = bundle.probabilities(stored).argmax(axis=1) == labels
            record["settings"][name]["without_vnni"] = {"float": int(floats.sum()), "count": len(labels)}
            for saturating in (False, True):
                integers = Integers(quantized.model, saturating=saturating)
                found = integers.probabilities(entrance.of_stored(stored)).argmax(axis=1)
                record["settings"][name]["without_vnni"] |= {
                    "saturating" if saturating else "exact": int((found == labels).sum()),
                    "cut": integers.cut / integers.pairs,
                }
    cost = quantized.cost
    before = f"{100 * cost.accuracy_before:.2f} % of {cost.count:,} {cost.part} pictures"
    print(f"{bundle.net} on {data.name}: {before}, {in_bytes(len(model))}")
    print("\n".join(columns(rows, right=range(1, 8))))
    for name in ("ours", "weights of 8 bits"):
        few = record["settings"][name]["without_vnni"]
        print(
            f"without VNNI, {name}: of {few['count']} right {few['float']} as float32, {few['exact']} here, "
            f"{few['saturating']} there; {few['cut']:.2%} of the pairs are cut off"
        )
    return record


def row(cost: Cost) -> tuple[str, ...]:
    return (
        f"{100 * cost.accuracy_after:.2f} %",
        f"{cost.only_before}",
        f"{cost.only_after}",
        f"{100 * cost.agreeing / cost.count:.2f} %",
        f"{cost.mean_difference:.5f}",
        f"{cost.largest_difference:.3f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+")
    words = parser.parse_args()
    np.seterr(all="raise", under="ignore")
    write_result("int8", {"runs": [measured(path) for path in words.runs]}, packages=("onnx", "onnxruntime"))


if __name__ == "__main__":
    main()
