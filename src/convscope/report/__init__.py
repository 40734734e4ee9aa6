"""The report of a training run: one HTML file that opens with no network, and its figures."""

from .content import Absent, Answer, FeatureMaps, Filters, LayerMaps, Report
from .inside import feature_maps, first_filters
from .writing import write

__all__ = [
    "Report",
    "Answer",
    "Filters",
    "FeatureMaps",
    "LayerMaps",
    "Absent",
    "first_filters",
    "feature_maps",
    "write",
]
