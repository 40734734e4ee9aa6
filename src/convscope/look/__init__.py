"""Looking into a network: what each of its layers gives, why it says what it says, and where it breaks.

Nothing here imports torch before it is needed.
"""

from .activations import activations
from .attribution import Attribution, Checks
from .robustness import Curve, LayerShift, Robustness
from .seen import Seen, seen
from .suspect import Suspect, Suspects

__all__ = [
    "activations",
    "seen",
    "Seen",
    "Attribution",
    "Checks",
    "Robustness",
    "Curve",
    "LayerShift",
    "Suspects",
    "Suspect",
]
