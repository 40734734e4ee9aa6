"""What a finished run left on disk, read again: its result, its predictions, and what it was made of."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import FILE_NAME, Bundle
from ..errors import ConvscopeError
from ..graph import Graph
from ..recipe import WATCHING
from .state import RESULT


@dataclass(frozen=True)
class Conditions:
    """What a run was made of, all but its seed: runs of equal conditions differ by seed noise alone.

    `recipe` has every setting but the seed and whether it was watched, `graph` a sha256 of the layers (None
    where the graph cannot express the network), `checksum` that of the data. The figures are of `count`
    pictures of `split`, and `pictures` is a sha256 of which ones (None for runs that each held out others).
    """

    net: str
    data: str
    engine: str
    parameters: int
    noun: str  # what the data are of: "picture", "signal"
    split: str
    count: int
    recipe: Mapping[str, Any]
    checksum: str
    pictures: str | None
    graph: str | None
    versions: Mapping[str, str]
    machine: Mapping[str, str]

    @classmethod
    def read(cls, run: Path) -> Conditions:
        """Those of a finished run; raises `ConvscopeError` where something of it is missing or damaged."""
        result, bundle = read_result(run), Bundle.load(run / FILE_NAME)
        try:
            left_out = {"seed", *WATCHING}
            recipe = {name: value for name, value in bundle.info["recipe"].items() if name not in left_out}
            if bundle.info.get("by_hand"):  # what made it is not in the recipe, and no other run is like it
                recipe["steps"] = f"taken by a program, for {run.name}"
            return cls(
                net=bundle.net,
                data=bundle.info["data"]["name"],
                engine=result["engine"],
                parameters=result["parameters"],
                noun=bundle.preprocessing.noun,
                split=result["test"]["split"],
                count=result["test"]["count"],
                recipe=recipe,
                checksum=bundle.info["data"]["checksum"],
                pictures=read_predictions(run).pictures,
                graph=graph_digest(bundle.graph),
                versions=bundle.info["versions"],
                machine=bundle.info["machine"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ConvscopeError(f"{run} does not say all that a run says: {error} is missing.") from error

    @property
    def counted(self) -> str:
        """Of what the figures are, such as "10,000 test pictures"."""
        return f"{self.count:,} {self.split} {self.noun}s"

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON, a key per field."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Conditions:
        """The inverse of `to_dict`; other keys are left alone. Raises `KeyError` where one is missing."""
        return cls(**{field.name: record[field.name] for field in fields(cls)})


@dataclass(frozen=True, eq=False)
class Predictions:
    """Which pictures the final figures are of, and what was said of each of them."""

    pictures: str  # sha256 of their names, below the folder they share, and of their classes
    right: np.ndarray  # bool (N,)
    names: tuple[str, ...]
    truths: tuple[str, ...]
    predicted: tuple[str, ...]
    shares: np.ndarray  # float64 (N,), the probability of what was predicted


def read_result(run: Path) -> dict[str, Any]:
    """`result.json` of a run directory; raises `ConvscopeError` for what is no run, or is not finished."""
    file = run / RESULT
    try:
        result = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        if (run / "recipe.toml").is_file():
            raise ConvscopeError(f"{run} is not finished: it is at work, or was interrupted.") from None
        raise ConvscopeError(
            f"{run} is neither a run nor a folder of seeds; `convscope runs` lists what there is."
        ) from None
    except (OSError, ValueError) as error:
        raise ConvscopeError(f"{file} cannot be read: {error}.") from error
    if not isinstance(result, dict):
        raise ConvscopeError(f"{file} is not the result of a run.")
    return result


def read_predictions(run: Path) -> Predictions:
    """`predictions.csv` of a run directory; raises `ConvscopeError` where it cannot be read."""
    file = run / "predictions.csv"
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        names, classes = [row["picture"] for row in rows], [row["class"] for row in rows]
        right = np.array([row["correct"] == "1" for row in rows], dtype=bool)
        predicted = tuple(row["predicted"] for row in rows)
        shares = np.array([float(row["probability"]) for row in rows])
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise ConvscopeError(f"{file} cannot be read: {error}.") from error
    digest = pictures_digest(names, classes)
    return Predictions(digest, right, tuple(names), tuple(classes), predicted, shares)


def graph_digest(graph: Graph | None) -> str | None:
    """A sha256 of the layers of a network; None where the graph cannot express it."""
    return hashlib.sha256(graph.to_json().encode()).hexdigest() if graph else None


def pictures_digest(names: Sequence[str], classes: Sequence[str]) -> str:
    """sha256 of pictures and their classes in order, wherever the folder lies that holds all of them.

    >>> here, there = ["a/x/1.png", "a/y/2.png"], ["/b/x/1.png", "/b/y/2.png"]
    >>> pictures_digest(here, "xy") == pictures_digest(there, "xy")
    True
    """
    parts = [name.replace("\\", "/").split("/") for name in names]
    folders = [path[:-1] for path in parts]
    # what the first and the last in order share, all share
    ends = zip(min(folders, default=[]), max(folders, default=[]), strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], ends)))
    rows = [["/".join(path[shared:]), label] for path, label in zip(parts, classes, strict=True)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
