"""Errors name settings as flags; where a value came from a recipe file, that is said behind."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ConvscopeError
from ..recipe import as_key, flag


@contextlib.contextmanager
def naming_the_recipe(file: Path | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """An error that passes gets a note which of its flags are `settings` of the file.

    >>> try:
    ...     with naming_the_recipe(Path("my.toml"), {"shift": 8, "lr": 0.1}):
    ...         raise ConvscopeError("--shift 8 is too much.")
    ... except ConvscopeError as error:
    ...     error.__notes__
    ['The recipe my.toml has shift = 8.']
    """
    try:
        yield
    except ConvscopeError as error:
        flags = set(re.findall(r"--[a-z0-9-]+", str(error)))
        named = [as_key(name, value) for name, value in settings.items() if flag(name) in flags]
        if named:
            error.add_note(f"The recipe {file} has {' and '.join(named)}.")
        raise
