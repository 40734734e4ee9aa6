"""A trained network with all that is needed to use it, in one file that runs no code when it is read."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import atomic
from .columns import shortened
from .data import InputPreprocessing, Preprocessing, preprocessing_of
from .data.usual import Usual
from .errors import ConvscopeError, ConvscopeWarning, ShapeError, UsageError
from .graph import Graph
from .metrics import probabilities
from .prediction import Picture, Prediction, inputs_in, predictions
from .prediction.prediction import check_threshold
from .untrained import is_untrained, untrained, untrained_like, warn_if_untrained
from .versions import machine, versions

if TYPE_CHECKING:
    from torch import nn

    from .inference import Forward

FILE_NAME = "bundle.safetensors"
RUNS = "runs"  # the folder of runs, where training is started
LATEST = "latest"  # in a folder of runs, the one to use where none is named
STARTER = Path(__file__).parent / "bundles" / "starter.safetensors"  # comes with convscope
FORMAT, VERSION = "convscope-bundle", 1
USUAL = "usual"  # in `info`: what the training pictures are like
PROGRAM = "exported_program"  # the one tensor of a network that the graph cannot express
QUOTED = 200  # characters of a path or a reason in an error
WRONG_KIND = (TypeError, ValueError, AttributeError)


@dataclass(frozen=True, eq=False)
class Bundle:
    """Weights, graph, class names and preprocessing of a trained network, and where they come from.

    `graph` is None for a network that the graph cannot express; its weights are then one exported
    program. `info` holds the recipe, the data's name and checksum, metrics and versions, as JSON values.
    """

    net: str
    classes: tuple[str, ...]
    preprocessing: InputPreprocessing
    graph: Graph | None
    weights: Mapping[str, np.ndarray]
    outputs: str = "logits"  # or "probabilities", where the network itself ends in softmax
    info: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        of = self.preprocessing
        return f"Bundle({self.net!r}, {len(self.classes)} classes, {of.noun}s of {of.input_shape})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as the bytes of its file."""
        return Bundle.from_bytes, (self.to_bytes(),)

    @staticmethod
    def of(
        module: nn.Module,
        classes: Sequence[str],
        preprocessing: InputPreprocessing,
        *,
        net: str | None = None,
        trained_on: np.ndarray | None = None,
    ) -> Bundle:
        """The bundle of a module that was trained elsewhere, in float32 and eval mode (imports torch).

        `preprocessing` is what its pictures went through (`mean` and `std` are those of
        torchvision's `Normalize`), `net` what it is called, by default as its class. `trained_on`, training
        pictures as `preprocessing.one` gives them, uint8 (N, H, W, C), lets `predict` warn of others. The
        module is traced and not changed; what the graph cannot express is kept as an exported program, with a
        warning. Raises `ShapeError` where it does not give a score per class for such inputs,
        `UnsupportedOperation` where it cannot be kept.

        >>> from torch import nn
        >>> module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
        >>> Bundle.of(module, ["a", "b"], Preprocessing(height=8, width=8, channels=1), net="mine")
        Bundle('mine', 2 classes, pictures of (1, 8, 8))
        """
        from .graph.module import network_name
        from .traced import check_scores, in_float32, traced

        names, shape = tuple(map(str, classes)), preprocessing.input_shape
        if len(set(names)) < len(names):
            raise UsageError(f"classes={list(names)} names a class twice.")
        usual = None
        if trained_on is not None:
            _check_stored(trained_on, preprocessing)
            usual = Usual.of(preprocessing, trained_on)
        module = in_float32(module)
        check_scores(module, shape, len(names), settings="preprocessing")
        found = traced(module, shape, name=net or network_name(module))
        weights: Mapping[str, np.ndarray] = found.weights
        if found.program is not None:
            weights = {PROGRAM: np.frombuffer(found.program, dtype=np.uint8)}
            what = (
                f"{found.refusal} It is kept as a program, which predicts; its layers cannot be looked into."
            )
            warnings.warn(ConvscopeWarning("not-in-graph", what), stacklevel=2)
        info = {"parameters": found.parameters, "versions": versions(), "machine": machine()}
        info |= {USUAL: usual.to_dict()} if usual else {}
        return Bundle(
            net or network_name(module), names, preprocessing, found.graph, weights, found.outputs, info
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the bundle to `path`, whole or not at all."""
        atomic.write_bytes(Path(path), self.to_bytes())

    def to_bytes(self) -> bytes:
        """The content of its file."""
        from safetensors.numpy import save

        document = self._document()
        document["sha256"] = checksum(document, self.weights)
        tensors = {name: np.asarray(value, order="C") for name, value in self.weights.items()}
        content: bytes = save(tensors, {"convscope": json.dumps(document)})
        return content

    @cached_property
    def sha256(self) -> str:
        """Of the file that `save` writes, as 64 hexadecimal digits: what `sha256sum` says of it."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def _document(self) -> dict[str, Any]:
        """All that its file says beside the weights, but for the checksum."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "net": self.net,
            "classes": self.classes,
            "preprocessing": self.preprocessing.model_dump(),
            "graph": json.loads(self.graph.to_json()) if self.graph else None,
            "outputs": self.outputs,
            "info": self.info,
        }

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Bundle:
        """The bundle at `path`: a run directory or the file itself; `starter` is the one that comes along.

        `untrained:NET` is a network of the catalogue with the weights it begins with. Nothing is executed.

        Raises `ConvscopeError` where there is none, or the file is not a bundle.
        """
        if is_untrained(path):
            return untrained(os.fspath(path))
        from safetensors import SafetensorError, safe_open

        file = Path(path)
        try:
            file = find(file)
            with safe_open(file, "np") as opened:
                metadata = opened.metadata() or {}
                weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, RuntimeError, *WRONG_KIND) as error:
            raise _damaged(str(file), error) from error
        return Bundle._of(metadata, weights, str(file))

    @staticmethod
    def from_bytes(content: bytes) -> Bundle:
        """The inverse of `to_bytes`; raises `ConvscopeError` for what is no bundle. Nothing is executed."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            weights = {name: np.array(value) for name, value in load(content).items()}
            header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
            metadata = header.get("__metadata__", {})
        except (SafetensorError, LookupError, *WRONG_KIND) as error:
            raise _damaged("what was given", error) from error
        return Bundle._of(metadata, weights, "what was given")

    @staticmethod
    def _of(metadata: Mapping[str, str], weights: dict[str, np.ndarray], file: str) -> Bundle:
        try:
            if "convscope" not in metadata:
                raise ValueError("it holds tensors, but nothing that convscope wrote about them")
            document = json.loads(metadata["convscope"])
            if document.pop("sha256") != checksum(document, weights):
                raise ValueError("its content is not what was written, by its checksum")
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                raise ConvscopeError(
                    f"{file} is {document['format']} version {document['version']}; "
                    f"this convscope reads version {VERSION}."
                )
            bundle = Bundle(
                net=str(document["net"]),
                classes=tuple(map(str, document["classes"])),
                preprocessing=preprocessing_of(document["preprocessing"]),
                graph=Graph.from_json(json.dumps(document["graph"])) if document["graph"] else None,
                weights=weights,
                outputs=document["outputs"],
                info=dict(document["info"]),
            )
            bundle._check_weights()
            _ = bundle.usual  # raises where it is damaged
        except (RuntimeError, LookupError, *WRONG_KIND) as error:
            raise _damaged(file, error) from error
        return bundle

    def to_module(self) -> nn.Module:
        """The network as an `nn.Module` in eval mode (imports torch).

        Raises `ConvscopeError` where it has an exported program that does not fit the rest of the bundle.
        """
        if self.graph is not None:
            return self.graph.to_module(self.weights).eval()
        from . import inference, program

        module = program.load(self.weights[PROGRAM].tobytes())
        shape = inference.logits(module, self.preprocessing, self.preprocessing.blank(1)).shape
        if shape != (1, len(self.classes)):
            raise ConvscopeError(
                f"the program gives {shape} for one {self.preprocessing.noun} "
                f"and {len(self.classes)} classes."
            )
        return module

    def logits(self, images: np.ndarray) -> np.ndarray:
        """uint8 (N, H, W, C) pictures of the bundle's size → the network's outputs, float32 (N, classes).

        Signals and arrays are float32 (N, C, ...). Computed by the native engine where it can, else by
        PyTorch. Raises `ShapeError` for other inputs.
        """
        self.check_inputs(images)
        return self._forward(images)

    def check_inputs(self, images: np.ndarray) -> None:
        """Raises `ShapeError` for what is not stored as the bundle's inputs are, with a batch axis."""
        _check_stored(images, self.preprocessing)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """What `logits` takes → float32 (N, classes), rows sum to 1."""
        return self.to_probabilities(self.logits(images))

    def to_probabilities(self, logits: np.ndarray) -> np.ndarray:
        """The network's outputs as probabilities."""
        return logits if self.outputs == "probabilities" else probabilities(logits)

    def predict(
        self, pictures: Picture | Iterable[Picture], *, top: int = 3, unsure: float | None = None
    ) -> list[Prediction]:
        """Classify pictures of any size: paths, encoded bytes, Pillow images or uint8 arrays (H, W[, C]).

        An array (N, H, W, C) is N pictures; the path of a folder, an archive, a CSV or Parquet list or an
        .npz or .npy file is all pictures in it. Where the network takes signals: paths or bytes of `.npy`
        files, or arrays (C, L), (N, C, L), with one channel also (L,) and (N, L); where it takes arrays, one
        or several of its shape, or rows of as many numbers. One `Prediction` per picture, in order, with the
        `top` most probable classes and warnings where it is unlike the training pictures. What cannot be
        read gets a prediction with its `error`; it does not stop the others. Those whose best class is less
        probable than `unsure` are marked so.
        """
        return list(self.predict_each(pictures, top=top, unsure=unsure))

    def predict_each(
        self, pictures: Picture | Iterable[Picture], *, top: int = 3, unsure: float | None = None
    ) -> Iterator[Prediction]:
        """What `predict` gives, one after the other, of any number of pictures in the same little memory.

        `pictures` may be a generator. What is taken from it goes through the network in batches of up to 256,
        and at most some 1,500 are taken before the prediction of the first comes out, fewer where they fill
        128 MiB; `predict` the single frame of a camera to know of it at once. Closing the iterator, or an
        error in the generator, ends the threads that read.

        >>> from convscope import nets
        >>> from convscope.graph.weights import initial_weights
        >>> graph = nets.graph("simple-cnn-4-8")
        >>> preprocessing = Preprocessing(height=28, width=28, channels=1)
        >>> digits = tuple("0123456789")
        >>> bundle = Bundle("simple-cnn-4-8", digits, preprocessing, graph, initial_weights(graph))
        >>> greys = (np.full((28, 28), level, np.uint8) for level in range(256))
        >>> [prediction.label in digits for prediction in bundle.predict_each(greys)].count(True)
        256
        """
        check_threshold(unsure)
        warn_if_untrained(self)
        return predictions(self, inputs_in(pictures, self.preprocessing), top=top, unsure=unsure)

    def inverted(self) -> Bundle:
        """The same network for pictures of the other polarity: what is light in them becomes dark.

        Raises `UsageError` where it does not take pictures.
        """
        if not isinstance(self.preprocessing, Preprocessing):
            raise UsageError(f"the network takes {self.preprocessing.noun}s, which have no polarity.")
        turned = self.preprocessing.model_copy(update={"invert": not self.preprocessing.invert})
        return replace(self, preprocessing=turned)

    @cached_property
    def usual(self) -> Usual | None:
        """What its training pictures were like, from `info`; None where that was not kept."""
        known = self.info.get(USUAL)
        return None if known is None else Usual.model_validate(known)

    @cached_property
    def _forward(self) -> Forward:
        from . import inference

        return inference.forward(self.graph, self.weights, self.preprocessing, self.to_module)

    def _check_weights(self) -> None:
        if self.outputs not in ("logits", "probabilities"):
            raise ValueError(f"outputs are {self.outputs!r}")
        if self.graph is None:
            if set(self.weights) != {PROGRAM}:
                raise ValueError("it has neither a graph nor a program")
            return
        for name, spec in self.graph.parameters.items():
            weight = self.weights.get(name)
            if weight is None or weight.shape != spec.shape or str(weight.dtype) != spec.dtype:
                raise ValueError(f"the weight {name!r} is not {spec.dtype} {spec.shape}")
        if self.graph.output_shape != (len(self.classes),):
            raise ValueError(f"{len(self.classes)} classes for outputs of {self.graph.output_shape}")
        if self.graph.input_shape != self.preprocessing.input_shape:
            of = self.preprocessing
            raise ValueError(f"{of.noun}s of {of.input_shape} for {self.graph.input_shape}")


def _check_stored(images: np.ndarray, preprocessing: InputPreprocessing) -> None:
    wanted, noun = preprocessing.blank(0), preprocessing.noun
    if not isinstance(images, np.ndarray):
        shape = ", ".join(map(str, wanted.shape[1:]))
        raise ShapeError(
            f"the {noun}s are an array {wanted.dtype} (N, {shape}), as `preprocessing.one` makes each, "
            f"and not a {type(images).__name__}."
        )
    if images.dtype != wanted.dtype or images.ndim == 0 or images.shape[1:] != wanted.shape[1:]:
        shape = ", ".join(map(str, wanted.shape[1:]))
        raise ShapeError(
            f"the {noun}s are {images.dtype} {images.shape}; the bundle takes {wanted.dtype} "
            f"(N, {shape}), which `predict` makes of any {noun}."
        )


def _damaged(file: str, error: Exception) -> ConvscopeError:
    name, why = shortened(file, QUOTED), shortened(str(error), QUOTED)
    return ConvscopeError(f"{name} is not a convscope bundle, or is damaged: {why}.")


def checksum(document: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> str:
    """sha256 over what a bundle says (but for its checksum) and every weight, as 64 hexadecimal digits."""
    whole = hashlib.sha256(json.dumps(document, sort_keys=True).encode())
    for name in sorted(tensors):
        whole.update(f"\0{name}\0".encode("utf-8", "surrogatepass"))
        whole.update(np.ascontiguousarray(tensors[name]).tobytes())
    return whole.hexdigest()


def find(path: Path) -> Path:
    """The bundle file that `path` means: itself, the one in that run directory, or the one that comes along.

    `starter` is the network that comes with convscope, unless a run or a file has that name. Raises
    `ConvscopeError` where there is none.

    >>> find(Path("starter")).name
    'starter.safetensors'
    """
    path = named_in(path) or path
    if path.is_dir() and (path / FILE_NAME).is_file():
        return path / FILE_NAME
    if path.is_file():
        return path
    if is_starter(path):
        return STARTER
    what = "no bundle in the folder" if path.is_dir() else "no run or bundle"
    below = (
        min((file.parent for file in path.glob(f"*/{FILE_NAME}")), default=None) if path.is_dir() else None
    )
    if below is not None:
        raise ConvscopeError(f"{path} is a folder of runs; give one of them, such as {below}.")
    name, near = shortened(str(path), QUOTED), _nearest(path)
    hint = (
        f"did you mean {near}? It is a network without training."
        if near and is_untrained(near)
        else f"did you mean {near}? `convscope runs` lists the runs."
        if near
        else "`convscope runs` lists the runs, `convscope train` makes one, `starter` comes with convscope."
    )
    raise ConvscopeError(f"there is {what} {name}{': ' if near else '; '}{hint}")


def named_in(latest: Path) -> Path | None:
    """The run that a file `latest` names, where links are not to be had; None where it names none below."""
    if latest.name != LATEST or not latest.is_file() or latest.stat().st_size >= 1024:
        return None
    name = latest.read_bytes().decode("utf-8", "replace").strip()
    run = Path(name)
    below = run.parts and not run.anchor and ".." not in run.parts
    return latest.parent / run if below and name.isprintable() else None


def is_starter(path: Path) -> bool:
    """Whether `path` is the name of the network that comes with convscope, and of no file or run."""
    return path == Path(STARTER.stem) and not path.is_file() and not (path / FILE_NAME).is_file()


def _nearest(path: Path) -> Path | None:
    """The run beside `path`, in the `runs` there, or that comes along, whose name is most like it.

    Before runs that are only like it come networks of the catalogue that have just this name.
    """
    if net := untrained_like(path):
        return net
    bundles = [
        file.parent for folder in ("", f"{RUNS}/") for file in path.parent.glob(f"{folder}*/{FILE_NAME}")
    ]
    names = {run.name: run for run in bundles}
    if len(path.parts) == 1:
        names.setdefault(STARTER.stem, Path(STARTER.stem))
    near = difflib.get_close_matches(path.name, names, n=1)
    return names[near[0]] if near else None
