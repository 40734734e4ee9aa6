"""What the studio cannot do, as a sentence that says which control of the page it is about."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Literal

from ..errors import ConvscopeError

About = Literal["model", "picture", "cell", "layers", "access", "server"]


class Refusal(ConvscopeError):
    """A sentence, what it is about, and the HTTP status that it goes with."""

    def __init__(self, message: str, about: About, status: int = 422) -> None:
        super().__init__(message)
        self.about, self.status = about, status


@contextlib.contextmanager
def refusing(about: About, status: int = 422) -> Iterator[None]:
    """What goes wrong inside is about this.

    >>> try:
    ...     with refusing("cell"):
    ...         raise ConvscopeError("there is no such number.")
    ... except Refusal as refusal:
    ...     print(refusal.about, refusal)
    cell there is no such number.
    """
    try:
        yield
    except Refusal:
        raise
    except ConvscopeError as error:
        raise Refusal(str(error), about, status) from error
    except MemoryError as error:
        raise Refusal("there is not enough memory for it.", about, status) from error
