"""Pictures of more pixels than are decoded at once: the same pixels as Pillow's, in little memory."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from convscope.data import (
    Preprocessing,
    large_pictures,
    load,
    open_source,
    png_bands,
    read_picture,
    tiff_bands,
)
from convscope.data.pictures import as_grey_or_rgb, picture_facts
from convscope.errors import DataError

RANDOM = np.random.default_rng(8)
PIXELS = RANDOM.integers(0, 256, (61, 83, 4)).astype(np.uint8)


@pytest.fixture
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of more than 1,000 pixels are large, and bands are a few rows."""
    monkeypatch.setattr(large_pictures, "MAX_PIXELS", 1000)
    monkeypatch.setattr("convscope.data.pictures.MAX_PIXELS", 1000)
    monkeypatch.setattr(png_bands, "_BAND", 1500)
    monkeypatch.setattr(png_bands, "_CHUNK", 100)
    monkeypatch.setattr(tiff_bands, "_BAND", 1500)


small_limit = pytest.mark.usefixtures("_small_limit")


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format=format, **options)
    return content.getvalue()


def palette(transparency: bool = False) -> Image.Image:
    image = Image.fromarray(PIXELS[:, :, :3]).quantize(64)
    if transparency:
        image.info["transparency"] = bytes(range(0, 256, 4))
    return image


MODES: dict[str, Callable[[], Image.Image]] = {
    "RGB": lambda: Image.fromarray(PIXELS[:, :, :3]),
    "RGBA": lambda: Image.fromarray(PIXELS),
    "L": lambda: Image.fromarray(PIXELS[:, :, 0]),
    "LA": lambda: Image.merge("LA", Image.fromarray(PIXELS).split()[:2]),
    "1": lambda: Image.fromarray(PIXELS[:, :, 0] > 99),
    "P": palette,
    "I;16": lambda: Image.fromarray(PIXELS[:, :, 0].astype(np.uint16) * 256 + PIXELS[:, :, 1]),
}


def expected(image: Image.Image, at_least: tuple[int, int]) -> np.ndarray:
    """Means of n × n pixels, by the rules of the docstring."""
    factor = max(min(image.size) // max(at_least), int(np.ceil(np.sqrt(image.width * image.height / 1000))))
    return np.asarray(as_grey_or_rgb(image).reduce(factor))


@small_limit
@pytest.mark.parametrize("mode", [*MODES])
@pytest.mark.parametrize("at_least", [(20, 20), (3, 9), (200, 1)])
def test_png_equals_what_pillow_reads_whole(mode: str, at_least: tuple[int, int]) -> None:
    content = encoded(MODES[mode](), "PNG")
    with Image.open(io.BytesIO(content)) as whole:
        whole.load()
        wanted = expected(whole, at_least)
    picture = read_picture(content, at_least=at_least)
    assert picture.width * picture.height <= 1000
    assert np.array_equal(np.asarray(picture), wanted)


@small_limit
@pytest.mark.parametrize("options", [{"transparency": 7}, {"bits": 4}, {"bits": 2}])
def test_png_with_few_bits_or_a_transparent_colour(options: dict) -> None:
    image = (
        palette()
        if "bits" not in options
        else Image.fromarray(PIXELS[:, :, :3]).quantize(2 ** options["bits"])
    )
    content = encoded(image, "PNG", **options)
    with Image.open(io.BytesIO(content)) as whole:
        whole.load()
        wanted = expected(whole, (20, 20))
    assert np.array_equal(np.asarray(read_picture(content, at_least=(20, 20))), wanted)


@small_limit
@given(
    st.integers(0, 4),
    st.integers(1, 70),
    st.integers(15, 90),
    st.sampled_from([0, 2, 4, 6]),
    st.integers(0, 99),
)
def test_every_filter_of_png(kind: int, width: int, height: int, colour: int, seed: int) -> None:
    """Rows filtered as the standard says (9.2), by hand: 0 none, 1 left, 2 above, 3 mean, 4 Paeth."""
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    width = max(width, 1001 // height + 1)
    stored = np.random.default_rng(seed).integers(0, 256, (height, width * samples)).astype(np.uint8)
    lines = b"".join(bytes([kind if row else seed % 5]) + stored[row].tobytes() for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    content = png_bands.SIGNATURE + b"".join(
        png_bands._chunk(name, data)
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    )
    with Image.open(io.BytesIO(content)) as whole:
        whole.load()
        wanted = expected(whole, (4, 4))
    assert np.array_equal(np.asarray(read_picture(content, at_least=(4, 4))), wanted)


TIFFS = [
    (mode, options)
    for mode in ("RGB", "L", "1", "P", "I;16", "RGBA")
    for options in (
        {},
        {"compression": "tiff_lzw"},
        {"compression": "tiff_adobe_deflate"},
        {"compression": "packbits"},
        {"compression": "jpeg", "quality": 95},
        {"compression": "group4"},
    )
    if (options.get("compression") != "jpeg" or mode in ("RGB", "L"))
    and (options.get("compression") != "group4" or mode == "1")
]


@small_limit
@pytest.mark.parametrize(("mode", "options"), TIFFS)
def test_tiff_equals_what_pillow_reads_whole(
    mode: str, options: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.TiffImagePlugin.STRIP_SIZE", 300)  # several strips
    content = encoded(MODES[mode](), "TIFF", **options)
    with Image.open(io.BytesIO(content)) as whole:
        strips = len(whole.tag_v2[273])
        whole.load()
        wanted = expected(whole, (20, 20))
    assert strips > 1 or not options  # Pillow writes one where nothing is compressed
    assert np.array_equal(np.asarray(read_picture(content, at_least=(20, 20))), wanted)


def tiled_tiff(pixels: np.ndarray, order: str) -> bytes:
    """An uncompressed TIFF in tiles of 16 × 32, written by hand (TIFF 6.0, section 15)."""
    height, width = pixels.shape
    tile_height, tile_width = 16, 32
    down, across = -(-height // tile_height), -(-width // tile_width)
    padded = np.zeros((down * tile_height, across * tile_width), pixels.dtype)
    padded[:height, :width] = pixels
    tiles = [
        padded[y * tile_height : (y + 1) * tile_height, x * tile_width : (x + 1) * tile_width].tobytes()
        for y in range(down)
        for x in range(across)
    ]
    offsets = [8 + sum(map(len, tiles[:n])) for n in range(len(tiles))]
    fields = {
        256: [width], 257: [height], 258: [pixels.itemsize * 8], 259: [1], 262: [1], 277: [1],
        322: [tile_width], 323: [tile_height], 324: offsets, 325: [len(tile) for tile in tiles],
    }  # fmt: skip
    start = 8 + sum(map(len, tiles))
    magic = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return magic + b"".join(tiles) + tiff_bands._directory(fields, order, start)


@small_limit
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_tiles_and_both_orders_of_bytes(order: str, dtype: str) -> None:
    pixels = PIXELS[:, :, 0].astype(order + dtype) * (1 if dtype == "u1" else 257)
    content = tiled_tiff(pixels, order)
    picture = read_picture(content, at_least=(20, 20))
    assert np.array_equal(np.asarray(picture), expected(Image.fromarray(PIXELS[:, :, 0]), (20, 20)))


@small_limit
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_large_pictures_are_upright(tmp_path: Path, format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.kron(PIXELS[:10, :14, 0], np.ones((6, 6), np.uint8))  # each 6 × 6 of one level
    content = encoded(Image.fromarray(pixels), format, exif=exif)
    (tmp_path / "turned").write_bytes(content)
    small = read_picture(content, at_least=(10, 10))
    wanted = encoded(Image.fromarray(PIXELS[:10, :14, 0]), format, exif=exif)
    with Image.open(io.BytesIO(wanted)) as image:
        assert np.array_equal(np.asarray(small), np.asarray(ImageOps.exif_transpose(image)))
    facts = picture_facts(tmp_path / "turned")
    assert (facts.height / 6, facts.width / 6) == (small.height, small.width)


@small_limit
@pytest.mark.parametrize("format", ["PNG", "TIFF", "JPEG"])
def test_a_large_picture_that_ends_early(format: str) -> None:
    content = encoded(MODES["RGB"](), format)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(DataError, match=r"ends early or is damaged|is damaged or not a picture"):
            read_picture(content[: int(len(content) * share)], at_least=(20, 20))


@small_limit
@pytest.mark.parametrize("format", ["PNG", "TIFF", "JPEG"])
def test_damage_is_one_sentence_or_wrong_pixels(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.TiffImagePlugin.STRIP_SIZE", 3000)
    options = {"compression": "tiff_lzw"} if format == "TIFF" else {}
    whole = encoded(MODES["RGB"](), format, **options)
    chance = random.Random(2)
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 4, 40))):
            place = chance.choice((range(len(content)), range(64), range(len(content) - 300, len(content))))
            content[chance.choice(place)] = chance.randrange(256)
        with contextlib.suppress(DataError):  # and nothing else
            read_picture(bytes(content), at_least=(20, 20))


@small_limit
def test_a_large_png_with_a_wrong_checksum() -> None:
    content = bytearray(encoded(MODES["RGB"](), "PNG"))
    content[500] ^= 1
    with pytest.raises(DataError, match="ends early or is damaged"):
        read_picture(bytes(content), at_least=(20, 20))


@small_limit
def test_kinds_that_are_not_decoded_in_parts(tmp_path: Path) -> None:
    wide = np.repeat(PIXELS[:, :, :3].astype(">u2"), 1, axis=2)
    lines = b"".join(b"\0" + row.tobytes() for row in wide)
    deep = png_bands.SIGNATURE + b"".join(
        png_bands._chunk(name, data)
        for name, data in (
            (b"IHDR", struct.pack(">IIBBBBB", 83, 61, 16, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(lines)),
            (b"IEND", b""),
        )
    )
    interlaced = bytearray(encoded(MODES["RGB"](), "PNG"))
    interlaced[28] = 1
    interlaced[29:33] = struct.pack(">I", zlib.crc32(bytes(interlaced[12:29])))
    floats = encoded(Image.fromarray(PIXELS[:, :, 0] / np.float32(255)), "TIFF")
    for name, content, reason in [
        ("deep.png", deep, "a PNG of this size is decoded in parts only where"),
        ("interlaced.png", bytes(interlaced), "a PNG of this size is decoded in parts only where"),
        ("floats.tiff", floats, "a TIFF of this size is decoded in parts only where"),
        ("x.webp", encoded(MODES["RGB"](), "WEBP"), "this kind is not decoded in parts, as JPEG and PNG are"),
        ("x.gif", encoded(palette(), "GIF"), "this kind is not decoded in parts"),
        ("x.bmp", encoded(MODES["RGB"](), "BMP"), "this kind is not decoded in parts"),
    ]:
        (tmp_path / name).write_bytes(content)
        for read in (picture_facts, lambda path: read_picture(path, at_least=(20, 20))):
            with pytest.raises(DataError, match=reason) as caught:
                read(tmp_path / name)
            assert str(caught.value).startswith(f"{tmp_path / name} is 83×61 pixels, more than ")
            assert str(caught.value).endswith("; shrink it first.")
    one_strip = encoded(MODES["RGB"](), "TIFF", compression="tiff_lzw")
    picture = read_picture(one_strip, at_least=(20, 20))
    assert picture.size == (28, 21)
    with pytest.raises(DataError, match="so many are not read at their own size"):
        read_picture(one_strip)


@small_limit
def test_a_large_strip_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_bands, "MAX_BAND_PIXELS", 2000)
    for compression in (None, "tiff_lzw"):
        content = encoded(MODES["RGB"](), "TIFF", **({"compression": compression} if compression else {}))
        if compression is None:
            read_picture(content, at_least=(20, 20))  # uncompressed rows lie where they are
            continue
        with pytest.raises(DataError, match="only where it has small strips or tiles"):
            read_picture(content, at_least=(20, 20))


def jpeg_head(progressive: bool, side: int, *, scans: int = 3) -> bytes:
    """The head of a JPEG of side × side up to its first scan, 4:2:0; nothing behind it."""
    frame = struct.pack(">BHHB", 8, side, side, 3) + bytes([1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
    start = bytes([scans, *(1, 0, 2, 0x11, 3, 0x11)[: 2 * scans], 0, 63, 0])
    parts = ((0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), (0xC2 if progressive else 0xC0, frame), (0xDA, start))
    return b"\xff\xd8" + b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in parts
    )


@pytest.mark.parametrize(
    ("progressive", "scans", "side", "kept"),
    [
        (False, 3, 20_000, 0),
        (True, 3, 20_000, 1_200_000_000),
        (False, 1, 20_000, 1_200_000_000),
        (True, 3, 18_000, 972_000_000),
    ],
)
def test_what_a_jpeg_decoder_keeps(
    tmp_path: Path, progressive: bool, scans: int, side: int, kept: int
) -> None:
    """2 bytes for each of 1 + 1/4 + 1/4 samples of a pixel (T.81, G.1: scans refine the coefficients)."""
    content = jpeg_head(progressive, side, scans=scans)
    assert large_pictures._coefficient_bytes(io.BytesIO(content)) == kept
    (tmp_path / "x.jpg").write_bytes(content)
    if kept > large_pictures.MAX_COEFFICIENT_BYTES:
        with pytest.raises(
            DataError, match="a JPEG of this size is decoded in parts only where it is not progressive"
        ):
            picture_facts(tmp_path / "x.jpg")
    else:
        assert picture_facts(tmp_path / "x.jpg")[:3] == ("JPEG", side, side)


@small_limit
@pytest.mark.parametrize("orientation", [1, 6])
def test_jpeg_is_reduced_below_what_is_asked_only_where_it_must(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(PIXELS[:, :, :3]), "JPEG", exif=exif)
    upright = (83, 61) if orientation == 1 else (61, 83)
    for at_least, scale in (((60, 80), 4), ((15, 20), 4), ((7, 7), 8)):
        assert read_picture(content, at_least=at_least[:: 1 if orientation == 1 else -1]).size == tuple(
            -(-side // scale) for side in upright
        )


WIDTH, HEIGHT = 14_200, 14_208  # 201.8 million pixels
LEVELS = (30, 220)  # above and below the middle


def huge_jpeg() -> bytes:
    """A baseline JPEG whose rows of blocks, with a restart marker behind each, are those of two strips."""
    rows = []
    for level in LEVELS:
        strip = Image.new("RGB", (WIDTH, 16), (level, 9, 90))
        content = encoded(strip, "JPEG", restart_marker_rows=1)
        scan = content.rfind(b"\xff\xda")
        start = scan + 2 + int.from_bytes(content[scan + 2 : scan + 4], "big")
        rows.append(content[start:-2])
    frame = content.find(b"\xff\xc0")
    head = content[: frame + 5] + struct.pack(">H", HEIGHT) + content[frame + 7 : start]
    count = HEIGHT // 16
    body = b"".join(
        rows[row >= count // 2] + (bytes([0xFF, 0xD0 + row % 8]) if row < count - 1 else b"")
        for row in range(count)
    )
    return head + body + b"\xff\xd9"


def huge_png() -> bytes:
    stream = zlib.compressobj(1)
    lines = [b"\0" + bytes([level, 9, 90]) * WIDTH for level in LEVELS]
    rows = b"".join(stream.compress(lines[row >= HEIGHT // 2]) for row in range(HEIGHT)) + stream.flush()
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return png_bands.SIGNATURE + b"".join(
        png_bands._chunk(name, data) for name, data in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    )


def huge_tiff() -> bytes:
    """Strips of 96 rows by LZW, two of which stand for all."""
    strips = []
    for level in LEVELS:
        strip = encoded(Image.new("RGB", (WIDTH, 96), (level, 9, 90)), "TIFF", compression="tiff_lzw")
        with Image.open(io.BytesIO(strip)) as image:
            offsets, sizes = image.tag_v2[273], image.tag_v2[279]
            rows = image.tag_v2[278]
            strips.append(strip[offsets[0] : offsets[0] + sizes[0]])
    count = -(-HEIGHT // rows)
    first, second = 8, 8 + len(strips[0])
    upper = count // 2
    fields = {
        256: [WIDTH], 257: [count * rows], 258: [8, 8, 8], 259: [5], 262: [2], 277: [3], 278: [rows],
        273: [first] * upper + [second] * (count - upper),
        279: [len(strips[0])] * upper + [len(strips[1])] * (count - upper),
    }  # fmt: skip
    start = 8 + len(strips[0]) + len(strips[1])
    start += start % 2
    body = (strips[0] + strips[1]).ljust(start - 8, b"\0")
    return b"II*\0" + struct.pack("<I", start) + body + tiff_bands._directory(fields, "<", start)


PEAK = """
import sys
from pathlib import Path
from convscope.data import Preprocessing
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024
preprocessing = Preprocessing(height=64, width=64, channels=3)
preprocessing.read(sys.argv[1])
before = peak()
pixels = preprocessing.read(sys.argv[2])
print(before, peak(), *pixels[[5, 58], 32].ravel())
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak of the memory is Linux's to tell"
)
@pytest.mark.parametrize(("make", "most"), [(huge_jpeg, 100), (huge_png, 120), (huge_tiff, 120)])
def test_two_hundred_million_pixels_in_little_memory(
    tmp_path: Path, make: Callable[[], bytes], most: int
) -> None:
    Image.new("RGB", (300, 300)).save(tmp_path / "small.jpg")
    (tmp_path / "huge").write_bytes(make())
    facts = picture_facts(tmp_path / "huge")
    assert facts.width * facts.height > 200_000_000
    run = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path / "small.jpg"), str(tmp_path / "huge")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    before, peak, *pixels = map(int, run.stdout.split())
    assert peak - before < most  # MiB; decoded whole, it would be 800
    for level, pixel in zip(LEVELS, (pixels[:3], pixels[3:]), strict=True):
        assert np.abs(np.array(pixel) - (level, 9, 90)).max() <= 2


def test_train_and_predict_see_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_pictures, "MAX_PIXELS", 1000)
    monkeypatch.setattr("convscope.data.pictures.MAX_PIXELS", 1000)
    for name, format in (("a/1", "PNG"), ("a/2", "JPEG"), ("b/1", "TIFF"), ("b/2", "PNG")):
        path = tmp_path / "photos" / f"{name}.{format.lower()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(MODES["RGB"](), format))
    source = open_source(tmp_path / "photos")
    assert source.size == (61, 83)
    preprocessing = source.default_preprocessing(size=16)
    dataset = load(source, preprocessing, validation=0, test_fraction=0)
    for picture, name in zip(dataset.train.images, dataset.train.names, strict=True):
        assert np.array_equal(picture, Preprocessing(height=16, width=16, channels=3).read(name))
