"""Architectures of the tutorials and papers, by name, for any input size they can take."""

from .catalogue import CATALOGUE, Net, create, fitting_size, graph, names, net

__all__ = ["CATALOGUE", "Net", "create", "fitting_size", "graph", "names", "net"]
