"""What a training keeps while it is watched: a file of what is looked at, and one per snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ... import atomic
from ...errors import ConvscopeError

WATCHED = "watched.safetensors"  # beside the snapshots
FORMAT, VERSION = "convscope-watch", 1
FILTERS, MAPS = "filters/", "maps/"  # before a layer's name

T = TypeVar("T")


@dataclass(frozen=True)
class WatchedLayer:
    """A convolution: what is kept of its filters, and of what it gives for each picture.

    `nodes` are the convolution and the normalisation and activation after it; the maps are those of the
    last. `weight_shape` and `output_shape` are whole, `filters_shape` (filters, channels, *kernel) and
    `maps_shape` (channels, height, width) or (channels, length) what is kept.
    """

    name: str
    nodes: tuple[str, ...]
    weight_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    filters_shape: tuple[int, ...]
    maps_shape: tuple[int, ...]

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> WatchedLayer:
        """The inverse of `asdict`, also behind JSON."""
        name, *others = fields(cls)
        return cls(record[name.name], *(tuple(record[field.name]) for field in others))


@dataclass(frozen=True, eq=False)
class Watched:
    """What is looked at in every snapshot: layers and pictures; and when."""

    net: str
    data: str
    noun: str  # what the data are of: "picture", "signal"
    layers: tuple[WatchedLayer, ...]
    images: np.ndarray  # as they are stored: uint8 (N, H, W, C), or float32 (N, C, L), (N, C, H, W)
    labels: tuple[str, ...]  # the class of each
    names: tuple[str, ...]
    epochs: int
    steps_of_epoch: int
    planned: tuple[int, ...]  # the steps of the snapshots, if the training is not stopped early

    @property
    def steps(self) -> int:
        """Of the whole training, if it is not stopped early."""
        return self.epochs * self.steps_of_epoch

    def save(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        said = {name: value for name, value in vars(self).items() if name not in ("images", "layers")}
        document = {**said, "layers": [asdict(layer) for layer in self.layers]}
        atomic.write_bytes(folder / WATCHED, _content(document, {"images": self.images}))

    @classmethod
    def load(cls, folder: Path) -> Watched:
        """Raises `ConvscopeError` for what is no such file, or is damaged."""

        def read(document: dict[str, Any], tensors: dict[str, np.ndarray]) -> Watched:
            document["layers"] = tuple(map(WatchedLayer.from_dict, document["layers"]))
            for name in ("labels", "names", "planned"):
                document[name] = tuple(document[name])
            watched = cls(images=tensors["images"], **document)
            if not len(watched.images) == len(watched.labels) == len(watched.names) > 0:
                raise ValueError("pictures, labels and names are not as many")
            if not watched.layers or watched.steps_of_epoch < 1 or watched.epochs < 1:
                raise ValueError("it says neither what nor when")
            return watched

        return _read(folder / WATCHED, read)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A network after so many steps: filters and maps by the name of their layer, float32.

    `filters` are (filters, channels, *kernel), `maps` (pictures, channels, height, width) or
    (pictures, channels, length), NaN where the weights are not finite. `loss` and `accuracy` are those of
    the epoch's training pictures so far, None before the first step.
    """

    step: int
    epoch: int  # from 1, the one at work or just over; 0 before the first step
    loss: float | None
    accuracy: float | None
    filters: Mapping[str, np.ndarray]
    maps: Mapping[str, np.ndarray]

    def save(self, folder: Path) -> None:
        """Write it, whole or not at all; maps in half precision, which a picture of them does not show."""
        largest = float(np.finfo(np.float16).max)
        halves = {
            name: np.clip(maps, -largest, largest).astype(np.float16) for name, maps in self.maps.items()
        }
        tensors = {f"{FILTERS}{name}": values for name, values in self.filters.items()}
        tensors |= {f"{MAPS}{name}": values for name, values in halves.items()}
        said = {name: getattr(self, name) for name in ("step", "epoch", "loss", "accuracy")}
        atomic.write_bytes(folder / file_name(self.step), _content(said, tensors))

    @classmethod
    def load(cls, folder: Path, step: int, watched: Watched) -> Snapshot:
        """That of a step; raises `ConvscopeError` for a file that is none of these layers and pictures."""

        def read(document: dict[str, Any], tensors: dict[str, np.ndarray]) -> Snapshot:
            filters, maps = {}, {}
            for layer in watched.layers:
                filters[layer.name] = tensors[f"{FILTERS}{layer.name}"].astype(np.float32)
                maps[layer.name] = tensors[f"{MAPS}{layer.name}"].astype(np.float32)
                shapes = layer.filters_shape, (len(watched.images), *layer.maps_shape)
                if (filters[layer.name].shape, maps[layer.name].shape) != shapes:
                    raise ValueError(f"{layer.name} has other shapes than are watched")
            return cls(filters=filters, maps=maps, **document)

        return _read(folder / file_name(step), read)


def file_name(step: int) -> str:
    """
    >>> file_name(123)
    '00000123.safetensors'
    """
    return f"{step:08}.safetensors"


def steps_in(folder: Path) -> list[int]:
    """The steps of the snapshots that are there, in order."""
    names = (file.stem for file in folder.glob("*.safetensors"))
    return sorted(int(name) for name in names if name.isdecimal())


def _content(document: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    from safetensors.numpy import save

    whole = {"format": FORMAT, "version": VERSION, **document}
    arrays = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    content: bytes = save(arrays, {"convscope": json.dumps(whole)})
    return content


def _read(path: Path, read: Callable[[dict[str, Any], dict[str, np.ndarray]], T]) -> T:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as opened:
            document = json.loads((opened.metadata() or {})["convscope"])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        kind = document.pop("format"), document.pop("version")
        if kind != (FORMAT, VERSION):
            raise ValueError(f"it is {kind[0]} version {kind[1]}")
        return read(document, tensors)
    except (
        SafetensorError,
        OSError,
        RuntimeError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise ConvscopeError(f"{path} is not of a watched training, or is damaged: {error}.") from error
