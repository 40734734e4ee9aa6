"""What people type and read: numbers, matrices, kernels and pools by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from convscope import ops
from convscope.cli import conv_input
from convscope.ops.steps import plain, spelled
from convscope.written_matrix import typed_filters
from convscope.written_pool import Pooling

from .case import Case, case, told


def numbers(chance: np.random.Generator) -> Case:
    """Of every size, ties among them: 1000.5, 0.12345, 12.125."""
    given = [
        *(chance.normal(size=300) * 10.0 ** chance.integers(-12, 13, 300)),
        *(chance.integers(-99999, 99999, 200) / 2.0 ** chance.integers(0, 12, 200)),
        *chance.integers(-(10**8), 10**8, 50).astype(float),
        0.0, -0.0, 1000.5, 1001.5, -1000.5, 12.125, 99995.0, 9999.5, 0.00012345, 0.000099995, 1e7, 9999999.0,
        1e-5, 5e-324, 1.7976931348623157e308, 1 / 3, 123456.5, 2.5, 1e22, 0.1 + 0.2,
    ]  # fmt: skip
    given = [float(number) for number in given]
    return case("numbers", given, lambda: [[plain(number), spelled(number)] for number in given])


def matrices(chance: np.random.Generator) -> Iterable[Case]:
    texts = [
        "1 0 -1; 2 0 -2", "1/4 1/2 1/4", "1/4, 1/2, 1/4", "sobel-x", "", "  ", "3", "-3/4",
        "1 2; 3 4 / 5 6; 7 8",
        "1 0 / 0 1 // 1 1 / 0 0", "1 2 // 3 4", "1/2 1 / 1 1/3", "1 2\n3 4\n/\n5 6\n7 8", "1 2;3 4;",
        ";1 2;;3 4", "1,2;3,4",
        "1 2; 3", "1 2 / 3", "1 2 / 3 4 // 5 6", "1 2 / 3 4; 5 6", "1 2 x", "1 2 /", "1 2 /3 4",
        "1 2/ 3 4", "1 / / 2",
        "1 //", "/ 1", "// 1", "1/0 2", "1 1/0", "inf", "1 nan", "1e999", "1e-3 .5 5. +2 -0", "1_000",
        "1__0", "0x10", "1 ; 2 ; 3",
        "1e5", "1 2 ;/; 3 4", "7 /// 8", "1 / 2 / 3 // 4 / 5 / 6", ",1,2,", "1\t2\r\n3 4", "1/2/3", "½",
        "1;,;2", "−1 2; 3 −1/4", "1e−3 −.5", "1−2", "−−1", "1/−2", "−inf 1",
    ]  # fmt: skip
    for _ in range(40):
        rows, columns, planes = (int(n) for n in chance.integers(1, 4, 3))
        row = lambda n=columns: " ".join(str(x) for x in chance.integers(-99, 99, n) / 4)  # noqa: E731
        texts.append(" / ".join("; ".join(row() for _ in range(rows)) for _ in range(planes)))
    for text in texts:

        def expect(text: str = text) -> Any:
            numbers = typed_filters(text)
            return None if numbers is None else told(numbers)

        yield case(repr(text), {"text": text}, expect)


def kernels() -> Iterable[Case]:
    texts = [
        *ops.KERNELS, "sobel", "Prewitt", "scharr", "log", "Sobel_X", "laplacian of gaussian", "box:5",
        "box:2", "identity:5",
        "gaussian:2", "gaussian:0.5:3", "gaussian:0.1", "gaussian:1:4", "log:1:9", "log:2", "sharpen:0.5",
        "sharpen:-1",
        "motion-blur:5:45", "motion-blur:9:30", "motion-blur:4:90", "motion-blur:7:-135",
        "motion-blur:2:90", "motion-blur:6:90", "gabor:2:45", "gabor:3:90:4:11:90",
        "gabor:2:10:5:8", "1 0 -1", "1 0 -1; 2 0 -2", "1 2 / 3 4", "1; 2 // 3; 4",
        "sobell", "unknown", "", "box:0", "box:2.5", "box:x", "box:", "box:1000", "identity:4",
        "gaussian:0", "gaussian:-1",
        "gaussian:inf", "gaussian:nan", "gaussian:200", "gaussian:1:2:3", "sobel-x:1", "gabor:1:1:0",
        "gabor:1:inf",
        "sharpen:inf", "motion-blur:9:nan", "log:0", "box:1/2", "box:5 ", "box:1e1",
    ]  # fmt: skip
    for text in texts:
        for rank in (1, 2):

            def expect(text: str = text, rank: int = rank) -> Any:
                numbers = conv_input.read_kernel(text, rank).numbers
                return told(numbers if numbers.ndim == rank + 2 else numbers[None, None])

            yield case(f"{text!r} of rank {rank}", {"text": text, "rank": rank}, expect)


def gallery() -> Case:
    def parameters(make: Callable[..., Any]) -> list[list[Any]]:
        kinds = inspect.signature(make).parameters.values()
        return [[p.name, p.default] for p in kinds if p.kind is p.POSITIONAL_OR_KEYWORD]

    found = [[k.name, k.purpose.replace("`", ""), parameters(k.make)] for k in ops.KERNELS.values()]
    return case("the gallery", None, lambda: found)


def pool_texts() -> Iterable[Case]:
    for text in (
        "max", "max:2", "max:3:2", "max:3x2", "max:3×2:1x2", "max:3,2", "average", "average:3x3:1", "lp",
        "lp:2", "lp:2:2:3",
        "lp:2:1:2.5", "lp:3:3:12", "l1", "l2:2", "l3:2:2", "l9:4", "global-max", "global-average",
        "l0:2", "lp:2:2:0", "lp:2:2:1..2", "l2:2:2:3", "max:2:2:2", "max:0", "max:", "max:2:", "max:-1",
        "max:12345", "mean",
        "global-lp", "global-max:2", "", "maxx:2", "max:2x2x2", "average:3x3:1 ", "l10:2",
    ):  # fmt: skip
        yield case(repr(text), {"text": text}, lambda text=text: str(Pooling.parse(text)))
