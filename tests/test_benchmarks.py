"""What the benchmarks count and print; how fast anything is, is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from convscope import nets
from convscope.ship.quantization import quantize

from .ship.quantization.made import bundle_of, by_onnxruntime, float_model, preprocessing_for, stored_for

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_the_document_holds_what_the_result_files_say() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "tables.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_work_of_a_training_step_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    work = import_module("work")
    first, second, linear = 26 * 26 * 4 * 9, 11 * 11 * 8 * 4 * 9, 200 * 10
    graph = nets.graph("simple-cnn-4-8")
    assert work.forward_flops(graph) == 2 * (first + second + linear)
    assert work.training_flops(graph) == 2 * (2 * first + 3 * (second + linear))


def test_prediction_is_compared(tmp_path: Path) -> None:
    """PyTorch, ONNX Runtime and the bundle agree, or it would stop."""
    pytest.importorskip("onnxruntime")
    words = ["--quick", "--nets", "simple-cnn-4-8", "--results", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "ship.py"), *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "ship.json").read_text("utf-8"))["rows"]
    assert {"torch", "torch-channels-last", "onnxruntime", "bundle"} <= set(row["rates"])
    assert row["rates"]["onnxruntime"]["batch_size"] in (64, 128, 256, 512, 1024)


def test_a_shortcut_needs_its_input_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    work = import_module("work")
    graph = nets.graph("resnet-8")
    first = 32 * 32 * 16 * 27
    assert work.training_flops(graph) == 3 * work.forward_flops(graph) - 2 * first


def test_int8_in_whole_numbers_is_what_onnxruntime_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    integers = import_module("without_vnni").Integers
    for name, shape in (("mobile-small", (3, 16, 16)), ("simple-cnn-1d", (1, 64)), ("lenet-5", (1, 28, 28))):
        bundle = bundle_of(nets.graph(name, shape), preprocessing_for(shape))
        model, entrance = float_model(bundle)
        given = entrance.of_stored(stored_for(bundle.preprocessing, 6))
        made = quantize(model, given)
        for saturating in (False, True):  # weights of 7 bits leave nothing to cut off
            by_hand = integers(made, saturating=saturating)
            np.testing.assert_allclose(by_hand.probabilities(given), by_onnxruntime(made)(given), atol=5e-3)
            assert by_hand.pairs > 1000
            assert by_hand.cut == 0
