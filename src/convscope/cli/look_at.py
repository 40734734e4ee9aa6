"""Filters, feature maps and patches, each looked at, drawn and told for `convscope look`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .. import look
from ..columns import columns, shortened
from ..errors import DataError, UsageError
from ..graph.operation import spell
from ..look.inside.layers import convolutions, graph_of, without_pools
from ..look.inside.maps import named_layers
from .look_files import Drawn, check_out, write
from .output import WIDTH
from .progress import listening

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..data import Dataset, Split
    from ..training.progress import Progress

MOST_NUMBERS = 4096  # of a layer in a JSON document
MOST_LETTERS = 36  # of a name in the table

Names = Sequence[str] | None
Channels = Sequence[int] | None


@dataclass(frozen=True)
class Found:
    """What is printed, as lines or as one JSON document."""

    lines: list[str]
    document: dict[str, Any]


class Showing(Protocol):
    """One of the three things to see."""

    def show(self, bundle: Bundle, out: Path | None) -> Found:
        """Compute it, write it, and say what there is."""


@dataclass(frozen=True)
class Filters:
    """Those of the convolutions called `names`."""

    names: Names
    channels: Channels
    own_scale: bool

    def show(self, bundle: Bundle, out: Path | None) -> Found:
        from ..drawing.inside import draw_filters

        folder = check_out(out, numbers=True)
        names = self.names or (None,)
        if folder and not self.names:
            names = [node.name for node in convolutions(graph_of(bundle))] or (None,)
        found = [look.filters(bundle, name) for name in names]
        drawn = [
            Drawn(
                f"{each.layer}-filters",
                draw_filters(each, own_scale=self.own_scale, channels=self.channels),
                {each.layer: _chosen(each.values, self.channels)},
            )
            for each in found
        ]
        stem = found[0].layer if len(found) == 1 else bundle.net
        files = write(drawn, out, folder, f"{stem}-filters.png")
        rows = [("layer", "filters", "each", "largest")]
        for each in found:
            count, size = _count(len(each.values), self.channels), spell(each.values.shape[1:])
            largest = _largest(_chosen(each.values, self.channels))
            rows.append((each.layer, count, size, f"±{largest:.3g}"))
        document = {
            "kind": "filters",
            "net": bundle.net,
            "scale": "own" if self.own_scale else "shared",
            "chosen": self.channels,
            "layers": [
                {
                    "layer": each.layer,
                    "shape": list(each.values.shape),
                    "groups": each.groups,
                    "colours": each.in_colour,
                    "largest": _largest(_chosen(each.values, self.channels)),
                    **_numbers(_chosen(each.values, self.channels)),
                }
                for each in found
            ],
            "files": files,
        }
        return Found([*_table(rows, right=[1, 3]), *_written(files)], document)


@dataclass(frozen=True)
class Maps:
    """Those of the layers called `names`, of one picture."""

    names: Names
    channels: Channels
    picture: Path
    own_scale: bool

    def show(self, bundle: Bundle, out: Path | None) -> Found:
        from ..drawing.inside import draw_maps, draw_picture

        folder = check_out(out, numbers=True, read=self.picture)
        found = look.feature_maps(bundle, self.picture, self.names)
        drawn = [
            Drawn(
                f"{each.nodes[0]}-maps",
                draw_maps(each, own_scale=self.own_scale, channels=self.channels),
                {each.nodes[-1]: _chosen(each.values, self.channels)},
            )
            for each in found.layers
        ]
        if not folder:
            drawn.insert(0, Drawn("picture", draw_picture(found), {}))
        files = write(drawn, out, folder, f"{self.picture.stem}-maps.png")
        rows = [("layer", "maps", "of", "smallest", "largest")]
        for each in found.layers:
            count, size = _count(len(each.values), self.channels), spell(each.values.shape[1:])
            values = _chosen(each.values, self.channels)
            rows.append((_joined(each.nodes), count, size, f"{values.min():.3g}", f"{values.max():.3g}"))
        said, probability = found.said
        document = {
            "kind": "maps",
            "net": bundle.net,
            "picture": str(self.picture),
            "class": said,
            "probability": _number(probability),
            "scale": "own" if self.own_scale else "shared",
            "chosen": self.channels,
            "layers": [
                {
                    "layer": each.nodes[-1],
                    "nodes": list(each.nodes),
                    "shape": list(each.values.shape),
                    "channels": [
                        {
                            "smallest": _number(one.min()),
                            "largest": _number(one.max()),
                            "mean": _number(one.mean(dtype=np.float64)),
                        }
                        for one in _chosen(each.values, self.channels)
                    ],
                    **_numbers(_chosen(each.values, self.channels)),
                }
                for each in found.layers
            ],
            "files": files,
        }
        return Found([*_table(rows, right=[1, 3, 4]), *_written(files)], document)


@dataclass(frozen=True)
class Patches:
    """Those of the layers called `names`, out of a part of the data."""

    names: Names
    channels: Channels
    count: int
    part: str | None
    data: str | None
    data_dir: str | None
    quiet: bool

    def show(self, bundle: Bundle, out: Path | None) -> Found:
        from ..drawing.inside import draw_patches
        from ..training.evaluation import dataset_of

        folder = check_out(out, numbers=False)
        names = self.names or _default_layers(bundle, folder)
        named_layers(graph_of(bundle), names)  # a wrong name is said before any data is read
        settings = {} if self.data_dir is None else {"data_dir": self.data_dir}
        with listening(self.quiet) as progress:
            dataset, notes = dataset_of(bundle, self.data, progress=progress, **settings)
            for note in notes:
                progress.note(f"note: {note}")
            part, split = _part(dataset, self.part)
            found = [self._of(name, bundle, split, progress) for name in names]
        drawn = [
            Drawn(f"{each.layer}-patches", draw_patches(each, channels=self.channels), {}) for each in found
        ]
        stem = found[0].layer if len(found) == 1 else bundle.net
        files = write(drawn, out, folder, f"{stem}-patches.png")
        rows = [("layer", "channel", "most", bundle.preprocessing.noun, "at")]
        for each in found:
            for channel in self._channels(each):
                said = ("", "the same number everywhere", "")
                if each.channels[channel]:
                    best = each.channels[channel][0]
                    said = (f"{best.value:.3g}", _short(best.name), ", ".join(map(str, best.place)))
                rows.append((each.layer, str(channel), *said))
        document = {
            "kind": "patches",
            "net": bundle.net,
            "data": dataset.name,
            "part": part,
            "pictures": len(split),
            "layers": [self._document(each) for each in found],
            "files": files,
            "notes": list(notes),
        }
        return Found([*_table(rows, right=[1, 2]), *_written(files)], document)

    def _channels(self, found: look.Patches) -> Sequence[int]:
        return range(len(found.channels)) if self.channels is None else self.channels

    def _of(self, layer: str, bundle: Bundle, split: Split, progress: Progress) -> look.Patches:
        def went_through(done: int, whole: int) -> None:
            progress.reading(f"{bundle.preprocessing.noun}s through {layer}", done, whole)

        return look.patches(
            bundle, split.images, layer, count=self.count, names=split.names, progress=went_through
        )

    def _document(self, found: look.Patches) -> dict[str, Any]:
        return {
            "layer": found.layer,
            "receptive_field": list(found.receptive_field.size),
            "channels": [
                {
                    "channel": channel,
                    "patches": [
                        {
                            "picture": patch.name,
                            "position": patch.picture,
                            "value": patch.value,
                            "place": list(patch.place),
                            "field": [list(extent) for extent in patch.field],
                            "seen": [list(extent) for extent in patch.seen],
                        }
                        for patch in found.channels[channel]
                    ],
                }
                for channel in self._channels(found)
            ],
        }


def _default_layers(bundle: Bundle, folder: bool) -> list[str]:
    """The last layer with maps that is no pool; for a folder all layers but pools."""
    graph = graph_of(bundle)
    chosen = without_pools(graph)
    if not chosen:
        raise DataError(f"{graph.name} has no layer that gives a map, so that nothing excites a place of it.")
    return [layer[-1].name for layer in (chosen if folder else chosen[-1:])]


def _part(dataset: Dataset, name: str | None) -> tuple[str, Split]:
    if name is None:
        return dataset.evaluation
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    split = parts[name]
    if split is None:
        there = ", ".join(part for part, split in parts.items() if split is not None)
        raise UsageError(f"--part {name}: {dataset.name} has no such part here; it has {there}.")
    return name, split


def _short(name: str) -> str:
    """A path by its end, which is in the folder of its class."""
    return shortened("/".join(Path(name).parts[-2:]), MOST_LETTERS)


def _chosen(values: np.ndarray, channels: Channels) -> np.ndarray:
    return values if channels is None else values[list(channels)]


def _count(count: int, channels: Channels) -> str:
    return f"{count:,}" if channels is None else f"{len(channels):,} of {count:,}"


def _joined(nodes: Sequence[str]) -> str:
    """The nodes of a layer in a row, where that is long with … for the block that they share with the first.

    >>> _joined(["conv1", "relu1"]), _joined(["layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu1"])
    ('conv1 → relu1', 'layer1.0.conv1 → …bn1 → …relu1')
    """
    whole, block = " → ".join(nodes), nodes[0].rpartition(".")[0] + "."
    if len(whole) <= MOST_LETTERS:
        return whole
    later = (f"…{node.removeprefix(block)}" if node.startswith(block) else node for node in nodes[1:])
    return " → ".join([nodes[0], *later])


def _table(rows: Sequence[tuple[str, ...]], *, right: Sequence[int]) -> list[str]:
    """In columns, with names of layers shortened where a line would be too long for a terminal."""
    others = sum(2 + max(map(len, column)) for column in list(zip(*rows, strict=True))[1:])
    return columns([(shortened(name, WIDTH - others), *cells) for name, *cells in rows], right=right)


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values).max())


def _numbers(values: np.ndarray) -> dict[str, Any]:
    """All of them, where they are few."""
    few = values.size <= MOST_NUMBERS and bool(np.isfinite(values).all())
    return {"numbers": values.tolist()} if few else {}


def _number(value: Any) -> float | None:
    """For JSON, which has none that are not finite."""
    return float(value) if np.isfinite(value) else None


def _written(files: Sequence[str]) -> list[str]:
    what = "Numbers" if files[0].endswith(".npz") else "Picture"
    return [f"{what if number == 0 else '':<8}{file}" for number, file in enumerate(files)]
