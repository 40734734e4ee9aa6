"""Looking into a network: what each of its layers gives, why it says what it says, and where it breaks.

Everything is imported when it is first used: a training that writes its report needs little of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_HOMES = {
    # what lies inside
    "activations": "inside.activations",
    "filters": "inside.filters",
    "Filters": "inside.filters",
    "feature_maps": "inside.maps",
    "FeatureMaps": "inside.maps",
    "LayerMaps": "inside.maps",
    "patches": "inside.patches",
    "Patches": "inside.patches",
    "Patch": "inside.patches",
    "seen": "inside.seen",
    "Seen": "inside.seen",
    "Formation": "inside.formation",
    # why a number is what it is
    "why": "arithmetic.why",
    "Why": "arithmetic.why",
    "ForwardPass": "arithmetic.forward_pass",
    "Cell": "arithmetic.cell",
    # which pixels speak for a class
    "attribute": "attribution.attributing",
    "attributions": "attribution.attributing",
    "methods_for": "attribution.attributing",
    "METHODS": "attribution.methods",
    "Settings": "attribution.methods",
    "Attribution": "attribution.attribution",
    "Checks": "attribution.attribution",
    # where it breaks
    "attack": "breaking.attack",
    "Attacked": "breaking.attack",
    "robustness": "breaking.measuring",
    "Robustness": "breaking.robustness",
    "Curve": "breaking.robustness",
    "LayerShift": "breaking.robustness",
    # which pictures are suspect
    "label_errors": "suspicion.label_errors",
    "LabelErrors": "suspicion.label_errors",
    "duplicates": "suspicion.duplicates",
    "Duplicates": "suspicion.duplicates",
    "outlier_scores": "suspicion.outliers",
    "Suspects": "suspicion.suspect",
    "Suspect": "suspicion.suspect",
}

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
    "seen",
    "Seen",
    "Formation",
    "why",
    "Why",
    "ForwardPass",
    "Cell",
    "attribute",
    "attributions",
    "methods_for",
    "METHODS",
    "Settings",
    "Attribution",
    "Checks",
    "attack",
    "Attacked",
    "robustness",
    "Robustness",
    "Curve",
    "LayerShift",
    "label_errors",
    "LabelErrors",
    "duplicates",
    "Duplicates",
    "outlier_scores",
    "Suspects",
    "Suspect",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
