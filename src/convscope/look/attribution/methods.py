"""The methods of attribution, each a few lines around captum's: one picture in, a map of its pixels out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from .layer import placed
from .scored import Scored

if TYPE_CHECKING:
    import torch
    from torch import Tensor

AT_ONCE = 64  # inputs that go through the network together
MOST_STEPS = 256  # of integrated gradients
# What integrated gradients may miss of the score's change, as a share of all they attribute. Sundararajan
# et al. 2017 allow 5 % of the change itself, which is often less than half of that, and can be 0.
NEAR = 0.02


@dataclass(frozen=True)
class Settings:
    """How thorough the methods are.

    `samples` noisy pictures of SmoothGrad, with a deviation of `noise` times the range of the picture's
    values (Smilkov et al. 2017 advise 0.1 to 0.2); `steps` of integrated gradients, doubled up to 256 while
    their sum misses more than 2 %; `window`, the side of occlusion's square in pixels,
    by default a sixth of each side, which moves by half of itself. Raises `UsageError` for what makes no
    sense.
    """

    samples: int = 32
    noise: float = 0.15
    steps: int = 32
    window: int | None = None

    def __post_init__(self) -> None:
        for name in ("samples", "steps", "window"):
            number = getattr(self, name)
            if number is not None and (not isinstance(number, int) or number < 1):
                raise UsageError(f"{name}={number!r} should be a whole number of 1 or more.")
        if not 0 < self.noise < float("inf"):
            raise UsageError(f"noise={self.noise!r} should be above 0.")

    def windows(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """The sides of occlusion's window.

        >>> Settings().windows((28, 28)), Settings().windows((1, 8)), Settings(window=5).windows((64, 3))
        ((5, 5), (1, 2), (5, 3))
        """
        return tuple(min(size, self.window or max(2, round(size / 6))) for size in sizes)


@dataclass(frozen=True, eq=False)
class Question:
    """A picture as the network gets it, float32 (1, C, H, W) or (1, C, L), the empty one of the same shape,
    the class asked about, and how to look."""

    picture: npt.NDArray[np.float32]
    empty: npt.NDArray[np.float32]
    target: int
    layer: str | None
    seed: int
    settings: Settings
    patient: bool = True  # whether the steps of integrated gradients are doubled until they are enough


@dataclass(frozen=True, eq=False)
class Map:
    """What a method says: float32 (H, W) or (L,); `gap` is that of `Attribution`."""

    values: npt.NDArray[np.float32]
    gap: float | None = None


Method = Callable[[Scored, Question], Map]


def gradient(network: Scored, question: Question) -> Map:
    """|∂ score / ∂ pixel|, of the channels the largest (Simonyan et al. 2014)."""
    from captum.attr import Saliency

    with _picture(question) as picture:
        return Map(_largest(Saliency(network.module).attribute(picture, question.target, abs=False)))


def smoothgrad(network: Scored, question: Question) -> Map:
    """The mean gradient of noisy copies of the picture, then as `gradient` (Smilkov et al. 2017).

    The noise comes from the seed; PyTorch's generator is left as it was.
    """
    import torch
    from captum.attr import NoiseTunnel, Saliency

    deviation = question.settings.noise * float(np.ptp(question.picture))
    with _picture(question) as picture, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(question.seed)
        gradients = NoiseTunnel(Saliency(network.module)).attribute(
            picture,
            nt_type="smoothgrad",
            nt_samples=question.settings.samples,
            nt_samples_batch_size=min(question.settings.samples, AT_ONCE),
            stdevs=deviation,
            target=question.target,
            abs=False,
        )
        return Map(_largest(gradients))


def integrated_gradients(network: Scored, question: Question) -> Map:
    """(x - empty) · the mean gradient on the way from the empty picture to x, summed over the channels.

    The sum over all pixels is the score's change from the empty picture to x (Sundararajan et al. 2017).
    """
    import torch
    from captum.attr import IntegratedGradients

    method, steps = IntegratedGradients(network.module), question.settings.steps
    empty = torch.from_numpy(question.empty)
    with torch.no_grad():
        ends = network.module(torch.from_numpy(np.concatenate([question.picture, question.empty])))
    change = float(ends[0, question.target] - ends[1, question.target])
    while True:
        with _picture(question) as picture:
            values = method.attribute(
                picture, empty, question.target, n_steps=steps, internal_batch_size=AT_ONCE
            )
        summed = _summed(values)
        missed = abs(float(summed.sum(dtype=np.float64)) - change)
        gap = missed / max(float(np.abs(summed).sum(dtype=np.float64)), 1e-12)
        if gap <= NEAR or 2 * steps > MOST_STEPS or not question.patient:
            return Map(summed, gap)
        steps *= 2


def occlusion(network: Scored, question: Question) -> Map:
    """How much the score falls when a window of the picture is emptied, averaged over the windows that hold a
    pixel (Zeiler & Fergus 2014)."""
    import torch
    from captum.attr import Occlusion

    channels, *sizes = question.picture.shape[1:]
    window = question.settings.windows(tuple(sizes))
    with torch.no_grad():
        falls = Occlusion(lambda batch: torch.from_numpy(network.scores(batch.numpy()))).attribute(
            torch.from_numpy(question.picture),
            (channels, *window),
            (channels, *(max(1, side // 2) for side in window)),
            torch.from_numpy(question.empty),
            question.target,
            perturbations_per_eval=AT_ONCE,
        )
    return Map(falls[0, 0].numpy())  # the same for every channel


def grad_cam(network: Scored, question: Question) -> Map:
    """The maps of a layer, each weighted by its mean gradient, summed, and what is above 0 of that (Selvaraju
    et al. 2017); `attribution_layer.placed` brings it back to the pixels."""
    from captum.attr import LayerGradCam

    assert network.graph is not None
    assert question.layer is not None
    layer = network.module.get_submodule(question.layer)
    with _picture(question) as picture:
        values = LayerGradCam(network.module, layer).attribute(
            picture, question.target, relu_attributions=True
        )
    return Map(placed(network.graph, question.layer, values[0, 0].detach().numpy()))


METHODS: dict[str, Method] = {
    "grad-cam": grad_cam,
    "integrated-gradients": integrated_gradients,
    "occlusion": occlusion,
    "gradient": gradient,
    "smoothgrad": smoothgrad,
}


@contextmanager
def _picture(question: Question) -> Iterator[Tensor]:
    """The picture as a tensor that gradients are taken of, whatever the caller has turned off."""
    import torch

    with torch.enable_grad():
        yield torch.from_numpy(question.picture).requires_grad_()


def _largest(gradients: torch.Tensor) -> npt.NDArray[np.float32]:
    result: npt.NDArray[np.float32] = gradients[0].abs().amax(0).detach().numpy()
    return result


def _summed(values: torch.Tensor) -> npt.NDArray[np.float32]:
    result: npt.NDArray[np.float32] = values[0].sum(0).detach().float().numpy()
    return result
