"""The network as data: build or trace a graph, describe it, save it, rebuild it."""

from ..ops.geometry import Window
from .builder import Builder
from .graph import Graph, Node
from .operation import ParameterSpec
from .receptive_field import ReceptiveField, receptive_fields
from .summary import Layer, Summary, summarize
from .weights import initial_weights

__all__ = [
    "Builder",
    "Graph",
    "Layer",
    "Node",
    "ParameterSpec",
    "ReceptiveField",
    "Summary",
    "Window",
    "initial_weights",
    "receptive_fields",
    "summarize",
    "trace",
]


def __getattr__(name: str) -> object:
    if name == "trace":  # imports torch, which takes over a second
        from .tracing import trace

        return trace
    raise AttributeError(name)
