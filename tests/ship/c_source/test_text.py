"""What is in the file: exact numbers, names that C takes, lines that can be read, a comment that is true."""

from __future__ import annotations

import ctypes
import hashlib
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convscope import Bundle, nets
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.graph import Builder
from convscope.ship.c_source.compiler import FLAGS, compiler
from convscope.ship.c_source.decimals import decimal, rows
from convscope.ship.c_source.form import written
from convscope.ship.c_source.functions import FOLDER, needed
from convscope.ship.c_source.spelling import identifier, in_comment, string
from convscope.ship.entrance import Entrance

from .networks import bundle_of, by_c, needs_compiler
from .test_networks import usual

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
C_FLOAT = re.compile(r"-?(\d+\.\d*(e[+-]\d+)?|\d+e[+-]\d+)f")  # C99 6.4.4.2: a point or an exponent


@given(arrays(np.float32, st.integers(1, 23), elements=FINITE))
def test_decimals_are_exact_and_c(values: np.ndarray) -> None:
    text = rows(values)
    numbers = text.replace("\n", " ").strip().rstrip(",").split(",")
    assert all(C_FLOAT.fullmatch(number.strip()) for number in numbers)
    read = np.array([float(number.strip().rstrip("f")) for number in numbers]).astype(np.float32)
    np.testing.assert_array_equal(read.view(np.uint32), values.view(np.uint32))  # bit for bit, -0 too
    assert [decimal(float(value)) for value in values] == [number.strip() for number in numbers]
    assert max(map(len, text.splitlines())) <= 100


@needs_compiler
def test_a_compiler_reads_the_bits_that_were_written() -> None:
    """Of random bit patterns, subnormal numbers and the ends of the range among them."""
    bits = np.random.default_rng(0).integers(0, 2**32, 4096, dtype=np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values)][:3000]
    values[:6] = [0.0, -0.0, 1e-45, -1.1754942e-38, 3.4028235e38, 16777216.0]
    builder = Builder("numbers")
    x = builder.append("affine", builder.flatten(builder.input(1, 1)), factor=0.0, offset=0.0)
    graph = builder.build(builder.linear(x, len(values), name="fc"))
    bundle = Bundle(
        "numbers",
        tuple(map(str, range(len(values)))),
        ArrayPreprocessing(shape=(1, 1)),
        graph,
        {"fc.weight": np.zeros((len(values), 1), np.float32), "fc.bias": values},
        "probabilities",
    )
    found = by_c(bundle, np.ones((1, 1, 1), np.float32))[0]
    np.testing.assert_array_equal(found[2:].view(np.uint32), values[2:].view(np.uint32))


TRICKY = 'a "b" \\ ??/ %d */ /* é ☃ \n\t\x00 // trigraph ??= end\\'


@needs_compiler
def test_any_name_of_a_class_layer_or_network_is_taken(tmp_path: Path) -> None:
    builder = Builder(TRICKY)
    x = builder.flatten(builder.input(1, 2, 2))
    x = builder.linear(x, 3, name="a.b")
    x = builder.linear(x, 3, name="a_b")  # the same identifier
    x = builder.linear(x, 3, name="0")
    x = builder.linear(x, 3, name="ключ*/??/")
    names = (TRICKY.replace("\x00", ""), "", "1" * 300)
    bundle = bundle_of(builder.build(x), Preprocessing(height=2, width=2, channels=1))
    bundle = Bundle(
        TRICKY, names, bundle.preprocessing, bundle.graph, bundle.weights, info={"data": {"name": TRICKY}}
    )
    text = written(bundle, Entrance(bundle.preprocessing))
    text.decode("ascii")
    (tmp_path / "names.c").write_bytes(text)
    command = compiler() or []
    words = [*command, *FLAGS, "-pedantic", "-shared", "-fPIC", "names.c", "-o", "names.so", "-lm"]
    subprocess.run(words, cwd=tmp_path, check=True)
    found = (ctypes.c_char_p * 3).in_dll(ctypes.CDLL(str(tmp_path / "names.so")), "class_names")
    assert [name.decode() for name in found if name is not None] == list(names)


def test_spelling() -> None:
    assert identifier("layer1.0.conv1") == "layer1_0_conv1"
    assert in_comment("a*/b/*c??") == "a* /b/ *c? ?"
    assert string("\x7f0") == '"\\1770"'


@given(st.text())
def test_no_text_ends_a_comment(text: str) -> None:
    inside = in_comment(text)
    assert not re.search(r"\*/|/\*|\?\?|\n", inside)
    inside.encode("ascii")


@pytest.mark.parametrize("name", ["convnet-bn", "resnet-8", "simple-cnn-1d"])
def test_lines_are_no_longer_than_100_columns_and_only_what_is_used_is_there(name: str) -> None:
    graph = nets.graph(name)
    bundle = bundle_of(graph, usual(graph))
    text = written(bundle, Entrance(bundle.preprocessing)).decode()
    assert max(map(len, text.splitlines())) <= 100
    defined = set(re.findall(r"^static (?:void|float|long) (\w+)\(", text, flags=re.MULTILINE))
    without_comments = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert all(without_comments.count(f"{name}(") >= 2 for name in defined)
    assert "malloc" not in text
    assert set(re.findall(r"^#include (.*)$", text, flags=re.MULTILINE)) <= {"<math.h>", "<stdint.h>"}


def test_every_function_is_a_file_that_begins_with_what_it_is_for() -> None:
    for path in FOLDER.glob("*.c"):
        text = path.read_text("ascii")
        assert text.startswith("/* "), path
        assert max(map(len, text.splitlines())) <= 100, path
        assert re.search(
            rf"^(static (void|float|long) {path.stem}\(|struct {path.stem} {{)", text, re.MULTILINE
        )
        assert text.strip() == needed([path.stem])[path.stem].strip()


def comment_of(bundle: Bundle, **settings: Any) -> str:
    text = written(bundle, Entrance(bundle.preprocessing, **settings)).decode()
    return " ".join(text[: text.index("*/")].split())


def test_the_comment_says_what_the_network_needs() -> None:
    graph = nets.graph("convnet-bn")
    bundle = bundle_of(graph, usual(graph))
    info = {
        "data": {"name": "digits", "checksum": "abc"},
        "metrics": {"test": {"accuracy": 0.9916, "count": 359}},
    }
    bundle = Bundle(bundle.net, bundle.classes, bundle.preprocessing, graph, bundle.weights, info=info)
    comment = comment_of(bundle)
    folded = 29_034 - 2 * 16 - 2 * 32 + 2  # without the batch norms, with the scaling
    assert f"Constants (flash): {4 * folded:,} bytes" in comment
    assert f"Working memory (RAM): {4 * (28 * 28 + 16 * 28 * 28):,} bytes" in comment
    assert "needs most is conv1: conv2d, norm1: batch norm, 16x28x28." in comment
    assert f"Work: {25 * 16 * 784 + 25 * 16 * 32 * 196 + 1568 * 10:,} multiplications" in comment
    assert "Accuracy 99.16 % of 359 pictures, test." in comment
    assert "Trained on digits (checksum abc)." in comment
    assert f"sha256 {hashlib.sha256(bundle.to_bytes()).hexdigest()}." in comment
    assert "(class 0, class 1," in comment


def test_the_comment_says_how_an_input_is_made() -> None:
    builder = Builder("tiny")
    graph = builder.build(builder.linear(builder.flatten(builder.input(1, 3, 5)), 2))
    settings: dict[str, Any] = {"height": 3, "width": 5, "channels": 1, "mean": (0.5,), "std": (0.25,)}
    light = bundle_of(graph, Preprocessing(**settings, resize="fit", invert=True, fill=0))
    comment = comment_of(light)
    assert "const uint8_t *picture" in comment
    assert "3 rows of 5 pixels" in comment
    assert "of the value 255 (" in comment  # which turns to 0 inside
    for step in ("EXIF", "transparent pixels over white", "v / 257", "draft(None, (10, 6))", "convert('L')"):
        assert step in comment
    assert (
        "The network turns light and dark around (255 - x) and computes (x / 255 - mean) / std with mean 0.5 "
        "and std 0.25 per channel." in comment
    )
    comment = comment_of(light, inside=False)
    assert "const float *values" in comment
    assert "Turn light and dark around: 255 - x. Put it in the middle of 5x3 pixels" in comment
    assert "of the value 0 (" in comment
    assert "Compute (x / 255 - mean) / std with mean 0.5 and std 0.25 per channel." in comment
    assert "The network" not in comment
    signal = bundle_of(
        nets.graph("simple-cnn-1d"), ArrayPreprocessing(shape=(1, 128), mean=(3.0,), std=(2.0,))
    )
    comment = comment_of(signal)
    assert "1x128 numbers of one signal, channel by channel: values[channel * LENGTH + place]." in comment
    assert "The network computes (x - mean) / std with mean 3 and std 2 per channel." in comment
    comment = comment_of(signal, inside=False)
    assert "Compute (x - mean) / std with mean 3 and std 2 per channel." in comment
