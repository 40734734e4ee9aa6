"""Looking into a network: what each of its layers gives, why it says what it says, and where it breaks.

Nothing here imports torch before it is needed.
"""

from .activations import activations
from .attribution import Attribution, Checks
from .cell import Cell
from .filters import Filters, filters
from .formation import Formation
from .forward_pass import ForwardPass
from .maps import FeatureMaps, LayerMaps, feature_maps
from .patches import Patch, Patches, patches
from .robustness import Curve, LayerShift, Robustness
from .suspect import Suspect, Suspects
from .why_number import Why, why

__all__ = [
    "activations",
    "filters",
    "Filters",
    "feature_maps",
    "FeatureMaps",
    "LayerMaps",
    "patches",
    "Patches",
    "Patch",
    "Attribution",
    "Checks",
    "Formation",
    "Robustness",
    "Curve",
    "LayerShift",
    "Suspects",
    "Suspect",
    "why",
    "Why",
    "ForwardPass",
    "Cell",
]
