"""How a run's training pictures are moved in each epoch: what its recipe asks for, drawn once per epoch."""

from __future__ import annotations

import numpy as np

from ..data import Dataset, Preprocessing
from ..data.augmentation import Augmentation
from .recipe import Recipe


class EpochMoves:
    """How the training pictures are moved, epoch by epoch: the same for every engine."""

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        preprocessing = dataset.preprocessing  # of arrays, which stay as they are, there is no fill
        self.augmentation = Augmentation(
            shift=recipe.shift,
            crop=recipe.crop,
            flip=recipe.flip,
            cutout=recipe.cutout,
            fill=preprocessing.fill if isinstance(preprocessing, Preprocessing) else 0,
        )
        self.shape = dataset.train.images.shape[:3]
        self.seed = recipe.seed
        self._drawn: tuple[int, np.ndarray] | None = None

    def table(self, epoch: int) -> np.ndarray | None:
        """A row per training picture (see `Augmentation.draw`); None where pictures stay as they are."""
        if not self.augmentation:
            return None
        if self._drawn is None or self._drawn[0] != epoch:
            self._drawn = epoch, self.augmentation.draw(*self.shape, seed=self.seed, epoch=epoch)
        return self._drawn[1]
