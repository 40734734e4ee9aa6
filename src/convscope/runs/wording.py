"""Figures, their spread and their differences as they are printed."""

from __future__ import annotations

from ..spread import Spread


def figure_names(split: str) -> dict[str, str]:
    """The figures of a run in words, final ones of `split`; those of validation stand there once.

    >>> list(figure_names("validation").values())[:3]
    ['validation accuracy', 'validation loss', 'last train loss']
    """
    names = {
        "accuracy": f"{split} accuracy",
        "loss": f"{split} loss",
        "validation_accuracy": "validation accuracy",
        "validation_loss": "validation loss",
        "train_loss": "last train loss",
        "best_epoch": "best epoch",
        "seconds": "seconds",
    }
    if split == "validation":  # the final ones are those of the best epoch
        del names["validation_accuracy"], names["validation_loss"]
    return names


def number(figure: str, value: float, *, unit: bool = True) -> str:
    """A figure as it is printed.

    >>> number("accuracy", 0.9931), number("loss", 0.03214), number("seconds", 2.04)
    ('99.31 %', '0.0321', '2.0')
    >>> number("best_epoch", 3), number("best_epoch", 14.27)
    ('3', '14.3')
    """
    if "accuracy" in figure or figure == "recall":
        return f"{100 * value:.2f}" + (" %" if unit else "")
    if figure == "best_epoch":  # of one run whole, the mean of several seldom
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.1f}" if figure == "seconds" else f"{value:.4f}"


def mean_and_std(figure: str, spread: Spread) -> str:
    """
    >>> mean_and_std("accuracy", Spread(30, 0.9931, 0.0005, 0.993, 0.994, 0.99, 1.0))
    '99.31 % ± 0.05 %'
    """
    return f"{number(figure, spread.mean)} ± {number(figure, spread.std)}"


def difference(figure: str, value: float, *, sign: bool = True) -> str:
    """A difference in a figure: percentage points of an accuracy, nats of a loss; 0 when printed has no sign.

    >>> difference("accuracy", 0.0012), difference("loss", -0.0345), difference("loss", -1e-9)
    ('+0.12 points', '−0.0345', '0.0000')
    """
    size = number(figure, abs(value), unit=False)
    mark = "" if float(size) == 0 or not sign else "−" if value < 0 else "+"
    return f"{mark}{size}" + (" points" if "accuracy" in figure else "")


def chance(p: float) -> str:
    """
    >>> chance(0.0312), chance(1e-9)
    ('p = 0.0312', 'p < 0.001')
    """
    return f"p = {p:.3g}" if p >= 0.001 else "p < 0.001"
