"""Networks, and pictures on their way through them, as the documents that studio and widgets show."""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..columns import in_bytes
from ..data import Preprocessing
from ..data.pictures import picture_facts
from ..drawing.network import draw
from ..errors import UnknownName
from ..look.arithmetic.forward_pass import ForwardPass
from ..look.arithmetic.terms import finite
from ..look.inside.seen import Seen, seen
from .kept import Kept
from .models import BYTES, Model, Models, Opened, about
from .network_document import network_document
from .refusal import Refusal, refusing
from .samples import samples

PASSES = 1 << 28  # bytes of the numbers that are kept, of all passes
LARGEST = 1 << 30  # bytes of one pass, above which it is not begun
PIXELS = 40_000_000  # of a picture; `MOST_PIXELS` of web/src/pictures/decode.ts
AT_ONCE = 2  # passes that are made; the others wait


@dataclass(frozen=True, eq=False)
class Passed:
    """A picture on its way into a network, and through it."""

    seen: Seen
    forward: ForwardPass

    @property
    def held(self) -> int:
        """Bytes of its numbers."""
        original = self.seen.original
        pixels = 0 if original is None else original.width * original.height * len(original.getbands())
        return int(pixels + sum(values.nbytes for values in self.forward.outputs.values()))


class Store:
    """What inspectors keep, each up to its bound: networks that were read, and pictures that went through."""

    def __init__(self) -> None:
        self.opened: Kept[Opened] = Kept(BYTES)
        self.passes: Kept[Passed] = Kept(PASSES)


class Inspector:
    """Answers the questions of the Network screen; `web/src/api.ts` says what each answer holds.

    `model` is what a command calls it: `starter`, a run in `folder`'s `runs`, one of `models` (paths of runs
    or bundle files, or bundles), `untrained:simple-cnn-4-8`. Nothing else is opened. `file` is a picture
    file's own bytes; for a network that takes signals, a `.npy` file's. Several threads may ask at once. What
    it cannot answer is a `Refusal`: a sentence, and what it is about. Inspectors may share a `store`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = ".",
        models: Sequence[Model] = (),
        store: Store | None = None,
    ) -> None:
        store = store or Store()
        self._models = Models(folder, models, store.opened)
        self._passes = store.passes
        self._making = threading.BoundedSemaphore(AT_ONCE)

    def models(self) -> list[dict[str, Any]]:
        """Which there are to choose from."""
        return self._models.entries()

    def add(self, model: Model) -> str:
        """Has one more to choose from, where its layers can be shown; what it is called."""
        return self._models.add(model)

    def bundle(self, model: str) -> Bundle:
        """The network itself."""
        return self._models.opened(model).bundle

    def network(self, model: str) -> dict[str, Any]:
        """Its layers, and where each stands in the drawing."""
        return network_document(self._models.opened(model))

    def passed(
        self, model: str, file: bytes, layers: Sequence[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What it makes of a picture, and the numbers of `layers`, or all: float32 without the batch."""
        opened = self._models.opened(model)
        wanted = _wanted(opened, layers)
        passed = self._passed(opened, file)
        return _document(opened, passed), {name: passed.forward.outputs[name] for name in wanted}

    def why(self, model: str, file: bytes, cell: str) -> dict[str, Any]:
        """The arithmetic of one number."""
        opened = self._models.opened(model)
        forward = self._passed(opened, file).forward
        with refusing("cell"):
            return {**forward.why(cell).to_dict(), "state": opened.state}

    def forward(self, model: str, file: bytes) -> ForwardPass:
        """All numbers of a picture on its way, to be asked why each is what it is."""
        return self._passed(self._models.opened(model), file).forward

    def drawing(self, model: str) -> str:
        """The network as an SVG document."""
        opened = self._models.opened(model)
        return draw(opened.graph, title=opened.bundle.net, about=[", ".join(about(opened.bundle))])

    def samples(self, model: str) -> list[tuple[str, bytes]]:
        """Pictures to begin with: names, and files."""
        return samples(self._models.opened(model).bundle.preprocessing)

    def _passed(self, opened: Opened, file: bytes) -> Passed:
        graph = opened.graph
        size = 4 * sum(math.prod(node.shape) for node in graph.nodes)
        if size > LARGEST:
            raise Refusal(
                f"all numbers of {opened.bundle.net} for one picture are {in_bytes(size)}, more than the "
                f"{in_bytes(LARGEST)} that the studio computes; take smaller pictures.",
                "model",
            )
        key = (opened.model, opened.version, hashlib.sha256(file).digest())
        return self._passes.get(key, lambda: self._made(opened, file), lambda passed: passed.held)

    def _made(self, opened: Opened, file: bytes) -> Passed:
        with self._making:
            return _through(opened, file)


def _through(opened: Opened, file: bytes) -> Passed:
    bundle = opened.bundle
    if not file:
        raise Refusal(f"there is no {bundle.preprocessing.noun} in the request.", "picture")
    with refusing("picture"):
        if isinstance(bundle.preprocessing, Preprocessing):
            _check_size(file)
        picture = seen(bundle, file)
    with refusing("model"):
        return Passed(picture, ForwardPass(bundle, picture))


def _check_size(file: bytes) -> None:
    """Raises `Refusal` for a picture that would fill the memory; nothing of it is decoded."""
    facts = picture_facts(file)
    if facts.height * facts.width > PIXELS:
        raise Refusal(
            f"the picture is {facts.height}×{facts.width} pixels, more than the {PIXELS // 10**6} million "
            "that the studio reads; shrink it first.",
            "picture",
        )


def _wanted(opened: Opened, layers: Sequence[str] | None) -> list[str]:
    known = opened.graph.by_name
    if layers is None:
        return list(known)
    for name in layers:
        if name not in known:
            raise Refusal(str(UnknownName("layer", name, known)), "layers")
    return list(dict.fromkeys(layers))


def _document(opened: Opened, passed: Passed) -> dict[str, Any]:
    """`Pass` of web/src/api.ts, without its outputs."""
    bundle, forward, picture = opened.bundle, passed.forward, passed.seen
    probabilities = forward.outputs[forward.graph.output].ravel().tolist()
    if not all(map(math.isfinite, probabilities)):
        raise Refusal(_not_finite(passed), "model")
    best = int(np.argmax(probabilities))
    return {
        "state": opened.state,
        "label": bundle.classes[best],
        "probability": probabilities[best],
        "probabilities": [
            {"label": label, "probability": probability}
            for label, probability in zip(bundle.classes, probabilities, strict=True)
        ],
        "seen": {
            "size": None if picture.size is None else list(picture.size),
            "steps": list(picture.steps),
            "ranges": [[finite(low), finite(high)] for low, high in picture.ranges],
            "warnings": [{"code": warning.kind, "message": str(warning)} for warning in picture.warnings],
        },
    }


def _not_finite(passed: Passed) -> str:
    first = next(name for name, values in passed.forward.outputs.items() if not np.isfinite(values).all())
    noun = passed.forward.bundle.preprocessing.noun
    return (
        f"the network's numbers for this {noun} grow beyond float32, first in the layer {first!r}, so that "
        "it gives no probabilities; its training has gone wrong."
    )
