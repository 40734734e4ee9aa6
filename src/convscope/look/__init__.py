"""Looking into a network: what each of its layers gives, why it says what it says, and where it breaks.

Nothing here imports torch before it is needed.
"""

from .activations import activations
from .attributing import attribute, attributions, methods_for
from .attribution import Attribution, Checks
from .attribution_methods import METHODS, Settings
from .robustness import Curve, LayerShift, Robustness
from .suspect import Suspect, Suspects

__all__ = [
    "activations",
    "attribute",
    "attributions",
    "methods_for",
    "METHODS",
    "Settings",
    "Attribution",
    "Checks",
    "Robustness",
    "Curve",
    "LayerShift",
    "Suspects",
    "Suspect",
]
