"""The comment at the top of a C file: what it is, what it takes, what it needs, how to use it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...bundle import Bundle
from ...columns import shortened
from ...versions import versions
from .. import in_words
from ..entrance import Entrance
from .prefix import prefixed
from .spelling import in_comment, paragraph, times
from .steps import Listing, Step, Value


def signature(entrance: Entrance) -> str:
    """The first parameter of `predict`."""
    return "const uint8_t *picture" if entrance.takes_pictures else "const float *values"


def sizes(bundle: Bundle, entrance: Entrance) -> dict[str, int]:
    """The constants of the file."""
    shape = entrance.shape
    channels, *rest = (shape[-1], *shape[:-1]) if entrance.takes_pictures else shape
    names = ("LENGTH",) if len(rest) == 1 else ("HEIGHT", "WIDTH")
    return {"CHANNELS": channels, **dict(zip(names, rest, strict=True)), "CLASSES": len(bundle.classes)}


def interface(bundle: Bundle, entrance: Entrance) -> list[str]:
    """The names in the file that a program uses."""
    return ["predict", "class_names", *sizes(bundle, entrance)]


def header(bundle: Bundle, entrance: Entrance, listing: Listing, memory: int, prefix: str) -> str:
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
        *_sections(bundle, entrance, listing, memory, prefix),
    ]
    return "\n\n".join(parts) + "\n*/"


def _sections(
    bundle: Bundle, entrance: Entrance, listing: Listing, memory: int, prefix: str
) -> Iterator[str]:
    def named(text: str) -> str:
        return prefixed(text, prefix, interface(bundle, entrance))

    what, needs = map(named, _input(entrance)), map(named, _memory(bundle, listing, memory))
    yield "   Input\n" + "\n".join(paragraph(text, "     ") for text in what)
    yield "   Memory\n" + "\n".join(paragraph(text, "     ") for text in needs)
    yield "   Use\n" + named(_use(entrance, bundle))
    yield "   Origin\n" + "\n".join(paragraph(text, "     ") for text in _origin(bundle))


def _input(entrance: Entrance) -> Iterator[str]:
    of = entrance.outside
    if entrance.takes_pictures:
        height, width, channels = entrance.shape
        colours = "one grey byte per pixel" if channels == 1 else "three bytes per pixel: R, G, B"
        yield (
            f"A picture of {height} rows of {width} pixels, row by row from the top, {colours}: "
            "picture[(row * WIDTH + column) * CHANNELS + channel], "
            f"{math.prod(entrance.shape):,} bytes from 0 to 255."
        )
    else:
        place = "channel * LENGTH + place"
        if len(entrance.shape) == 3:
            place = "(channel * HEIGHT + row) * WIDTH + column"
        yield f"{times(entrance.shape)} numbers of one {of.noun}, channel by channel: values[{place}]."
    yield " ".join(in_words.before(entrance))
    if does := in_words.inside(entrance):
        yield does


def _memory(bundle: Bundle, listing: Listing, memory: int) -> Iterator[str]:
    assert bundle.graph is not None
    largest = max(listing.steps, key=_kept)
    graph = bundle.graph
    macs = sum(node.rule.macs(graph.input_shapes(node), node.shape, node.attributes) for node in graph.nodes)
    yield f"Constants (flash): {listing.bytes_of_weights:,} bytes of weights, and the code."
    yield (
        f"Working memory (RAM): {4 * memory:,} bytes, static; the layer that needs most is "
        f"{largest.layer}. Stack: a few hundred bytes."
    )
    yield f"Work: {macs:,} multiplications with additions for one {bundle.preprocessing.noun}, float32."
    yield "Not reentrant: the working memory is static, so one call of predict at a time."


def _kept(step: Step) -> int:
    """Numbers of the working memory that a step reads and writes; what is done in place counts once."""
    values = [one for one in step.arguments if isinstance(one, Value) and one.argument is None]
    sizes = {one.offset: 0 for one in values}
    for one in values:
        sizes[one.offset] = max(sizes[one.offset], one.size)
    return sum(sizes.values())


def _use(entrance: Entrance, bundle: Bundle) -> str:
    first = signature(entrance)
    kind, name = ("uint8_t", "picture") if entrance.takes_pictures else ("float", "values")
    lines = [
        "#include <stdio.h>",
        *(["#include <stdint.h>"] if kind == "uint8_t" else []),
        f"void predict({first}, float *probabilities);",
        "extern const char *const class_names[];",
        "",
        "int main(void)",
        "{",
        f"    static {kind} {name}[{math.prod(entrance.shape)}];",
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
    version = versions()["convscope"]
    yield f"Written by convscope {version} from the bundle with sha256 {bundle.sha256}."
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
