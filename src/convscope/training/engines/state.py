"""Where a training run stands between two steps, in one form for all engines: arrays by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import ConvscopeError

Arrays = dict[str, np.ndarray]
WEIGHT, FIRST, SECOND = "weight/", "moment1/", "moment2/"


@dataclass(frozen=True)
class State:
    """Weights, the optimiser's moments of the trained ones, and how many steps there were.

    The first moment is SGD's momentum or Adam's mean of gradients, the second Adam's mean of squares;
    an optimiser that has none leaves it empty.
    """

    weights: Arrays
    first: Arrays
    second: Arrays
    steps: int

    def to_arrays(self) -> Arrays:
        """`weight/<name>`, `moment1/<name>`, `moment2/<name>` and `steps`.

        >>> state = State({"a": np.zeros(2)}, {"a": np.ones(2)}, {}, 3)
        >>> sorted(state.to_arrays())
        ['moment1/a', 'steps', 'weight/a']
        """
        arrays = {"steps": np.array(self.steps, dtype=np.int64)}
        for prefix, tensors in ((WEIGHT, self.weights), (FIRST, self.first), (SECOND, self.second)):
            arrays |= {f"{prefix}{name}": value for name, value in tensors.items()}
        return arrays

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, np.ndarray], weights: Iterable[str], trained: Iterable[str], *, moments: int
    ) -> State:
        """The inverse, for an optimiser with so many moments of the `trained` weights.

        Raises `ConvscopeError` naming what is missing.
        """

        def pick(prefix: str, names: Iterable[str]) -> Arrays:
            return {name: arrays[f"{prefix}{name}"] for name in names}

        trained = list(trained)
        try:
            return cls(
                pick(WEIGHT, weights),
                pick(FIRST, trained if moments > 0 else ()),
                pick(SECOND, trained if moments > 1 else ()),
                int(arrays["steps"]),
            )
        except KeyError as error:
            raise ConvscopeError(
                f"the state of the training lacks {error}; it is of another network or optimiser."
            ) from None


def moments_of(optimizer: str, momentum: float) -> int:
    """How many moments of each weight an optimiser keeps.

    >>> moments_of("adamw", 0.9), moments_of("sgd", 0.9), moments_of("sgd", 0.0)
    (2, 1, 0)
    """
    return 2 if optimizer != "sgd" else int(momentum > 0)
