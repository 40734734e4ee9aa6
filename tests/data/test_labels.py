"""Labels as numbers or names, against NumPy's own `unique`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.labels import class_positions
from convscope.errors import DataError

labels_of_a_kind = st.one_of(
    st.lists(st.integers(-5, 300), min_size=1, max_size=30),
    st.lists(st.sampled_from(["ant", "bee", "äß", "10", "9"]), min_size=1, max_size=30),
    st.lists(st.sampled_from([-1.0, 0.0, 2.0]), min_size=1, max_size=30),
)


@given(values=labels_of_a_kind)
def test_classes_are_the_sorted_labels(values: list[Any]) -> None:
    array = np.array(values)
    unique, inverse = np.unique(array, return_inverse=True)
    if len(unique) == 1:
        with pytest.raises(DataError, match="one class only"):
            class_positions({"train": array})
        return
    classes, positions = class_positions({"train": array, "test": array[::-1]})
    names = [str(int(value)) if array.dtype.kind == "f" else str(value) for value in unique]
    assert classes == tuple(names)
    assert positions["train"].dtype == np.int64
    np.testing.assert_array_equal(positions["train"], inverse)
    np.testing.assert_array_equal(positions["test"], inverse[::-1])


@pytest.mark.parametrize(
    "labels",
    [np.array([2, 0, 2]), np.array(["c", "a", "c"]), np.array([b"c", b"a", b"c"]), np.array([[2], [0], [2]])],
)
def test_given_classes_keep_their_order(labels: np.ndarray) -> None:
    classes, positions = class_positions({"train": labels}, ["a", "z", "c"])
    assert classes == ("a", "z", "c")
    np.testing.assert_array_equal(positions["train"], [2, 0, 2])


def test_truth_values_are_names() -> None:
    classes, positions = class_positions({"train": np.array([True, False, True])})
    assert classes == ("False", "True")
    np.testing.assert_array_equal(positions["train"], [1, 0, 1])


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        ({"train": np.array([1.0, 1.5])}, None, "float64, such as 1.5"),
        ({"train": np.array([1.0, np.inf])}, None, "such as inf"),
        ({"train": np.array([1.0, np.nan])}, None, "such as nan"),
        ({"train": np.array([1j, 2])}, None, "complex128"),
        ({"train": np.array([b"\xff", b"a"])}, None, "no UTF-8"),
        ({"train": np.eye(3)}, None, r"\(3, 3\).*one per input"),
        ({"train": np.array(1)}, None, "one per input"),
        ({"train": np.zeros(0, int)}, None, "are empty"),
        ({"train": np.array([1, 1])}, None, "one class only, 1;"),
        ({"train": np.array([0, 1]), "test": np.array([0, 7])}, None, "test labels.*7, which the training"),
        ({"train": np.array([0, 1]), "test": np.arange(9)}, None, "2, 3, 4, 5, 6, ..., which"),
        ({"train": np.array([0, 1]), "test": np.array(["0"])}, None, "names in one part and numbers"),
        ({"train": np.array([0, 2])}, ["a", "b"], "2, which is none of its classes"),
        ({"train": np.array([0, -1])}, ["a", "b"], "-1, which is none of its classes"),
        ({"train": np.array(["a", "d"])}, ["a", "b"], "d, which is none of its classes"),
        ({"train": np.array([0, 1])}, ["a", "a"], "twice"),
    ],
)
def test_other_labels_are_refused(labels: dict[str, np.ndarray], classes: Any, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        class_positions(labels, classes, where="ecg.npz")
    assert "ecg.npz" in str(caught.value)
