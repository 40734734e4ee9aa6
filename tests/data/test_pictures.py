from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from convscope.data import read_picture
from convscope.data.pictures import as_grey_or_rgb, picture_facts
from convscope.errors import DataError

COLOUR = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3
GREY = np.arange(4 * 6, dtype=np.uint8).reshape(4, 6) * 10


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format=format, **options)
    return content.getvalue()


@pytest.mark.parametrize(("format", "options"), [
    ("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("PPM", {}),
])  # fmt: skip
def test_lossless_formats(tmp_path: Path, format: str, options: dict[str, object]) -> None:
    file = tmp_path / "picture.wrong"  # the content counts, not the name
    file.write_bytes(encoded(Image.fromarray(COLOUR), format, **options))
    for source in (file, str(file), file.read_bytes(), io.BytesIO(file.read_bytes())):
        image = read_picture(source)
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), COLOUR)
    assert picture_facts(file) == (format, 4, 6, False)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "GIF", "PPM"])
def test_grey_stays_grey(tmp_path: Path, format: str) -> None:
    file = tmp_path / "picture"
    file.write_bytes(encoded(Image.fromarray(GREY), format))
    image = read_picture(file)
    assert image.mode == "L"
    assert np.array_equal(np.asarray(image), GREY)
    assert picture_facts(file) == (format, 4, 6, True)


def test_jpeg_decodes_like_pillow(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(COLOUR), "JPEG", quality=90)
    with Image.open(io.BytesIO(content)) as image:
        assert np.array_equal(np.asarray(read_picture(content)), np.asarray(image))


def test_jpeg_is_never_reduced_below_what_is_asked() -> None:
    content = encoded(Image.new("RGB", (400, 300)), "JPEG")
    assert read_picture(content).size == (400, 300)
    assert read_picture(content, at_least=(75, 100)).size == (100, 75)
    assert read_picture(content, at_least=(76, 100)).size == (200, 150)
    assert read_picture(content, at_least=(301, 10)).size == (400, 300)


def test_several_jpeg_in_one() -> None:
    frames = [Image.new("RGB", (64, 32), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    content = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    picture = read_picture(content, at_least=(16, 32))
    assert picture.size == (32, 16)
    assert picture.getpixel((5, 5))[0] > 250


def test_cmyk_jpeg() -> None:
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # no cyan: red
    red, green, blue = read_picture(encoded(image, "JPEG", quality=95)).getpixel((4, 4))
    assert red > 240
    assert max(green, blue) < 15


def test_one_bit() -> None:
    picture = read_picture(encoded(Image.fromarray(GREY > 100), "PNG"))
    assert picture.mode == "L"
    assert np.array_equal(np.asarray(picture), np.where(GREY > 100, 255, 0))


def test_palette() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    picture = read_picture(encoded(image, "PNG"))
    assert [picture.getpixel((0, 0)), picture.getpixel((1, 0))] == [(10, 20, 30), (200, 100, 50)]


def test_grey_palette_is_grey(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 10, 10, 200, 200, 200])
    image.putpixel((1, 0), 1)
    file = tmp_path / "grey.png"
    file.write_bytes(encoded(image, "PNG"))
    picture = read_picture(file)
    assert picture.mode == "L"
    assert np.asarray(picture).tolist() == [[10, 200]]
    assert picture_facts(file).grey


@pytest.mark.parametrize("transparency", [0, b"\x00\xff"])
def test_transparent_palette_is_laid_over_white(transparency: int | bytes) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    picture = read_picture(encoded(image, "PNG", transparency=transparency))
    assert [picture.getpixel((0, 0)), picture.getpixel((1, 0))] == [(255, 255, 255), (200, 100, 50)]


def test_alpha_is_laid_over_white() -> None:
    picture = read_picture(encoded(Image.new("RGBA", (1, 1), (100, 0, 200, 128)), "PNG"))
    expected = [round(value * 128 / 255 + 255 * 127 / 255) for value in (100, 0, 200)]
    assert np.abs(np.array(picture.getpixel((0, 0))) - expected).max() <= 1
    grey = read_picture(encoded(Image.new("LA", (1, 1), (100, 0)), "PNG"))
    assert (grey.mode, grey.getpixel((0, 0))) == ("L", 255)


def test_transparent_colour_of_a_png_without_alpha() -> None:
    image = Image.fromarray(np.array([[7, 8]], np.uint8))
    picture = read_picture(encoded(image, "PNG", transparency=7))
    assert (picture.mode, np.asarray(picture).tolist()) == ("L", [[255, 8]])


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_divided_by_257(format: str) -> None:
    values = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], np.uint16)
    picture = read_picture(encoded(Image.fromarray(values), format))
    assert picture.mode == "L"
    assert np.array_equal(np.asarray(picture), np.floor(values / 257 + 0.5))


def test_a_ppm_by_hand_and_what_is_wrong_with_one() -> None:
    """http://netpbm.sourceforge.net/doc: a head of text, then bytes or text; a 1 of a PBM is black."""
    two = {
        b"P5 2 1 255\n\x00\x80": [0, 128],
        b"P2 2 1\n# grey\n15 15 0": [255, 0],
        b"P1 2 1\n0 1": [255, 0],
    }
    for content, pixels in two.items():
        assert np.asarray(read_picture(content)).tolist() == [pixels]
    assert np.asarray(read_picture(b"P6 1 1 255\n\x01\x02\x03")).tolist() == [[[1, 2, 3]]]
    with pytest.raises(DataError, match="ends early or is damaged"):
        read_picture(b"P5 2 2 255\n\x00")
    for size in (b"9000 9000", b"99999 99999"):
        with pytest.raises(DataError, match="more than 80 million"):
            read_picture(b"P5 " + size + b" 255\n\x00", at_least=(8, 8))


def test_mode_i_and_f() -> None:
    wide = Image.fromarray(np.array([[-5, 257, 70000]], np.int32))
    assert np.asarray(as_grey_or_rgb(wide)).tolist() == [[0, 1, 255]]
    unit = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
    assert np.asarray(as_grey_or_rgb(unit)).tolist() == [[0, 128, 255]]
    bytes_ = Image.fromarray(np.array([[-1.0, 99.6, 300.0, np.nan]], np.float32))
    assert np.asarray(as_grey_or_rgb(bytes_)).tolist() == [[0, 100, 255, 0]]


def test_first_frame_of_a_gif() -> None:
    frames = [Image.new("RGB", (3, 3), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(content).getpixel((1, 1)) == (255, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation(tmp_path: Path, format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}}.get(format, {})
    file = tmp_path / "turned"
    file.write_bytes(encoded(Image.fromarray(COLOUR), format, exif=exif, **options))
    with Image.open(file) as image:
        expected = ImageOps.exif_transpose(image)
        expected.load()
    picture = read_picture(file)
    assert np.array_equal(np.asarray(picture), np.asarray(expected))
    facts = picture_facts(file)
    assert (facts.height, facts.width) == (picture.height, picture.width)


def test_orientation_by_hand() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on the right of the stored one: turn it clockwise
    stored = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    content = encoded(Image.fromarray(stored), "PNG", exif=exif)
    assert np.asarray(read_picture(content)).tolist() == [[4, 1], [5, 2], [6, 3]]


def test_a_turned_jpeg_is_reduced_by_its_upright_sides() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.new("RGB", (400, 200)), "JPEG", exif=exif)  # upright: 400 high, 200 wide
    assert read_picture(content, at_least=(200, 100)).size == (100, 200)
    assert read_picture(content, at_least=(200, 101)).size == (200, 400)


def test_broken_exif_does_not_matter() -> None:
    content = encoded(Image.fromarray(COLOUR), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff nonsense")
    assert read_picture(content).size == (6, 4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"not a picture at all\n", "is text, not a picture"),
        ("schön".encode() * 2000, "is text, not a picture"),
        (b"\n<!DOCTYPE html><html>404</html>", "is a web page (HTML)"),
        (bytes(range(256)), "is damaged or not a picture of a kind that is read"),
        (b"\xff\xd8\xff", "is damaged or not a picture"),
    ],
)
def test_what_is_no_picture(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "no.png"
    file.write_bytes(content)
    for read in (read_picture, picture_facts):
        with pytest.raises(DataError) as caught:
            read(file)
        assert str(caught.value).startswith(f"{file} ")
        assert reason in str(caught.value)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_truncated(tmp_path: Path, format: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    whole = encoded(Image.fromarray(pixels), format)
    for share in (0.3, 0.6, 0.9):
        file = tmp_path / f"half-{share}"
        file.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(
            DataError, match=r"half-.* (ends early or is damaged|is damaged or not a picture)"
        ):
            read_picture(file)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no picture .*gone.png"):
        read_picture(tmp_path / "gone.png")
    with pytest.raises(DataError, match="is a folder, not a picture"):
        read_picture(tmp_path)


@pytest.mark.parametrize("side", [9_000, 10_000, 14_000, 30_000])
def test_decompression_bombs_are_refused_without_a_warning(tmp_path: Path, side: int) -> None:
    # a PNG whose head promises side × side pixels, as a bomb does; nothing is decoded
    small = encoded(Image.new("1", (8, 8)), "PNG")
    head = bytearray(small)
    head[16:24] = side.to_bytes(4, "big") * 2
    head[29:33] = zlib.crc32(bytes(head[12:29])).to_bytes(4, "big")
    file = tmp_path / "bomb.png"
    file.write_bytes(head)
    with pytest.raises(
        DataError, match=r"bomb\.png is \d+×\d+ pixels, more than 80 million, and so many are not"
    ):
        read_picture(file)
    with pytest.raises(DataError, match=r"bomb\.png ends early or is damaged"):  # a few rows at a time
        read_picture(file, at_least=(64, 64))


def test_more_than_a_thousand_million_pixels_are_never_read(tmp_path: Path) -> None:
    head = bytearray(encoded(Image.new("1", (8, 8)), "PNG"))
    head[16:24] = (40_000).to_bytes(4, "big") * 2
    head[29:33] = zlib.crc32(bytes(head[12:29])).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(head)
    for read in (picture_facts, lambda path: read_picture(path, at_least=(64, 64))):
        with pytest.raises(
            DataError, match=r"bomb\.png is 40000×40000 .* more than 1,000 million .* are not read"
        ):
            read(tmp_path / "bomb.png")


def test_the_given_name_is_in_the_message() -> None:
    with pytest.raises(DataError, match=r"upload 3 is empty"):
        read_picture(b"", name="upload 3")
