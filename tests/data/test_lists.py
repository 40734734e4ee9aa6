"""Lists of `path,label` in CSV and Parquet files."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope.data import open_source
from convscope.data.lists import csv_rows, ordered
from convscope.errors import ConvscopeError, DataError

from .conftest import message, read


@pytest.fixture
def pictures(make_folder: Callable[..., Path]) -> Path:
    """`pictures/a/000.png` ... `pictures/b/011.png`, each with a level of its own."""
    return make_folder({"a": 12, "b": 12})


def rows(pictures: Path, *, relative_to: Path | None = None) -> list[tuple[str, str]]:
    root = relative_to or pictures.parent
    return [(file.relative_to(root).as_posix(), file.parent.name) for file in sorted(pictures.rglob("*.png"))]


def write(path: Path, lines: list[str], *, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def as_csv(pictures: Path, header: str | None = "path,label", separator: str = ",", **options: str) -> Path:
    lines = [separator.join(row) for row in rows(pictures)]
    return write(pictures.parent / "list.csv", [*([header] if header else []), *lines], **options)


def test_a_list_holds_the_pictures_of_its_folder(pictures: Path) -> None:
    dataset, folder = read(as_csv(pictures)), read(pictures)
    assert (dataset.name, dataset.classes) == ("list", ("a", "b"))
    assert np.array_equal(dataset.train.images, folder.train.images)
    assert np.array_equal(dataset.train.labels, folder.train.labels)
    assert [*dataset.test.names] == [*folder.test.names]


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        ("path,label", ","), ("Image;Class", ";"), ("filename\ttarget", "\t"), (" FILE , Category ", ","),
        ("img_path;y", ";"), (None, ","), (None, ";"), (None, "\t"), ('"path","label"', ","),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_headers_delimiters_and_encodings(
    pictures: Path, header: str | None, separator: str, encoding: str, end: str
) -> None:
    source = open_source(as_csv(pictures, header, separator, encoding=encoding, end=end))
    assert source.class_counts("train") == {"a": 12, "b": 12}


@pytest.mark.parametrize("ending", ["csv", "tsv", "CSV"])
def test_endings(pictures: Path, ending: str) -> None:
    path = as_csv(pictures, "path\tlabel", "\t").rename(pictures.parent / f"list.{ending}")
    assert open_source(path).counts == {"train": 24}


def test_columns_in_any_order_and_others_beside_them(pictures: Path) -> None:
    lines = [f'{label},"x, y",{path},7' for path, label in rows(pictures)]
    source = open_source(write(pictures.parent / "list.csv", ["label,note,path,n", *lines]))
    assert source.class_counts("train") == {"a": 12, "b": 12}


@pytest.mark.parametrize("column", ["split", "part", "Set", None])
def test_given_parts(pictures: Path, column: str | None) -> None:
    words = ("train", "val", "test", "Training", "VALID", "dev", "testing", "train")
    lines = [f"{path},{label},{words[n % 8]}" for n, (path, label) in enumerate(rows(pictures))]
    header = [f"path,label,{column}"] if column else []
    source = open_source(write(pictures.parent / "list.csv", [*header, *lines]))
    assert source.counts == {"train": 9, "validation": 9, "test": 6}
    dataset = read(pictures.parent / "list.csv")
    assert len(dataset.validation) == 9
    assert dataset.evaluation[0] == "test"


def test_paths_are_relative_to_the_list_or_absolute(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    lines = [
        f"../{path},{label}" if number % 2 else f"{tmp_path / path},{label}"
        for number, (path, label) in enumerate(rows(pictures))
    ]
    assert open_source(write(tmp_path / "lists/list.csv", ["path,label", *lines])).counts == {"train": 24}
    windows = [f"{path},{label}".replace("/", "\\") for path, label in rows(pictures)]
    assert open_source(write(tmp_path / "list.csv", ["path,label", *windows])).counts == {"train": 24}


def test_quoted_names_blank_lines_and_spaces(pictures: Path) -> None:
    odd = 'one, "two"\nthree.png'
    (pictures / "a/000.png").rename(pictures / "a" / odd)
    lines = [f"{path}, {label} " for path, label in rows(pictures) if odd not in path]
    quoted = f"pictures/a/{odd}".replace('"', '""')
    path = write(pictures.parent / "list.csv", ["path,label", "", f'"{quoted}",a', "", *lines, " , ", ""])
    dataset = read(path, validation=0, test_fraction=0)
    assert len(dataset.train) == 24
    assert str(pictures / "a" / odd) in dataset.train.names


def test_numbers_as_classes_are_in_the_order_of_their_values(pictures: Path) -> None:
    lines = [f"{path},{'10' if label == 'a' else '9'}" for path, label in rows(pictures)]
    assert open_source(write(pictures.parent / "list.csv", ["path,label", *lines])).classes == ("9", "10")


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=9, unique=True))
def test_ordered(values: list[int]) -> None:
    assert [int(name) for name in ordered(map(str, values))] == sorted(values)
    assert list(ordered(map(str, [*values, "x"]))) == sorted(map(str, [*values, "x"]))


def test_missing_files_are_counted_like_broken_pictures(pictures: Path) -> None:
    (pictures / "a/003.png").unlink()
    (pictures / "b/004.png").write_bytes(b"text")
    path = Path(pictures.parent / "list.csv")
    lines = [f"pictures/{name}/{number:03}.png,{name}" for name in "ab" for number in range(12)]
    write(path, ["path,label", *lines])
    dataset = read(path)
    note = next(note for note in dataset.notes if note.startswith("skipped 2 pictures that cannot be read"))
    assert f"there is no picture {pictures / 'a/003.png'}." in note
    assert f"{pictures / 'b/004.png'} is text, not a picture." in note
    assert message(path, strict=True).startswith(f"there is no picture {pictures / 'a/003.png'}")
    for file in pictures.rglob("*.png"):
        file.unlink()
    assert f"none of the 24 pictures in {path} can be read; the first:" in message(path)


def test_a_path_twice(pictures: Path) -> None:
    lines = ["path,label", *[",".join(row) for row in rows(pictures)]]
    path = pictures.parent / "list.csv"
    write(path, [*lines, "pictures/./a/000.png,a"])
    source = open_source(path)
    assert source.counts == {"train": 24}
    assert "1 line of list.csv repeats another and counts once." in source.notes
    write(path, [*lines, "pictures/a/000.png,b"])
    assert message(path) == (
        f"{path}: pictures/a/000.png has two classes, 'a' in line 2 and 'b' in line 26; keep one."
    )
    parts = ["path,label,split", *[f"{line},train" for line in lines[1:]], "pictures/a/000.png,a,test"]
    write(path, parts)
    assert "has two parts, 'train' in line 2 and 'test' in line 26; keep one." in message(path)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "is empty; it should list a path and a class per line"),
        (["path,label"], "lists no pictures"),
        (["path"], "has the columns path, and none for the class; call it label, class, target or category"),
        (["label,width"], "none for the picture; call it path, file, filename or file_name"),
        (["height,width", "2,3"], "begins with 'height, width', which names neither a picture nor"),
        (["a.png", "b.png"], "neither a picture nor the columns; let its first line be path,label"),
        (["path,label", "a.png,"], "line 2 has no class; add it, or take the line out"),
        (["path,label", ",a"], "line 2 has no path"),
        (["path,label", "a.png,a", "b.png"], "line 3 has 1 of 2 columns"),
        (["path,label", '"a.png"x,a'], "line 2: ',' expected after '\"'"),
        (["path,label", '"a.png,a'], "line 2: unexpected end of data"),
        (["path,label", f"{'x' * 200_000},a"], "line 2: field larger than field limit"),
        (["path,label,split", "a.png,a,later"], "line 2 has the part 'later'; write train, val or test"),
        (["path,label,split", "a.png,a,"], "line 2 has the part ''"),
        (["path,label,split", "a.png,a,test"], "has test pictures but none to train on"),
        (["path,label", "a.png,a"], "has one class only, 'a'"),
        (["path,label", "a\0.png,a"], "is not a path"),
        (["path,label,split", "1.png,a,train", "2.png,b,train", "3.png,c,val"],
         "the class 'c' (line 4) has validation pictures but none to train on"),
    ],
)  # fmt: skip
def test_what_is_no_list(tmp_path: Path, lines: list[str], reason: str) -> None:
    path = write(tmp_path / "list.csv", lines) if lines else tmp_path / "list.csv"
    path.touch()
    text = message(path)
    assert text.startswith(str(path))
    assert reason in text


def test_text_in_another_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"path,label\na.png,a\nb.png,K\xe4se\n")
    assert message(path) == f"{path}, line 3: this is not text in UTF-8; save the list as UTF-8."


def test_all_rows_before_a_bad_line_are_there(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    good = b"".join(b"%d.png\n" % number for number in range(3000))
    path.write_bytes(b"path\n" + good + b"K\xe4se.png\n" + good)
    rows = csv_rows(path, labelled=False)
    assert [next(rows).written for _ in range(3000)] == [f"{number}.png" for number in range(3000)]
    with pytest.raises(DataError, match=r"list\.csv, line 3002: this is not text in UTF-8"):
        next(rows)
    path.write_bytes(b"path\n" + good + b"K\xc3")  # cut within a character
    assert sum(1 for _ in itertools.islice(csv_rows(path, labelled=False), 3000)) == 3000
    with pytest.raises(DataError, match="line 3002: this is not text"):
        list(csv_rows(path, labelled=False))


@given(
    cells=st.lists(
        st.text(st.sampled_from('aä\u0a0a\u0d0d\u2028\x0b;,"\r\n\U0001f600'), max_size=6), max_size=6
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_lines_are_those_of_the_csv_module(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], encoding: str, ending: str
) -> None:
    path = tmp_path_factory.mktemp("lists") / "list.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator=ending, quoting=csv.QUOTE_ALL)
        writer.writerow(["path", "label"])
        writer.writerows([f"{number}{cell}", "a"] for number, cell in enumerate(cells))
    with path.open(encoding="utf-16" if encoding == "utf-16" else "utf-8-sig", newline="") as file:
        oracle = [row[0].strip() for row in csv.reader(file)][1:]
    assert [row.written for row in csv_rows(path)] == oracle


def test_rows_without_classes(tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", ["file", "a.png", "b.png"])
    assert [row.picture for row in csv_rows(path, labelled=False)] == [tmp_path / "a.png", tmp_path / "b.png"]
    write(path, ["a.png", "b.png"])
    assert [row.written for row in csv_rows(path, labelled=False)] == ["a.png", "b.png"]


def test_the_checksum_follows_class_part_and_content(pictures: Path) -> None:
    lines = [
        f"{path},{label},{'test' if n % 3 == 0 else 'train'}"
        for n, (path, label) in enumerate(rows(pictures))
    ]
    path = write(pictures.parent / "list.csv", ["path,label,split", *lines])
    first = read(path).checksum
    assert read(write(path, ["path,label,split", *lines[::-1]])).checksum == first
    lines[0] = lines[0].replace("test", "train")
    second = read(write(path, ["path,label,split", *lines])).checksum
    lines[1] = lines[1].replace(",a,", ",b,")
    third = read(write(path, ["path,label,split", *lines])).checksum
    assert len({first, second, third}) == 3


def parquet(path: Path, /, *, names: list[str] | None = None, **columns: object) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    table = pyarrow.table(columns)
    if names:
        info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    pq.write_table(table, path)
    return path


def encoded(level: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (10, 8), (level, 7, 9)).save(content, format="PNG")
    return content.getvalue()


def test_parquet_with_paths(pictures: Path) -> None:
    paths, labels = zip(*rows(pictures), strict=True)
    path = parquet(pictures.parent / "list.parquet", path=paths, label=labels, other=range(24))
    dataset, listed = read(path), read(as_csv(pictures))
    assert dataset.checksum == listed.checksum
    assert np.array_equal(dataset.train.images, listed.train.images)
    split = parquet(
        path, image=paths, target=[int(label == "b") for label in labels], split=["train", "test"] * 12
    )
    source = open_source(split)
    assert source.counts == {"train": 12, "test": 12}
    assert source.classes == ("0", "1")


def test_parquet_as_hugging_face_writes_it(tmp_path: Path) -> None:
    images = [{"bytes": encoded(level), "path": f"{level}.png"} for level in range(20)]
    path = parquet(tmp_path / "x.parquet", names=["wolf", "dog"], image=images, label=[0, 1] * 10)
    dataset = read(path, validation=0, test_fraction=0)
    assert dataset.classes == ("wolf", "dog")
    assert dataset.train.images[:, 0, 0, 0].tolist() == [*range(0, 20, 2), *range(1, 20, 2)]
    assert dataset.train.names[1] == f"{path}/2"
    assert read(path).checksum == dataset.checksum


def test_parquet_of_plain_bytes_and_a_broken_picture(tmp_path: Path) -> None:
    contents = [encoded(level) for level in range(20)]
    contents[3] = b""
    path = parquet(tmp_path / "x.parquet", image=contents, label=[*"ab"] * 10)
    dataset = read(path, validation=0, test_fraction=0)
    assert len(dataset.train) == 19
    assert f"skipped 1 picture that cannot be read: {path}/3 is empty (0 bytes)." in dataset.notes
    assert message(path, strict=True) == f"{path}/3 is empty (0 bytes)."


def test_parquet_files_that_belong_together(tmp_path: Path) -> None:
    for name, levels in (("train-00000-of-00002", range(10)), ("train-00001-of-00002", range(10, 20)),
                         ("test-00000-of-00001", range(20, 24))):  # fmt: skip
        images = [{"bytes": encoded(level), "path": None} for level in levels]
        parquet(
            tmp_path / f"{name}.parquet", names=["x", "y"], image=images, label=[0, 1] * (len(levels) // 2)
        )
    source = open_source(tmp_path)
    assert (source.name, source.counts) == (tmp_path.name, {"train": 20, "test": 4})
    assert source.parts["test"].names[0] == f"{tmp_path / 'test-00000-of-00001.parquet'}/0"
    assert open_source(tmp_path / "train-00001-of-00002.parquet").counts == {"train": 10}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"width": [1], "height": [2]}, "has the columns width, height; call the picture's path or image"),
        ({"path": ["a.png"]}, "none for the class"),
        ({"label": [1]}, "none for the picture"),
        ({"path": ["a.png", None], "label": [0, 1]}, "row 1 has no picture, but None"),
        ({"path": ["a.png", "b.png"], "label": ["x", None]}, "row 1 has no class, but None"),
        ({"path": ["a.png"], "label": [0.5]}, "row 0 has no class, but 0.5"),
        ({"path": ["a.png"], "label": [[1, 2]]}, "row 0 has no class, but [1, 2]"),
        ({"path": [7], "label": [1]}, "row 0 has no picture, but 7"),
        ({"path": ["a.png"], "label": [1], "split": [None]}, "row 0 has the part 'None'"),
        ({"path": ["a.png", "a.png"], "label": ["x", "y"]}, "two classes, 'x' in row 0 and 'y' in row 1"),
    ],
)  # fmt: skip
def test_parquet_that_is_no_list(tmp_path: Path, columns: dict[str, list], reason: str) -> None:
    assert reason in message(parquet(tmp_path / "x.parquet", **columns))


def test_hugging_face_labels_beyond_their_names(tmp_path: Path) -> None:
    path = parquet(tmp_path / "x.parquet", names=["x", "y"], path=["a.png"], label=[2])
    assert "row 0 has the class 2, but its 2 names are for 0 to 1" in message(path)


def test_damaged_parquet(tmp_path: Path) -> None:
    path = parquet(tmp_path / "x.parquet", path=["a.png", "b.png"], label=["x", "y"])
    whole = path.read_bytes()
    for content in (
        b"",
        b"PAR1 and nothing",
        whole[: len(whole) // 2],
        whole[:4] + b"\xff" * 40 + whole[44:],
    ):
        path.write_bytes(content)
        assert message(path).startswith(f"{path} ")


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "x.parquet").write_bytes(b"")
    with pytest.raises(
        ConvscopeError, match=r"needs pyarrow; install it with pip install 'convscope\[parquet\]'"
    ) as caught:
        open_source(tmp_path / "x.parquet")
    assert caught.value.exit_code == 1
