"""Every figure of a report as PNG bytes, by the name of its file."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..drawing import tiles
from . import figures
from .content import Absent, Filters, LayerMaps, Report


def draw(report: Report) -> dict[str, bytes]:
    """`curves` (where there are epochs), `confusion`, `per-class`, and where the run has them `calibration`,
    `filters`, `robustness`, and `feature-map-01`, `feature-map-02`, ... as the layers of the report."""
    drawn = {
        "confusion": figures.to_png(figures.confusion(report.evaluation)),
        "per-class": figures.to_png(figures.per_class(report.evaluation)),
    }
    if report.epochs:
        curves = figures.curves(report.epochs, report.best_epoch, report.loss, kept_epoch=report.kept_epoch)
        drawn["curves"] = figures.to_png(curves)
    if not isinstance(report.calibration, Absent):
        drawn["calibration"] = figures.to_png(figures.calibration(report.calibration))
    if not isinstance(report.filters, Absent):
        drawn["filters"] = tiles.to_png(_filters(report.filters))
    if not isinstance(report.robustness, Absent) and report.robustness.curves:
        drawn["robustness"] = figures.to_png(figures.robustness(report.robustness))
    if not isinstance(report.feature_maps, Absent):
        for number, layer in enumerate(report.feature_maps.layers, start=1):
            drawn[feature_map_name(number)] = tiles.to_png(_maps(layer))
    return drawn


def feature_map_name(number: int) -> str:
    """
    >>> feature_map_name(3)
    'feature-map-03'
    """
    return f"feature-map-{number:02d}"


def shows_colours(filters: Filters) -> bool:
    """Whether the filters are drawn as the colours they look for: they are over red, green and blue."""
    return filters.values.ndim == 4 and filters.values.shape[1] == 3


def _filters(filters: Filters) -> Image.Image:
    limit = tiles.limit_of(filters.values)
    if filters.values.ndim == 3:  # of signals
        plots = [tiles.lines(f, width=tiles.SIDE, height=tiles.SIDE, limit=limit) for f in filters.values]
        return tiles.sheet(np.stack(plots))
    if shows_colours(filters):
        return tiles.sheet(tiles.composite(filters.values, limit))
    return tiles.maps_sheet(filters.values[:, 0], limit)


def _maps(layer: LayerMaps) -> Image.Image:
    drawing = tiles.strip if layer.values.ndim == 2 else tiles.maps_sheet
    return drawing(layer.values, tiles.limit_of(layer.values))
