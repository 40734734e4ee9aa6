"""A data set ready for training: pictures or signals of one size, labels, and what a person should know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .input_preprocessing import InputPreprocessing
from .usual import Usual


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures that serve one purpose: training, validation or test.

    >>> len(Split(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1]), ["a/1.png", "b/1.png"]))
    2
    """

    #: pictures, uint8 (N, H, W, C), after `Preprocessing.picture`; or float32 (N, C, L), (N, C, H, W)
    images: np.ndarray
    #: int64 (N,), positions in `Dataset.classes`
    labels: np.ndarray
    #: one per picture: a path that opens, or such as "mnist/test/17" (part and position in the source)
    names: Sequence[str]
    #: float32 (N,), how much each picture counts in the loss, a weighted mean; None: all the same
    weights: np.ndarray | None = None
    #: (N, 2), height and width of each picture before it was resized; None where that is not known
    sizes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Splits of inputs that all went through `preprocessing`; made by `load`."""

    name: str
    classes: tuple[str, ...]
    preprocessing: InputPreprocessing
    train: Split
    validation: Split | None
    test: Split | None
    #: sentences a person should read: pictures that were skipped, splits that were made
    notes: tuple[str, ...]
    #: sha256 of the source's content, whatever the splits, seed and preprocessing: it names the data exactly
    checksum: str
    #: whether every picture is known to have been grey before `preprocessing`
    grey: bool = False

    @cached_property
    def usual(self) -> Usual | None:
        """What the training pictures are like; None where they are too few to say."""
        return Usual.of(self.preprocessing, self.train.images, self.train.sizes, grey=self.grey)

    @property
    def counts(self) -> dict[str, list[int]]:
        """How many pictures each part has of each class, in the order of the classes."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {
            name: np.bincount(split.labels, minlength=len(self.classes)).tolist()
            for name, split in parts.items()
            if split is not None
        }

    @property
    def evaluation(self) -> tuple[str, Split]:
        """What final figures are of: ("test", test split), else validation's, else training's own."""
        if self.test is not None:
            return "test", self.test
        if self.validation is not None:
            return "validation", self.validation
        return "train", self.train
