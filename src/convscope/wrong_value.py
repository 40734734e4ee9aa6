"""What pydantic finds wrong with a value, said in plain words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

_BOUNDS = {
    "greater_than": ("gt", "more than {:g}"),
    "greater_than_equal": ("ge", "{:g} or more"),
    "less_than": ("lt", "less than {:g}"),
    "less_than_equal": ("le", "{:g} or less"),
}
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
}


def wanted(problem: Mapping[str, Any]) -> str:
    """What a value should be, to stand behind it; `problem` is one of `ValidationError.errors()`.

    >>> wanted({"type": "greater_than", "ctx": {"gt": 0.0}})
    'should be more than 0'
    >>> wanted({"type": "literal_error", "ctx": {"expected": "'sgd' or 'adam'"}, "input": "adamx"})
    "should be 'sgd' or 'adam' (did you mean 'adam'?)"
    """
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"should be {words.format(context[bound])}"
    if kind == "literal_error":
        known = re.findall(r"'(.*?)'", context["expected"])
        near = difflib.get_close_matches(str(problem["input"]), known, n=1, cutoff=0.5)
        return f"should be {context['expected']}" + (f" (did you mean {near[0]!r}?)" if near else "")
    if kind == "value_error":
        return str(context["error"]).rstrip(".")
    name = kind.partition("_")[0]
    return f"should be {_KINDS[name]}" if name in _KINDS else str(problem["msg"])
