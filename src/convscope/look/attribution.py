"""How much each pixel of a picture speaks for a class, and whether that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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


@dataclass(frozen=True, eq=False)
class Attribution:
    """A map of one picture: float32 (height, width); above 0 speaks for `target`, below 0 against it.

    `method` is the name of a method, `target` that of a class; `layer` is the one that Grad-CAM looked at.
    """

    method: str
    target: str
    values: npt.NDArray[np.float32]
    layer: str | None = None
    checks: Checks | None = None
