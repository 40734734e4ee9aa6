"""The handwritten digits that come with scikit-learn: the data set that needs no download."""

from __future__ import annotations

import numpy as np

from .source import ArraySource, Names
from .split import TEST_SEED, hold_out
from .subject import DIGITS

TEST_FRACTION = 0.2


def open_digits() -> ArraySource:
    """1,797 grey 8×8 pictures of the digits 0 to 9; a fixed fifth of each class is the test part.

    scikit-learn's values 0..16 become round(v * 255 / 16). Source: E. Alpaydin and C. Kaynak,
    Optical Recognition of Handwritten Digits, UCI, 1998.

    >>> open_digits().counts
    {'train': 1438, 'test': 359}
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = ((digits.images * 255 + 8) // 16).astype(np.uint8)[..., None]  # (1797, 8, 8, 1)
    labels = digits.target.astype(np.int64)
    train, test = hold_out(labels, TEST_FRACTION, seed=TEST_SEED)
    return ArraySource(
        "digits",
        [str(digit) for digit in range(10)],
        images={"train": images[train], "test": images[test]},
        labels={"train": labels[train], "test": labels[test]},
        subject=DIGITS,
        names={"train": Names("digits", train), "test": Names("digits", test)},
    )
