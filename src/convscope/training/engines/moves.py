"""How a run's training pictures are changed in each epoch: what its recipe asks for, drawn once per epoch."""

from __future__ import annotations

import numpy as np

from ...data import Dataset, Preprocessing
from ...data.augmentation import Augmentation
from ...recipe import Recipe
from ..augment import moves_of


class EpochMoves:
    """How the training pictures are changed, epoch by epoch: the same for every engine."""

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        preprocessing = dataset.preprocessing  # of signals, which stay as they are, there is no fill
        fill = preprocessing.fill if isinstance(preprocessing, Preprocessing) else 0
        self.augmentation = Augmentation(**moves_of(recipe), fill=fill)  # type: ignore[arg-type]
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
