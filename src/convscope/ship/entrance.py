"""How numbers enter an exported network, and what has to be done before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..data import ArrayPreprocessing, InputPreprocessing, Preprocessing


@dataclass(frozen=True)
class Entrance:
    """What an exported network takes.

    With `inside`, polarity, scaling, mean and deviation are part of the network, which then takes inputs as
    they are read: uint8 (N, H, W, C) pictures of its size, or float32 (N, *shape) signals and arrays.
    Without, it takes what `preprocessing.batch` gives, float32 (N, *input_shape). Resizing stays outside.
    """

    preprocessing: InputPreprocessing
    inside: bool = True

    @cached_property
    def outside(self) -> InputPreprocessing:
        """What makes an input of a picture or signal: the bundle's own, less what is part of the network.

        Where the network turns light and dark around, so are the borders that `fit` leaves.
        """
        of = self.preprocessing
        if self.inside and isinstance(of, Preprocessing):
            turned = {"invert": False, "fill": 255 - of.fill} if of.invert else {}
            return of.model_copy(update={"mean": None, "std": None, **turned})
        if self.inside and isinstance(of, ArrayPreprocessing):
            return of.model_copy(update={"mean": None, "std": None, "repeat": 1})
        return of

    @property
    def inverts(self) -> bool:
        """Whether the network turns light and dark around, 255 - x, before anything else."""
        return self.inside and isinstance(self.preprocessing, Preprocessing) and self.preprocessing.invert

    @property
    def takes_pictures(self) -> bool:
        """Whether the network takes pictures of bytes, (N, H, W, C); else float32 numbers, channels first."""
        return self.inside and isinstance(self.preprocessing, Preprocessing)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input: (H, W, C) of a picture of bytes, else channels first.

        >>> small = Preprocessing(height=1, width=2, channels=3)
        >>> Entrance(small).shape, Entrance(small, inside=False).shape
        ((1, 2, 3), (3, 1, 2))
        """
        stored: tuple[int, ...] = self.outside.blank(0).shape[1:]
        return stored if self.inside else self.preprocessing.input_shape

    @property
    def dtype(self) -> str:
        """Of its numbers: uint8 or float32."""
        return "uint8" if self.takes_pictures else "float32"

    def of_stored(self, stored: np.ndarray) -> np.ndarray:
        """What is stored of inputs (`Bundle.logits` takes it) as the exported network takes it.

        >>> dark_on_light = Preprocessing(height=1, width=2, channels=1, invert=True)
        >>> Entrance(dark_on_light).of_stored(np.array([[[[0], [200]]]], dtype=np.uint8)).ravel()
        array([255,  55], dtype=uint8)
        """
        if not self.inside:
            return np.ascontiguousarray(self.preprocessing.batch(stored))
        return 255 - stored if self.inverts else stored
