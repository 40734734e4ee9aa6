"""The Network screen in a notebook."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from anywidget import AnyWidget

from ..bundle import Bundle
from ..errors import ConvscopeError, UnknownName
from ..prediction import Prediction
from ..studio.inspector import Inspector, Store
from .given_picture import GivenPicture
from .questions import Buffers, answer
from .scripts import script
from .settings import Refused, Setting
from .static import Display, with_drawing

if TYPE_CHECKING:
    from ..look import Why

STORE = Store()  # of all widgets of a notebook


class Network(AnyWidget):
    """A network in a notebook: its graph, its maps of a picture, and the arithmetic of each number.

    bundle: a `Bundle`, or what a command would be given: `starter`, a run or a bundle's path,
        `untrained:simple-cnn-4-8`.
    picture: a path, the bytes of a file, a Pillow image, or an array uint8 (height, width) or (height, width,
        3); of a network that takes signals, an array. Without, the page begins with a sample.
    layer: the layer whose maps are shown. cell: the number that is taken apart, such as "conv2:3:5:7".

    `model`, `picture`, `layer` and `cell` are traits: set them and the page follows; draw, choose and click
    in the page and they are read here. `picture.array` and `picture.image` are what was drawn. `bundle`,
    `prediction`, `maps` and `why` are computed here, as `Bundle.predict` and `look.why` do. What does not fit
    is refused, and nothing changes.

    >>> shown = Network("starter", np.zeros((28, 28), np.uint8), cell="conv1:0:3:4")
    >>> shown.prediction.label in shown.bundle.classes, str(shown.why.cell), shown.maps["conv1"].shape[1:]
    (True, 'conv1:0:3:4', (28, 28))
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _words = traitlets.Dict().tag(sync=True)
    _file = traitlets.Dict().tag(sync=True, echo_update=False)  # {"name", "data"} of the picture; {} for none

    model = Setting("starter", str)
    picture = Setting(None, GivenPicture.of)
    layer = Setting("", lambda given: given or "")
    cell = Setting("", lambda given: "" if given is None else str(given))
    problem = traitlets.Unicode("", read_only=True)  # of what the page has and Python cannot take over

    def __init__(
        self, bundle: str | os.PathLike[str] | Bundle = "starter", picture: Any = None, **settings: Any
    ) -> None:
        self._inspector = Inspector(store=STORE)
        super().__init__(model=self._inspector.add(bundle), picture=picture, **settings)
        self.on_msg(self._asked)

    @property
    def bundle(self) -> Bundle:
        """The network that is shown; setting it shows another."""
        return self._inspector.bundle(self.model)

    @bundle.setter
    def bundle(self, bundle: str | os.PathLike[str] | Bundle) -> None:
        self.model = self._inspector.add(bundle)

    @property
    def prediction(self) -> Prediction:
        """What the network says of the picture: see `Bundle.predict`."""
        return self.bundle.predict(self._shown().file)[0]

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """What each layer gives for the picture, float32 (channels, height, width), or of its own shape."""
        outputs = self._inspector.forward(self.model, self._shown().file).outputs
        return {name: values.copy() for name, values in outputs.items()}  # the page's own stay as they are

    @property
    def why(self) -> Why | None:
        """The arithmetic of `cell`: see `look.why`. None where no cell is open."""
        return self._inspector.forward(self.model, self._shown().file).why(self.cell) if self.cell else None

    def __repr__(self) -> str:
        said = self.prediction
        return f"Network: {self.bundle.net} says {said.label}, {100 * said.probability:.1f} %"

    def _repr_mimebundle_(self, **kwargs: Any) -> Display:
        display = super()._repr_mimebundle_(**kwargs)
        return with_drawing(display, lambda: self._inspector.drawing(self.model), repr(self))

    def _shown(self) -> GivenPicture:
        """The picture, or the sample that the page begins with."""
        picture: GivenPicture | None = self.picture
        return picture or GivenPicture(*self._inspector.samples(self.model)[0])

    # -- what Python sets

    @traitlets.validate("model", "picture", "layer", "cell")
    def _fits(self, proposal: Any) -> Any:
        try:
            self._check(proposal.trait.name, proposal.value)
        except ConvscopeError as error:
            raise Refused(str(error)) from error
        return proposal.value

    def _check(self, name: str, value: Any) -> None:
        if name == "model":
            self._inspector.add(value)
        elif name == "picture" and value is not None:
            self._inspector.passed(self.model, value.file, [])
        elif name == "layer" and value:
            names = [layer["name"] for layer in self._inspector.network(self.model)["layers"]]
            if value not in names:
                raise UnknownName("layer", value, names)
        elif name == "cell" and value:
            self._inspector.why(self.model, self._shown().file, value)

    @traitlets.observe("model", "picture", "layer", "cell")
    def _changed(self, change: Any) -> None:
        if change.name == "model":
            self.layer, self.cell = self._kept("layer"), self._kept("cell")
        path = self._words["path"] if self.cell == self._words["cell"] else ""
        told = {"model": self.model, "layer": self.layer, "cell": self.cell, "path": path}
        file = self._first_file()
        with self.hold_trait_notifications():  # the page is told of both before what it has is heard again
            if told != self._words:
                self._words = told
            if file != self._file:
                self._file = file

    def _kept(self, name: str) -> str:
        """A layer or cell of the network before, where this one has it too."""
        value: str = getattr(self, name)
        try:
            self._check(name, value)
        except ConvscopeError:
            return ""
        return value

    # -- what the page has

    @traitlets.default("_esm")
    def _script(self) -> str:
        return script("network")

    @traitlets.default("_words")
    def _first_words(self) -> dict[str, str]:
        return {"model": self.model, "layer": self.layer, "cell": self.cell, "path": ""}

    @traitlets.default("_file")
    def _first_file(self) -> dict[str, Any]:
        return {} if self.picture is None else {"name": self.picture.name, "data": self.picture.file}

    @traitlets.observe("_words", "_file")
    def _heard(self, change: Any) -> None:
        """All at once, because a cell of the page may be of its network and picture alone."""
        sent = self._file
        picture = GivenPicture(str(sent["name"]), bytes(sent["data"])) if sent else None
        heard = {"model": self._words["model"], "picture": picture}
        heard |= {name: self._words[name] for name in ("layer", "cell")}
        try:
            with self.hold_trait_notifications():
                for name, value in heard.items():
                    if value != getattr(self, name):
                        setattr(self, name, value)
            self.set_trait("problem", "")
        except ConvscopeError as error:
            self.set_trait("problem", str(error))

    def _asked(self, _: object, question: Any, buffers: Buffers) -> None:
        self.send(*answer(self._inspector, question, buffers))
