"""Looking into a network: what each of its layers gives, why it says what it says, and where it breaks.

Nothing here imports torch before it is needed.
"""

from .activations import activations
from .attack import Attacked, attack
from .attributing import attribute, attributions, methods_for
from .attribution import Attribution, Checks
from .attribution_methods import METHODS, Settings
from .cell import Cell
from .duplicates import Duplicates, duplicates
from .filters import Filters, filters
from .formation import Formation
from .forward_pass import ForwardPass
from .label_errors import LabelErrors, label_errors
from .maps import FeatureMaps, LayerMaps, feature_maps
from .outliers import outlier_scores
from .patches import Patch, Patches, patches
from .robustness import Curve, LayerShift, Robustness
from .seen import Seen, seen
from .suspect import Suspect, Suspects
from .why_number import Why, why

from .breaking import robustness  # isort: skip  (after the module of its name)

__all__ = [
    "activations",
    "seen",
    "Seen",
    "filters",
    "Filters",
    "feature_maps",
    "FeatureMaps",
    "LayerMaps",
    "patches",
    "Patches",
    "Patch",
    "attribute",
    "attributions",
    "methods_for",
    "METHODS",
    "Settings",
    "Attribution",
    "Checks",
    "Formation",
    "attack",
    "Attacked",
    "robustness",
    "Robustness",
    "Curve",
    "LayerShift",
    "Suspects",
    "Suspect",
    "why",
    "Why",
    "ForwardPass",
    "Cell",
    "LabelErrors",
    "label_errors",
    "Duplicates",
    "duplicates",
    "outlier_scores",
]
