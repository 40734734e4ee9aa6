"""The engine that trains with PyTorch, on any of its devices, any network it can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ... import inference
from ...data import Dataset, Preprocessing
from ...data.moving import PARTNER, SHARE, WHOLE
from ...errors import UsageError
from ...graph import Graph, summarize
from ...graph.module import state_arrays
from ...lanes.pace import Pace
from ...recipe import Recipe
from ...torch_threads import threads
from .engine import StepFigures
from .moves import EpochMoves
from .state import State, moments_of

SMALL_STEP = 20e6  # MACs, forward; a second thread gains little below, and loses much on a busy machine


class TorchEngine:
    """Trains an `nn.Module` in place. See `Engine` for what each method promises.

    `ratios` are of a parameter's learning rate to that of a step, where it is another.
    """

    def __init__(
        self,
        module: nn.Module,
        dataset: Dataset,
        recipe: Recipe,
        *,
        ratios: Mapping[str, float] | None = None,
    ) -> None:
        self.name = "torch"
        self.device = check_device(recipe.device)
        self.recipe = recipe
        self.preprocessing = dataset.preprocessing
        self.labels = torch.from_numpy(dataset.train.labels).to(self.device)
        weights = dataset.train.weights
        self.picture_weights = None if weights is None else torch.from_numpy(weights).to(self.device)
        self.moves = EpochMoves(dataset, recipe)
        self.images: np.ndarray | Tensor = dataset.train.images
        if self.device != "cpu" and self.images.dtype == np.uint8 and not self.moves.augmentation:
            self.images = torch.from_numpy(np.ascontiguousarray(dataset.train.images)).to(self.device)
        self.module = module.to(self.device)
        if any(parameter.dim() == 4 for parameter in module.parameters()):
            # pictures are N, H, W, C at rest, which is this format: no copy, and faster kernels
            self.module = self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.trained = {name: p for name, p in self.module.named_parameters() if p.requires_grad}
        self.parameters = list(self.trained.values())
        self.steps = 0
        self.pace = Pace()
        if not self.parameters:
            raise UsageError("the network has no parameters to train.")
        groups = _groups(self.trained, ratios or {})
        self.optimizer = _optimizer(groups, recipe, fused=self.device in ("cpu", "cuda"))

    def train(
        self, batches: Sequence[np.ndarray], learning_rates: Sequence[float], *, epoch: int, first_step: int
    ) -> Iterator[StepFigures]:
        def steps(part: slice) -> StepFigures:
            return self._steps(batches[part], learning_rates[part], epoch, first_step + part.start)

        yield from self.pace.calls(len(batches), steps)  # each call ends with a wait for the device

    def logits(self, images: np.ndarray) -> np.ndarray:
        self.module.eval()
        with threads(self.recipe.threads):
            return inference.logits(self.module, self.preprocessing, images, device=self.device)

    def weights(self) -> dict[str, np.ndarray]:
        return state_arrays(self.module)

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        self.module.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})

    def state(self) -> dict[str, np.ndarray]:
        moments: list[dict[str, np.ndarray]] = [{}, {}]
        for name, parameter in self.trained.items():
            for kept, key in zip(moments, self._moments, strict=False):
                value = self.optimizer.state[parameter].get(key)  # there from the first gradient on
                value = torch.zeros_like(parameter) if value is None else value
                kept[name] = value.detach().cpu().contiguous().numpy().copy()
        return State(self.weights(), moments[0], moments[1], self.steps).to_arrays()

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        new = State.of_arrays(state, self.weights(), self.trained, moments=len(self._moments))
        self.set_weights(new.weights)
        self.steps = new.steps
        for name, parameter in self.trained.items():
            known = {
                key: torch.zeros_like(parameter).copy_(torch.from_numpy(moment[name]))
                for key, moment in zip(self._moments, (new.first, new.second), strict=False)
            }
            if len(known) == 2:
                known["step"] = torch.tensor(float(new.steps), device=self.device)
            self.optimizer.state[parameter] = known

    @property
    def _moments(self) -> tuple[str, ...]:
        """What PyTorch calls the moments that the optimiser keeps."""
        kept = moments_of(self.recipe.optimizer, self.recipe.momentum)
        return () if kept == 0 else ("momentum_buffer",) if kept == 1 else ("exp_avg", "exp_avg_sq")

    def _steps(
        self, batches: Sequence[np.ndarray], learning_rates: Sequence[float], epoch: int, first_step: int
    ) -> StepFigures:
        self.module.train()
        losses: list[Tensor] = []
        correct = torch.zeros((), dtype=torch.int64, device=self.device)
        devices = [0] if self.device == "cuda" else []
        with threads(self.recipe.threads), torch.random.fork_rng(devices=devices):
            for number, (positions, rate) in enumerate(zip(batches, learning_rates, strict=True), first_step):
                self.seed(epoch, number)
                loss, right = self._step(torch.from_numpy(positions), rate, epoch)
                losses.append(loss)
                correct += right
        self.steps += len(batches)
        pictures = sum(map(len, batches))
        return StepFigures(torch.stack(losses).cpu().double().numpy(), pictures, int(correct))

    def seed(self, epoch: int, step: int) -> None:
        """Dropout depends on (seed, epoch, step) alone, so that it is the same after a resume."""
        numbers = (self.recipe.seed, epoch, step)
        seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
        torch.default_generator.manual_seed(seed)  # `torch.manual_seed` records a stack trace per call
        if self.device == "cuda":
            torch.cuda.manual_seed(seed)
        elif self.device == "mps":
            torch.mps.manual_seed(seed)

    def _step(self, positions: Tensor, learning_rate: float, epoch: int) -> tuple[Tensor, Tensor]:
        batch, labels = self.batch(positions, epoch)
        logits = self.outputs(batch)
        loss = self.loss(logits, positions, epoch)
        self.descend(loss, learning_rate)
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()

    def batch(self, positions: Tensor, epoch: int) -> tuple[Tensor, Tensor]:
        """The pictures at `positions` as they are trained on, float32 (N, C, H, W), and their labels.

        The label of a mixed picture is that of its larger part.
        """
        return self._batch(positions, epoch), self._targets(positions, epoch)[0][0]

    def outputs(self, batch: Tensor) -> Tensor:
        """float32 (N, classes), in the precision of the recipe inside."""
        with torch.autocast(self.device, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            logits: Tensor = self.module(batch)
        return logits.float()

    def descend(self, loss: Tensor, learning_rate: float) -> None:
        """A step of the optimiser down the gradient of a loss."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group["ratio"]
        self.optimizer.step()

    def loss(self, logits: Tensor, positions: Tensor, epoch: int) -> Tensor:
        """The recipe's own, the mean over a batch: weighted where pictures have weights or are mixed.

        It is 0 where all of them weigh nothing.
        """
        labels, weights = self._targets(positions, epoch)
        smoothing = self.recipe.label_smoothing
        if weights is None:
            return F.cross_entropy(logits, labels[0], label_smoothing=smoothing)
        logits = logits.repeat(len(labels), 1)
        losses = F.cross_entropy(logits, labels.flatten(), label_smoothing=smoothing, reduction="none")
        return (weights.flatten() * losses).sum() / weights.sum().clamp_min(torch.finfo(torch.float32).tiny)

    def _targets(self, positions: Tensor, epoch: int) -> tuple[Tensor, Tensor | None]:
        """The labels of a batch and how much each counts, (1, N) both; of mixed pictures (2, N).

        Of a mixed picture's two labels that of the larger share is the first.
        """
        at, weights = positions.to(self.device), self.picture_weights
        if not self.moves.augmentation.mixup:
            return self.labels[None, at], None if weights is None else weights[None, at]
        table = self.moves.table(epoch)
        assert table is not None
        rows = torch.from_numpy(table[positions.numpy()]).to(self.device)
        share = rows[:, SHARE].to(torch.float32) / WHOLE
        both, counts = torch.stack([at, rows[:, PARTNER].long()]), torch.stack([share, 1 - share])
        order = counts.argsort(dim=0, descending=True, stable=True)
        both, counts = both.gather(0, order), counts.gather(0, order)
        return self.labels[both], counts if weights is None else counts * weights[both]

    def _batch(self, positions: Tensor, epoch: int) -> Tensor:
        """The inputs at `positions`, moved and normalised: float32 (N, *input_shape) on the device."""
        if isinstance(self.images, np.ndarray):
            table = self.moves.table(epoch)
            if table is None:
                chosen = self.images[positions.numpy()]
            else:
                chosen = self.moves.augmentation.apply(self.images, table, positions.numpy())
            return torch.from_numpy(self.preprocessing.batch(chosen)).to(self.device)
        assert isinstance(self.preprocessing, Preprocessing)
        pictures = self.images[positions.to(self.device)]  # (N, H, W, C), the same arithmetic on the device
        factor, offset = self.preprocessing.factor_and_offset()
        values = pictures.to(torch.float32) * torch.from_numpy(factor).to(self.device)
        if offset is not None:
            values += torch.from_numpy(offset).to(self.device)
        return values.permute(0, 3, 1, 2)


def default_threads(graph: Graph | None, batch_size: int) -> int:
    """CPU threads for a network: one where a step is so small that threads mostly wait for each other."""
    if graph is not None and summarize(graph).macs * batch_size < SMALL_STEP:
        return 1
    return torch.get_num_threads()


def check_device(device: str) -> str:
    """`device` where this machine has it; raises `UsageError` otherwise."""
    found = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not found[device]:
        have = ", ".join(name for name, there in found.items() if there)
        raise UsageError(
            f"--device {device} is not available here; this machine and this PyTorch have {have}."
        )
    return device


def _groups(trained: Mapping[str, nn.Parameter], ratios: Mapping[str, float]) -> list[dict[str, Any]]:
    """The parameters by their ratio, as groups of an optimiser."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in trained.items():
        groups.setdefault(ratios.get(name, 1.0), []).append(parameter)
    return [{"params": parameters, "ratio": ratio} for ratio, parameters in groups.items()]


def _optimizer(groups: list[dict[str, Any]], recipe: Recipe, *, fused: bool) -> torch.optim.Optimizer:
    assert recipe.lr is not None
    assert recipe.weight_decay is not None
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            groups,
            lr=recipe.lr,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
            fused=fused,
        )
    kind = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return kind(
        groups,
        lr=recipe.lr,
        betas=(recipe.beta1, recipe.beta2),
        weight_decay=recipe.weight_decay,
        fused=fused,
    )
