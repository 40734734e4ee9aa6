"""What is found in folders, archives, lists and arrays: in order, lazily, the same each time."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import shutil
import tarfile
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope import Bundle, nets
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.data.listing import in_order
from convscope.graph.weights import initial_weights
from convscope.prediction import Unreadable, inputs_in, with_path

GREY = Preprocessing(height=28, width=28, channels=1)
ORDER = ["Z.png", "a/10.png", "a/2.jpg", "a/deep/er/x.png", "a.png", "b.png", "c/y.jpeg"]


def names(given: object, preprocessing: Preprocessing | ArrayPreprocessing = GREY) -> list[str | None]:
    return [with_path(one)[0] for one in inputs_in(given, preprocessing)]  # type: ignore[arg-type]


def test_a_folder_is_searched_in_the_order_of_paths(tree: Path) -> None:
    assert names(tree) == [str(tree / name) for name in ORDER]
    found = [path for path in tree.rglob("*") if path.suffix in (".png", ".jpg", ".jpeg")]
    oracle = sorted(path for path in found if not any(part.startswith(".") for part in path.parts))
    assert names(str(tree)) == [str(path) for path in oracle]


def test_the_folder_one_is_in(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    assert names(".") == ORDER
    assert names("a/") == ["a/10.png", "a/2.jpg", "a/deep/er/x.png"]


@given(st.lists(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1), unique=True))
def test_names_are_sorted(given_names: list[str]) -> None:
    assert list(in_order(given_names)) == sorted(given_names)


def test_more_names_than_a_block() -> None:
    many = [f"{number * 7919 % 50000}.png" for number in range(50000)]
    assert list(in_order(many)) == sorted(many)


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(b"")
    inputs = inputs_in(tmp_path, GREY)
    next(inputs)
    endless = inputs_in((np.zeros((28, 28), np.uint8) for _ in itertools.count()), GREY)
    assert len(list(itertools.islice(endless, 1000, 1010))) == 10


def _packed(tree: Path, kind: str) -> Path:
    path = tree.with_name(f"packed{kind}")
    files = [tree / name for name in ("b.png", "a/notes.txt", "a/2.jpg", ".hidden/z.png", "a.png")]
    if kind == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            methods = itertools.cycle(
                [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
            )
            for file, method in zip(files, methods, strict=False):
                archive.write(file, file.relative_to(tree), compress_type=method)
    else:
        with tarfile.open(path, f"w:{kind.rpartition('.')[2].removeprefix('tar')}") as tar:
            for file in files:
                tar.add(file, file.relative_to(tree))
    return path


KINDS = [".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_gives_its_pictures_in_its_own_order(tree: Path, bundle: Bundle, kind: str) -> None:
    path = _packed(tree, kind)
    assert names(path) == [f"{path}/{name}" for name in ("b.png", "a/2.jpg", "a.png")]
    there = [tree / name for name in ("b.png", "a/2.jpg", "a.png")]
    assert [p.top for p in bundle.predict(path)] == [p.top for p in bundle.predict(there)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_in_an_archive_is_a_path(tree: Path, bundle: Bundle, kind: str) -> None:
    path = _packed(tree, kind)
    assert (
        names(f"{path}/a/2.jpg") == names(f"{path}//a/./2.jpg") == names(f"{path}/a/") == [f"{path}/a/2.jpg"]
    )
    for name in ("b.png", "a/2.jpg", "a.png"):
        (one,), (there,) = bundle.predict(f"{path}/{name}"), bundle.predict(tree / name)
        assert (one.path, one.top) == (f"{path}/{name}", there.top)
    (missing,) = bundle.predict([f"{path}/a/3.jpg"])
    assert missing.error == f"there is no picture a/3.jpg in {path}."
    folder = tree / f"folder{kind}"  # which is none
    folder.mkdir()
    shutil.copy(path, folder / f"in{kind}")
    shutil.copy(tree / "b.png", folder)
    assert names(folder / f"in{kind}" / "a.png") == [f"{folder}/in{kind}/a.png"]
    assert names(folder / "b.png") == [str(folder / "b.png")]


def test_a_name_in_an_array_file_is_a_path(tmp_path: Path, bundle: Bundle, random_pictures: Callable) -> None:
    pictures = random_pictures(12)
    np.savez(tmp_path / "digits.npz", images=pictures)
    np.save(tmp_path / "digits.npy", pictures)
    for path in (tmp_path / "digits.npz" / "images", tmp_path / "digits.npy"):
        (one,) = bundle.predict(path / "1")  # not 10 or 11
        assert (one.path, one.top) == (str(path / "1"), bundle.predict([pictures[1]])[0].top)
        (missing,) = bundle.predict(path / "12")
        assert missing.error is not None
        assert "there is no picture" in missing.error
    assert len(bundle.predict(tmp_path / "digits.npz" / "images")) == 12


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_of_a_cut_archive_is_predicted(tree: Path, bundle: Bundle, kind: str) -> None:
    path = _packed(tree, kind)
    path.write_bytes(path.read_bytes()[: 1700 if kind == ".tar" else -path.stat().st_size // 3])
    *_, last = bundle.predict(path)
    assert last.path == str(path)
    assert last.error is not None
    assert str(path) in last.error
    assert "damaged" in last.error


def test_a_member_with_a_wrong_checksum_is_one_error(tree: Path, bundle: Bundle) -> None:
    path = _packed(tree, ".zip")
    content = bytearray(path.read_bytes())
    content[content.index(b"\x89PNG") + 40] ^= 1  # of the first, which is stored
    path.write_bytes(content)
    first, *rest = bundle.predict(path)
    assert first.error == f"{path}/b.png ends early or is damaged (its checksum is another)."
    assert all(prediction.error is None for prediction in rest)


def test_zips_of_other_programs(tree: Path, bundle: Bundle) -> None:
    plain = (tree / "b.png").read_bytes()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive, archive.open("b.png", "w", force_zip64=True) as member:
        member.write(plain)
    path = tree.with_name("self.zip")
    path.write_bytes(b"#!a program before it\n" + content.getvalue())
    assert [p.top for p in bundle.predict(path)] == [p.top for p in bundle.predict(tree / "b.png")]
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"a comment"
    assert len(bundle.predict(path)) == 1


def test_a_zip_of_more_members_than_16_bits_count(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(70_000):
            archive.writestr(f"{number}.png", b"")
    assert names(path) == [f"{path}/{number}.png" for number in range(70_000)]


def test_arrays_in_blocks(
    tmp_path: Path, bundle: Bundle, random_pictures: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.data.npy._BLOCK", 28 * 28 * 3)
    pictures = random_pictures(10)
    oracle = [p.top for p in bundle.predict(list(pictures))]
    np.save(tmp_path / "c.npy", pictures)
    np.save(tmp_path / "f.npy", np.asfortranarray(pictures))
    np.save(tmp_path / "float.npy", pictures.astype(np.float32) / 255)
    np.save(tmp_path / "wide.npy", pictures.astype(np.uint16) * 257)
    np.save(tmp_path / "first.npy", pictures[:, None])
    np.savez(tmp_path / "plain.npz", x_train=pictures[:4], x_test=pictures[4:], y_train=np.arange(4))
    np.savez_compressed(tmp_path / "packed.npz", whatever=pictures)
    for path in sorted(tmp_path.glob("*.np?")):
        predictions = bundle.predict(path)
        assert [p.top for p in predictions] == oracle, path
        assert all(str(p.path).startswith(f"{path}/") for p in predictions)
    assert names(tmp_path / "plain.npz") == [
        *(f"{tmp_path}/plain.npz/x_train/{i}" for i in range(4)),
        *(f"{tmp_path}/plain.npz/x_test/{i}" for i in range(6)),
    ]


def test_arrays_that_end_early(tmp_path: Path, bundle: Bundle, random_pictures: Callable) -> None:
    path = tmp_path / "a.npy"
    np.save(path, random_pictures(9000))
    path.write_bytes(path.read_bytes()[:-1000])
    *_, last = bundle.predict(path)
    assert "ends early" in str(last.error)


def signals() -> Bundle:
    graph = nets.graph("simple-cnn-1d", (1, 64), 2)
    return Bundle("net", ("a", "b"), ArrayPreprocessing(shape=(1, 64)), graph, initial_weights(graph))


def test_signals_in_folders_arrays_and_archives(tmp_path: Path) -> None:
    net, values = signals(), np.random.default_rng(0).normal(size=(6, 64))
    oracle = [p.top for p in net.predict(values)]
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, row in enumerate(values):
        np.save(folder / f"{number}.npy", row)
    np.save(tmp_path / "all.npy", values)
    np.savez(tmp_path / "all.npz", signals=values[:, None])
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    for given_path in (
        folder,
        tmp_path / "all.npy",
        tmp_path / "all.npz",
        tmp_path / "all.zip",
        folder / "*.npy",
    ):
        assert [p.top for p in net.predict(given_path)] == oracle, given_path
    np.save(tmp_path / "other.npy", np.zeros((6, 63)))
    (wrong,) = net.predict(tmp_path / "other.npy")
    assert "63" in str(wrong.error)


def test_what_has_no_signals_in_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.csv").write_text("path\n")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", b"")
    for name, said in (
        ("empty", "has no signals in it."),
        ("a.zip", "has no signals in it, but 1 .png."),
        ("list.csv", "lists no signals."),
    ):
        (prediction,) = signals().predict(tmp_path / name)
        assert prediction.error == f"{tmp_path / name} {said}"


def test_a_csv_list_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xef\xbb\xbfpath\n" + b"".join(b"%d.png\n" % i for i in range(3000)) + b"\xff.png\n")
    *found, last = list(inputs_in(path, GREY))
    assert isinstance(last, Unreadable)
    assert "line 3002: this is not text in UTF-8" in last.error
    assert found == [tmp_path / f"{number}.png" for number in range(3000)]


def test_a_parquet_file_of_bytes_makes_no_copy(
    tmp_path: Path, bundle: Bundle, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    files = [tree / name for name in ORDER]
    rows = [{"bytes": file.read_bytes(), "path": file.name} for file in files]
    parquet.write_table(pyarrow.table({"image": rows}), tmp_path / "a.parquet")
    monkeypatch.setattr("convscope.data.stored.Spool.add", None)
    assert [p.top for p in bundle.predict(tmp_path / "a.parquet")] == [p.top for p in bundle.predict(files)]


def test_an_error_in_a_subfolder_is_a_row_of_its_own(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.data import layout
    from convscope.errors import DataError

    real = layout.names_in

    def broken(folder: Path) -> Iterator[str]:
        if folder.name == "c":
            raise DataError(f"{folder} cannot be read: Permission denied.")
        return real(folder)

    monkeypatch.setattr(layout, "names_in", broken)
    *found, last = inputs_in(tree, GREY)
    assert len(found) == 6
    assert last == Unreadable(str(tree), f"{tree / 'c'} cannot be read: Permission denied.")


def test_a_tar_that_is_gzipped_twice_is_no_tar(tmp_path: Path, bundle: Bundle) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"\0" * 10240)))
    (prediction,) = bundle.predict(path)
    assert "is cut off or damaged" in str(prediction.error)


def test_pictures_of_one_kind_beside_others(bundle: Bundle, tree: Path) -> None:
    some = np.zeros((28, 28, 1), np.uint8)
    given_ones = [
        some,
        tree / "b.png",
        some[..., 0],
        np.zeros((3, 5), np.uint8),
        np.zeros(4),
        some.repeat(3, 2),
        Image.new("RGB", (999, 9)),
    ]
    found = bundle.predict(given_ones)
    assert [p.error is None for p in found] == [True, True, True, True, False, True, True]
    alone = [bundle.predict([one])[0] for one in given_ones]
    assert [p.label if p.error is None else p.error for p in found] == [
        p.label if p.error is None else p.error for p in alone
    ]


def test_a_fault_of_ours_is_no_row(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path, *_: object) -> Iterator[tuple[Path, str]]:
        yield folder, "b.png"
        raise ValueError("a mistake")

    monkeypatch.setattr("convscope.data.unlabelled.picture_files", broken)
    inputs = inputs_in(tree, GREY)
    assert next(inputs) == str(tree / "b.png")
    with pytest.raises(ValueError, match="a mistake"):
        next(inputs)
    assert names("a\0b") == ["a\0b"]
    assert names("x" * 5000 + ".csv") == ["x" * 5000 + ".csv"]


def _bomb(path: Path, tree: Path, *, trailing: bool) -> None:
    """A sound picture, and ten megabytes of nothing as another or behind all."""
    with tarfile.open(path, f"w:{path.suffix[1:]}") as tar:
        tar.add(tree / "b.png", "b.png")
        if not trailing:
            member = tarfile.TarInfo("zeros.bmp")
            member.size = 10_000_000
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    if trailing:
        opener = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}[path.suffix]
        with opener(path, "ab") as file:  # type: ignore[operator]
            file.write(bytes(10_000_000))


@pytest.mark.parametrize("kind", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("trailing", [False, True])
@pytest.mark.parametrize("piped", [False, True])
def test_a_small_tar_that_would_fill_the_memory_is_an_error(
    tree: Path, bundle: Bundle, kind: str, trailing: bool, piped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.data.expansion.FREE_BYTES", 1 << 20)
    path = tree.with_name(f"bomb.tar{kind}")
    _bomb(path, tree, trailing=trailing)
    given: object = path
    if piped:
        monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(path.read_bytes())))
        given = "-"
    first, last = bundle.predict(given)  # type: ignore[arg-type]
    assert first.error is None
    assert "would unpack to more than 0.0 GiB, 100 times its size" in str(last.error)


def test_what_is_long_in_the_pipe_too_may_be_long(
    tree: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.data.expansion.FREE_BYTES", 1 << 20)
    path = tree.with_name("long.tar.gz")
    pixels = np.random.default_rng(0).integers(0, 256, (500, 500, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tree.with_name("long.bmp"))
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for number in range(4):
            tar.add(tree.with_name("long.bmp"), f"{number}.bmp")
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(path.read_bytes())))
    assert [prediction.error for prediction in bundle.predict("-")] == [None] * 4
