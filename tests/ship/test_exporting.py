"""What is compared, where a file goes, and what is refused before anything is computed."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import os
import shlex
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope import Bundle, export
from convscope.cli.exported import sentences
from convscope.data import ArrayPreprocessing, Preprocessing, open_source
from convscope.errors import ConvscopeError, DataError, GateFailed, UnknownName, UsageError
from convscope.ship import exporting, formats, torch_program
from convscope.ship.compared import compared_inputs
from convscope.ship.entrance import Entrance
from convscope.ship.synthetic import synthetic
from convscope.training.evaluation import dataset_of
from convscope.training.progress import Silent

from ..conftest import Command
from .networks import CLASSES, bundle


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the digits."""
    out = tmp_path_factory.mktemp("runs") / "digits-run"
    return convscope.train("digits", epochs=1, out=str(out), quiet=True, engine="torch").path


class Hearing(Silent):
    """Hears how far something is."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, int | None]] = []

    def reading(self, what: str, done: int, whole: int | None) -> None:
        self.heard.append((what, done, whole))


def folder_of_pictures(folder: Path, count: int, *, broken: int = 0) -> Path:
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        pixels = random.integers(0, 256, (20, 14, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    for number in range(broken):
        (folder / f"broken-{number}.png").write_text("no picture")
    return folder


def test_a_run_is_compared_on_its_own_test_pictures(run: Path) -> None:
    inputs = compared_inputs(Bundle.load(run))
    assert inputs.what == "256 test pictures of digits"
    assert inputs.notes == ()
    assert inputs.dataset is not None
    test = inputs.dataset.test
    assert test is not None
    where = [list(test.names).index(name) for name in inputs.names]
    assert sorted(set(where)) == where
    np.testing.assert_array_equal(inputs.stored, test.images[where])
    assert list(compared_inputs(Bundle.load(run)).names) == list(inputs.names)


def test_any_pictures_will_do(run: Path, tmp_path: Path) -> None:
    of = Bundle.load(run)
    folder = folder_of_pictures(tmp_path / "photos", 5, broken=1)
    inputs = compared_inputs(of, folder)
    assert inputs.what == f"5 pictures of {folder}"
    assert inputs.stored.shape == (5, 8, 8, 1)
    assert "skipped 1 picture that cannot be read" in inputs.notes[0]
    np.testing.assert_array_equal(inputs.stored[0], of.preprocessing.one(folder / "000.png"))
    assert compared_inputs(of, "photos", data_dir=str(tmp_path)).what.startswith("5 pictures of")
    one = compared_inputs(of, folder / "000.png")
    assert one.what == f"1 picture of {folder / '000.png'}"
    (folder / "broken-0.png").unlink()
    assert len(compared_inputs(of, folder, count=3).names) == 3
    with pytest.raises(DataError, match="not a picture"):
        compared_inputs(of, folder_of_pictures(tmp_path / "none", 0, broken=2))


def test_a_data_set_by_name_is_drawn_from_its_test_part(run: Path) -> None:
    assert compared_inputs(Bundle.load(run), "digits", count=20).what == "20 test pictures of digits"
    with pytest.raises(UnknownName, match="did you mean 'digits'"):
        compared_inputs(Bundle.load(run), "digit")


def test_a_data_folder_that_is_gone_is_no_matter_where_it_is_not_needed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "gone"))
    pictures = folder_of_pictures(tmp_path / "pictures", 3)
    assert compared_inputs(bundle(), pictures).what == f"3 pictures of {pictures}"
    of = Bundle.load(run)
    for data in (None, "digits"):
        assert compared_inputs(of, data, count=20).what == "20 test pictures of digits"
    with pytest.raises(DataError, match="CONVSCOPE_DATA"):
        compared_inputs(of, "pictures")


def test_a_bare_bundle_gets_made_up_pictures() -> None:
    inputs = compared_inputs(bundle())
    assert inputs.what == "256 made-up pictures"
    assert "does not say which data it was trained on." in inputs.notes[0]
    np.testing.assert_array_equal(inputs.stored, synthetic(bundle().preprocessing, 256))


def test_no_download_is_made_for_a_comparison(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, idx_folder: Path
) -> None:
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    monkeypatch.setattr("convscope.data.named.cache_folder", lambda: tmp_path / "empty")
    monkeypatch.setattr("convscope.data.named.cached", lambda *_, **__: pytest.fail("a download"))
    of = Bundle.load(run)
    elsewhere = dataclasses.replace(of, info={**of.info, "recipe": {**of.info["recipe"], "data": "mnist"}})
    inputs = compared_inputs(elsewhere)
    assert inputs.what == "256 made-up pictures"
    assert "mnist, which it was trained on, is not on this machine" in inputs.notes[0]
    found = compared_inputs(elsewhere, data_dir=str(idx_folder))
    assert found.what == "200 test pictures of mnist"


def test_data_that_are_gone_are_said(run: Path, tmp_path: Path) -> None:
    of = Bundle.load(run)
    gone = {**of.info, "recipe": {**of.info["recipe"], "data": str(tmp_path / "gone")}}
    (note,) = compared_inputs(dataclasses.replace(of, info=gone)).notes
    assert f"there is no folder {tmp_path / 'gone'}" in note
    assert "made up" in note


def test_where_classes_are_needed_nothing_is_made_up(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not say which data"):
        compared_inputs(bundle(), labelled=True)
    with pytest.raises(ConvscopeError, match="class"):
        compared_inputs(Bundle.load(run), folder_of_pictures(tmp_path / "photos", 4), labelled=True)
    assert compared_inputs(Bundle.load(run), labelled=True).dataset is not None


def test_made_up_pictures_use_the_whole_range() -> None:
    pictures = synthetic(Preprocessing(height=16, width=20, channels=3), 256)
    assert pictures.dtype == np.uint8
    assert (pictures[0] == 0).all()
    assert (pictures[1] == 255).all()
    assert len(np.unique(pictures)) == 256
    means = pictures.mean(axis=(1, 2))  # (N, C)
    assert (np.ptp(means, axis=1) > 10).sum() > 100  # channels that differ
    assert not any((picture == picture[:, ::-1]).all() for picture in pictures[5:])
    assert not any((picture == picture[::-1]).all() for picture in pictures[5:])
    np.testing.assert_array_equal(pictures, synthetic(Preprocessing(height=16, width=20, channels=3), 256))
    for count in (0, 1, 2, 7):
        assert synthetic(Preprocessing(height=1, width=1, channels=1), count).shape == (count, 1, 1, 1)


def test_made_up_signals_are_as_large_as_the_training_s() -> None:
    signals = synthetic(ArrayPreprocessing(shape=(2, 50), mean=(1000.0, -3.0), std=(5.0, 0.1)), 256)
    assert signals.shape == (256, 2, 50)
    assert signals.dtype == np.float32
    np.testing.assert_allclose(signals.mean(axis=(0, 2)), (1000, -3), atol=8)
    assert 3 < signals[:, 0].std() < 15
    assert 0.05 < signals[:, 1].std() < 0.3


@pytest.mark.parametrize("inside", [True, False])
def test_the_entrance_takes_what_it_says(inside: bool) -> None:
    for of in (
        bundle().preprocessing,
        ArrayPreprocessing(shape=(1, 4, 4), mean=(1.0,), std=(2.0,), repeat=2),
    ):
        entrance = Entrance(of, inside=inside)
        given = entrance.of_stored(synthetic(of, 3))
        assert given.shape == (3, *entrance.shape)
        assert given.dtype == entrance.dtype


@pytest.mark.parametrize("inside", [True, False])
def test_the_entrance_inside_and_outside_make_the_same_numbers(inside: bool, tmp_path: Path) -> None:
    """`fit` leaves borders, which are not inverted: what is done outside has them the other way round."""
    import torch

    of = Preprocessing(height=6, width=6, channels=1, fill=30, invert=True, mean=(0.4,), std=(0.3,))
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 4), np.uint8)).save(tmp_path / "a.png")
    expected = of.batch(of.one(tmp_path / "a.png")[None])
    entrance = Entrance(of, inside=inside)
    given = entrance.outside.one(tmp_path / "a.png")[None]
    if inside:
        np.testing.assert_array_equal(given, entrance.of_stored(of.one(tmp_path / "a.png")[None]))
        given = torch_program.Pixels(of)(torch.from_numpy(given)).numpy()
    else:
        given = entrance.outside.batch(given)
    np.testing.assert_array_equal(given, expected)


def test_the_file_is_called_as_the_run_is(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exported = export(run, format="torch")
    assert exported.path == Path("digits-run.pt2")
    assert exported.bytes == exported.path.stat().st_size
    assert exporting.default_name(run / "bundle.safetensors") == "digits-run"
    (tmp_path / "latest").symlink_to(run)
    assert exporting.default_name(tmp_path / "latest") == "digits-run"
    assert exporting.default_name(bundle()) == "Net"


@pytest.mark.parametrize(
    ("out", "format", "sentence"),
    [
        ("net.bin", None, r"net\.bin should end in one of \.onnx \(ONNX model\)"),
        ("net", None, "should end in one of"),
        ("net.onnx", "torch", r"net\.onnx should end in \.pt2 where the format is torch"),
        ("net.bin", "c", r"net\.bin should end in \.c where the format is c"),
        (".", "onnx", "is a folder; name a file in it"),
        ("model.pt2", None, "is the model itself"),
        ("link.pt2", None, "is the model itself"),
        ("net.pt2", "tourch", "unknown format 'tourch': did you mean 'torch'"),
    ],
)
def test_impossible_files_are_refused_first(
    out: str, format: str | None, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle().save(tmp_path / "model.pt2")
    (tmp_path / "link.pt2").symlink_to(tmp_path / "model.pt2")
    before = (tmp_path / "model.pt2").read_bytes()
    monkeypatch.setattr(Bundle, "load", lambda *_: pytest.fail("it was read"))
    with pytest.raises(UsageError, match=sentence):
        export(tmp_path / "model.pt2", tmp_path / out, format=format)
    assert (tmp_path / "model.pt2").read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        export(bundle(), tmp_path / "no" / "net.pt2")


def test_the_command_prints_what_was_written(run: Path, convscope: Command) -> None:
    result = convscope("export", str(run), "--format", "torch", "--out", "a.pt2")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "File",
        "Form",
        "Takes",
        "Gives",
        "Compared",
        "Use",
    ]
    assert lines[0] == "File      a.pt2"
    assert "uint8 (N, 8, 8, 1): pictures of 8×8, grey, 0 to 255" in result.stdout
    assert "256 test pictures of digits, in batches of 1, 7, 64: at most" in result.stdout


def test_the_command_s_document(run: Path, convscope: Command) -> None:
    result = convscope("export", str(run), "--out", "a.pt2", "--no-preprocessing", "--json", "--quiet")
    document = json.loads(result.stdout)
    assert document["input"]["type"] == "float32"
    assert document["input"]["shape"] == [1, 8, 8]
    assert document["proof"]["largest"] < 1e-5
    assert document["classes"] == list("0123456789")
    assert document["notes"] == []


def test_class_names_and_preprocessing_are_in_the_file(tmp_path: Path) -> None:
    import warnings

    import torch

    exported = export(bundle(), tmp_path / "net.pt2")
    facts = {"classes": "", "preprocessing": "", "inside": "", "input": "", "net": ""}
    facts |= {"bundle_sha256": "", "preprocessing_in_words": ""}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.load(exported.path, extra_files=facts)
    assert tuple(json.loads(facts["classes"])) == CLASSES
    assert json.loads(facts["preprocessing"])["invert"] is False
    assert json.loads(facts["inside"])["mean"] == [0.2, 0.5, 0.4]
    assert facts["input"] == "uint8 (N, 9, 12, 3)"
    assert facts["net"] == "Net"
    assert facts["bundle_sha256"] == hashlib.sha256(bundle().to_bytes()).hexdigest()
    assert "Give uint8 (batch, 9, 12, 3), 0 to 255." in facts["preprocessing_in_words"]
    pictures = synthetic(bundle().preprocessing, 5)
    given = torch.from_numpy(255 - pictures)
    np.testing.assert_allclose(
        program.module()(given).detach().numpy(), bundle().probabilities(pictures), atol=1e-6
    )


def test_a_card_alone_and_beside_a_file(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from convscope.cli import main

    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> str:
        with pytest.raises(SystemExit) as left:
            main(["export", str(run), *words])
        printed = capsys.readouterr()
        return f"{left.value.code or 0} {printed.out}{printed.err}"

    assert command("--card").startswith("0 Card      digits-run.md")
    assert command("--card", "--out", "mine.md").startswith("0 Card      mine.md")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["digits-run.md", "mine.md"]
    assert "Card      net.md" in command("--card", "--out", "net.pt2")
    assert "net.pt2" in (tmp_path / "net.md").read_text("utf-8")
    document = json.loads(command("--card", "--out", "other.pt2", "--json").removeprefix("0 "))
    assert document["card"] == "other.md"
    assert document["path"] == "other.pt2"
    alone = command("--card", "--json", "--out", "alone.md").removeprefix("0 ")
    assert json.loads(alone) == {"card": "alone.md"}
    (tmp_path / "folder.md").mkdir()
    assert command("--card", "--out", "folder.md").startswith("2 error: --out folder.md is a folder")
    assert command("--out", "net.md").startswith("2 error: --out net.md should end in one of")
    told = command("--card", "--out", "notes.txt")
    assert told.startswith("2 error: --out notes.txt should end in one of")
    assert told.endswith(".c (C99 source). A card alone ends in .md.\n")
    assert "--format" not in told


def test_a_card_that_is_there_is_not_replaced(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from convscope.cli import main

    monkeypatch.chdir(tmp_path)
    for page, words in {
        "digits-run.md": [],
        "i.md": ["--out", "i.pt2"],
        "README.md": ["--out", "README.md"],
    }.items():
        Path(page).write_text("license: cc-by-4.0")
        with pytest.raises(SystemExit) as left:
            main(["export", str(run), "--card", *words])
        assert left.value.code == 1
        assert capsys.readouterr().err == (
            f"error: {page} is there, and may have been filled in; a card does not replace it. "
            "Remove it, or give another --out.\n"
        )
        assert Path(page).read_text() == "license: cc-by-4.0"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["README.md", "digits-run.md", "i.md"]


@pytest.mark.parametrize("drop", ["nan", "-1", "101", "inf"])
def test_an_impossible_drop_is_refused_first(
    drop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from convscope.cli import main

    monkeypatch.setattr(Bundle, "load", lambda *_: pytest.fail("it was read"))
    out = str(tmp_path / "a.onnx")
    with pytest.raises(SystemExit) as left:
        main(["export", "starter", "--int8", "--out", out, f"--max-drop={drop}"])
    assert left.value.code == 2
    said = "should be points of accuracy, a number from 0 to 100."
    assert capsys.readouterr().err == f"error: --max-drop {drop} {said}\n"


NETWORK = """
from torch import nn


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4 * 36, 2)

    def forward(self, x):
        x = self.conv(x).relu().flatten(1)
        return self.fc({x})
"""


@pytest.mark.parametrize("kept_as", ["graph", "program"])
def test_no_form_names_folders_of_the_machine(kept_as: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'convscope[export]'")
    pytest.importorskip("onnxscript", reason="pip install 'convscope[export]'")
    random = np.random.default_rng(0)
    for name in ("ant", "bee"):
        (tmp_path / "insects" / name).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "insects" / name / f"{number}.png")
    own = tmp_path / "own.py"
    own.write_text(NETWORK.replace("{x}", "x" if kept_as == "graph" else "x.sort(dim=1).values"))
    trained = convscope.train(
        str(tmp_path / "insects"), net=f"{own}:Own", size=8, epochs=1, out=str(tmp_path / "run"), quiet=True
    )
    assert (trained.bundle.graph is None) == (kept_as == "program")
    assert trained.bundle.info["recipe"]["data"] == str(tmp_path / "insects")  # `eval` needs it
    forms = {"onnx": {}, "pt2": {}, "c": {}, "int8.onnx": {"int8": True, "max_drop": 100}}
    for ending, settings in forms.items():
        if kept_as == "program" and ending in ("c", "int8.onnx"):
            continue  # there is none; it is that of the other, and takes long
        file = export(trained.path, tmp_path / f"net.{ending}", **settings).path
        contents = [file.read_bytes()]
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as parts:
                contents += [parts.read(name) for name in parts.namelist()]
        if ending != "c":
            assert any(b'"data": "insects"' in content for content in contents)
        for folder in (tmp_path, Path(convscope.__file__).parent, sys.prefix, np.__path__[0]):
            assert not any(str(folder).encode() in content for content in contents), (ending, folder)


def test_int8_is_refused_where_there_is_none(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is none for torch"):
        export(run, tmp_path / "net.pt2", int8=True)
    with pytest.raises(UsageError, match="does not say which data"):
        export(bundle(), tmp_path / "net.onnx", int8=True)
    assert list(tmp_path.iterdir()) == []


def test_int8_over_what_it_may_cost_leaves_no_file(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope.ship.quantization import gate

    pytest.importorskip("onnxruntime", reason="pip install 'convscope[export]'")
    monkeypatch.setattr(gate, "quantize", lambda model, _: model)  # costs nothing
    listener = Hearing()
    exported = export(run, tmp_path / "net.onnx", int8=True, max_drop=0, progress=listener)
    assert listener.heard[-1] == ("pictures through int8", 144, 144)
    assert exported.quantized is not None
    assert exported.quantized.cost.drop == 0
    (tmp_path / "net.onnx").unlink()
    monkeypatch.setattr(gate.Cost, "drop", property(lambda _: 0.6))
    with pytest.raises(GateFailed, match=r"net\.onnx was not written\."):
        export(run, tmp_path / "net.onnx", int8=True)
    assert list(tmp_path.iterdir()) == []


def test_without_a_compiler_it_is_written_and_a_note_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.ship.c_source.form.compiler", lambda: None)
    exported = export(bundle(), tmp_path / "net.c")
    assert exported.proof is None
    assert exported.notes[-1] == "it was not compared with the bundle: that needs a C compiler."
    assert exported.path.exists()
    assert exported.to_dict()["proof"] is None


def test_errors_of_who_runs_it_are_not_the_disk_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cc").write_bytes(b"of another machine")
    (tmp_path / "cc").chmod(0o755)
    monkeypatch.setenv("CC", str(tmp_path / "cc"))
    exported = export(bundle(), tmp_path / "net.c")
    assert exported.proof is None
    assert exported.notes[-1] == (
        f"it was not compared with the bundle: {tmp_path / 'cc'} cannot be started (Exec format error); "
        "CC names another C compiler."
    )
    assert exported.path.exists()

    def failing(*_: object) -> np.ndarray:
        raise OSError("a library is gone")

    monkeypatch.setattr(torch_program, "runner", lambda *_: failing)
    with pytest.raises(GateFailed, match=r"fails on a batch of 1 \(a library is gone\)\. .* was not written"):
        export(bundle(), tmp_path / "net.pt2")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cc", "net.c"]


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    """Whatever stands beside the file under a name that could be guessed, only the file itself is written."""
    (tmp_path / "mine").write_text("precious")
    (tmp_path / f".net.{os.getpid()}.pt2").symlink_to(tmp_path / "mine")
    export(bundle(), tmp_path / "net.pt2")
    assert (tmp_path / "mine").read_text() == "precious"
    assert not (tmp_path / "net.pt2").is_symlink()


@pytest.mark.parametrize("parts", [["train"], ["train", "val"]])
def test_notes_on_figures_are_none_of_a_comparison(parts: list[str], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for folder in [tmp_path / "data" / part / name for part in parts for name in ("ant", "bee")]:
        folder.mkdir(parents=True)
        for number in range(8):
            Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).save(folder / f"{number}.png")
        (folder / "broken.png").write_text("no picture")
    source = open_source(str(tmp_path / "data"))
    made = dataclasses.replace(bundle(), classes=source.classes)
    inputs = compared_inputs(made, source)
    assert any("--test-fraction" in note for note in dataset_of(made, source)[1])
    (note,) = inputs.notes
    assert note.startswith("skipped")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ImportError("libonnx.so: cannot\nopen", name="onnx.onnx_cpp2py_export"),
            "onnx needs onnx, which cannot be loaded (libonnx.so: cannot open); install it again.",
        ),
        (
            ImportError("DLL load failed."),
            "onnx needs a package, which cannot be loaded (DLL load failed); install it again.",
        ),
        (
            ModuleNotFoundError("No module named 'onnx'", name="onnx"),
            "onnx needs onnx, which is not installed: pip install 'convscope[export]'.",
        ),
        (
            ModuleNotFoundError("No module named 'google'", name="google"),
            "onnx needs google, which cannot be loaded (No module named 'google'); install it again.",
        ),
    ],
)
def test_a_package_that_does_not_load_is_one_sentence(
    error: ImportError, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(formats, "import_module", broken)
    with pytest.raises(ConvscopeError) as stopped:
        export(bundle(), tmp_path / "net.onnx")
    assert str(stopped.value) == sentence


def test_a_mistake_of_convscope_s_own_is_not_a_broken_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ImportError("cannot import name 'x'", name="convscope.ship.facts")

    monkeypatch.setattr(formats, "import_module", broken)
    with pytest.raises(ImportError, match="cannot import name"):
        _ = formats.format_of("onnx").written


@pytest.mark.parametrize("name", ["a b", 'a "b"', "it's", "é"])
def test_the_line_to_use_a_file_quotes_its_name(name: str, tmp_path: Path) -> None:
    def use(ending: str, format: str) -> str:
        made = exporting.Exported(
            tmp_path / f"{name}{ending}", format, 1, "net", ("a", "b"), Entrance(bundle().preprocessing), None
        )
        return sentences(made).split("Use       ")[1].splitlines()[0]

    (file,) = [
        node.value for node in ast.walk(ast.parse(use(".pt2", "torch"))) if isinstance(node, ast.Constant)
    ]
    assert file == f"{name}.pt2"
    assert f"{name}.c" in shlex.split(use(".c", "c"))
