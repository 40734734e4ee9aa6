"""The file that a check reads: JSON with a problem and what is claimed of it."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import ConvscopeError, DataError
from ..written_pool import Pooling
from .claims import numbers
from .problem import Problem

SETTINGS = ("flip", "stride", "padding", "dilation", "border", "pool")
WORKINGS = ("windows", "products", "partial_sums", "channel_sums")
CLAIMS = ("output_size", "result", "pooled_size", "pooled", *WORKINGS)
KEYS = ("name", "seed", "input", "kernel", *SETTINGS, *CLAIMS)


def read(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON file: one, or those of a list; "-" is standard input.

    Raises `DataError` with the line where it is not JSON.
    """
    name = name_of(path)
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {name}: {error.strerror}.") from error
    try:
        found = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{name}, line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})."
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, NaN, thousands of digits or brackets
        raise DataError(f"{name} cannot be read as JSON: {error}.") from error
    documents = found if isinstance(found, list) else [found]
    if not documents or not all(isinstance(document, dict) for document in documents):
        raise DataError(f"{name} should be a JSON object with input, kernel and result, or a list of them.")
    return documents


def name_of(path: Path) -> str:
    return "standard input" if str(path) == "-" else str(path)


def problem_of(document: Mapping[str, Any]) -> Problem:
    """The problem of a document. Raises `DataError` for a missing or unknown key and a wrong value."""
    for key in document:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1, cutoff=0.5)
            hint = f" did you mean {near[0]!r}?" if near else ""
            raise DataError(f"unknown key {key!r}:{hint} Known: {', '.join(KEYS)}.")
    given = {key: value for key, value in document.items() if value is not None}
    if "input" not in given:
        raise DataError("there is no input: the key 'input' should hold the numbers of a picture or signal.")
    if "kernel" not in given and "pool" not in given:
        raise DataError("there is neither a 'kernel' nor a 'pool', and nothing to check against.")
    settings: dict[str, Any] = {key: given[key] for key in SETTINGS if key in given}
    if not isinstance(settings.get("flip", False), bool):
        raise DataError(f"flip is {settings['flip']!r}, and should be true (convolution) or false.")
    for key in ("pool", "border"):
        if not isinstance(settings.get(key, ""), str):
            raise DataError(f"{key} is {settings[key]!r}, and should be text such as {_EXAMPLES[key]}.")
    for key in ("stride", "padding", "dilation"):
        if not _is_whole(settings.get(key, 1), text=key == "padding"):
            raise DataError(f"{key} is {settings[key]!r}, and should be {_EXAMPLES[key]}.")
    if isinstance(given.get("kernel"), str):
        raise DataError(
            f"kernel is {given['kernel']!r}; names are not taken here: write its numbers, which `convscope "
            "kernels NAME --json` prints."
        )
    kernel = numbers(given, "kernel") if "kernel" in given else None
    try:
        if "pool" in settings:
            settings["pool"] = Pooling.parse(settings["pool"])
        return Problem(numbers(given, "input"), kernel, **settings)
    except DataError:
        raise
    except ConvscopeError as error:  # said of a file, not of a command line
        raise DataError(str(error)) from error


_EXAMPLES = {
    "pool": '"max:2"',
    "border": '"zeros"',
    "stride": "a whole number from 1, or one per axis",
    "padding": 'a whole number from 0, one or [before, after] per axis, or "same", "valid" or "full"',
    "dilation": "a whole number from 1, or one per axis",
}


def _is_whole(value: Any, text: bool) -> bool:
    if isinstance(value, list):
        return all(_is_whole(one, text=False) for one in value)
    return (isinstance(value, int) and not isinstance(value, bool)) or (text and isinstance(value, str))


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")
