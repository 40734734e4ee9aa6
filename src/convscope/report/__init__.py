"""The report of a training run: one HTML file that opens with no network, and its figures."""

from .content import (
    Absent,
    Answer,
    Explained,
    FeatureMaps,
    Filters,
    LayerMaps,
    Report,
    ShownSuspects,
)
from .inside import feature_maps, first_filters
from .selection import room, select
from .two import ComparedRun, Disagreement, Disagreements, ReportOfTwo, in_order_of, write_two
from .writing import write

__all__ = [
    "Report",
    "Answer",
    "Filters",
    "FeatureMaps",
    "LayerMaps",
    "Explained",
    "ShownSuspects",
    "Absent",
    "select",
    "room",
    "first_filters",
    "feature_maps",
    "write",
    "ReportOfTwo",
    "ComparedRun",
    "Disagreements",
    "Disagreement",
    "in_order_of",
    "write_two",
]
