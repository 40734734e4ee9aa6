"""Without the compiled module there is nothing to test here."""

from __future__ import annotations

import pytest

from convscope import native


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    if not native.available():
        pytest.skip(f"the native engine is not there: {native.reason()}")
