"""What an exported file says of itself in any form: what it takes and gives, and where it comes from."""

from __future__ import annotations

import json

from ..bundle import Bundle
from .entrance import Entrance


def facts(bundle: Bundle, entrance: Entrance) -> dict[str, str]:
    """Names and texts, those of more than a word as JSON: what ONNX calls metadata, PyTorch extra files.

    `preprocessing` is what has to be done to a picture before, with the words of a bundle; `inside` what the
    network does itself then.
    """
    info, before = bundle.info, entrance.outside.model_dump()
    whole = bundle.preprocessing.model_dump()
    inside = {name: value for name, value in whole.items() if name != "fill" and before[name] != value}
    if entrance.takes_pictures:
        inside["scale"] = "1/255"
    written: dict[str, object] = {
        "convscope": "exported by convscope",
        "net": bundle.net,
        "classes": bundle.classes,
        "input": f"{entrance.dtype} ({', '.join(('N', *map(str, entrance.shape)))})",
        "output": f"float32 (N, {len(bundle.classes)}), probabilities in the order of the classes",
        "preprocessing": before,
        "inside": inside,
    }
    for name in ("recipe", "data", "metrics", "parameters", "versions"):
        if name in info:
            written[name] = info[name]
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in written.items()}
