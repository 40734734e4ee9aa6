"""Addresses of the Convolution screen, drawn at random, and what they come to by `ops`, in other words."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from convscope import ops

NAMES = ("drawing.png", "my picture.png", 'it\'s a "7" $HOME `ls` \\.png', "-dash.png", "ünï 数!.png")
PLAIN = {
    "picture": "", "grey": "", "crop": "", "kernel": "", "pool": "", "padding": "valid", "stride": "1",
    "dilation": "1", "border": "zeros", "flip": "", "bias": "", "then": "", "at": "",
}  # fmt: skip
KERNELS = ("sobel-x", "gaussian:1:3", "box:2", "laplacian", "sharpen", "")
POOLS = ("max:2", "max", "average:2", "average:2:1", "max:3:2", "l2:2", "l1:2:1", "lp:2:2:2.5", "global-max")


@dataclass(frozen=True)
class Case:
    """An address, the file that it speaks of with its pixels, and the numbers of the end."""

    address: dict[str, str]
    name: str
    pixels: np.ndarray | None
    expected: np.ndarray


def drawn_case(chance: random.Random) -> Case:
    """One that can be computed; raises `ConvscopeError` where what was drawn cannot."""
    rank = chance.choice((1, 2, 2, 2))
    picture, name, pixels, address = _picture(chance, rank)
    kernel = _kernel(chance, rank, len(picture), address) if chance.random() < 0.85 else None
    if kernel is None or (address["kernel"] and chance.random() < 0.3):
        address["pool"] = chance.choice(POOLS)
    pooled = kernel is None
    if not (pooled and address["pool"].startswith("global")):
        _sliding(chance, rank, address, pooled=pooled)
    maps = _made(picture, kernel, address, rank)
    places = _first(picture, kernel, address, rank).shape
    if chance.random() < 0.6:
        at = [chance.randrange(size) for size in places]
        address["at"] = ",".join(map(str, at if places[0] > 1 or chance.random() < 0.2 else at[1:]))
    if chance.random() < 0.5:
        maps = _chain(chance, maps, address, rank)
    return Case(address, name, pixels, maps)


def global_pools() -> list[Case]:
    """A global pool alone, over a picture and a signal of one channel and of several."""
    pictures = {"1 2; 3 4": [[[1, 2], [3, 4]]], "1 5 3": [[1, 5, 3]], "1 2 / 3 5": [[1, 2], [3, 5]]}
    made = []
    for picture, numbers in pictures.items():
        axes = tuple(range(1, np.ndim(numbers)))
        for pool, of in (("global-max", np.max), ("global-average", np.mean)):
            expected = of(np.array(numbers), axis=axes, keepdims=True)
            made.append(Case({**PLAIN, "picture": picture, "pool": pool}, "", None, expected))
    return made


def _number(chance: random.Random) -> str:
    number = chance.choice(
        [
            str(chance.randint(-9, 9)),
            str(chance.randint(-9, 9)),
            f"{chance.randint(-9, 9)}/4",
            f"{chance.uniform(-2, 2):.3f}",
        ]
    )
    return number.replace("-", chance.choice("-\N{MINUS SIGN}"))


def _plane(chance: random.Random, rows: int, columns: int) -> list[list[str]]:
    return [[_number(chance) for _ in range(columns)] for _ in range(rows)]


def _text(filters: list[list[list[list[str]]]]) -> str:
    plane = lambda rows: "; ".join(map(" ".join, rows))  # noqa: E731
    return " // ".join(" / ".join(map(plane, planes)) for planes in filters)


def _value(word: str) -> float:
    above, _, below = word.replace("\N{MINUS SIGN}", "-").partition("/")
    return float(above) / float(below or 1)


def _array(planes: Any) -> np.ndarray:
    return np.vectorize(_value)(np.array(planes)).astype(float)


def _picture(chance: random.Random, rank: int) -> tuple[np.ndarray, str, np.ndarray | None, dict[str, str]]:
    if rank == 2 and chance.random() < 0.25:
        colour = chance.random() < 0.5
        shape = (chance.randint(4, 9), chance.randint(4, 9), *((3,) if colour else ()))
        pixels = np.random.default_rng(chance.randrange(10**6)).integers(0, 256, shape).astype(np.uint8)
        code = chance.choice(("png:iVBO", "kept:00ff", "sample:digit"))
        address = {**PLAIN, "picture": code}
        seen = pixels
        if chance.random() < 0.6:
            address["grey"] = "yes"
            seen = np.asarray(Image.fromarray(pixels).convert("L"))
        channels = np.moveaxis(np.atleast_3d(seen), -1, 0).astype(float)
        return _cropped(chance, channels, address), chance.choice(NAMES), pixels, address
    rows, columns = (1 if rank == 1 else chance.randint(2, 6)), chance.randint(3, 7)
    planes = [_plane(chance, rows, columns) for _ in range(chance.choice((1, 1, 2, 3)))]
    values = _array(planes) if rank == 2 else _array(planes)[:, 0]
    address = {**PLAIN, "picture": _text([planes])}
    return _cropped(chance, values, address) if rank == 2 else values, "", None, address


def _cropped(chance: random.Random, channels: np.ndarray, address: dict[str, str]) -> np.ndarray:
    rows, columns = channels.shape[1:]
    if rows < 4 or columns < 4 or chance.random() < 0.5:
        return channels
    row, column = chance.randint(0, rows - 4), chance.randint(0, columns - 4)
    height, width = chance.randint(4, rows - row), chance.randint(4, columns - column)
    address["crop"] = f"{row},{column},{height},{width}"
    return channels[:, row : row + height, column : column + width]


def _kernel(chance: random.Random, rank: int, channels: int, address: dict[str, str]) -> np.ndarray:
    """As the channels are, or (filters, channels, ...) of a layer."""
    if rank == 2 and chance.random() < 0.2:
        address["kernel"] = chance.choice(KERNELS)
        name, *settings = (address["kernel"] or "sobel-x").split(":")
        return np.asarray(ops.kernel(name, *map(float, settings)))
    layer = chance.random() < 0.5
    filters = chance.randint(1, 3) if layer else 1
    rows, columns = (1 if rank == 1 else chance.randint(1, 3)), chance.randint(1, 3)
    typed = [[_plane(chance, rows, columns) for _ in range(channels if layer else 1)] for _ in range(filters)]
    address["kernel"] = _text(typed)
    values = _array(typed) if rank == 2 else _array(typed)[:, :, 0]
    if chance.random() < 0.4:
        address["bias"] = " ".join(_number(chance) for _ in range(chance.choice((1, filters))))
    if chance.random() < 0.4:
        address["flip"] = "yes"
    return values[0, 0] if values.shape[:2] == (1, 1) else values


def _sliding(chance: random.Random, rank: int, address: dict[str, str], *, pooled: bool) -> None:
    def either(least: int, most: int) -> str:
        numbers = [str(chance.randint(least, most)) for _ in range(rank)]
        return ",".join(numbers) if chance.random() < 0.3 else numbers[0]

    if chance.random() < 0.6:
        address["padding"] = chance.choice(("same", "full", either(0, 2), either(0, 2)))
        if pooled:
            address["padding"] = chance.choice(("same", "1"))
    if chance.random() < 0.4 and not (pooled and address["pool"].count(":") > 1):
        address["stride"] = either(1, 3)
    if chance.random() < 0.3:
        address["dilation"] = either(1, 2)
    if chance.random() < 0.4:
        address["border"] = chance.choice(("reflect", "replicate", "circular"))


def _settings(address: dict[str, str]) -> dict[str, Any]:
    read = lambda text: tuple(map(int, text.split(","))) if "," in text else int(text)  # noqa: E731
    padding = address["padding"]
    return {
        "padding": padding if padding.isalpha() else read(padding),
        "stride": read(address["stride"]),
        "dilation": read(address["dilation"]),
        "border": address["border"],
    }


def _first(picture: np.ndarray, kernel: np.ndarray | None, address: dict[str, str], rank: int) -> np.ndarray:
    """What slides first: the maps of the kernel, or of the pool alone."""
    if kernel is None:
        settings = _settings(address)
        if address["stride"] == "1":
            del settings["stride"]
        return _pooled(address["pool"], picture, rank, **settings)
    bias = [_value(word) for word in address["bias"].split()]
    if kernel.ndim > picture.ndim - 1:
        taps = np.flip(kernel, axis=tuple(range(-rank, 0))) if address["flip"] else kernel
        added = None if not bias else np.array(bias if len(bias) == len(kernel) else bias * len(kernel))
        convolution = ops.conv2d if rank == 2 else ops.conv1d
        return np.asarray(convolution(picture, taps, added, **_settings(address)))
    slide = ops.convolve if address["flip"] else ops.cross_correlate
    maps = [slide(channel, kernel, **_settings(address)) for channel in picture]
    return np.stack(maps) + (bias[0] if bias else 0)


def _made(picture: np.ndarray, kernel: np.ndarray | None, address: dict[str, str], rank: int) -> np.ndarray:
    maps = _first(picture, kernel, address, rank)
    return maps if kernel is None or not address["pool"] else _pooled(address["pool"], maps, rank)


def _pooled(text: str, maps: np.ndarray, rank: int, **settings: Any) -> np.ndarray:
    kind, *parts = text.split(":")
    if kind == "global-max":
        return maps.max(axis=tuple(range(1, 1 + rank)), keepdims=True)
    sides = [(int(part),) * rank for part in parts[:2]] or [(2,) * rank]
    if len(sides) > 1:
        settings["stride"] = sides[1]
    if kind in ("max", "average"):
        pool = ops.max_pool if kind == "max" else ops.average_pool
        return np.asarray(pool(maps, sides[0], **settings))
    p = float(parts[2]) if kind == "lp" else float(kind[1:])
    return np.asarray(ops.lp_pool(maps, sides[0], p=p, **settings))


def _chain(chance: random.Random, maps: np.ndarray, address: dict[str, str], rank: int) -> np.ndarray:
    stages = []
    for stage in chance.sample(
        ("relu", "batch-norm", "given", "max:2:1", "average:2", "l2:2"), chance.randint(0, 3)
    ):
        axes = tuple(range(1, 1 + rank))
        if stage == "relu":
            maps = np.maximum(maps, 0)
        elif stage == "batch-norm":
            deviation = np.sqrt(maps.var(axis=axes, keepdims=True) + 1e-5)
            maps = (maps - maps.mean(axis=axes, keepdims=True)) / deviation
        elif stage == "given":
            each = [[_number(chance) for _ in range(chance.choice((1, len(maps))))] for _ in range(3)]
            stage = "batch-norm:" + ":".join(map(" ".join, each)) + ":2.5"
            scale, shift, mean = (np.array([_value(w) for w in row]).reshape(-1, *[1] * rank) for row in each)
            maps = (maps - mean) / np.sqrt(2.5 + 1e-5) * scale + shift
        elif min(maps.shape[1:]) < 2:
            continue
        else:
            maps = _pooled(stage, maps, rank)
        stages.append(stage)
    if chance.random() < 0.6 and maps.size <= 40:
        stages.append("flatten")
        maps = maps.reshape(-1)
        if chance.random() < 0.7:
            rows, bias = _plane(chance, chance.randint(1, 3), maps.size), ""
            if chance.random() < 0.5:
                numbers = [_number(chance) for _ in rows]
                bias = f":{' '.join(numbers)}"
            stages.append(f"linear:{_text([[rows]])}{bias}")
            maps = _array(rows) @ maps + (_array(numbers) if bias else 0)
        if chance.random() < 0.5:
            stages.append("softmax")
            powers = np.exp(maps - maps.max())
            maps = powers / powers.sum()
    address["then"] = " | ".join(stages)
    return maps
