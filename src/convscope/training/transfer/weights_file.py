"""A file of weights as arrays by name: safetensors, PyTorch's, or a convscope run; nothing in it is run."""

from __future__ import annotations

import hashlib
import io
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ... import bundle as bundles
from ...bundle import Bundle
from ...columns import shortened
from ...errors import ConvscopeError, UsageError

PINNED = re.compile(r"(.+)#sha256=([0-9a-f]{64})", re.DOTALL)
WRAPPERS = ("state_dict", "model_state_dict", "model", "network", "net", "module")
FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
INTEGERS = {"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"}
SAVE = "torch.save(module.state_dict(), file) writes what can be used"
QUOTED = 120  # characters of a reason in an error


@dataclass(frozen=True, eq=False)
class WeightsFile:
    """What was read: float tensors are float32, whatever the file has. `bundle` where convscope wrote it."""

    path: Path  # absolute
    sha256: str
    tensors: Mapping[str, np.ndarray] = field(repr=False)
    bundle: Bundle | None = None

    @property
    def name(self) -> str:
        """As it is called in sentences."""
        return self.path.parent.name if self.path.name == bundles.FILE_NAME else self.path.name

    @property
    def pinned(self) -> str:
        """Path and content in one line, as a recipe keeps them: `/home/ada/w.pth#sha256=...`."""
        return f"{self.path}#sha256={self.sha256}"


def read_weights(spec: str) -> WeightsFile:
    """The file that `--pretrained` names: a safetensors file, one of `torch.save`, a bundle or a run.

    `spec` may end in `#sha256=` and the file's checksum, which is then compared. Told by the content, not by
    the name. A PyTorch file is read with `weights_only=True`, so that its pickle makes tensors and nothing
    else; {"state_dict": ...} and the like are opened. Raises `ConvscopeError` for a file that is not there,
    has changed, is cut off, or is something else.

    >>> import tempfile
    >>> from safetensors.numpy import save_file
    >>> file = Path(tempfile.mkdtemp()) / "w.safetensors"
    >>> save_file({"conv1.weight": np.ones((4, 1, 3, 3), np.float16)}, file)
    >>> read_weights(str(file)).tensors["conv1.weight"].dtype
    dtype('float32')
    """
    if not spec or "://" in spec:
        what = "an address, which is not fetched; download it first" if spec else "empty; it takes a file"
        raise UsageError(f"--pretrained {spec!r} is {what}.")
    match = PINNED.fullmatch(spec)
    given, wanted = (match[1], match[2]) if match else (spec, None)
    path = _found(Path(given).expanduser())
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConvscopeError(f"the weights {path} cannot be read: {error.strerror}.") from None
    sha256 = hashlib.sha256(content).hexdigest()
    if wanted not in (None, sha256):
        raise ConvscopeError(
            f"the weights {path} have changed: their sha256 begins with {sha256[:8]}, that of the recipe "
            f"with {str(wanted)[:8]}; --pretrained {path} takes them as they are."
        )
    metadata = _safetensors_metadata(content)
    if metadata is None and content.startswith((b"PK\x03\x04", b"\x80")):
        return WeightsFile(path, sha256, _torch_tensors(path, content))
    if metadata is None:
        what = "is empty" if not content else "is neither a safetensors file nor one that torch.save wrote"
        raise ConvscopeError(f"{path} {what}, so there are no weights in it.")
    if "convscope" in metadata:
        bundle = Bundle.load(path)
        if bundle.graph is None:
            raise UsageError(
                f"{path} holds {bundle.net} as an exported program, whose weights cannot be taken one by one."
            )
        return WeightsFile(path, sha256, bundle.weights, bundle)
    return WeightsFile(path, sha256, _safetensors(path, content))


def _found(path: Path) -> Path:
    if bundles.is_starter(path) or path.is_dir() or path.name == bundles.LATEST:
        return bundles.find(path).resolve()
    if not path.exists():
        raise ConvscopeError(
            f"there is no weights file {path}; --pretrained takes a .safetensors or .pth file, a run, "
            "or starter."
        )
    return path.resolve()


def _safetensors_metadata(content: bytes) -> dict[str, Any] | None:
    """What the header says besides the tensors; None where the file does not begin like one."""
    length = int.from_bytes(content[:8], "little")
    if content[8:9] != b"{" or length > 100_000_000:
        return None
    try:
        return dict(json.loads(content[8 : 8 + length]).get("__metadata__") or {})
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}  # its own reader says what is wrong


def _safetensors(path: Path, content: bytes) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError, deserialize

    try:
        entries: list[tuple[str, dict[str, Any]]] = deserialize(content)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ConvscopeError(
            f"{path} is not a whole safetensors file ({shortened(str(error), QUOTED)}); "
            "it may have been cut off when it was copied or downloaded."
        ) from None
    tensors = {}
    for name, entry in entries:
        kind, data, shape = entry["dtype"], entry["data"], entry["shape"]
        if kind == "BF16":  # the upper half of a float32
            values = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif kind in FLOATS:
            values = np.frombuffer(data, FLOATS[kind]).astype(np.float32)
        elif kind in INTEGERS:
            values = np.frombuffer(data, INTEGERS[kind])
        else:
            raise ConvscopeError(f"{name!r} in {path} is {kind}; weights are floats of 16, 32 or 64 bits.")
        tensors[name] = values.reshape(shape)
    return tensors


def _torch_tensors(path: Path, content: bytes) -> dict[str, np.ndarray]:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a pickle that is refused, or of a program, just below
            loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch has no exception of its own for a file that it cannot read
        raise ConvscopeError(_refusal(path, " ".join(str(error).split()))) from None
    for _ in range(2):
        loaded = _unwrapped(loaded)
    if not isinstance(loaded, Mapping):
        raise ConvscopeError(f"{path} holds a {type(loaded).__name__}, no tensors by name; {SAVE}.")
    if not any(isinstance(value, torch.Tensor) for value in loaded.values()):
        keys = ", ".join(repr(key) for key in list(loaded)[:3])
        raise ConvscopeError(f"{path} holds {keys or 'nothing'}, and no tensors by name; {SAVE}.")
    return {str(name): _array(path, name, value) for name, value in loaded.items()}


def _unwrapped(loaded: Any) -> Any:
    """The state dict in a checkpoint that has other things beside it."""
    if not isinstance(loaded, Mapping):
        return loaded
    return next((loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), Mapping)), loaded)


def _array(path: Path, name: Any, value: Any) -> np.ndarray:
    import torch

    if not isinstance(value, torch.Tensor):
        raise ConvscopeError(f"{str(name)!r} in {path} is no tensor of weights but a {type(value).__name__}.")
    if value.layout != torch.strided or value.is_quantized or value.is_complex():
        raise ConvscopeError(f"{str(name)!r} in {path} is sparse, quantised or complex; weights are floats.")
    dense = value.detach()
    result: np.ndarray = (dense.float() if dense.is_floating_point() else dense).numpy()
    return result


def _refusal(path: Path, reason: str) -> str:
    """What torch says in several sentences about a file that it does not load, in one."""
    if asked := re.search(r"GLOBAL ([\w.]+)", reason):
        return f"{path} is refused, and nothing in it was run: its pickle asks for {asked[1]}; {SAVE}."
    if "TorchScript" in reason:
        return f"{path} is TorchScript, a program and no file of weights; {SAVE}."
    reason = re.sub(r".*WeightsUnpickler error: |Check the doc.*|\. .*", "", reason).strip(" .")
    reason = shortened(reason, QUOTED)
    return (
        f"{path} cannot be read as weights ({reason or 'it ends too early'}); it is of another kind, or was "
        "cut off when it was copied or downloaded."
    )
