"""The native CPU engine: a graph becomes a plan, the plan runs with many pictures side by side.

from convscope import lanes

fast = lanes.compile(module, example)       # fast(batch) is module.eval()(batch), on the CPU
trainer = lanes.Trainer(module, (1, 28, 28))
loss = trainer.step(images, labels)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..native import available, instruction_set, reason

if TYPE_CHECKING:
    from .compiled import Compiled, compile
    from .trainer import Trainer

_HOMES = {
    "compile": "compiled",
    "Compiled": "compiled",
    "Trainer": "trainer",
}

__all__ = ["available", "reason", "instruction_set", "compile", "Compiled", "Trainer"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
