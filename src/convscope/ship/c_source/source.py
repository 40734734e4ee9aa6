"""The text of a network's C file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from ...bundle import Bundle
from ...errors import ConvscopeWarning, UnsupportedOperation
from ..entrance import Entrance
from .functions import needed
from .header import header, interface, signature, sizes
from .memory import place
from .network import lower
from .prefix import prefixed
from .spelling import listed, string
from .steps import Listing, Value

SENSIBLE = 4_000_000  # weights in a C file


def source(bundle: Bundle, entrance: Entrance, prefix: str = "") -> str:
    """The file, ASCII, with a prefix of all its names. Raises as `form.written`."""
    if bundle.graph is None:
        raise UnsupportedOperation(
            f"{bundle.net} is kept as a PyTorch program, because convscope's graph cannot express it, and a "
            "C file is written from the graph; export it as onnx or torch."
        )
    listing = lower(bundle.graph, bundle.weights, entrance, bundle.outputs)
    count = listing.bytes_of_weights // 4
    if count > SENSIBLE:
        warnings.warn(
            ConvscopeWarning(
                "large-c",
                f"the C file has {count:,} weights in decimals, some {count * 16 // 10**6} MB of text; for "
                "a million a C compiler takes some 3 seconds and 300 MB. onnx and torch have no such limit.",
            ),
            stacklevel=3,
        )
    memory = place(listing.steps)
    names = list(dict.fromkeys(step.function for step in listing.steps))
    functions = needed(names)
    own = [*functions, *listing.names, *interface(bundle, entrance), "memory"]
    parts = [
        _interface(bundle, entrance),
        *functions.values(),
        *_constants(listing),
        _predict(listing, memory, entrance),
        "#ifdef __cplusplus\n}\n#endif",
    ]
    code = prefixed("\n\n".join(part.strip() for part in parts), prefix, own)
    return f"{header(bundle, entrance, listing, memory, prefix)}\n\n{code}\n"


def _interface(bundle: Bundle, entrance: Entrance) -> str:
    includes = ["#include <math.h>"]
    if signature(entrance).startswith("const uint8_t"):
        includes.append("#include <stdint.h>")
    names = "\n".join(f"    {string(name)}," for name in bundle.classes)
    numbers = ", ".join(f"{name} = {value}" for name, value in sizes(bundle, entrance).items())
    return "\n".join(
        [
            *includes,
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
            f"void predict({signature(entrance)}, float *probabilities);",
            f"extern const char *const class_names[{len(bundle.classes)}];",
            "",
            f"enum {{ {numbers} }};",
            "",
            "const char *const class_names[CLASSES] = {",
            names,
            "};",
        ]
    )


def _constants(listing: Listing) -> Iterator[str]:
    for title, those in listing.constants.items():
        yield "\n".join([f"/* {title} */", *(one.declaration for one in those)])


def _predict(listing: Listing, memory: int, entrance: Entrance) -> str:
    lines = []
    if memory:
        lines += [f"static float memory[{memory}]; /* of results on the way, used again and again */", ""]
    lines += [f"void predict({signature(entrance)}, float *probabilities)", "{"]
    layer = ""
    for step in listing.steps:
        if step.layer != layer:
            lines.append(f"    /* {step.layer} */")
            layer = step.layer
        texts = (one.text if isinstance(one, Value) else one for one in step.arguments)
        lines.append(listed(f"    {step.function}(", ", ".join(texts), ");"))
    return "\n".join([*lines, "}"])
