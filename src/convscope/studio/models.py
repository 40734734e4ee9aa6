"""The models that the studio shows: which there are, and each opened, once."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from .. import nets
from ..bundle import FILE_NAME, LATEST, RUNS, STARTER, Bundle, find
from ..columns import in_bytes, shortened
from ..errors import ConvscopeError
from ..graph import Graph
from ..graph.operation import spell
from ..graph.summary import count_in_words
from ..look.arithmetic.forward_pass import with_probabilities
from ..look.inside.layers import graph_of
from ..runs.listing import is_shown, runs_in
from ..untrained import CODE as UNTRAINED
from ..untrained import PREFIX, untrained, untrained_graph
from .kept import Kept
from .refusal import Refusal, refusing

BYTES = 1 << 29  # of the weights of all models that are kept open

Model = str | os.PathLike[str] | Bundle


@dataclass(frozen=True, eq=False)
class Opened:
    """A model with what is worked out of it once."""

    model: str
    bundle: Bundle
    version: object  # another one once its file has changed

    @property
    def state(self) -> str:
        """What tells it from the one that takes its place once its file has changed; "" without a file."""
        if not isinstance(self.version, tuple):
            return ""
        return hashlib.sha256(repr(self.version).encode()).hexdigest()[:12]

    @property
    def trained(self) -> bool:
        """Whether its weights are those of a training."""
        return not self.bundle.info.get(UNTRAINED)

    @cached_property
    def graph(self) -> Graph:
        """Its layers, with `probability` at the end; raises `Refusal` where they are not known."""
        with refusing("model"):
            return with_probabilities(graph_of(self.bundle), self.bundle.outputs)


class Models:
    """Those that come along, the runs in a folder's `runs`, and those that were given when it was made.

    Only these, and what is added, are opened, whatever a request names. `kept` holds those that were read
    from files; the models of several may share it.
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None, given: Sequence[Model], kept: Kept[Opened]
    ) -> None:
        self._runs = None if folder is None else Path(folder) / RUNS
        self._bundles: dict[str, Opened] = {}  # given as they are
        self._given: list[str] = []
        for model in given:
            if isinstance(model, Bundle):
                named = self._named(model)
                self._bundles[named.model] = named
            elif (name := os.fspath(model)) not in self._given:
                self._given.append(name)
        self._kept = kept

    def add(self, model: Model) -> str:
        """Has one more among them, where it was not; what it is called. Raises `Refusal` where its layers
        cannot be shown, and does not have it then."""
        if isinstance(model, Bundle):
            opened = self._named(model)
            _ = opened.graph
            self._bundles[opened.model] = opened
            return opened.model
        name = os.fspath(model)
        if name in self._bundles or name.startswith(PREFIX) or self._path(name):
            _ = self.opened(name).graph
        else:
            _ = self._read(name, Path(name)).graph
            self._given.append(name)
        return name

    def _named(self, bundle: Bundle) -> Opened:
        """The bundle under the name that it has here, or would get."""
        known = (opened for opened in self._bundles.values() if opened.bundle is bundle)
        names = (bundle.net if number == 1 else f"{bundle.net}-{number}" for number in itertools.count(1))
        free = next(name for name in names if name not in self._bundles)
        return next(known, Opened(free, bundle, object()))

    def opened(self, model: str) -> Opened:
        """The model of that name; raises `Refusal` where it is not among them, or cannot be read."""
        if model in self._bundles:
            return self._bundles[model]
        if model.startswith(PREFIX):
            with refusing("model", 404):
                return self._kept.get(model, lambda: Opened(model, _untrained(model), None), _size)
        path = self._path(model)
        if path is None:
            raise Refusal(
                f"{shortened(model, 100)!r} is not among the models of this studio; choose one of its list, "
                "or name it when you start the studio: `convscope studio PATH`.",
                "model",
                404,
            )
        return self._read(model, path)

    def _read(self, model: str, path: Path) -> Opened:
        with refusing("model", 404):
            file = find(path)
            try:
                facts = file.stat()
            except OSError as error:
                raise ConvscopeError(f"{file} cannot be read: {error.strerror or error}.") from error
            version = facts.st_mtime_ns, facts.st_size, facts.st_ino
        with refusing("model"):
            return self._kept.get((model, version), lambda: Opened(model, Bundle.load(file), version), _size)

    def _path(self, model: str) -> Path | None:
        """Where a model lies that may be opened; None for any other."""
        if model == STARTER.stem:
            return STARTER
        if model in self._given:
            return Path(model)
        return None if self._runs is None else self._run(model, self._runs)

    @staticmethod
    def _run(model: str, runs: Path) -> Path | None:
        """A run in the folder, or one of a series: `runs/NAME`, `runs/SERIES/seed-0`, or `runs/latest`."""
        if "\0" in model:
            return None
        try:
            parts = Path(model).relative_to(runs).parts
        except ValueError:
            return None
        if len(parts) not in (1, 2) or ".." in parts:
            return None
        if parts == (LATEST,):
            return runs / LATEST
        paths = [runs.joinpath(*parts[: count + 1]) for count in range(len(parts))]
        return paths[-1] if all(map(is_shown, paths)) else None

    def entries(self) -> list[dict[str, Any]]:
        """All of them, those that were given first: `ModelEntry` of the page."""
        entries = [_entry(STARTER.stem, "starter", "starter", self._about(STARTER.stem))]
        entries += self._run_entries()
        entries += [_entry(f"{PREFIX}{net}", net, "net", _about_net(net)) for net in nets.names()]
        others = {entry["id"]: entry for entry in entries}
        given = [
            others.pop(name) if name in others else _entry(name, _label(name), "bundle", self._about(name))
            for name in (*self._bundles, *self._given)
        ]
        return [*given, *others.values()]

    def _about(self, model: str) -> str:
        try:
            return ", ".join(about(self.opened(model).bundle))
        except Refusal as refusal:
            return str(refusal)

    def _run_entries(self) -> list[dict[str, Any]]:
        if self._runs is None or not self._runs.is_dir():
            return []
        entries = []
        for record in runs_in(self._runs):
            path = Path(record["run"])
            for run in _with_bundles(path):
                if not str(run).isprintable():  # nor can an address name it
                    continue
                label = str(run.relative_to(self._runs))
                entries.append(_entry(str(run), label, "run", _about_run(record)))
        return entries


def _untrained(model: str) -> Bundle:
    """The bundle of `untrained:NET`, where its weights are not more than the studio keeps."""
    size = 4 * untrained_graph(model).parameter_count
    if size > BYTES:
        raise ConvscopeError(
            f"the weights of {shortened(model, 100)} are {in_bytes(size)}, more than the {in_bytes(BYTES)} "
            "that the studio makes; take smaller inputs."
        )
    return untrained(model)


def about(bundle: Bundle) -> Iterable[str]:
    """What is known of a bundle, in short parts."""
    parameters = bundle.graph.parameter_count if bundle.graph else bundle.info.get("parameters")
    if parameters is not None:
        yield f"{parameters:,} parameters"
    info = bundle.info
    if name := _found(info, "data", "name"):
        yield f"trained on {name}"
    accuracy, split = _found(info, "metrics", "test", "accuracy"), _found(info, "metrics", "test", "split")
    if isinstance(accuracy, int | float):
        yield (
            f"{accuracy:.2%} right".replace("%", " %") + f" of {split or 'test'} {bundle.preprocessing.noun}s"
        )


def _found(info: Any, *keys: str) -> Any:
    for key in keys:
        info = info.get(key) if isinstance(info, dict) else None
    return info


def _with_bundles(path: Path) -> list[Path]:
    """The run, or the runs of a series, that have a bundle."""
    if (path / FILE_NAME).is_file():
        return [path]
    return sorted(file.parent for file in path.glob(f"seed-*/{FILE_NAME}") if is_shown(file.parent))


def _about_run(record: dict[str, Any]) -> str:
    parts = [f"{record['net']} on {record['data']}" if record["net"] else None]
    if record["accuracy"] is not None:
        parts.append(f"{100 * record['accuracy']:.2f} % right of {record['split']}")
    if record["state"] != "finished":
        parts.append(record["state"])
    return ", ".join(filter(None, parts))


@cache
def _about_net(net: str) -> str:
    graph = nets.graph(net)
    return (
        f"{count_in_words(graph.parameter_count)} parameters, input {spell(graph.input_shape)}, not trained"
    )


def _label(name: str) -> str:
    path = Path(name)
    return (path.parent.name or path.name if path.name == FILE_NAME else path.name) or name


def _entry(name: str, label: str, kind: str, line: str) -> dict[str, Any]:
    return {"id": name, "label": label, "kind": kind, "about": line}


def _size(opened: Opened) -> int:
    return sum(weight.nbytes for weight in opened.bundle.weights.values())
