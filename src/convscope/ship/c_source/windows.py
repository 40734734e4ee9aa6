"""Pools and borders as calls of C functions."""

from __future__ import annotations

from ...graph import Node
from . import geometry
from .decimals import decimal
from .lowering import InPlace, Lowering, writes


@writes("max_pool1d", "max_pool2d", "average_pool1d", "average_pool2d", "lp_pool1d", "lp_pool2d")
def pool(at: Lowering, node: Node) -> None:
    function = node.operation[: -len("1d")]
    x = at.input(node)
    settings: dict[str, list[object]] = {
        "max_pool": [],
        "average_pool": [int(node.attributes.get("count_include_pad", True))],
        "lp_pool": [decimal(node.attributes.get("p", 2.0))],
    }
    in_place = geometry.pools_in_place(node, at.input_shape(node))
    at.step(node, function, InPlace(x) if in_place else x, ..., at.window(node), *settings[function])


@writes(*(f"adaptive_{kind}_pool{rank}d" for kind in ("average", "max") for rank in (1, 2)))
def adaptive_pool(at: Lowering, node: Node) -> None:
    shape = at.input_shape(node)
    sizes = at.setting(node, "in", "struct shape", geometry.planes(shape))
    out = at.setting(node, "out", "struct pair", geometry.pair(node.shape[1:], 1))
    in_place = geometry.shares_out_in_place(node, shape)
    x = at.input(node)
    at.step(node, node.operation[: -len("1d")], InPlace(x) if in_place else x, ..., f"&{sizes}", f"&{out}")


@writes("pad")
def pad(at: Lowering, node: Node) -> None:
    sources, in_rows, in_columns = geometry.padded_from(node, at.input_shape(node))
    tables = []
    for axis, source in zip(("planes", "rows", "columns"), sources, strict=True):
        whole = source == list(range(len(source)))
        text = ", ".join(map(str, source))
        tables.append("0" if whole else at.setting(node, f"from_{axis}", "long", text, len(source)))
    sizes = [len(source) for source in sources]
    initial = ", ".join([*map(str, [*sizes, in_rows, in_columns]), *tables])
    padding = at.setting(node, "padding", "struct padding", initial)
    at.step(node, "pad", at.input(node), ..., f"&{padding}", decimal(node.attributes["value"]))
