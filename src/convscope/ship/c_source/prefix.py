"""A prefix of all names in a C file, so that several networks fit in one program."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...errors import UsageError

LONGEST = 31  # characters that C99 tells names apart by (5.2.4.1)
_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void
volatile while
"""  # of C99 (6.4.1), those that begin with a letter

_WORD = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\b[A-Za-z_]\w*', re.DOTALL | re.ASCII)


def checked(prefix: str) -> str:
    """The prefix; raises `UsageError` where it makes no C names.

    >>> checked("digits_8x8")
    'digits_8x8'
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", prefix) or len(prefix) > LONGEST:
        raise UsageError(
            f"--prefix {prefix!r} should be a letter, then letters, digits and single underscores between "
            f"them, at most {LONGEST} together."
        )
    if prefix in _KEYWORDS.split():
        raise UsageError(f"--prefix {prefix} is a reserved word of C; choose another name.")
    return prefix


def named(prefix: str, name: str) -> str:
    """A name with its prefix.

    >>> named("digits", "predict"), named("", "predict")
    ('digits_predict', 'predict')
    """
    return f"{prefix}_{name}" if prefix else name


def prefixed(code: str, prefix: str, names: Iterable[str]) -> str:
    """Code in which these names have the prefix; comments and strings stay.

    >>> prefixed('add(x, "add"); /* add */ padded = add;', "my", ["add"])
    'my_add(x, "add"); /* add */ padded = my_add;'
    """
    if not prefix:
        return code
    own = frozenset(names)
    return _WORD.sub(lambda found: named(prefix, found[0]) if found[0] in own else found[0], code)
