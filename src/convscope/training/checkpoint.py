"""Where a training stands, in one file that is written whole: a killed run has it or the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import atomic
from ..bundle import WRONG_KIND, checksum
from ..errors import ConvscopeError
from ..recipe import Recipe
from ..versions import versions
from .engines.state import WEIGHT, Arrays
from .standing import Standing

FORMAT, VERSION = "convscope-checkpoint", 1
STATE, KEPT = "state/", "kept/"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All that a training goes on from. `data` is the checksum of the data set, `seconds` the time so far."""

    standing: Standing
    state: Arrays
    kept: Arrays  # the weights of `standing.kept_epoch`, none where that is 0
    data: str
    recipe: Mapping[str, Any]  # as JSON values
    seconds: float
    versions: Mapping[str, str]

    @classmethod
    def of(
        cls,
        standing: Standing,
        state: Arrays,
        kept: Mapping[str, np.ndarray],
        data: str,
        recipe: Recipe,
        seconds: float,
    ) -> Checkpoint:
        """One made now."""
        weights = dict(kept) if standing.kept_epoch else {}
        return cls(standing, state, weights, data, recipe.model_dump(mode="json"), seconds, versions())

    def save(self, path: Path) -> None:
        """Write it; raises `ConvscopeError` with the path where there is no room, and the old one stays."""
        from safetensors.numpy import save

        tensors = {f"{STATE}{name}": value for name, value in self.state.items()}
        if not self.standing.keeps:  # else the state has them
            tensors |= {f"{KEPT}{name}": value for name, value in self.kept.items()}
        tensors = {name: np.asarray(value, order="C") for name, value in tensors.items()}
        document = {
            "format": FORMAT,
            "version": VERSION,
            "standing": self.standing.to_dict(),
            "data": self.data,
            "recipe": dict(self.recipe),
            "seconds": self.seconds,
            "versions": dict(self.versions),
        }
        document["sha256"] = checksum(document, tensors)
        atomic.write_bytes(path, save(tensors, {"convscope": json.dumps(document)}))

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Raises `ConvscopeError` for a file that is none, or is damaged."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "np") as opened:
                document = json.loads((opened.metadata() or {})["convscope"])
                tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            if document.pop("sha256") != checksum(document, tensors):
                raise ValueError("its content is not what was written, by its checksum")
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                raise ValueError(f"it is {document['format']} version {document['version']}")
            standing, state = Standing.from_dict(document["standing"]), _below(STATE, tensors)
            return cls(
                standing,
                state,
                _below(WEIGHT, state) if standing.keeps else _below(KEPT, tensors),
                document["data"],
                dict(document["recipe"]),
                document["seconds"],
                document["versions"],
            )
        except (SafetensorError, OSError, RuntimeError, LookupError, ConvscopeError, *WRONG_KIND) as error:
            raise ConvscopeError(
                f"{path} is not a checkpoint that can be read, or is damaged: {error}. "
                "Delete it, and --resume begins the run anew."
            ) from error


def _below(prefix: str, tensors: Arrays) -> Arrays:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
