"""Networks that the graph cannot express, kept as a `torch.export` program: saved, checked, loaded.

PyTorch's own loader falls back to pickle and resolves any name below `torch`, so a file could run code.
Here a program is read only if every tensor in it is raw numbers and every call is an ATen operator.
"""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from .errors import ConvscopeError
from .graph.operation import Shape
from .graph.tracing import export

MEMBERS = re.compile(
    r"[^/]+/(models/model\.json|data/(weights/(weight_\d+|model_weights_config\.json)"
    r"|constants/(tensor_\d+|model_constants_config\.json)|sample_inputs/model\.pt)"
    r"|archive_format|archive_version|byteorder|\.data/(version|serialization_id)|version)"
)
CALLS = re.compile(r"torch\.ops\.aten\.\w+(\.\w+)?|_operator\.\w+|torch\.sym_\w+|math\.\w+")


def save(module: nn.Module, input_shape: Shape) -> bytes:
    """The module in eval mode as a program for any batch size; raises `UnsupportedOperation` if it cannot."""
    program = export(module, input_shape, training=False)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(program, buffer)
    content = buffer.getvalue()
    _check(content)
    return content


def load(content: bytes) -> nn.Module:
    """The module that `save` wrote; raises `ConvscopeError` for anything that could run code."""
    _check(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.load(io.BytesIO(content))
        return program.module()


def _check(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if not MEMBERS.fullmatch(name):
                    raise ConvscopeError(
                        f"the program holds {name!r}, which is not plain data; it is not loaded."
                    )
                if name.endswith("config.json"):
                    _check_tensors(json.loads(archive.read(name)))
                elif name.endswith("model.json"):
                    _check_calls(json.loads(archive.read(name)))
                elif name.endswith("sample_inputs/model.pt"):
                    torch.load(io.BytesIO(archive.read(name)), weights_only=True)
    except ConvscopeError:
        raise
    except Exception as error:
        raise ConvscopeError(f"this is not a program that convscope wrote: {error}") from error


def _check_tensors(document: Any) -> None:
    for name, entry in document["config"].items():
        if entry.get("use_pickle") or not re.fullmatch(r"(weight|tensor)_\d+", entry["path_name"]):
            raise ConvscopeError(f"the program keeps {name!r} as a pickle; it is not loaded.")


def _check_calls(document: Any) -> None:
    for target in _targets(document):
        if not CALLS.fullmatch(target):
            raise ConvscopeError(
                f"the program calls {target!r}, which is no ATen operator; it is not loaded."
            )


def _targets(part: Any) -> Iterator[str]:
    """Every call target, however deep."""
    if isinstance(part, dict):
        if isinstance(part.get("target"), str):
            yield part["target"]
        for value in part.values():
            yield from _targets(value)
    elif isinstance(part, list):
        for value in part:
            yield from _targets(value)
