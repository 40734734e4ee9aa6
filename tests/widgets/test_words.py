"""The words of the page that are not values of Python."""

from __future__ import annotations

import pytest

from convscope.errors import UsageError
from convscope.widgets import words


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("kernel", "1 2 / 3 x", "'x' is not a number"),
        ("kernel", "1 2 / 3", "its channels have 1×1 and 1×2 numbers"),
        ("bias", "1; 2", "should be a number, or one for each filter"),
        ("stride", "two", "stride 'two' should be whole numbers"),
        ("at", "1;2", "at '1;2' should be whole numbers"),
    ],
)
def test_what_is_no_value(name: str, said: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        words.read(name, said)
    assert sentence in str(refused.value)
    assert not words.means(name, said, None)
