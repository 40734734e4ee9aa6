"""What an exported file says of itself in any form: what it takes and gives, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath, PureWindowsPath
from typing import Any

from ..bundle import Bundle
from ..versions import versions
from . import in_words
from .entrance import Entrance

PATHS = ("data", "data_dir", "net", "pretrained")  # settings that may have a folder of somebody's machine


def facts(bundle: Bundle, entrance: Entrance) -> dict[str, str]:
    """Names and texts, those of more than a word as JSON: what ONNX calls metadata, PyTorch extra files.

    `preprocessing` is what has to be done to a picture before, with the words of a bundle; `inside` what the
    network does itself then; `preprocessing_in_words` is both. `bundle_sha256` is `Bundle.sha256`; the
    recipe is `without_folders`.
    """
    info, before = bundle.info, entrance.outside.model_dump()
    whole = bundle.preprocessing.model_dump()
    inside = {name: value for name, value in whole.items() if name != "fill" and before[name] != value}
    if entrance.takes_pictures:
        inside["scale"] = "1/255"
    kept = {
        name: info[name] for name in ("recipe", "data", "metrics", "parameters", "versions") if name in info
    }
    if "recipe" in kept:
        kept["recipe"] = without_folders(kept["recipe"])
    written: dict[str, object] = {
        "convscope": "exported by convscope",
        "net": bundle.net,
        "classes": bundle.classes,
        "input": f"{entrance.dtype} ({', '.join(('N', *map(str, entrance.shape)))})",
        "output": f"float32 (N, {len(bundle.classes)}), probabilities in the order of the classes",
        "preprocessing": before,
        "inside": inside,
        "preprocessing_in_words": _in_words(entrance),
        "convscope_version": versions()["convscope"],
        "bundle_sha256": bundle.sha256,
        **kept,
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in written.items()}


def without_folders(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe with the names of files and no folders, which are of somebody's machine.

    >>> without_folders({"data": "/home/ada/cats", "net": "C:\\\\ada\\\\mine.py:Net", "epochs": 3})
    {'data': 'cats', 'net': 'mine.py:Net', 'epochs': 3}
    """
    return {name: _name(value) if name in PATHS else value for name, value in recipe.items()}


def _name(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    name = PureWindowsPath(PurePath(value).name).name
    return name or value


def _in_words(entrance: Entrance) -> str:
    batch = f"{entrance.dtype} (batch, {', '.join(map(str, entrance.shape))})"
    given = f"Give {batch}{', 0 to 255' if entrance.takes_pictures else ''}."
    return " ".join([*in_words.before(entrance), given, in_words.inside(entrance)]).strip()
