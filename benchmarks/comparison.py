"""What a row of `lanes.py` comes to: rates beside each other, ratios and shares of the peak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TORCH = ("torch", "torch-channels-last", "torch-compile")
JAX = ("jax", "jax-scan")
HEADINGS = {
    "torch": "torch",
    "torch-channels-last": "ch. last",
    "torch-compile": "compile",
    "jax": "jax",
    "jax-scan": "scan",
    "onnxruntime": "ort",
    "lanes-step": "step",
    "lanes": "lanes",
}


@dataclass(frozen=True)
class Comparison:
    """One network at one batch size and number of threads; a figure is None where a side is missing."""

    row: Mapping[str, Any]

    def rate(self, name: str) -> float | None:
        """Median pictures per second of a contestant."""
        rates = self.row["rates"].get(name)
        return rates["median"] if rates else None

    def best(self, names: Iterable[str]) -> float | None:
        """The highest rate of these contestants."""
        return max((rate for name in names if (rate := self.rate(name))), default=None)

    def over(self, *names: str) -> float | None:
        """How many times as fast as the best of these lanes is."""
        lanes, best = self.rate("lanes"), self.best(names)
        return lanes / best if lanes and best else None

    @property
    def nominal_gflops(self) -> float | None:
        """Work of direct convolution that lanes gets done per second; fast algorithms do less for it."""
        return self._gflops(self.row["nominal_flops"])

    @property
    def executed_gflops(self) -> float | None:
        return self._gflops(self.row["executed_flops"])

    def of_peak(self, gflops: float | None) -> float | None:
        """A share of the multiply-adds that the same threads do in registers."""
        peak = self.row["fma_peak_gflops"]
        return gflops / peak if gflops and peak else None

    @property
    def spread(self) -> float | None:
        """The largest distance of quartiles of a contestant that the ratios use, as a share of its median."""
        return max((rates["spread"] for rates in self.row["rates"].values()), default=None)

    @property
    def disturbed(self) -> bool:
        """Whether other processes took so much of the processor that the row is not to be used."""
        return any(rates["disturbed"] for rates in self.row["rates"].values())

    @property
    def best_torch(self) -> str | None:
        """The fastest way to use PyTorch here."""
        present = [name for name in TORCH if self.rate(name)]
        return max(present, key=lambda name: self.rate(name) or 0, default=None)

    def figures(self) -> dict[str, Any]:
        """What is computed from the row, JSON-ready."""
        return {
            "best_torch": self.best_torch,
            "over_torch": self.over("torch"),
            "over_best_torch": self.over(*TORCH),
            "over_jax": self.over(*JAX),
            "over_onnxruntime": self.over("onnxruntime"),
            "nominal_gflops": self.nominal_gflops,
            "executed_gflops": self.executed_gflops,
            "nominal_share_of_peak": self.of_peak(self.nominal_gflops),
            "executed_share_of_peak": self.of_peak(self.executed_gflops),
        }

    def _gflops(self, flops: float | None) -> float | None:
        rate = self.rate("lanes")
        return flops * rate / 1e9 if flops and rate else None


def table(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Headings and a line of cells per row; a contestant that ran nowhere has no column."""
    present = [name for name in HEADINGS if any(name in row["rates"] for row in rows)]
    over = {"÷torch": ("torch",), "÷best": TORCH, "÷jax": JAX}
    if "onnxruntime" in present:
        over["÷ort"] = ("onnxruntime",)
    headings = ("net", "batch", *(HEADINGS[name] for name in present), *over, "GFLOP/s", "done", "peak", "±")
    lines = [headings]
    for row in rows:
        comparison = Comparison(row)
        executed = comparison.executed_gflops
        lines.append(
            (
                row["net"] + " (disturbed)" * comparison.disturbed,
                str(row["batch_size"]),
                *(_rate(comparison.rate(name)) for name in present),
                *(_ratio(comparison.over(*names)) for names in over.values()),
                _number(comparison.nominal_gflops),
                _number(executed),
                _share(comparison.of_peak(executed or comparison.nominal_gflops)),
                _share(comparison.spread),
            )
        )
    return lines


def _rate(rate: float | None) -> str:
    """Three digits: 9,870/s is 9.87k."""
    if not rate:
        return "–"
    if rate < 1000:
        return f"{rate:.0f}" if rate >= 100 else f"{rate:.1f}"
    thousands = rate / 1000
    return f"{thousands:.{2 if thousands < 9.995 else 1 if thousands < 99.95 else 0}f}k"


def _ratio(ratio: float | None) -> str:
    return f"{ratio:.1f}×" if ratio and ratio >= 9.995 else f"{ratio:.2f}×" if ratio else "–"


def _number(value: float | None) -> str:
    return f"{value:.0f}" if value else "–"


def _share(share: float | None) -> str:
    return f"{share:.0%}" if share is not None else "–"
