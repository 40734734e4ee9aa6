"""The comment at the top of a C file: what it is, what it takes, what it needs, how to use it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ...bundle import Bundle
from ...columns import shortened
from ...data import ArrayPreprocessing, Preprocessing
from ...versions import versions
from ..entrance import Entrance
from .spelling import in_comment, paragraph, times
from .steps import Listing, Value

RESIZING = {
    "fit": "the whole picture, as large as fits, in the middle; the rest is filled with {fill}",
    "crop": "as small as covers the frame, with what hangs over cut off on both sides alike",
    "stretch": "each side by itself, which changes its shape",
}


def signature(entrance: Entrance) -> str:
    """The first parameter of `predict`."""
    if entrance.inside and isinstance(entrance.preprocessing, Preprocessing):
        return "const uint8_t *picture"
    return "const float *values"


def sizes(bundle: Bundle, entrance: Entrance) -> dict[str, int]:
    """The constants of the file."""
    of = entrance.preprocessing
    inside = entrance.inside and isinstance(of, ArrayPreprocessing)
    channels, *rest = of.shape if isinstance(of, ArrayPreprocessing) and inside else of.input_shape
    names = ("LENGTH",) if len(rest) == 1 else ("HEIGHT", "WIDTH")
    return {"CHANNELS": channels, **dict(zip(names, rest, strict=True)), "CLASSES": len(bundle.classes)}


def header(bundle: Bundle, entrance: Entrance, listing: Listing, memory: int) -> str:
    """The comment."""
    assert bundle.graph is not None
    graph = bundle.graph
    names = shortened(", ".join(bundle.classes), 300)
    head = (
        f"{bundle.net}: a convolutional neural network for {times(graph.input_shape)} "
        f"{bundle.preprocessing.noun}s in {len(bundle.classes)} classes ({names}), "
        f"{graph.parameter_count:,} parameters, in C99, with nothing but math.h and no allocation."
    )
    parts = [
        paragraph(head, "   ").replace("   ", "/* ", 1),
        *_sections(bundle, entrance, listing, memory),
    ]
    return "\n\n".join(parts) + "\n*/"


def _sections(bundle: Bundle, entrance: Entrance, listing: Listing, memory: int) -> Iterator[str]:
    yield "   Input\n" + "\n".join(paragraph(text, "     ") for text in _input(entrance))
    yield "   Memory\n" + "\n".join(paragraph(text, "     ") for text in _memory(bundle, listing, memory))
    yield "   Use\n" + _use(entrance, bundle)
    yield "   Origin\n" + "\n".join(paragraph(text, "     ") for text in _origin(bundle))


def _input(entrance: Entrance) -> Iterator[str]:
    of, outside = entrance.preprocessing, entrance.outside
    if isinstance(outside, Preprocessing):
        colours = "one grey byte per pixel" if outside.channels == 1 else "three bytes per pixel: R, G, B"
        size = f"{outside.height} rows of {outside.width} pixels"
        how = RESIZING[outside.resize].format(fill=outside.fill)
        grey = " Grey of a colour is 0.299 R + 0.587 G + 0.114 B." if outside.channels == 1 else ""
        if entrance.inside:
            yield (
                f"A picture of {size}, row by row from the top, {colours}: "
                f"picture[(row * WIDTH + column) * CHANNELS + channel], "
                f"{outside.height * outside.width * outside.channels:,} bytes from 0 to 255."
            )
            yield f"One of another size is resized before (Pillow's BILINEAR, antialiased): {how}.{grey}"
            turned = " Light and dark are turned around inside." if entrance.inverts else ""
            yield f"Scaling{' and normalisation are' if of.mean else ' is'} done inside.{turned}"
            return
        yield (
            f"Numbers of a picture of {size}, channel by channel, row by row from the top: "
            f"values[(channel * HEIGHT + row) * WIDTH + column]."
        )
        turned = ", turned around (255 - byte)" if outside.invert else ""
        yield f"One of another size is resized before (Pillow's BILINEAR, antialiased): {how}{turned}.{grey}"
        factor, offset = outside.factor_and_offset()
        plus = "" if offset is None else f", offset {_listed(offset)}"
        rule = "byte * factor" if offset is None else "byte * factor + offset"
        yield f"Each number is {rule}, with factor {_listed(factor)}{plus}."
        return
    if entrance.inside and isinstance(of, ArrayPreprocessing):
        place = "channel * LENGTH + place" if len(of.shape) == 2 else "(channel * HEIGHT + row) * WIDTH + column"
        yield f"A {of.noun} of {times(of.shape)} numbers as they were measured: values[{place}]."
        if of.mean:
            yield "Mean and deviation of each channel are taken care of inside."
        return
    yield f"{times(of.input_shape)} numbers, channel by channel."
    if of.mean and of.std:
        yield f"Each is (number - mean) / deviation; mean {_listed(of.mean)}, deviation {_listed(of.std)}."


def _listed(numbers: object) -> str:
    import numpy as np

    return ", ".join(f"{float(one):.9g}" for one in np.asarray(numbers, dtype=np.float32).ravel())


def _memory(bundle: Bundle, listing: Listing, memory: int) -> Iterator[str]:
    assert bundle.graph is not None
    largest = max(
        listing.steps,
        key=lambda step: sum({v: v.size for v in step.arguments if isinstance(v, Value)}.values()),
    )
    graph = bundle.graph
    macs = sum(
        node.rule.macs(graph.input_shapes(node), node.shape, node.attributes) for node in graph.nodes
    )
    yield f"Constants (flash): {listing.bytes_of_weights:,} bytes of weights, and the code."
    yield (
        f"Working memory (RAM): {4 * memory:,} bytes, static; the layer that needs most is "
        f"{largest.layer}. Stack: a few hundred bytes."
    )
    yield f"Work: {macs:,} multiplications with additions for one {bundle.preprocessing.noun}, float32."
    yield "Not reentrant: the working memory is static, so one call of predict at a time."


def _use(entrance: Entrance, bundle: Bundle) -> str:
    first = signature(entrance)
    of = entrance.preprocessing
    kind, name = ("uint8_t", "picture") if "uint8_t" in first else ("float", "values")
    shape = of.shape if isinstance(of, ArrayPreprocessing) and entrance.inside else of.input_shape
    count = 1
    for size in shape:
        count *= size
    lines = [
        "#include <stdio.h>",
        *(["#include <stdint.h>"] if kind == "uint8_t" else []),
        f"void predict({first}, float *probabilities);",
        "extern const char *const class_names[];",
        "",
        "int main(void)",
        "{",
        f"    static {kind} {name}[{count}];",
        f"    float probabilities[{len(bundle.classes)}];",
        "    int i, best = 0;",
        f"    if (fread({name}, sizeof {name}, 1, stdin) != 1)",
        "        return 1;",
        f"    predict({name}, probabilities);",
        f"    for (i = 1; i < {len(bundle.classes)}; i++)",
        "        if (probabilities[i] > probabilities[best])",
        "            best = i;",
        '    printf("%s %.4f\\n", class_names[best], probabilities[best]);',
        "    return 0;",
        "}",
    ]
    example = "\n".join(f"       {line}".rstrip() for line in lines)
    how = paragraph(
        "Compile with cc -std=c99 -O2 main.c network.c -lm, where network.c is this file and main.c calls "
        f"predict. This one reads the {'bytes' if kind == 'uint8_t' else 'floats'} from its input:",
        "     ",
    )
    return f"{how}\n\n{example}"


def _origin(bundle: Bundle) -> Iterator[str]:
    digest = hashlib.sha256(bundle.to_bytes()).hexdigest()
    version = versions()["convscope"]
    yield f"Written by convscope {version} from the bundle with sha256 {digest}."
    info = bundle.info
    data = info.get("data")
    if isinstance(data, dict) and data.get("name"):
        checksum = f" (checksum {data['checksum']})" if data.get("checksum") else ""
        yield f"Trained on {in_comment(str(data['name']))}{checksum}."
    metrics = info.get("metrics")
    for part in ("test", "validation"):
        figures = metrics.get(part) if isinstance(metrics, dict) else None
        if isinstance(figures, dict) and isinstance(figures.get("accuracy"), float):
            counted = f" of {figures['count']:,} {bundle.preprocessing.noun}s" if figures.get("count") else ""
            yield f"Accuracy {100 * figures['accuracy']:.2f} %{counted}, {part}."
            break
