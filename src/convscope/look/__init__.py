"""Looking into a network: what each of its layers gives, why it says what it says, and where it breaks.

Nothing here imports torch before it is needed.
"""

from .arithmetic.cell import Cell
from .arithmetic.forward_pass import ForwardPass
from .arithmetic.why import Why, why
from .attribution.attributing import attribute, attributions, methods_for
from .attribution.attribution import Attribution, Checks
from .attribution.methods import METHODS, Settings
from .breaking.attack import Attacked, attack
from .breaking.measuring import robustness
from .breaking.robustness import Curve, LayerShift, Robustness
from .inside.activations import activations
from .inside.filters import Filters, filters
from .inside.formation import Formation
from .inside.maps import FeatureMaps, LayerMaps, feature_maps
from .inside.patches import Patch, Patches, patches
from .inside.seen import Seen, seen
from .suspicion.duplicates import Duplicates, duplicates
from .suspicion.label_errors import LabelErrors, label_errors
from .suspicion.outliers import outlier_scores
from .suspicion.suspect import Suspect, Suspects

__all__ = [
    # what lies inside
    "activations",
    "filters",
    "Filters",
    "feature_maps",
    "FeatureMaps",
    "LayerMaps",
    "patches",
    "Patches",
    "Patch",
    "seen",
    "Seen",
    "Formation",
    # why a number is what it is
    "why",
    "Why",
    "ForwardPass",
    "Cell",
    # which pixels speak for a class
    "attribute",
    "attributions",
    "methods_for",
    "METHODS",
    "Settings",
    "Attribution",
    "Checks",
    # where it breaks
    "attack",
    "Attacked",
    "robustness",
    "Robustness",
    "Curve",
    "LayerShift",
    # which pictures are suspect
    "label_errors",
    "LabelErrors",
    "duplicates",
    "Duplicates",
    "outlier_scores",
    "Suspects",
    "Suspect",
]
