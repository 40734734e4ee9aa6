"""The script of the how-to, which knows no convscope, on picture files of every kind, beside `predict`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope import nets
from convscope.bundle import Bundle
from convscope.ship.entrance import Entrance
from convscope.ship.onnx_model.form import written

from .oracle import bundle_of_graph

PAGE = (Path(__file__).parents[3] / "docs" / "how-to.md").read_text("utf-8")
SECTION = PAGE.split("## Use an exported network without convscope\n")[1].split("\n## ")[0]
_, SCRIPT = re.findall(r"```python\n(.*?)```", SECTION, flags=re.DOTALL)

SETTINGS: list[tuple[int, dict[str, Any]]] = [
    (1, {"resize": "fit"}),
    (1, {"resize": "fit", "invert": True, "fill": 40}),
    (3, {"resize": "fit", "fill": 7}),
    (3, {"resize": "crop", "invert": True}),
    (1, {"resize": "crop"}),
    (3, {"resize": "stretch"}),
]


def pixels(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Stripes under noise."""
    generator = np.random.default_rng(seed)
    waves = 90 * np.sin(np.add.outer(np.arange(height) / 7, np.arange(width) / 11))[..., None]
    values = 120 + waves * generator.uniform(0.2, 1, channels) + generator.normal(0, 20, (height, width, 1))
    return values.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    turned = {number: Image.Exif() for number in range(2, 9)}
    for number, exif in turned.items():
        exif[0x0112] = number
    rgb = Image.fromarray(pixels(61, 47))
    grey = rgb.convert("L")
    alpha = Image.fromarray(pixels(61, 47, 1, seed=3)[:, :, 0])
    clear = rgb.copy()
    clear.putalpha(alpha)
    shaded = Image.merge("LA", (grey, alpha))
    deep = Image.fromarray(pixels(30, 50, 1)[:, :, 0].astype(np.uint16) * 255)
    given: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "grey.png": (grey, {}),
        "colour.png": (rgb, {}),
        "colour.jpg": (rgb, {"quality": 90}),
        "grey.jpg": (grey, {}),
        "large.jpg": (Image.fromarray(pixels(703, 401)), {}),  # decoded at a half or less
        "large, lying.jpg": (Image.fromarray(pixels(301, 803)), {"exif": turned[6]}),
        "cmyk.jpg": (rgb.convert("CMYK"), {}),
        "clear.png": (clear, {}),
        "shaded.png": (shaded, {}),
        "clear palette.png": (rgb.quantize(16), {"transparency": 3}),
        "palette.gif": (rgb.quantize(16), {}),
        "deep.png": (deep, {}),
        "bits.png": (grey.convert("1"), {}),
        "tiff.tif": (rgb, {"exif": turned[8]}),
        "picture.webp": (rgb, {"exif": turned[5], "lossless": True}),
        "picture.bmp": (rgb, {}),
        "one pixel.png": (Image.fromarray(pixels(1, 1)), {}),
        "thin.png": (Image.fromarray(pixels(200, 3)), {}),
        "flat.png": (Image.fromarray(pixels(2, 171)), {}),
        "its size.png": (Image.fromarray(pixels(21, 19)), {}),
        **{f"turned {number}.jpg": (rgb, {"exif": exif}) for number, exif in turned.items()},
        **{f"turned {number}.png": (rgb, {"exif": exif}) for number, exif in turned.items()},
    }
    for name, (image, settings) in given.items():
        image.save(folder / name, **settings)
    return [folder / name for name in given]


@pytest.mark.parametrize(("channels", "settings"), SETTINGS, ids=lambda value: str(value))
def test_the_script_gives_what_predict_gives(
    channels: int,
    settings: dict[str, Any],
    files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle = bundle_of_graph(nets.graph("convnet-bn-8-16", (channels, 21, 19), 4), seed=2, **settings)
    monkeypatch.chdir(tmp_path)
    space = the_script(bundle)
    assert capsys.readouterr().out.startswith("[('class ")
    entrance = Entrance(bundle.preprocessing)
    taken = []
    for file in files:
        found = space["prepared"](file)
        wanted = entrance.of_stored(bundle.preprocessing.one(file)[None])[0]
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, wanted, err_msg=file.name)
        taken.append(found)
    (probabilities,) = space["session"].run(None, {"pictures": np.stack(taken)})
    for row, prediction in zip(probabilities, bundle.predict(files, top=4), strict=True):
        assert space["classes"][row.argmax()] == prediction.label
        for label, probability in prediction.top:
            assert row[space["classes"].index(label)] == pytest.approx(probability, abs=1e-5)


def the_script(bundle: Bundle) -> dict[str, Any]:
    """What it has defined after it has run beside a file of the bundle."""
    Path("digits.onnx").write_bytes(written(bundle, Entrance(bundle.preprocessing)))
    Image.fromarray(pixels(30, 40)).save("digit.png")
    space: dict[str, Any] = {}
    exec(compile(SCRIPT, "how-to.md", "exec"), space)
    return space
