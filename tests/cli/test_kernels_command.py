"""`convscope kernels`: the gallery and what it says of each kernel."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.execute import execute
from convscope.ops import KERNELS, kernel


@pytest.fixture(autouse=True)
def _warnings_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnings.showwarning", None)


def test_every_kernel_is_listed_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["kernels"]) == 0
    out = capsys.readouterr().out
    heads = re.findall(r"^([a-z-]+), (\d+)×\2$", out, flags=re.MULTILINE)
    assert [name for name, _ in heads] == list(KERNELS)
    assert max(map(len, out.splitlines())) <= 80
    assert "   -1   0   1   Finds vertical edges" in out
    assert "`" not in out
    assert "cross-correlation, which does not flip them" in out


def test_what_is_said_of_the_sum_is_true() -> None:
    for named in KERNELS.values():
        said = re.findall(r"Sums to (\d)\.$", named.purpose)
        assert len(said) == 1, named.name
        assert named.make().sum() == pytest.approx(int(said[0]), abs=1e-9), named.name


def test_one_with_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["kernels", "gaussian:0.5:3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("gaussian:0.5:3, 3×3\n")
    numbers = [float(n) for n in re.findall(r"\b0\.\d{3}", out)]
    assert numbers == pytest.approx(kernel("gaussian", 0.5, 3).ravel(), abs=6e-4)
    assert "Settings: sigma=0.5, size=3." in out
    assert execute(["kernels", "gaussian:0.5:3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"] == {"sigma": 0.5, "size": 3}
    assert execute(["kernels", "gabor"]) == 0
    assert "361 numbers" in capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["kernels", "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [document["name"] for document in documents] == list(KERNELS)
    for document in documents:
        assert set(document) == {"name", "purpose", "shape", "sum", "settings", "numbers"}
        np.testing.assert_array_equal(document["numbers"], KERNELS[document["name"]].make())
    assert execute(["kernels", "box:5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == [5, 5]


def test_gallery_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert execute(["kernels", "--out", str(tmp_path / "gallery.png")]) == 0
    assert "what 99% of the magnitudes lie within" in capsys.readouterr().err
    with Image.open(tmp_path / "gallery.png") as picture:
        assert picture.width > 4 * 240
        assert picture.height > 4 * 160
        edges = np.asarray(picture.convert("L")).astype(float)[-170:-20, 20:250]  # roberts
        assert np.abs(edges - 128).mean() > 5


def test_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["kernels", "sobl-x"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: unknown kernel 'sobl-x': did you mean 'sobel-x'?")
    assert execute(["kernels", "gaussian:a"]) == 2
    assert capsys.readouterr().err.startswith("error: gaussian:a: settings are numbers")
    assert execute(["kernels", "--out", "gallery.txt"]) == 2
    assert "--out gallery.txt should end in .png" in capsys.readouterr().err
