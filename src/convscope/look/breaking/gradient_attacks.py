"""Pictures moved along the sign of a gradient: FGSM and PGD, by captum.robust. Imports torch.

Everything is in whole levels of a picture (0..255): where an attack starts, its steps and its reach. So each
picture on its way is one that can be saved, and rounding never takes away what was found.
"""

from __future__ import annotations

import threading

import numpy as np
import torch
from captum.robust import FGSM
from torch import Tensor

from ...bundle import Bundle
from .pixel_space import pixel_space

LEVELS = 255
CLEAR = 0.01  # of logits: what is taken for another class by so much is so by either engine
MOST_AT_ONCE = 64  # pictures: more are no faster
MEMORY = 256e6  # bytes of activations at once, about


class GradientAttacks:
    """FGSM (Goodfellow et al. 2015) and PGD (Madry et al. 2018) on a bundle's network, L∞.

    The loss is log((1 - p) / p), p the probability of the true class. It rises with the cross-entropy -log p,
    so the signs of its gradients are the same, but they are not rounded to 0 where p is nearly 1.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.model = pixel_space(bundle)
        self.batch_size = _batch_size(bundle)
        self.stop = threading.Event()  # set where nobody waits for the rest

    def logits(self, images: np.ndarray) -> np.ndarray:
        """uint8 (N, H, W, C) pictures → float32 (N, classes), as the attacks see them."""
        with torch.inference_mode():
            logits: np.ndarray = self.model(_levels(images) / LEVELS).numpy()
        return logits

    def fgsm(self, images: np.ndarray, labels: np.ndarray, radius: int) -> np.ndarray:
        """Each picture one step of `radius` levels along the sign of its gradient, uint8 (N, H, W, C)."""
        moved, _ = self._step(_levels(images), torch.from_numpy(labels), radius)
        return _pictures(moved)

    def pgd(
        self,
        images: np.ndarray,
        starts: np.ndarray,
        labels: np.ndarray,
        *,
        radius: int,
        step: int,
        steps: int,
    ) -> np.ndarray:
        """From `starts`, steps of `step` levels along the sign of the gradient, none further than `radius`.

        The most wrong of the pictures on the way, uint8 (N, H, W, C). One that is clearly wrong goes no
        further.
        """
        origin, current, targets = _levels(images), _levels(starts), torch.from_numpy(labels)
        low, high = (origin - radius).clamp_min(0), (origin + radius).clamp_max(LEVELS)
        best, margins = current.clone(), torch.full((len(images),), -torch.inf)
        active = torch.arange(len(images))
        for number in range(steps + 1):
            if self.stop.is_set():
                break
            if number < steps:
                moved, reached = self._step(current, targets[active], step)
            else:
                with torch.inference_mode():
                    moved, reached = current, margin(self.model(current / LEVELS), targets[active])
            better = reached > margins[active]
            best[active[better]], margins[active[better]] = current[better], reached[better]
            going = reached <= CLEAR
            active = active[going]
            if not len(active):
                break
            current = torch.minimum(torch.maximum(moved[going], low[active]), high[active])
        return _pictures(best)

    def _step(self, levels: Tensor, labels: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """The next pictures, and by how much each of these is wrong."""
        seen: list[Tensor] = []

        def loss(logits: Tensor, labels: Tensor) -> Tensor:
            seen.append(logits.detach())
            true = logits.gather(1, labels[:, None])[:, 0]
            return (_others(logits, labels).logsumexp(1) - true).sum()[None]  # one number, as captum has it

        fgsm = FGSM(self.model, loss, lower_bound=0.0, upper_bound=1.0)
        fgsm.zero_thresh = 0.0  # captum takes gradients below 1e-6 for none
        moved = fgsm.perturb((levels / LEVELS).requires_grad_(), size / LEVELS, labels).detach()
        return (moved * LEVELS).round(), margin(seen[0], labels)


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """By how much another class is ahead of the true one, (N,): above 0 the picture is taken for another."""
    return _others(logits, labels).amax(1) - logits.gather(1, labels[:, None])[:, 0]


def _others(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.scatter(1, labels[:, None], -torch.inf)


def _levels(images: np.ndarray) -> Tensor:
    """uint8 (N, H, W, C) → float32 (N, C, H, W), 0..255."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().contiguous()


def _pictures(levels: Tensor) -> np.ndarray:
    """The inverse of `_levels`."""
    pictures: np.ndarray = levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return pictures


def _batch_size(bundle: Bundle) -> int:
    """Pictures whose activations and gradients fit into `MEMORY`."""
    from ...graph import summarize

    if bundle.graph is None:
        return 32
    each = 3 * summarize(bundle.graph).activation_bytes
    return int(min(max(MEMORY // each, 1), MOST_AT_ONCE))
