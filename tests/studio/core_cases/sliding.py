"""Windows that slide: convolutions and pools with their steps, borders, sizes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from convscope import ops
from convscope.errors import UsageError
from convscope.ops.looking import Walk
from convscope.ops.padding import pad
from convscope.written_pool import Pooling

from .case import BORDERS, Case, case, of_channels, one_for_all, settings, told, values, walked

POOLS = ("max:2", "max:3:1", "average:2", "average:3x2:2x1", "lp:2", "l1:2", "l3:3:2", "lp:2:1:1.5", "max:1")


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
        {"stride": [0]}, {"stride": [1, 2, 3]}, {"stride": []}, {"dilation": [0, 1]}, {"dilation": [4]},
        {"padding": -1},
        {"padding": [1, 1, 1]}, {"padding": "some"}, {"border": "mirror"}, {"bias": [1.0, 2.0]},
        {"groups": 2},
        {"padding": 3, "border": "reflect"}, {"padding": [0, 5], "border": "circular"},
        {"padding": [0, 4], "border": "circular"},
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
            walks: list[Walk[Any]] = [ops.steps(one, kernel, given["bias"], **ways) for one in picture]
            return of_channels(walks, chance, picture, kernel.shape)

        yield case(f"each {number}", {"input": told(picture), "kernel": told(kernel), **given}, expect)


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
        ((3, 3), "max:4", {}), ((3,), "max:2x2", {}), ((4,), "max:2:1x1", {}),
        ((3, 3), "max:2", {"padding": 2}),
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
        given = {
            "size": size,
            "pads": [before, after],
            "kernel": kernel,
            "stride": stride,
            "dilation": dilation,
        }
        ways = {"kernel_size": kernel, "stride": stride, "dilation": dilation, "padding": (before, after)}
        expected = {"output": ops.output_size(size, **ways), "unreached": ops.unreached(size, **ways)}
        yield case(f"geometry {number}", given, lambda expected=expected: expected)
