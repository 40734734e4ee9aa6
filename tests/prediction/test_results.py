"""Files of predictions hold what `Bundle.predict` says, read by the csv module, json and pyarrow."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import convscope
from convscope import Bundle, Prediction
from convscope.data.unusual import Unusual
from convscope.errors import ConvscopeError, DataError, UsageError
from convscope.prediction.results import predict_to
from convscope.prediction.results.json_file import pieces
from convscope.prediction.results.row import Row

from .conftest import MIDDLE, names_in

NAMES = ["path", "class", "probability", "unsure", "error", "warnings"]


def rows_of(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_csv_has_the_numbers_of_predict(network: Bundle, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    tally = predict_to(network, pictures, out, top=2, unsure=MIDDLE)
    expected = network.predict(pictures, top=2)
    rows = rows_of(out)
    assert list(rows[0]) == [*NAMES, "class_2", "probability_2"]
    for row, one in zip(rows, expected, strict=True):
        assert row["path"] == one.path
        if one.error is not None:
            assert row["error"] == one.error
            assert not any(row[name] for name in [*NAMES[1:4], "warnings", "class_2", "probability_2"])
            continue
        shares = [(row["class"], float(row["probability"])), (row["class_2"], float(row["probability_2"]))]
        assert shares == list(one.top)
        assert row["unsure"] == ("true" if one.probability < MIDDLE else "false")
        assert row["warnings"].split() == [warning.kind for warning in one.warnings]
    assert (tally.count, tally.unreadable, tally.resumed) == (600, 2, 0)
    assert tally.unsure == sum(row["unsure"] == "true" for row in rows) > 0
    assert tally.classes == {
        name: sum(row["class"] == name for row in rows) for name in {row["class"] for row in rows} - {""}
    }
    assert names_in(tmp_path) == ["out.csv"]


def test_json_and_lines_are_the_records_of_predict(network: Bundle, pictures: Path, tmp_path: Path) -> None:
    expected = [one.to_dict() for one in network.predict(pictures, unsure=MIDDLE)]
    predict_to(network, pictures, tmp_path / "out.json", unsure=MIDDLE)
    predict_to(network, pictures, tmp_path / "out.jsonl", unsure=MIDDLE)
    assert json.loads((tmp_path / "out.json").read_text()) == expected
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == expected
    assert {record["unsure"] for record in expected if "error" not in record} == {True, False}
    plain = [one.to_dict() for one in network.predict(pictures)]
    assert not any("unsure" in record for record in plain)


def test_parquet_has_types_and_groups(
    network: Bundle, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pip install 'convscope[parquet]'")
    from convscope.prediction.results import parquet_file

    monkeypatch.setattr(parquet_file, "ROWS", 250)
    out = tmp_path / "out.parquet"
    predict_to(network, pictures, out, unsure=MIDDLE)
    assert pq.ParquetFile(out).num_row_groups == 3
    table = pq.read_table(out)
    types = dict(zip(table.schema.names, map(str, table.schema.types), strict=True))
    assert types == {
        "path": "string", "class": "string", "probability": "float", "unsure": "bool", "error": "string",
        "warnings": "list<element: string>", "class_2": "string", "probability_2": "float",
        "class_3": "string", "probability_3": "float",
    }  # fmt: skip
    for row, one in zip(table.to_pylist(), network.predict(pictures, unsure=MIDDLE), strict=True):
        assert (row["path"], row["unsure"], row["error"]) == (one.path, one.unsure, one.error)
        shares = [(row["class"], row["probability"])]
        shares += [(row[f"class_{k}"], row[f"probability_{k}"]) for k in (2, 3)]
        assert shares == ([(None, None)] * 3 if one.error else list(one.top))
        assert row["warnings"] == [warning.kind for warning in one.warnings]
    predict_to(network, [], tmp_path / "none.parquet")
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0


def test_without_pyarrow_it_says_what_to_install(
    network: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DataError, match=r"pip install 'convscope\[parquet\]'"):
        predict_to(network, [], tmp_path / "out.parquet")


def test_more_classes_than_there_are(network: Bundle, pictures: Path, tmp_path: Path) -> None:
    predict_to(network, pictures / "001.png", tmp_path / "out.csv", top=9)
    (row,) = rows_of(tmp_path / "out.csv")
    assert [name for name in row if name.startswith("class_")] == ["class_2", "class_3", "class_4"]
    shares = [float(row[name]) for name in row if name.startswith("probability")]
    assert np.isclose(sum(shares), 1, atol=1e-6)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always text")
@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet"])
def test_names_of_any_bytes(network: Bundle, tmp_path: Path, ending: str) -> None:
    names = [os.fsdecode(b"\xff.png"), "a\u2028b\n,\"'.png", "😀.png"]
    for name in names:
        Image.new("L", (8, 8)).save(tmp_path / name)
    out = tmp_path / f"out{ending}"
    predict_to(network, [tmp_path / name for name in names], out)
    if ending == ".csv":
        found = [row["path"] for row in rows_of(out)]
    elif ending == ".json":
        found = [record["path"] for record in json.loads(out.read_text())]
    elif ending == ".jsonl":
        found = [json.loads(line)["path"] for line in out.read_text().rstrip("\n").split("\n")]
    else:
        found = convscope_parquet(out)
    first = "\\udcff.png" if ending in (".csv", ".parquet") else names[0]
    assert [Path(path).name for path in found] == [first, *names[1:]]


def convscope_parquet(file: Path) -> list[str]:
    pq = pytest.importorskip("pyarrow.parquet", reason="pip install 'convscope[parquet]'")
    return [row["path"] for row in pq.read_table(file).to_pylist()]


@given(
    st.lists(
        st.dictionaries(st.text(), st.text() | st.lists(st.floats(allow_nan=False, allow_infinity=False)))
    )
)
def test_a_list_in_pieces_is_the_list(records: list[Any]) -> None:
    assert "".join(pieces(iter(records))) == json.dumps(records, indent=1, ensure_ascii=False) + "\n"


text = st.text(st.characters(codec=None), max_size=8)  # with lone surrogates
predictions = st.builds(
    Prediction, st.none() | text, st.lists(st.tuples(text, st.floats(0, 1, width=32)), min_size=1).map(tuple)
) | st.builds(Prediction, st.none() | text, error=text)


@given(st.none() | text, predictions, st.lists(st.builds(Unusual, text, text, text)))
def test_a_row_comes_back_from_the_journal(key: str | None, one: Prediction, warnings: list[Unusual]) -> None:
    if one.error is None:
        one = Prediction(one.path, one.top, warnings=tuple(warnings))
    row = Row(key if one.path is None else one.path, one)
    assert Row.of_json(json.loads(json.dumps(row.to_json()))) == row


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, float("nan")])
def test_a_threshold_is_a_probability(network: Bundle, tmp_path: Path, threshold: float) -> None:
    for call in (
        network.predict,
        network.predict_each,
        lambda _, unsure: predict_to(network, [], "a.csv", unsure=unsure),
    ):
        with pytest.raises(UsageError, match=r"should be a probability above 0 and at most 1"):
            call([], unsure=threshold)


def test_what_is_below_the_threshold_is_unsure(network: Bundle, pictures: Path) -> None:
    for one in network.predict(pictures, unsure=MIDDLE):
        assert one.unsure == (None if one.error is not None else one.top[0][1] < MIDDLE)
    (surest,) = convscope.predict(
        network, pictures / "001.png", unsure=network.predict(pictures / "001.png")[0].probability
    )
    assert surest.unsure is False


@pytest.mark.parametrize(
    ("out", "kind", "message"),
    [
        ("out.txt", UsageError, r"should end in \.csv, \.json, \.jsonl, \.parquet\.$"),
        ("none/out.csv", DataError, "there is no folder .*none"),
        ("folder.csv", UsageError, "is a folder"),
        ("list.csv", UsageError, "is one of the inputs"),
        ("link.csv", UsageError, "is one of the inputs"),
        ("net.json", UsageError, "is the model"),
    ],
)
def test_a_file_that_cannot_be_written_is_said_before_anything_is_read(
    network: Bundle, tmp_path: Path, out: str, kind: type[ConvscopeError], message: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "list.csv").write_text("path\na.png\n")
    (tmp_path / "link.csv").symlink_to("list.csv")
    network.save(tmp_path / "net.json")
    before = names_in(tmp_path)

    with pytest.raises(kind, match=message):
        predict_to(tmp_path / "net.json", [tmp_path / "a.png", tmp_path / "list.csv"], tmp_path / out)
    assert names_in(tmp_path) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the administrator may write anywhere")
def test_a_folder_that_may_not_be_written_to(network: Bundle, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConvscopeError, match=r"cannot write .*out\.csv\.part: Permission denied"):
        predict_to(network, [], tmp_path / "out.csv")
    tmp_path.chmod(0o700)
