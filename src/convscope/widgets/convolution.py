"""The Convolution screen in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import traitlets
from anywidget import AnyWidget

from ..errors import ConvscopeError, UsageError
from ..ops import PoolStep, Step
from ..ops.arrays import as_array, as_kernel, is_whole
from . import words
from .operation import Operation
from .pictures import Sent, numbers_of, received, sent
from .scripts import script
from .settings import Refused, Setting
from .static import Display, with_drawing

SLIDING = ("kernel", "pool", "padding", "stride", "dilation", "border", "flip", "bias", "then")
SETTINGS = (*SLIDING, "at")
OF_A_WIDGET = ("layout", "tooltip", "tabbable")


def _kernel(given: Any) -> np.ndarray | str | None:
    if given is None:
        return None
    if isinstance(given, str):
        typed = words.typed_planes(given)
        return given if typed is None else typed
    return as_kernel(as_array(given))


def _sides(given: Any) -> Any:
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else given


def _position(given: Any) -> tuple[int, ...] | None:
    if given is None or (isinstance(given, Iterable) and all(is_whole(place, 0) for place in given)):
        return None if given is None else tuple(map(int, given))
    raise UsageError(f"at={given!r} should be a position of the output, such as (0, 0).")


def _plain(maps: np.ndarray) -> np.ndarray:
    return maps[0] if maps.ndim > 1 and len(maps) == 1 else maps


class Convolution(AnyWidget):
    """A window that slides over a picture, to be stepped through in a notebook.

    picture: an array or nested lists (height, width) or (channels, height, width), a signal (length,) or,
        with signal=True, (channels, length); a Pillow image, a path, or typed numbers "1 2; 3 4".
    kernel: a name with settings ("gaussian:2"), an array or typed numbers: one plane, which each channel
        meets by itself, or one for each channel, or filters of these (filters, channels, ...). "sobel-x"
        where there is no pool either.
    pool: "max:2", "average:3x3:1", "l2:2", "global-max"; after the kernel, or alone. then: what follows,
        "relu | max:2". padding, stride, dilation, border, flip, bias: as for `ops.steps`. at: the position of
        the output that is shown.

    All of these are traits: set them and the page follows, change them in the page and they are read here;
    `observe` and `ipywidgets.link` work. Several at once that only fit together are set within
    `hold_trait_notifications`. `output`, `end` and `step` are computed by `convscope.ops`. What does not
    fit is refused with the sentence of `ops`, and nothing changes; what was typed in the page and cannot be
    computed stays there, and `problem` says why.

    >>> shown = Convolution([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, -1]], padding=1)
    >>> shown.at = (1, 2)
    >>> shown.step.equation(), shown.output.shape
    ('2·1 + 3·0 + 5·0 + 6·(-1) = -4', (4, 4))
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _words = traitlets.Dict().tag(sync=True)  # of all settings, as the page has them
    _picture = traitlets.Dict().tag(sync=True, echo_update=False)

    picture = Setting(None, numbers_of)
    signal = traitlets.Bool(Operation.signal)
    kernel = Setting(Operation.kernel, _kernel)
    pool = Setting(Operation.pool, lambda given: None if given is None else str(given))
    padding = Setting(Operation.padding, _sides)
    stride = Setting(Operation.stride, _sides)
    dilation = Setting(Operation.dilation, _sides)
    border = Setting(Operation.border)
    flip = Setting(Operation.flip)
    bias = Setting(Operation.bias, _sides)
    then = Setting(Operation.then)
    at = Setting(None, _position)
    problem = traitlets.Unicode("", read_only=True)

    def __init__(self, picture: Any = None, kernel: Any = None, *, pool: Any = None, **settings: Any) -> None:
        unknown = settings.keys() - {*SETTINGS, "signal", *OF_A_WIDGET}
        if unknown:
            raise UsageError(f"the widget has no {', '.join(sorted(unknown))}; it has {', '.join(SETTINGS)}.")
        self._operation: Operation | None = None
        if picture is None:
            picture = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
            kernel = [[1, 0], [0, -1]] if kernel is None and pool is None else kernel
        super().__init__(picture=picture, kernel=kernel, pool=pool, **settings)

    @property
    def operation(self) -> Operation:
        """All settings but the position, as one value."""
        if self._operation is None:
            self._operation = self._with({})
        return self._operation

    @property
    def output(self) -> np.ndarray:
        """What the steps give: (rows, columns) or (places,), after the maps where there are several."""
        return _plain(self.operation.maps)

    @property
    def end(self) -> np.ndarray:
        """What comes out after a pool behind the kernel, and after `then`; a row of numbers has one axis."""
        return _plain(self.operation.end)

    @property
    def step(self) -> Step | PoolStep:
        """The step that is shown: that of `at`, or the first."""
        return self.operation.step(self._place())

    def __repr__(self) -> str:
        return f"Convolution: {self.step.equation()}, {self.operation.walks[0]!r}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Display:
        drawing = partial(self.operation.drawing, self._place())
        return with_drawing(super()._repr_mimebundle_(**kwargs), drawing, repr(self))

    # -- what Python sets

    @traitlets.validate("picture", "signal", *SETTINGS)
    def _fits(self, proposal: Any) -> Any:
        name, value = proposal.trait.name, proposal.value
        try:
            operation = self._with({name: value} if name != "at" else {})
            if name == "at" and value is not None:
                operation.step(value)
        except ConvscopeError as error:
            raise Refused(str(error)) from error
        return value

    def _with(self, changed: dict[str, Any]) -> Operation:
        values = {name: getattr(self, name) for name in ("picture", "signal", *SLIDING)}
        return Operation(**{name: changed.get(name, value) for name, value in values.items()})

    @traitlets.observe("picture", "signal", *SETTINGS)
    def _changed(self, change: Any) -> None:
        if change.name != "at":
            self._operation = None
            if self.at is not None and not self.operation.has(self.at):
                self.at = None
        told = {
            name: said
            if (said := self._words.get(name)) is not None and words.means(name, said, value)
            else words.written(name, value)
            for name, value in self._values().items()
        }
        with self.hold_trait_notifications():  # the page is told of both before what it has is heard again
            if not self._has_sent():
                self._picture = sent(self.operation.channels, "picture")
            if told != self._words:
                self._words = told

    def _has_sent(self) -> bool:
        return bool(self._picture) and np.array_equal(received(self._picture), self.operation.channels)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in SETTINGS}

    def _place(self) -> tuple[int, ...]:
        return self.at or (0,) * len(self.operation.shape)

    # -- what the page has

    @traitlets.default("_esm")
    def _script(self) -> str:
        return script("convolution")

    @traitlets.default("_words")
    def _first_words(self) -> words.Words:
        return {name: words.written(name, value) for name, value in self._values().items()}

    @traitlets.default("_picture")
    def _first_picture(self) -> Sent:
        return sent(self.operation.channels, "picture")

    @traitlets.observe("_words", "_picture")
    def _heard(self, change: Any) -> None:
        """All at once, because a kernel of the page may fit its picture alone."""
        try:
            heard = {name: words.read(name, self._words[name]) for name in SLIDING}
            if not self._has_sent():
                channels = received(self._picture)
                heard["signal"] = channels.ndim == 2
                heard["picture"] = channels[0] if len(channels) == 1 else channels
            at = words.read("at", self._words["at"])
            heard["at"] = at if at is None or self._with(heard).has(at) else None
            with self.hold_trait_notifications():
                for name, value in heard.items():
                    if not words.same(value, getattr(self, name)):
                        setattr(self, name, value)
            self.set_trait("problem", "")
        except ConvscopeError as error:
            self.set_trait("problem", str(error))
