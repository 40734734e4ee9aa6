"""Cases for the core of the page, `web/src/core`, with what `convscope.ops` gives for them."""

from __future__ import annotations

import inspect
import math
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from convscope import ops
from convscope.cli import conv_input, conv_result
from convscope.cli.matrices import typed_matrix
from convscope.cli.options import per_axis
from convscope.errors import ConvscopeError, ConvscopeWarning, UsageError
from convscope.exercise.size_sum import SizeSum
from convscope.ops.looking import Walk
from convscope.ops.padding import pad
from convscope.ops.pool_steps import PoolStep
from convscope.ops.steps import plain, spelled
from convscope.written_pool import Pooling

Case = dict[str, Any]
BORDERS = ("zeros", "reflect", "replicate", "circular")
POOLS = ("max:2", "max:3:1", "average:2", "average:3x2:2x1", "lp:2", "l1:2", "l3:3:2", "lp:2:1:1.5", "max:1")


def cases(seed: int = 0) -> dict[str, list[Case]]:
    """By kind; each with a name, what is given, and what is expected of it."""
    chance = np.random.default_rng(seed)
    return {
        "convolution": [*convolutions(chance, 160), *wrong_convolutions()],
        "each": list(each_channel(chance, 30)),
        "pool": [*pools(chance, 120), *wrong_pools()],
        "border": list(borders(chance, 30)),
        "geometry": list(geometry(chance, 120)),
        "numbers": [numbers(chance)],
        "matrix": list(matrices(chance)),
        "kernel": list(kernels()),
        "gallery": [gallery()],
        "poolText": list(pool_texts()),
        "chain": list(chains(chance)),
        "filtered": list(filters(chance, 24)),
        "written": list(written(chance, 40)),
    }


def case(name: str, given: Any, expect: Callable[[], Any]) -> Case:
    """With what `expect` gives, or that it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvscopeWarning)  # of even kernels
        try:
            expected = expect()
        except ConvscopeError as error:
            expected = {"error": str(error)}
    return {"name": name, "given": given, "expected": expected}


def told(array: Any) -> dict[str, Any]:
    """Shape and numbers."""
    values = np.asarray(array, dtype=np.float64)
    return {"shape": list(values.shape), "data": values.ravel().tolist()}


def values(chance: np.random.Generator, shape: Iterable[int]) -> np.ndarray:
    """Whole numbers, quarters, or any; sums of the first two are exact, so that ties round alike."""
    shape = tuple(shape)
    kind = chance.integers(3)
    if kind == 0:
        return chance.integers(-9, 10, shape)
    return chance.integers(-40, 41, shape) / 4 if kind == 1 else chance.normal(size=shape) * 3


def one_for_all(given: list[int] | None) -> Any:
    """As ops takes it: one number stands alone."""
    return given[0] if given is not None and len(given) == 1 else given


def settings(chance: np.random.Generator, rank: int, *, pool: bool = False) -> dict[str, Any]:
    padding: Any = chance.choice(["valid", "same", "full", "number", "each"])
    if padding == "number":
        padding = int(chance.integers(0, 4))
    elif padding == "each":
        padding = chance.integers(0, 3, rank).tolist()
    return {
        "padding": padding if isinstance(padding, int | list) else str(padding),
        "stride": chance.integers(1, 4, chance.choice([1, rank])).tolist(),
        "dilation": chance.integers(1, 3, chance.choice([1, rank])).tolist(),
        "border": str(chance.choice(BORDERS)),
    }


def walked(walk: Walk[Any], chance: np.random.Generator, sizes: Any, kernel_size: Any) -> dict[str, Any]:
    """All of a walk that the page shows, and some of its steps."""
    chosen = {0, len(walk) - 1, *chance.integers(0, len(walk), 3).tolist()}
    axes = [
        {"kernel_size": int(k), "stride": s, "dilation": d, "padding": p}
        for k, s, d, p in zip(kernel_size, walk.stride, walk.dilation, walk.pads, strict=True)
    ]
    return {
        "shape": list(walk.shape),
        "pads": [list(pair) for pair in walk.pads],
        "output": told(walk.output()),
        "unreached": [ops.unreached(n, **axis) for n, axis in zip(sizes, axes, strict=True)],
        "sizes": [str(SizeSum("axis", n, **axis)) for n, axis in zip(sizes, axes, strict=True)],
        "steps": [stepped(walk[index]) for index in sorted(chosen)],
    }


def stepped(step: Any) -> dict[str, Any]:
    common = {
        "position": list(step.position),
        "start": list(step.start),
        "window": told(step.window),
        "inside": step.inside.ravel().tolist(),
        "result": float(step.result),
        "equation": step.equation(),
    }
    if isinstance(step, PoolStep):
        winner = None if step.winner is None else list(step.winner)
        kind = {"pool": step.kind, "p": step.p}
        return {**common, **kind, "counted": step.counted.ravel().tolist(), "winner": winner}
    return {
        **common,
        "coordinates": [axis.tolist() for axis in step.coordinates],
        "kernel": told(step.kernel),
        "products": told(step.products),
        "running": told(step.running),
        "channelSums": step.channel_sums.tolist(),
        "bias": None if step.bias is None else float(step.bias),
    }


def convolutions(chance: np.random.Generator, count: int) -> Iterable[Case]:
    for number in range(count):
        rank, channels = int(chance.integers(1, 3)), bool(chance.integers(2))
        sizes = chance.integers(1, 9, rank).tolist()
        kernel_size = chance.integers(1, 5, rank).tolist()
        groups = int(chance.choice([1, 1, 2])) if channels else 1
        ins, outs = (int(chance.integers(1, 3)), int(chance.integers(1, 3)) * groups) if channels else (1, 1)
        picture = values(chance, [ins * groups, *sizes] if channels else sizes)
        kernel = values(chance, [outs, ins, *kernel_size] if channels else kernel_size)
        if channels and outs == 1 and chance.integers(2):
            kernel = kernel[0]  # one filter may stand alone
        bias = values(chance, [outs]).tolist() if chance.integers(2) else None
        yield sliding_case(f"convolution {number}", chance, picture, kernel, {
            **settings(chance, rank), "bias": bias, "flip": bool(chance.integers(2)),
            "channels": channels, "groups": groups,
        })  # fmt: skip


def sliding_case(
    name: str, chance: np.random.Generator, picture: np.ndarray, kernel: np.ndarray, given: dict[str, Any]
) -> Case:
    def expect() -> dict[str, Any]:
        rank = picture.ndim - given["channels"]
        alone = given["channels"] and kernel.ndim == rank + 1
        ways = {key: one_for_all(given[key]) for key in ("stride", "dilation")}
        ways |= {key: given[key] for key in ("flip", "padding", "border", "groups")}
        walk = ops.steps(picture, kernel[None] if alone else kernel, given["bias"], **ways)
        return walked(walk, chance, picture.shape[-rank:], kernel.shape[-rank:])

    return case(name, {"input": told(picture), "kernel": told(kernel), **given}, expect)


def wrong_convolutions() -> Iterable[Case]:
    chance = np.random.default_rng(1)
    plainly = {"padding": "valid", "stride": [1], "dilation": [1], "border": "zeros", "bias": None}
    plainly |= {"flip": False, "channels": False, "groups": 1}
    picture, kernel = np.ones((3, 4)), np.ones((2, 2))
    for wrong in (
        {"stride": [0]}, {"stride": [1, 2, 3]}, {"stride": []}, {"dilation": [0, 1]}, {"dilation": [4]}, {"padding": -1},
        {"padding": [1, 1, 1]}, {"padding": "some"}, {"border": "mirror"}, {"bias": [1.0, 2.0]}, {"groups": 2},
        {"padding": 3, "border": "reflect"}, {"padding": [0, 5], "border": "circular"}, {"padding": [0, 4], "border": "circular"},
        {"padding": [3, 0], "border": "reflect"}, {"padding": 2, "border": "reflect"}, {"groups": 0},
    ):  # fmt: skip
        yield sliding_case(str(wrong), chance, picture, kernel, {**plainly, **wrong})
    channelled = {**plainly, "channels": True}
    for name, shape, taps, given in (
        ("kernel beyond the picture", (3, 3), (4, 1), plainly),
        ("kernel of another rank", (3, 3), (2,), plainly),
        ("no kernel so large", (2, 2), (5, 5), {**plainly, "padding": 1}),
        ("kernel as large as the picture", (3, 3), (3, 3), plainly),
        ("one pixel", (1, 1), (3, 3), {**plainly, "padding": "same", "border": "replicate"}),
        ("one pixel, reflected", (1, 1), (3, 3), {**plainly, "padding": "same", "border": "reflect"}),
        ("too few planes", (3, 4, 4), (1, 2, 2, 2), channelled),
        ("too few planes of one filter", (3, 4, 4), (2, 2, 2), channelled),
        ("groups do not divide", (3, 4, 4), (2, 1, 2, 2), {**channelled, "groups": 2}),
        ("groups", (4, 4, 4), (2, 2, 2, 2), {**channelled, "groups": 2}),
        ("a bias too many", (2, 4), (3, 2, 2), {**channelled, "bias": [1.0, 2.0]}),
    ):
        yield sliding_case(name, chance, np.ones(shape), np.ones(taps), given)


def each_channel(chance: np.random.Generator, count: int) -> Iterable[Case]:
    for number in range(count):
        rank, channels = int(chance.integers(1, 3)), int(chance.integers(1, 4))
        picture = values(chance, [channels, *chance.integers(1, 8, rank)])
        kernel = values(chance, chance.integers(1, 4, rank))
        given = {**settings(chance, rank), "flip": bool(chance.integers(2))}
        given["bias"] = values(chance, [1]).tolist() if chance.integers(2) else None

        def expect(picture=picture, kernel=kernel, given=given) -> dict[str, Any]:  # type: ignore[no-untyped-def]
            ways = {key: one_for_all(given[key]) for key in ("stride", "dilation")}
            ways |= {key: given[key] for key in ("flip", "padding", "border")}
            return of_channels(
                [ops.steps(channel, kernel, given["bias"], **ways) for channel in picture], chance, picture, kernel.shape
            )  # fmt: skip

        yield case(f"each {number}", {"input": told(picture), "kernel": told(kernel), **given}, expect)


def of_channels(walks: list[Walk[Any]], chance: np.random.Generator, picture: Any, kernel_size: Any) -> Any:
    """The walks over single channels as one: a channel stands before every position."""
    each = [walked(walk, chance, picture.shape[1:], kernel_size) for walk in walks]
    steps = []
    for channel, one in enumerate(each):
        for step in one["steps"]:
            winner = step.get("winner")
            found = {} if winner is None else {"winner": [channel, *winner]}
            steps.append({**step, "position": [channel, *step["position"]], **found})
    output = told(np.stack([walk.output() for walk in walks]))
    return {**each[0], "shape": output["shape"], "output": output, "steps": steps}


def pools(chance: np.random.Generator, count: int) -> Iterable[Case]:
    for number in range(count):
        rank, channels = int(chance.integers(1, 3)), bool(chance.integers(2))
        picture = values(chance, [*[2] * channels, *chance.integers(1, 9, rank)])
        text = str(chance.choice([*POOLS, "global-max", "global-average"]))
        given: dict[str, Any] = {**settings(chance, rank), "channels": channels}
        if chance.integers(2):
            given |= {"padding": "valid", "dilation": [1]}
        if chance.integers(2):
            given["stride"] = None
        yield pool_case(f"pool {number}, {text}", chance, picture, text, given)


def pool_case(
    name: str, chance: np.random.Generator, picture: np.ndarray, text: str, given: dict[str, Any]
) -> Case:
    def expect() -> Any:
        pool = Pooling.parse(text)
        maps = picture if given["channels"] else picture[None]
        size, own = pool.fitted(maps.shape[1:])
        ways = {key: given[key] for key in ("padding", "border")}
        ways |= {key: one_for_all(given[key]) for key in ("stride", "dilation")}
        if pool.window is None:
            if given["padding"] not in ("valid", 0) or set(given["dilation"]) != {1}:
                raise UsageError("as the command says: a global pool takes the whole input")
            ways = {"border": given["border"]}
        elif own is not None:
            ways["stride"] = own
        if isinstance(ways.get("stride"), int):
            ways["stride"] = (ways["stride"],) * len(size)
        walks: list[Walk[Any]] = [ops.pool_steps(one, size, kind=pool.kind, p=pool.p, **ways) for one in maps]
        if given["channels"]:
            return of_channels(walks, chance, maps, size)
        return walked(walks[0], chance, picture.shape, size)

    return case(name, {"input": told(picture), "pool": text, **given}, expect)


def wrong_pools() -> Iterable[Case]:
    chance = np.random.default_rng(2)
    plainly = {"padding": "valid", "stride": None, "dilation": [1], "border": "zeros", "channels": False}
    for shape, text, given in (
        ((3, 3), "max:4", {}), ((3,), "max:2x2", {}), ((4,), "max:2:1x1", {}), ((3, 3), "max:2", {"padding": 2}),
        ((3, 3), "average:2", {"padding": "full"}), ((3, 3), "l2:2", {"padding": "full", "dilation": [3]}),
        ((3, 3), "max:2", {"border": "none"}), ((1, 1), "max:2", {"padding": "same", "border": "reflect"}),
        ((3, 3), "max:2", {"stride": [0]}), ((3, 3), "max:9", {"padding": "same"}), ((2, 2), "max:2", {}),
    ):  # fmt: skip
        yield pool_case(f"{text} of {shape}, {given}", chance, np.ones(shape), text, {**plainly, **given})


def borders(chance: np.random.Generator, count: int) -> Iterable[Case]:
    for number in range(count):
        rank = int(chance.integers(1, 3))
        picture = values(chance, [*chance.integers(1, 3, chance.integers(2)), *chance.integers(3, 6, rank)])
        pads = chance.integers(0, 3, (rank, 2)).tolist()
        border = BORDERS[number % 4]
        given = {"input": told(picture), "pads": pads, "border": border}
        pairs = tuple(map(tuple, pads))
        yield case(f"border {number}", given, lambda p=picture, q=pairs, b=border: told(pad(p, q, b)))


def geometry(chance: np.random.Generator, count: int) -> Iterable[Case]:
    for number in range(count):
        size, before, after = (int(n) for n in chance.integers(0, (14, 4, 4)))
        kernel, stride, dilation = (int(n) for n in chance.integers(1, (6, 5, 4)))
        given = {"size": size, "pads": [before, after], "kernel": kernel, "stride": stride, "dilation": dilation}
        ways = {"kernel_size": kernel, "stride": stride, "dilation": dilation, "padding": (before, after)}
        expected = {"output": ops.output_size(size, **ways), "unreached": ops.unreached(size, **ways)}
        yield case(f"geometry {number}", given, lambda expected=expected: expected)


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


def typed(text: str) -> np.ndarray | None:
    """(filters, channels, ...) of a text, each plane read as the command line reads a matrix."""
    if typed_matrix(re.split(r"\s//?(?:\s|$)", text)[0]) is None:
        return None
    filters = [re.split(r"(?<!\S)/(?!\S)", part) for part in re.split(r"(?<!\S)//(?!\S)", text)]
    planes = [[typed_matrix(plane) for plane in part] for part in filters]
    shapes = {getattr(plane, "shape", None) for part in planes for plane in part}
    if len(shapes) > 1 or len({len(part) for part in planes}) > 1 or None in shapes:
        raise UsageError("planes of different sizes")
    return np.array(planes)


def matrices(chance: np.random.Generator) -> Iterable[Case]:
    texts = [
        "1 0 -1; 2 0 -2", "1/4 1/2 1/4", "1/4, 1/2, 1/4", "sobel-x", "", "  ", "3", "-3/4", "1 2; 3 4 / 5 6; 7 8",
        "1 0 / 0 1 // 1 1 / 0 0", "1 2 // 3 4", "1/2 1 / 1 1/3", "1 2\n3 4\n/\n5 6\n7 8", "1 2;3 4;", ";1 2;;3 4", "1,2;3,4",
        "1 2; 3", "1 2 / 3", "1 2 / 3 4 // 5 6", "1 2 / 3 4; 5 6", "1 2 x", "1 2 /", "1 2 /3 4", "1 2/ 3 4", "1 / / 2",
        "1 //", "/ 1", "// 1", "1/0 2", "1 1/0", "inf", "1 nan", "1e999", "1e-3 .5 5. +2 -0", "1_000", "1__0", "0x10", "1 ; 2 ; 3",
        "1e5", "1 2 ;/; 3 4", "7 /// 8", "1 / 2 / 3 // 4 / 5 / 6", ",1,2,", "1\t2\r\n3 4", "1/2/3", "½", "1;,;2",
    ]  # fmt: skip
    for _ in range(40):
        rows, columns, planes = (int(n) for n in chance.integers(1, 4, 3))
        row = lambda n=columns: " ".join(str(x) for x in chance.integers(-99, 99, n) / 4)  # noqa: E731
        texts.append(" / ".join("; ".join(row() for _ in range(rows)) for _ in range(planes)))
    for text in texts:

        def expect(text: str = text) -> Any:
            numbers = typed(text)
            return None if numbers is None else told(numbers)

        yield case(repr(text), {"text": text}, expect)


def kernels() -> Iterable[Case]:
    texts = [
        *ops.KERNELS, "sobel", "Prewitt", "scharr", "log", "Sobel_X", "laplacian of gaussian", "box:5", "box:2", "identity:5",
        "gaussian:2", "gaussian:0.5:3", "gaussian:0.1", "gaussian:1:4", "log:1:9", "log:2", "sharpen:0.5", "sharpen:-1",
        "motion-blur:5:45", "motion-blur:9:30", "motion-blur:4:90", "motion-blur:7:-135", "gabor:2:45", "gabor:3:90:4:11:90",
        "gabor:2:10:5:8", "1 0 -1", "1 0 -1; 2 0 -2", "1 2 / 3 4", "1; 2 // 3; 4",
        "sobell", "unknown", "", "box:0", "box:2.5", "box:x", "box:", "box:1000", "identity:4", "gaussian:0", "gaussian:-1",
        "gaussian:inf", "gaussian:nan", "gaussian:200", "gaussian:1:2:3", "sobel-x:1", "gabor:1:1:0", "gabor:1:inf",
        "sharpen:inf", "motion-blur:9:nan", "log:0", "box:1/2", "box:5 ", "box:1e1",
    ]  # fmt: skip
    for text in texts:
        for rank in (1, 2):

            def expect(text: str = text, rank: int = rank) -> Any:
                numbers = typed(text)
                if numbers is None:
                    return told(conv_input.read_kernel(text, rank)[1][None, None])
                if numbers.ndim - 2 > rank:
                    raise UsageError("a signal takes one row")
                return told(numbers if numbers.ndim - 2 == rank else numbers[:, :, None])

            yield case(f"{text!r} of rank {rank}", {"text": text, "rank": rank}, expect)


def gallery() -> Case:
    def parameters(make: Callable[..., Any]) -> list[list[Any]]:
        kinds = inspect.signature(make).parameters.values()
        return [[p.name, p.default] for p in kinds if p.kind is p.POSITIONAL_OR_KEYWORD]

    found = [[k.name, k.purpose.replace("`", ""), parameters(k.make)] for k in ops.KERNELS.values()]
    return case("the gallery", None, lambda: found)


def pool_texts() -> Iterable[Case]:
    for text in (
        "max", "max:2", "max:3:2", "max:3x2", "max:3×2:1x2", "max:3,2", "average", "average:3x3:1", "lp", "lp:2", "lp:2:2:3",
        "lp:2:1:2.5", "lp:3:3:12", "l1", "l2:2", "l3:2:2", "l9:4", "global-max", "global-average",
        "l0:2", "lp:2:2:0", "lp:2:2:1..2", "l2:2:2:3", "max:2:2:2", "max:0", "max:", "max:2:", "max:-1", "max:12345", "mean",
        "global-lp", "global-max:2", "", "maxx:2", "max:2x2x2", "average:3x3:1 ", "l10:2",
    ):  # fmt: skip
        yield case(repr(text), {"text": text}, lambda text=text: str(Pooling.parse(text)))


def chains(chance: np.random.Generator) -> Iterable[Case]:
    stages = [
        "", "relu", "relu | max:2", "batch-norm", "batch-norm:2:0.5:1:4", "batch-norm:1 2:0 1:0 0.5:1 4 | relu",
        "relu | flatten | softmax", "max:2 | average:2:1 | l2:1", "global-average | flatten", "global-max | flatten | softmax",
        "batch-norm | relu | max:3:1 | flatten", "flatten | relu", "flatten | batch-norm", "flatten | batch-norm:2:1:0.5:1",
        "flatten | flatten", "flatten | batch-norm:1 2 3:0:0:1", "batch-norm:1:0:0:-1", "softmax", "linear:1 2", "flatten | max:2",
        "relu | max:9", "flatten | linear:1 2",
        # what is none
        "relu:1", "rectify", "relu |", "relu | | softmax", "batch-norm:1", "batch-norm:1:2:3:x", "linear", "linear:", "linear:x",
        "linear:1 2:1:2", "linear:1 2; 3", "max:0", "softmax:2", "flatten:1", "batch-norm:1:0:0:1:5", "flatten | linear:1 / 2",
    ]  # fmt: skip
    for number, text in enumerate(stages):
        for rank in (1, 2):
            maps = values(chance, [2, *chance.integers(4, 7, rank)])
            yield case(
                f"chain {number}, {text!r}", {"input": told(maps), "text": text}, lambda m=maps, t=text: followed(m, t)
            )  # fmt: skip
    for number in range(12):  # a classifier: as many weights in a row as numbers come in
        maps = values(chance, [2, 4, 5])
        weights = chance.integers(-8, 9, (3, 8)) / 4
        rows = "; ".join(" ".join(map(str, row)) for row in weights)
        text = f"relu | max:2 | flatten | linear:{rows}" + (":0.5 -1 2" if number % 2 else "") + " | softmax"
        yield case(f"classifier {number}", {"input": told(maps), "text": text}, lambda m=maps, t=text: followed(m, t))


def followed(maps: np.ndarray, text: str) -> list[Any]:
    """The outputs of a chain, stage after stage."""
    results = []
    for stage in text.split("|") if text.strip() else []:
        maps = staged(maps, stage.strip())
        results.append(told(maps))
    return results


def staged(maps: np.ndarray, text: str) -> np.ndarray:
    kind, *parts = text.split(":")
    if kind in ("relu", "flatten", "softmax") and parts:
        raise UsageError("no settings")
    if kind == "relu":
        return np.asarray(ops.relu(maps))
    if kind == "flatten":
        return np.asarray(ops.flatten(maps, start=0))
    if kind == "batch-norm":
        if not parts:
            return np.asarray(ops.batch_norm(maps[None])[0])
        numbers = [typed_matrix(part) for part in parts]
        if len(numbers) != 4 or any(one is None for one in numbers):
            raise UsageError("gamma, beta, mean and variance")
        each = [np.resize(one, len(maps)) if len(one) == 1 else one for one in numbers if one is not None]
        weight, bias, mean, variance = each
        return np.asarray(
            ops.batch_norm(maps[None], mean=mean, variance=variance, weight=weight, bias=bias)[0]
        )
    if kind in ("linear", "softmax") and maps.ndim != 1:
        raise UsageError("flatten comes before it")
    if kind == "softmax":
        return np.asarray(ops.softmax(maps))
    if kind == "linear":
        weights = typed(parts[0]) if parts else None
        bias = typed_matrix(parts[1]) if len(parts) == 2 else None
        if weights is None or len(parts) > 2 or weights.shape[:2] != (1, 1):
            raise UsageError("rows of weights")
        rows = np.atleast_2d(weights[0, 0])
        if rows.shape[1] != len(maps) or (bias is not None and len(bias) != len(rows)):
            raise UsageError("a weight for each number")
        return rows @ maps + (0 if bias is None else bias)
    pool = Pooling.parse(text)
    if maps.ndim == 1:
        raise UsageError("a pool takes maps")
    size, stride = pool.fitted(maps.shape[1:])
    norm = {"p": pool.p} if pool.kind == "lp" else {}
    return np.asarray(conv_result.POOLS[pool.kind](maps, size, stride=stride, **norm))


def filters(chance: np.random.Generator, count: int) -> Iterable[Case]:
    """One plane over one channel, over each of several, planes summed, and several filters."""
    for number in range(count):
        rank = int(chance.integers(1, 3))
        channels, planes, outs = [(1, 1, 1), (3, 1, 1), (2, 2, 1), (2, 2, 3), (1, 1, 2), (3, 1, 2)][number % 6]
        picture = values(chance, [channels, *chance.integers(4, 8, rank)])
        kernel = values(chance, [outs, planes, *chance.integers(1, 4, rank)])
        given = {**settings(chance, rank), "flip": bool(chance.integers(2)), "bias": None}

        def expect(picture=picture, kernel=kernel, given=given) -> Any:  # type: ignore[no-untyped-def]
            ways = {key: one_for_all(given[key]) for key in ("stride", "dilation")}
            ways |= {key: given[key] for key in ("flip", "padding", "border")}
            if kernel.shape[:2] == (1, 1):
                given_input = conv_input.Input("the picture", picture, False)
                return told(conv_result.compute(given_input, kernel[0, 0], None, **ways).output)
            return told(ops.steps(picture, kernel, **ways).output())

        yield case(f"filtered {number}", {"input": told(picture), "kernel": told(kernel), **given}, expect)


def written(chance: np.random.Generator, count: int) -> Iterable[Case]:
    """As an address of the screen and a command write it."""
    choices = {
        "picture": ["1 2 3; 4 5 6; 7 8 9", "1 2 3 4 5", "0 1 0 1; 1 0 1 0; 0 1 0 1; 1 1/2 1/3 0", "5"],
        "kernel": ["1 0; 0 -1", "sobel-x", "1/4 1/2 1/4", "gaussian:1:3", "1 -1", "2"],
        "padding": ["valid", "same", "full", "1", "0,2", "2x1", "-1", "some", "1,2,3", "1.5", "01", ""],
        "stride": ["1", "2", "1,2", "0", "1,1,1", "x", "", "2×1"],
        "dilation": ["1", "1", "2", "2,1", "-1"],
        "border": [*BORDERS, "nearest"],
    }
    likely = math.inf
    for number in range(count):
        # One choice in three is any; else it is one of the first, which go together.
        few = [likely if chance.integers(3) == 0 else 3 for _ in choices]
        given = {
            key: options[int(chance.integers(min(len(options), most)))]
            for (key, options), most in zip(choices.items(), few, strict=True)
        }

        def expect(given: dict[str, str] = given) -> Any:
            read = conv_input.read_input(given["picture"], grey=False, crop=None)
            kernel = conv_input.read_kernel(given["kernel"], read.channels.ndim - 1)[1]
            ways = {key: per_axis(given[key], key) for key in ("stride", "dilation")}
            padding = conv_input.padding_of(given["padding"])
            return told(
                conv_result.compute(read, kernel, None, padding=padding, border=given["border"], flip=False, **ways).output
            )  # fmt: skip

        yield case(f"written {number}, {given}", given, expect)
