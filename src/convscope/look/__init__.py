"""Looking into a network: what each of its layers gives, why it says what it says, and where it breaks.

Nothing here imports torch before it is needed.
"""

from .activations import activations
from .attribution import Attribution, Checks
from .duplicates import Duplicates, duplicates
from .label_errors import LabelErrors, label_errors
from .outliers import outlier_scores
from .robustness import Curve, LayerShift, Robustness
from .suspect import Suspect, Suspects

__all__ = [
    "activations",
    "Attribution",
    "Checks",
    "Robustness",
    "Curve",
    "LayerShift",
    "Suspects",
    "Suspect",
    "LabelErrors",
    "label_errors",
    "Duplicates",
    "duplicates",
    "outlier_scores",
]
