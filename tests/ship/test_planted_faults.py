"""The gate of an export closes on every fault that is planted in what is written, and leaves no file."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

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
