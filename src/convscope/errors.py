"""Every exception and warning convscope raises on purpose.

    ConvscopeError                 exit code 1
    ├── UsageError                 exit code 2
    │   └── UnknownName
    ├── DataError                  exit code 1
    ├── ShapeError                 exit code 1
    ├── UnsupportedOperation       exit code 1
    ├── EstimatorError             exit code 1, also a ValueError
    └── GateFailed                 exit code 3

    ConvscopeWarning

A message is a sentence or two: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .columns import shortened

MOST_NAMED, NAMED = 24, 16  # names that an error lists; and of more than those the most alike
QUOTED = 100  # characters of a name that a person gave, in an error


class ConvscopeError(Exception):
    """Something a person can act on; the command line prints it without a traceback."""

    exit_code = 1


class UsageError(ConvscopeError):
    """A flag, setting or argument has a value that no run could use."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is not in a list of known names; the message suggests the nearest.

    >>> print(UnknownName("network", "convnet-bm", ["convnet-bn", "lenet-5"]))
    unknown network 'convnet-bm': did you mean 'convnet-bn'? Known: convnet-bn, lenet-5.
    """

    def __init__(self, what: str, name: str, known: Iterable[str], hint: str = "") -> None:
        known = list(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        suggestion = f": did you mean {near[0]!r}?" if near else "."
        if len(known) > MOST_NAMED:
            alike = set(difflib.get_close_matches(name, known, n=NAMED, cutoff=0.3) or known[:NAMED])
            shown = [one for one in known if one in alike]
            listed = f"{', '.join(shown)} and {len(known) - len(shown)} more"
        else:
            listed = ", ".join(known)
        message = f"unknown {what} {shortened(name, QUOTED)!r}{suggestion} Known: {listed}."
        super().__init__(f"{message} {hint}".rstrip())


class DataError(ConvscopeError):
    """A data set, folder, picture or file cannot be used as it is."""


class ShapeError(ConvscopeError):
    """A size does not fit: a layer, a kernel, a picture or an array."""


class UnsupportedOperation(ConvscopeError):
    """A module uses something that convscope's graph cannot express."""


class EstimatorError(ConvscopeError, ValueError):
    """What `CNNClassifier` refuses; scikit-learn expects a `ValueError`."""


class GateFailed(ConvscopeError):
    """A check that guards a result (data, parity, minimum accuracy) did not pass."""

    exit_code = 3


class ConvscopeWarning(UserWarning):
    """A warning a person should read; it carries a short code such as ``softmax-output``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"[{code}] {message}")
        self.code = code
