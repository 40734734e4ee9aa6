"""How much each pixel of a picture speaks for a class, and whether that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...errors import DataError


@dataclass(frozen=True)
class Checks:
    """How a map fared.

    Areas are the mean probability of the target (0..1) while the most important pixels are removed from the
    picture (deletion: low is good) or put back into an empty one (insertion: high is good), beside the mean
    of random orders (Petsiuk et al. 2018). `similarity` is Spearman's rank correlation of the map's
    magnitudes with those after the weights are randomised (Adebayo et al. 2018): a map that stays as it was
    shows the picture, not the network. `failed` has a sentence for each check that it did not pass.
    """

    deletion: float
    insertion: float
    random_deletion: float
    random_insertion: float
    similarity: float
    failed: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failed


MEANING = {  # what the colours of a map say
    "gradient": "blue: where a change moves the score, up or down",
    "smoothgrad": "blue: where a change moves the score, up or down",
    "grad-cam": "blue speaks for it; what speaks against it is not shown",
}
SIGNED = "blue speaks for it, orange against it"


@dataclass(frozen=True, eq=False)
class Attribution:
    """A map of one picture: float32 (height, width); above 0 speaks for `target`, below 0 against it.

    `method` is the name of a method, `target` that of a class; `layer` is the one that Grad-CAM looked at.
    The map has the size of the picture as it is stored; that of a signal is (1, length). Gradient, SmoothGrad
    and Grad-CAM have no values below 0: theirs is how much a pixel matters.

    `probability` is the target's for this picture, and `score` what was attributed to the pixels: the
    target's logit, or its probability where the network shows no logit. `baseline` is the colour of a
    removed pixel as it is stored, one number per channel. `gap` is how far the sum of integrated gradients
    is from the score's change since the empty picture, as a share of the sum of their magnitudes.
    """

    method: str
    target: str
    values: npt.NDArray[np.float32]
    layer: str | None = None
    checks: Checks | None = None
    probability: float | None = None
    score: Literal["logit", "probability"] = "logit"
    baseline: tuple[float, ...] = ()
    gap: float | None = None

    @property
    def meaning(self) -> str:
        """What blue and orange say on its map."""
        return MEANING.get(self.method, SIGNED)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values.

        >>> one = Attribution("gradient", "7", np.ones((2, 3), np.float32), baseline=(0.0,))
        >>> again = Attribution.from_dict(one.to_dict())
        >>> again.values.shape, again.to_dict() == one.to_dict()
        ((2, 3), True)
        """
        return {**asdict(self), "values": self.values.tolist(), "baseline": list(self.baseline)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Attribution:
        """The inverse of `to_dict`. Raises `DataError` for what it is not."""
        try:
            fields = dict(record)
            fields["values"] = np.array(record["values"], np.float32)
            fields["baseline"] = tuple(map(float, record["baseline"]))
            if (checks := record["checks"]) is not None:
                fields["checks"] = Checks(**{**checks, "failed": tuple(map(str, checks["failed"]))})
            return cls(**fields)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is not a record of an attribution: {error!r}.") from error
