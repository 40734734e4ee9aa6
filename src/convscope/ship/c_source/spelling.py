"""Names, words and comments as C takes them, whatever a person has called a layer or a class."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

WIDTH = 100  # columns of the file


def identifier(name: str) -> str:
    """A layer's name as part of an identifier.

    >>> identifier("layer1.0.conv1"), identifier("0"), identifier("größe")
    ('layer1_0_conv1', 'layer_0', 'gr__e')
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[-40:]
    return plain if plain[0].isalpha() else f"layer_{plain.lstrip('_')}"


def in_comment(text: str) -> str:
    """Text that cannot end a comment, nor hide anything in it.

    >>> in_comment("a */ b\\nc, 2×3")
    'a * / b c, 2x3'
    """
    ascii_only = " ".join(text.replace("×", "x").split()).encode("ascii", "backslashreplace").decode()
    for pair in ("*/", "/*", "??"):
        while pair in ascii_only:
            ascii_only = ascii_only.replace(pair, f"{pair[0]} {pair[1]}")
    return "".join(sign if sign.isprintable() else " " for sign in ascii_only)


def string(text: str) -> str:
    r"""A C string of the text in UTF-8.

    >>> print(string('a "b"?'), string("é1"))
    "a \"b\"\?" "\303\2511"
    """
    signs = []
    for byte in text.encode("utf-8", "surrogatepass"):
        sign = chr(byte)
        if sign in '"\\?':
            signs.append("\\" + sign)
        else:
            signs.append(sign if 32 <= byte < 127 else f"\\{byte:03o}")
    return f'"{"".join(signs)}"'


def paragraph(text: str, indent: str = "   ") -> str:
    """Text in lines of a comment."""
    return textwrap.fill(
        in_comment(text), WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def listed(start: str, items: str, end: str) -> str:
    """Items between `start` and `end`, on one line or else on lines of their own.

    >>> print(listed("f(", "a, b", ");"))
    f(a, b);
    """
    if len(start + items + end) <= WIDTH:
        return start + items + end
    indent = start[: len(start) - len(start.lstrip())] + "    "
    lines = textwrap.fill(
        re.sub(r"(?<!,) ", "\0", items),  # an item stays on one line
        WIDTH - len(end),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{start}\n{lines}{end}".replace("\0", " ")


def times(shape: Iterable[int]) -> str:
    """A shape in ASCII.

    >>> times((3, 32, 32))
    '3x32x32'
    """
    return "x".join(map(str, shape))
