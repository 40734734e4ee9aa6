"""Writes each screen of the studio, light, dark and as wide as a phone, to docs/images/.

    make screenshots

Chromium draws them; no timing is in them, so that pictures of the same page are the same.
"""

from __future__ import annotations

import argparse
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from ..conftest import chromium_settings
from .conftest import ROOT, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCREENS = {
    "network": "#/network?model=starter",
    "network-why": "#/network?model=starter&layer=conv2&cell=conv2:3:5:7",
    "convolution": "#/convolution",
    "convolution-padding": "#/convolution?kernel=sobel-x&padding=1&stride=2",
}
FORMS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 360)}
COLOURS = 128  # of a picture: drawings and text need no more, and a third of the bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    words = parser.parse_args()
    words.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--port", "0") as (_, address),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(**chromium_settings())
        for screen, hash in SCREENS.items():
            for form, (scheme, width) in FORMS.items():
                picture = photographed(browser, f"{address}{hash}", scheme, width)
                path = words.out / f"{screen}-{form}.png"
                picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
                print(f"{path}  {picture.width}×{picture.height}, {path.stat().st_size / 1000:.0f} kB")
        browser.close()


def photographed(browser: Browser, address: str, scheme: str, width: int) -> Image.Image:
    """The whole page as it looks when nothing is on its way any more."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    content = page.screenshot(full_page=True, animations="disabled")
    context.close()
    return Image.open(BytesIO(content)).convert("RGB")


if __name__ == "__main__":
    main()
