"""The gate of an export closes on every fault that is planted in what is written, and leaves no file."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope import Bundle, export
from convscope.cli import main
from convscope.errors import GateFailed
from convscope.ship.entrance import Entrance
from convscope.ship.formats import FORMATS, Format

from .networks import FAULTS, bundle, with_fault

Planted = Callable[[Format, Callable[[Bundle], Bundle]], None]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Planted:
    """What is written is another bundle than the one it is compared with."""

    def planted(form: Format, fault: Callable[[Bundle], Bundle]) -> None:
        written = form.written
        module = import_module(f"convscope.ship.{form.module}")
        monkeypatch.setattr(module, "written", lambda sound, entrance: written(*_other(sound, entrance)))

        def _other(sound: Bundle, entrance: Entrance) -> tuple[Bundle, Entrance]:
            faulty = fault(sound)
            return faulty, Entrance(faulty.preprocessing, inside=entrance.inside)

    return planted


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_without_a_fault_it_stays_open(form: Format, tmp_path: Path) -> None:
    exported = export(bundle(), tmp_path / f"net{form.ending}")
    assert exported.proof is not None
    assert exported.proof.count == 256
    assert exported.proof.largest < 2e-6
    assert not exported.proof.unseen


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_caught(form: Format, name: str, plant: Planted, tmp_path: Path) -> None:
    plant(form, lambda _: with_fault(name))
    file = tmp_path / f"net{form.ending}"
    with pytest.raises(GateFailed, match=r"is not the same network.*net\.\w+ was not written\."):
        export(bundle(), file)
    assert list(tmp_path.iterdir()) == []


def test_it_exits_with_3_and_the_earlier_file_stays(
    plant: Planted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle().save(tmp_path / "sound.safetensors")
    (tmp_path / "net.pt2").write_bytes(b"earlier")
    plant(FORMATS["torch"], lambda _: with_fault("square weight transposed"))
    with pytest.raises(SystemExit) as left:
        main(["export", str(tmp_path / "sound.safetensors"), "--out", str(tmp_path / "net.pt2"), "--quiet"])
    assert left.value.code == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "stays as it was" in said.err
    assert (tmp_path / "net.pt2").read_bytes() == b"earlier"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.pt2", "sound.safetensors"]


def patch_file(monkeypatch: pytest.MonkeyPatch, form: Format, patch: Callable[[bytes], bytes]) -> None:
    """The file itself is changed after it was written."""
    written, module = form.written, import_module(f"convscope.ship.{form.module}")
    monkeypatch.setattr(module, "written", lambda of, entrance: patch(written(of, entrance)))


def _in_onnx(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    def patch(content: bytes) -> bytes:
        onnx = pytest.importorskip("onnx", reason="pip install 'convscope[export]'")
        model = onnx.load_from_string(content)
        change(model.graph)
        changed: bytes = model.SerializeToString()
        assert changed != content
        return changed

    return patch


def _tensor(graph: Any, shape: tuple[int, ...]) -> tuple[Any, np.ndarray]:
    """The one constant of that shape."""
    from onnx import numpy_helper

    (found,) = (tensor for tensor in graph.initializer if tuple(tensor.dims) == shape)
    return found, numpy_helper.to_array(found)


def _transpose_in_onnx(graph: Any) -> None:
    from onnx import numpy_helper

    tensor, values = _tensor(graph, (16, 16))
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values.T), tensor.name))


def _swap_in_onnx(graph: Any) -> None:
    from onnx import numpy_helper

    tensor, values = _tensor(graph, (6, 3, 3, 3))
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values[:, ::-1]), tensor.name))


def _pad_in_onnx(graph: Any) -> None:
    """One pixel more above and to the left, one less below and to the right, wherever a border is made."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name == "pads" and set(attribute.ints) == {1}:
                attribute.ints[:] = [2, 2, 0, 0]
    for tensor in graph.initializer:
        if "pads" in tensor.name and tensor.dims == [8]:
            from onnx import numpy_helper

            sides = np.array([0, 0, 2, 2, 0, 0, 0, 0])
            tensor.CopyFrom(numpy_helper.from_array(sides, tensor.name))


def _lose_inversion_in_onnx(graph: Any) -> None:
    """`255 - x` becomes `x - 0`, by the constant that it takes from."""
    for node in graph.node:
        if node.op_type == "Sub":
            node.input[:] = list(reversed(node.input))
            return
    raise AssertionError("no subtraction in it")


def _forget_epsilon_in_onnx(graph: Any) -> None:
    found = [a for node in graph.node for a in node.attribute if a.name == "epsilon"]
    assert found
    for attribute in found:
        attribute.f = 1e-3


def _in_c(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    def patch(content: bytes) -> bytes:
        text = content.decode("ascii")
        changed = change(text)
        assert changed != text
        return changed.encode("ascii")

    return patch


def _numbers(text: str, count: int) -> list[re.Match[str]]:
    """The constant arrays of so many numbers."""
    arrays = re.finditer(r"static const float (\w+)\[[^=]*=\s*\{(.*?)\};", text, flags=re.DOTALL)
    return [one for one in arrays if one[2].count(",") + 1 - one[2].rstrip().endswith(",") == count]


def _reordered(text: str, count: int, order: Callable[[np.ndarray], np.ndarray]) -> str:
    """The one array of so many numbers with its numbers in another order."""
    (found,) = _numbers(text, count)
    words = np.array([word.strip() for word in found[2].split(",") if word.strip()])
    return text[: found.start(2)] + ", ".join(order(words)) + text[found.end(2) :]


def _of_mean_in_onnx(graph: Any) -> None:
    """As with the mean (0.2, 0.501, 0.4), not (0.2, 0.5, 0.4): a quarter of one step of a byte off."""
    from onnx import numpy_helper

    (tensor,) = (tensor for tensor in graph.initializer if tensor.name.endswith("offset"))
    values = numpy_helper.to_array(tensor).copy()
    values.ravel()[1] -= 0.001 / 0.2
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _replaced(before: str, after: str) -> Callable[[bytes], bytes]:
    def change(text: str) -> str:
        assert before in text
        return text.replace(before, after)

    return _in_c(change)


PATCHES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a transposed weight in ONNX": ("onnx", _in_onnx(_transpose_in_onnx)),
    "RGB swapped in ONNX": ("onnx", _in_onnx(_swap_in_onnx)),
    "padding off by one in ONNX": ("onnx", _in_onnx(_pad_in_onnx)),
    "polarity the other way in ONNX": ("onnx", _in_onnx(_lose_inversion_in_onnx)),
    "another epsilon in ONNX": ("onnx", _in_onnx(_forget_epsilon_in_onnx)),
    "a mean that is 0.001 off in ONNX": ("onnx", _in_onnx(_of_mean_in_onnx)),
    "a mean that is 0.001 off in C": ("c", _replaced("-2.5f,", "-2.505f,")),
    "polarity forgotten in C": ("c", _replaced("3, 108, 1, input_factor", "3, 108, 0, input_factor")),
    "padding off by one in C": (
        "c",
        _replaced("{-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, -1}", "{-1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8}"),
    ),
    "a transposed weight in C": (
        "c",
        _in_c(lambda text: _reordered(text, 256, lambda words: words.reshape(16, 16).T.ravel())),
    ),
    "RGB swapped in C": (
        "c",
        _in_c(lambda text: _reordered(text, 162, lambda words: words.reshape(6, 3, 9)[:, ::-1].ravel())),
    ),
    "classes out of order in C": (
        "c",
        _in_c(lambda text: _reordered(text, 80, lambda words: words.reshape(5, 16)[::-1].ravel())),
    ),
}


@pytest.mark.parametrize("name", PATCHES)
def test_what_is_changed_in_the_file_is_caught(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, patch = FORMATS[PATCHES[name][0]], PATCHES[name][1]
    patch_file(monkeypatch, form, patch)
    with pytest.raises(GateFailed, match="is not the same network"):
        export(bundle(), tmp_path / f"net{form.ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_a_damaged_file_is_caught(form: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch_file(monkeypatch, form, lambda content: content[: len(content) // 2])
    with pytest.raises(GateFailed, match="cannot be loaded"):
        export(bundle(), tmp_path / f"net{form.ending}")
    assert list(tmp_path.iterdir()) == []
