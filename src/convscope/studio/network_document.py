"""A network as the document that the page draws: its layers, and where each stands."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..data import Preprocessing
from ..drawing.network import layout_of, settings_in_words
from ..graph import summarize
from ..graph.summary import kind_in_words
from .models import Opened, about


def network_document(opened: Opened) -> dict[str, Any]:
    """`NetworkDocument` of web/src/api.ts; raises `Refusal` where the layers are not known."""
    graph, bundle = opened.graph, opened.bundle
    summary, layout = summarize(graph), layout_of(graph)
    known = {layer.name: layer for layer in summary.layers}
    layers = []
    for node in graph.nodes:
        layer, place = known.get(node.name), layout.places[node.name]
        ones = [1] * (len(node.shape) - 1)
        layers.append(
            {
                "name": node.name,
                "operation": node.operation,
                "kind": kind_in_words(node.operation, node.shape),
                "settings": settings_in_words(node, whole=True),
                "inputs": list(node.inputs),
                "shape": list(node.shape),
                "parameters": layer.parameters if layer else 0,
                "macs": layer.macs if layer else 0,
                "attributes": dict(node.attributes),
                "sees": layer.to_dict()["receptive_field"]
                if layer
                else {"size": ones, "jump": ones, "centre": [0] * len(ones), "whole": False},
                "x": place.x,
                "y": place.y,
                "width": place.width,
                "height": place.height,
            }
        )
    preprocessing = bundle.preprocessing
    pictures = isinstance(preprocessing, Preprocessing)
    return {
        "model": opened.model,
        "state": opened.state,
        "net": bundle.net,
        "trained": opened.trained,
        "classes": list(bundle.classes),
        "input": {
            "kind": "picture" if pictures else "signal",
            "shape": list(preprocessing.input_shape),
            "invert": isinstance(preprocessing, Preprocessing) and preprocessing.invert,
            "pixels": _pixels(preprocessing) if isinstance(preprocessing, Preprocessing) else None,
        },
        "layers": layers,
        "parameters": summary.parameters,
        "macs": summary.macs,
        "numbers": sum(math.prod(node.shape) for node in graph.nodes),
        "drawing": {
            "width": layout.width,
            "height": layout.height,
            "lines": [
                {"from": line.source, "to": line.target, "points": [list(point) for point in line.points]}
                for line in layout.lines
            ],
        },
        "about": _lines(opened),
    }


def _pixels(preprocessing: Preprocessing) -> list[list[float]]:
    """What the network gets for a black and for a white pixel, per channel."""
    factor, offset = preprocessing.factor_and_offset()
    black = np.zeros_like(factor) if offset is None else offset
    return [[float(low), float(high)] for low, high in zip(black, 255 * factor + black, strict=True)]


def _lines(opened: Opened) -> list[str]:
    """What is known of its training."""
    info = opened.bundle.info
    lines = [", ".join(about(opened.bundle))]
    if not opened.trained:
        lines.append("Its weights are random: nobody has trained it.")
    recipe = info.get("recipe")
    if isinstance(recipe, dict) and {"epochs", "optimizer", "lr", "seed"} <= recipe.keys():
        how = f"{recipe['epochs']} epochs, {recipe['optimizer']}, learning rate {recipe['lr']}"
        lines.append(f"{how}, seed {recipe['seed']}")
    return [*lines, *(str(note) for note in info.get("notes") or ())]
