"""A network that begins with the weights of a file: what fits, what is drawn, which pictures it expects."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ... import nets
from ...data import InputPreprocessing, Preprocessing, Source
from ...errors import ConvscopeError, ShapeError, UnsupportedOperation, UsageError
from ...graph import Graph, Node, initial_weights
from ...graph.head import adapted, head_layer
from ...graph.operation import Shape, spell
from ...recipe import Recipe
from ..network import Network, open_network
from .weights_file import WeightsFile

#: Of the photos of ImageNet, in units of 0..1, as torchvision and timm use them.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET_SIDE = 224
NAMED = 3  # tensors that a sentence names
COUNTER = "num_batches_tracked"  # of batch norm; old PyTorch files have none, and nothing depends on it
Tensors = Mapping[str, np.ndarray]


def network_of(file: WeightsFile) -> str:
    """The name of the network that the weights are of, where none is asked for.

    A bundle says it; else it is the one network of the catalogue whose weights have these names and shapes,
    the last layer's number of classes aside. Raises `UsageError` where there is none, or more than one.
    """
    if file.bundle is not None:
        return file.bundle.net
    fitting = [name for name, net in nets.CATALOGUE.items() if _fits(file, nets.graph(name, net.input_shape))]
    if len(fitting) == 1:
        return fitting[0]
    what = f"may be of {' or '.join(fitting)}" if fitting else "are of no network in the catalogue"
    raise UsageError(f"the weights in {file.name} {what}; --net says which network to train.")


def expected_pictures(
    file: WeightsFile, net: Any, source: Source, recipe: Recipe
) -> tuple[InputPreprocessing, str]:
    """Pictures as the weights have seen them, where the recipe leaves that open, and a sentence that says so.

    A bundle has its own size, channels, way of resizing, mean and deviation. Other weights of `resnet-18`
    that take colour are taken for ImageNet's: 224×224, cut out of the middle, ImageNet's mean and deviation.
    Any others do not say. `normalize` asks for the training pictures' own mean and deviation. Signals are
    prepared as the bundle's are.
    """
    of_bundle = file.bundle.preprocessing if file.bundle is not None else None
    without = source.default_preprocessing()
    if not isinstance(without, Preprocessing):
        as_before = of_bundle if isinstance(of_bundle, type(without)) and not recipe.normalize else None
        how = "as for" if as_before is not None else "as without the weights of"
        return as_before or without, f"{without.noun}s are prepared {how} {file.name}."
    size, channels, resize, mean, std = recipe.size, recipe.channels, recipe.resize, None, None
    if isinstance(of_bundle, Preprocessing):
        known = of_bundle
        size, channels = size or (known.height, known.width), channels or known.channels
        resize, mean, std = resize or known.resize, known.mean, known.std
        as_what = f"as for {file.name}"
    elif net == "resnet-18" and any(value.shape[1:] == (3, 7, 7) for value in file.tensors.values()):
        size, channels, resize = size or IMAGENET_SIDE, channels or 3, resize or "crop"
        mean, std = IMAGENET_MEAN, IMAGENET_STD
        as_what = f"as ImageNet's, which {file.name} is taken to be trained on"
    else:
        as_what = f"as without it, because {file.name} does not say what it expects"
    chosen = source.default_preprocessing(size=size, channels=channels, resize=resize, invert=recipe.invert)
    assert isinstance(chosen, Preprocessing)
    measured = recipe.normalize or (mean is not None and len(mean) != chosen.channels)
    if not measured:
        chosen = chosen.model_copy(update={"mean": mean, "std": std})
    rest = "mean and deviation measured" if measured else "numbers from 0 to 1"
    if chosen.mean is not None and chosen.std is not None:
        rest = f"mean {_numbers(chosen.mean)}, deviation {_numbers(chosen.std)}"
    how = f"{chosen.height}×{chosen.width}, {chosen.resize}, {'colour' if chosen.channels == 3 else 'grey'}"
    return chosen, f"pictures are prepared {as_what}: {how}, {rest}."


def open_pretrained(
    file: WeightsFile, net: Any, input_shape: Shape, classes: Sequence[str], *, seed: int
) -> tuple[Network, str]:
    """The network that `net` means (see `open_network`) with the file's weights, and what was taken of them.

    `net` may also be the name of a bundle's network that is not in the catalogue: its layers are the
    bundle's. Raises as `open_network` and `begin_with` do.
    """
    known = file.bundle
    if known is None or known.graph is None or net != known.net or net in nets.CATALOGUE:
        return begin_with(file, open_network(net, input_shape, len(classes), seed=seed), classes)
    graph = adapted(known.graph, input_shape, len(classes))
    weights = initial_weights(graph, seed)
    count = graph.parameter_count
    return begin_with(file, Network(net, graph, weights, None, None, count, known.outputs, False), classes)


def begin_with(file: WeightsFile, network: Network, classes: Sequence[str]) -> tuple[Network, str]:
    """The network with the file's weights, and a sentence that says what was taken and what was drawn.

    Everything before the last layer has to fit, name by name. The last layer is taken where it scores as
    many classes (of a bundle: the same ones), else it stays as it was drawn. Raises `ShapeError` naming what
    is missing, of another shape, or not in the network, and `ConvscopeError` for numbers that are none.
    """
    wanted = {name: np.shape(value) for name, value in network.weights.items()}
    tensors = _without_prefix(file.tensors, wanted)
    layer = _layer(network.graph)
    drawn = layer is not None and not _same_head(file, tensors, wanted, layer, classes)
    own = set(layer.parameters.values()) if layer is not None and drawn else set()
    fixed = {name: shape for name, shape in wanted.items() if name not in own}
    _check_names(file, network.name, tensors, fixed, layer)
    _check_layers(file, network)
    taken = {}
    for name in wanted.keys() & tensors.keys() - own:
        taken[name] = tensors[name].astype(network.weights[name].dtype)
        if not np.isfinite(taken[name]).all():
            raise ConvscopeError(f"{name!r} in {file.path} has numbers that are not finite.")
    weights = {name: taken.get(name, value) for name, value in network.weights.items()}
    started = replace(network, weights=weights, module=_loaded(network, weights))
    sentence = f"the network begins with the weights of {file.name}"
    if layer is None:
        return started, f"{sentence}."
    if not drawn:
        return started, f"{sentence}, its last layer ({layer.name}) included."
    before = tensors.get(layer.parameters["weight"])
    if before is None:
        return started, f"{sentence}; the last layer ({layer.name}), which is not in it, is drawn."
    scored = f"{len(before):,}" if len(before) != len(classes) else "other"
    return started, (
        f"{sentence}; its last layer ({layer.name}), of {scored} classes, is drawn anew for {len(classes)}."
    )


def origin(file: WeightsFile, notes: Sequence[str]) -> dict[str, Any]:
    """What a bundle's `info` says of the weights that its training began with, with the sentences on them."""
    known = file.bundle
    of = {"net": known.net, "data": known.info.get("data")} if known is not None else {}
    return {"file": str(file.path), "sha256": file.sha256, **of, "notes": list(notes)}


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.3g}" for value in values)


def _layer(graph: Graph | None) -> Node | None:
    """The last layer of a network that has one which scores the classes."""
    try:
        return head_layer(graph) if graph is not None else None
    except UnsupportedOperation:
        return None


def _without_prefix(tensors: Tensors, wanted: Mapping[str, Shape]) -> Tensors:
    """Names without what they share and the network's have not: `module.`, `model.`, `_orig_mod.`."""
    if wanted.keys() & tensors.keys():
        return tensors
    first, last = min(tensors, default=""), max(tensors, default="")  # what they share, all share
    shared = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0)
    prefix = first[: first.rfind(".", 0, shared) + 1]
    while prefix and not any(name.removeprefix(prefix) in wanted for name in tensors):
        prefix = prefix[: prefix.rfind(".", 0, -1) + 1]
    return {name.removeprefix(prefix): value for name, value in tensors.items()}


def _same_head(
    file: WeightsFile, tensors: Tensors, wanted: Mapping[str, Shape], layer: Node, classes: Sequence[str]
) -> bool:
    """Whether the last layer is taken from the file: also where it does not fit, to be refused."""
    names = layer.parameters.values()
    found = {name: tensors[name].shape for name in names if name in tensors}
    if any(shape[1:] != wanted[name][1:] for name, shape in found.items()):
        return True
    same = found == {name: wanted[name] for name in names}
    return same and (file.bundle is None or file.bundle.classes == tuple(classes))


def _fits(file: WeightsFile, graph: Graph) -> bool:
    """Whether the weights could be the graph's, whatever the number of classes."""
    wanted = {name: spec.shape for name, spec in graph.parameters.items()}
    tensors, layer = _without_prefix(file.tensors, wanted), head_layer(graph)
    own = set(layer.parameters.values())
    others = {name: shape for name, shape in wanted.items() if name not in own and not name.endswith(COUNTER)}
    found = {name: value.shape for name, value in tensors.items() if name in others}
    alike = all(
        (shape[0], len(shape)) == (others[name][0], len(others[name])) for name, shape in found.items()
    )
    unknown = [n for n in tensors if n not in wanted and not n.startswith(f"{layer.name}.")]
    return alike and not unknown and found.keys() == others.keys()


def _check_names(
    file: WeightsFile, net: str, tensors: Tensors, wanted: Mapping[str, Shape], layer: Node | None
) -> None:
    """Raises `ShapeError` unless every tensor that is wanted is there in its shape, and no other is.

    What lies below the last layer's name is the file's own last layer, and left out with it.
    """
    missing = [name for name in wanted if name not in tensors and not name.endswith(COUNTER)]
    differing = [n for n, shape in wanted.items() if n in tensors and tensors[n].shape != shape]
    dropped = layer is not None and layer.parameters["weight"] not in wanted
    head = f"{layer.name}." if layer is not None and dropped else None
    unknown = sorted(n for n in tensors if n not in wanted and not (head and n.startswith(head)))
    found = [
        (missing, "missing", lambda n: f"{n} {spell(wanted[n])}"),
        (differing, "of another shape", lambda n: f"{n} {spell(tensors[n].shape)}, here {spell(wanted[n])}"),
        (unknown, "not in the network", lambda n: f"{n} {spell(tensors[n].shape)}"),
    ]
    parts = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} {what} ({_some(names, how)})"
        for names, what, how in found
        if names
    ]
    if parts:
        raise ShapeError(
            f"{file.name} ({len(tensors)} tensors) does not fit {net}: {'; '.join(parts)}."
            f"{_advice(tensors, wanted, differing)}"
        )


def _some(names: Sequence[str], how: Any) -> str:
    more = ["..."] if len(names) > NAMED else []
    return "; ".join([*map(how, names[:NAMED]), *more])


def _advice(tensors: Tensors, wanted: Mapping[str, Shape], differing: Sequence[str]) -> str:
    """What to give instead where one layer alone differs, in what the pictures decide."""
    if len(differing) != 1:
        return ""
    (here, there) = wanted[differing[0]], tensors[differing[0]].shape
    if len(here) == len(there) == 4 and (*here[:1], *here[2:]) == (*there[:1], *there[2:]):
        return f" --channels {there[1]} gives it such pictures." if {here[1], there[1]} <= {1, 3} else ""
    if len(here) == len(there) == 2 and here[0] == there[0]:
        return " The --size of the pictures decides that."
    return ""


def _check_layers(file: WeightsFile, network: Network) -> None:
    """Raises `ShapeError` where a bundle has weights of these shapes, but between other layers."""
    if file.bundle is None or file.bundle.graph is None or network.graph is None:
        return
    theirs, ours = (_layers(graph) for graph in (file.bundle.graph, network.graph))
    for (name, here), (other, there) in zip(ours, theirs, strict=False):
        if here != there:
            raise ShapeError(
                f"{file.name} has the weights of {network.name}, but between other layers: "
                f"{other} ({_told(there, here)}) where {network.name} has {name} ({_told(here, there)})."
            )
    if len(theirs) != len(ours):
        raise ShapeError(f"{file.name} has {len(theirs)} layers, and {network.name} {len(ours)}.")


def _layers(graph: Graph) -> list[tuple[str, dict[str, Any]]]:
    """What is done in which order; but for dropout, and what the size and the classes decide."""
    left_out = {"shape", "padding", "out_features", "out_channels"}
    return [
        (
            node.name,
            {"": node.operation} | {k: v for k, v in node.attributes.items() if k not in left_out},
        )
        for node in graph.nodes
        if not node.operation.startswith("dropout")
    ]


def _told(layer: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    differing = (f"{key} {value}" for key, value in layer.items() if key and other.get(key) != value)
    return ", ".join([layer[""], *differing])


def _loaded(network: Network, weights: Tensors) -> Any:
    """The module of a network that has no graph, with the weights; None where there is a graph."""
    if network.module is None:
        return None
    import torch

    module = copy.deepcopy(network.module)
    module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return module
