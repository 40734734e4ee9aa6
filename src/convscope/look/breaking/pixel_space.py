"""The network of a bundle with its preprocessing inside, so that gradients are of pixels. Imports torch."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from ...bundle import Bundle
from ...data import Preprocessing
from ...graph import Graph
from .pictures_only import of_pictures

TINIEST = torch.finfo(torch.float32).tiny


class PixelSpace(nn.Module):
    """Pictures (N, C, H, W) in units of the pixel range, 0..1, through the preprocessing and the network.

    Gives logits; of a network that ends in softmax the logarithms of its probabilities.
    """

    factor: Tensor
    offset: Tensor

    def __init__(self, network: nn.Module, preprocessing: Preprocessing, *, logarithm: bool) -> None:
        super().__init__()
        self.network, self.logarithm = network, logarithm
        factor, offset = preprocessing.factor_and_offset()
        shift = torch.zeros(len(factor)) if offset is None else torch.from_numpy(offset)
        self.register_buffer("factor", torch.from_numpy(factor)[:, None, None])  # (C, 1, 1)
        self.register_buffer("offset", shift[:, None, None])

    def forward(self, pictures: Tensor) -> Tensor:
        outputs: Tensor = self.network(pictures * 255 * self.factor + self.offset)
        return outputs.clamp_min(TINIEST).log() if self.logarithm else outputs


def pixel_space(bundle: Bundle) -> PixelSpace:
    """The bundle's network with its preprocessing inside, in eval mode, its weights without gradients.

    A softmax at the end of a graph is left off: where it is sure of itself its gradients are rounded to 0,
    and an attack would find nothing. Raises `DataError` where the network does not take pictures.
    """
    preprocessing = of_pictures(bundle)
    ends_in_softmax = bundle.outputs == "probabilities"
    if bundle.graph is not None and bundle.graph.ends_in_softmax:
        network: nn.Module = _without_softmax(bundle.graph).to_module(bundle.weights)
        ends_in_softmax = False
    else:
        network = bundle.to_module()
    module = PixelSpace(network, preprocessing, logarithm=ends_in_softmax).eval()
    return module.requires_grad_(False)


def _without_softmax(graph: Graph) -> Graph:
    last = graph[graph.output]
    nodes = tuple(node for node in graph.nodes if node is not last)
    return dataclasses.replace(graph, nodes=nodes, output=last.inputs[0])
