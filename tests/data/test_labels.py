"""Labels as numbers or names, against NumPy's own `unique`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.labels import class_positions
from convscope.errors import DataError

WHERE = {"train": "ecg.npz: y", "test": "ecg.npz: y_test"}

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
            class_positions({"train": array}, where=WHERE)
        return
    classes, positions = class_positions({"train": array, "test": array[::-1]}, where=WHERE)
    names = [str(int(value)) if array.dtype.kind == "f" else str(value) for value in unique]
    assert classes == tuple(names)
    assert positions["train"].dtype == np.int64
    np.testing.assert_array_equal(positions["train"], inverse)
    np.testing.assert_array_equal(positions["test"], inverse[::-1])


@pytest.mark.parametrize(
    "labels",
    [
        np.array([2, 0, 2]),
        np.array(["c", "a", "c"]),
        np.array([b"c", b"a", b"c"]),
        np.array([[2], [0], [2]]),
        np.eye(3)[[2, 0, 2]],
    ],
)
def test_given_classes_keep_their_order(labels: np.ndarray) -> None:
    classes, positions = class_positions({"train": labels}, ["a", "z", "c"], where=WHERE)
    assert classes == ("a", "z", "c")
    np.testing.assert_array_equal(positions["train"], [2, 0, 2])


def test_truth_values_are_names() -> None:
    classes, positions = class_positions({"train": np.array([True, False, True])}, where=WHERE)
    assert classes == ("False", "True")
    np.testing.assert_array_equal(positions["train"], [1, 0, 1])
    classes, positions = class_positions({"train": np.array([True, False])}, ["no", "yes"], where=WHERE)
    assert classes == ("no", "yes")
    np.testing.assert_array_equal(positions["train"], [1, 0])


def test_classes_may_be_the_numbers_themselves() -> None:
    classes, positions = class_positions({"train": np.array([3, 7, 3])}, [7, 3], where=WHERE)
    assert classes == ("7", "3")
    np.testing.assert_array_equal(positions["train"], [1, 0, 1])
    classes, positions = class_positions({"train": np.array(["3", "7"])}, [7, 3], where=WHERE)
    assert classes == ("7", "3")
    np.testing.assert_array_equal(positions["train"], [1, 0])


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        ({"train": np.array([1.0, 1.5])}, None, "labels such as 1.5, but they are whole numbers or names"),
        ({"train": np.array([1.0, np.inf])}, None, "such as inf"),
        ({"train": np.array([1.0, np.nan])}, None, "such as nan"),
        ({"train": np.array([1j, 2])}, None, "complex128"),
        ({"train": np.array([b"\xff", b"a"])}, None, "no UTF-8"),
        ({"train": np.ones((3, 3))}, None, r"\(3, 3\).*one number or name per input, or one-hot rows"),
        ({"train": np.array(1)}, None, r"labels of int64 \(\), but"),
        ({"train": np.zeros((2, 2, 2), int)}, None, r"labels of int64 \(2, 2, 2\), but"),
        ({"train": np.zeros(0, int)}, None, "has no labels"),
        ({"train": np.array([1, 1])}, None, "one class only, '1';"),
        ({"train": np.array([1, 1])}, [], "no classes"),
        (
            {"train": np.array([0, 1]), "test": np.array([0, 7])},
            None,
            "y_test has the label 7, which ecg",
        ),
        ({"train": np.array([0, 1]), "test": np.array([2])}, ["a", "b", "c"], "label 2, which .* never has"),
        ({"train": np.array([0, 1]), "test": np.array(["0"])}, None, "numbers in one and text in the other"),
        ({"train": np.array([0, 2])}, ["a", "b"], "the label 2, but the 2 class names are for 0 to 1"),
        ({"train": np.array([0, -1])}, ["a", "b"], "the label -1, but"),
        ({"train": np.array([0, 2])}, [0, 3], "the label 2, which is not among the 2 class names"),
        ({"train": np.array(["a", "d"])}, ["a", "b"], "the label 'd', which is not among the 2"),
        ({"train": np.array([0, 1])}, ["a", "a"], "twice"),
    ],
)
def test_other_labels_are_refused(labels: dict[str, np.ndarray], classes: Any, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        class_positions(labels, classes, where=WHERE)
    assert "ecg.npz" in str(caught.value)
