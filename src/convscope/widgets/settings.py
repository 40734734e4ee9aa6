"""A trait whose value is made of what a person gives, and refused with convscope's sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from ..errors import ConvscopeError, UsageError


class Refused(UsageError, traitlets.TraitError):
    """What a widget refuses; traitlets takes back what was set along with it on a `TraitError` alone."""


class Setting(traitlets.TraitType[Any, Any]):
    """A trait that holds `made(value)`."""

    def __init__(self, default: Any, made: Callable[[Any], Any] = lambda value: value) -> None:
        super().__init__(default)  # None is checked as any other value
        self.made = made

    def validate(self, obj: object, value: Any) -> Any:
        try:
            return self.made(value)
        except ConvscopeError as error:
            raise Refused(str(error)) from error
