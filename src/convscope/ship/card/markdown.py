"""Pieces of a Markdown document (GitHub's), in which names of any kind are text and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence

from ...columns import printable

MARKS = re.compile(r"([\\`*_{}\[\]<>|~&#$@!])")
LIST = re.compile(r"^(\d{0,9})([-+=]|[.)](?=\s|$))")  # what begins a list, a rule or a heading's line


def text(words: str) -> str:
    r"""Words as they are read, on one line: what is a mark in Markdown or HTML is escaped.

    >>> print(text("a|b_<c>"), text("1. cat"), text("- x"), text("two\nlines"))
    a\|b\_\<c\> 1\. cat \- x two\\nlines
    """
    escaped = MARKS.sub(r"\\\1", printable(words.strip(" ")) or " ")
    return LIST.sub(r"\1\\\2", escaped)


def code(words: str) -> str:
    """Words as code within a sentence, or a cell of a table.

    >>> print(code("runs/a"), code("a`b"), code("a|b"))
    `runs/a` `` a`b `` `a\\|b`
    """
    words = printable(words).replace("|", "\\|")
    ticks = "`" * (_longest_run(words) + 1)
    space = " " if "`" in words or not words.strip() or words != words.strip() else ""
    return f"{ticks}{space}{words}{space}{ticks}"


def block(language: str, content: str) -> str:
    """Code on lines of its own."""
    fence = "`" * max(3, _longest_run(content) + 1)
    return f"{fence}{language}\n{content.rstrip()}\n{fence}"


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """The first row is the head; cells are Markdown, those of the columns in `right` end together.

    >>> print(table([("net", "parameters"), ("lenet-5", "61,706")], right=[1]))
    | net | parameters |
    | --- | ---: |
    | lenet-5 | 61,706 |
    """
    rule = ["---:" if i in right else "---" for i in range(len(rows[0]))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (rows[0], rule, *rows[1:]))


def bullets(sentences: Iterable[str]) -> str:
    """A list; its sentences are Markdown."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def folded(title: str, content: str) -> str:
    """What opens with a click where the page can do that."""
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>"


def quoted(words: object) -> str:
    r"""A scalar of YAML: JSON's are YAML's, where every character can be printed.

    >>> print(quoted("a: 'b'\x07"), quoted(0.5), quoted("naïve"))
    "a: 'b'\\x07" 0.5 "naïve"
    """
    return json.dumps(printable(words) if isinstance(words, str) else words, ensure_ascii=False)


def percent(share: float, digits: int = 2) -> str:
    """
    >>> percent(0.98765)
    '98.77 %'
    """
    return f"{100 * share:.{digits}f} %"


def interval(ends: tuple[float, float]) -> str:
    """
    >>> interval((0.976, 0.997))
    '97.6 to 99.7 %'
    """
    return f"{100 * ends[0]:.1f} to {percent(ends[1], 1)}"


def _longest_run(words: str) -> int:
    return max(map(len, re.findall("`+", words)), default=0)
