"""The file as a program: the compiler that is there or is none, and what becomes of a program that fails."""

from __future__ import annotations

import fnmatch
import gc
import signal
import subprocess
from pathlib import Path

import pytest

from convscope import Bundle, nets
from convscope.cli import main
from convscope.errors import GateFailed
from convscope.ship.c_source import compiled, form
from convscope.ship.c_source.compiler import compiler
from convscope.ship.c_source.form import runner, written
from convscope.ship.entrance import Entrance
from convscope.ship.runner import NotRunnable, Runner

from ...look.networks import inputs_of
from .networks import bundle_of, needs_compiler
from .test_networks import usual


def test_the_compiler_that_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O1")
    with pytest.raises(NotRunnable, match=r"^CC=no-such-compiler -O1 names no program that is here\.$"):
        compiler()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", " ")
    assert compiler() is None
    monkeypatch.delenv("CC")
    assert compiler() is None
    graph = nets.graph("simple-cnn-4-8")
    bundle = bundle_of(graph, usual(graph))
    with pytest.raises(NotRunnable, match=r"^that needs a C compiler\.$"):
        runner(b"", bundle, Entrance(bundle.preprocessing))
    for name in ("clang", "gcc"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert compiler() == [name]
    monkeypatch.setenv("CC", "clang -m32")
    assert compiler() == ["clang", "-m32"]


@needs_compiler
def test_what_does_not_compile_closes_the_gate_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    graph = nets.graph("simple-cnn-4-8")
    bundle = bundle_of(graph, usual(graph))
    entrance = Entrance(bundle.preprocessing)
    runner(written(bundle, entrance), bundle, entrance)
    with pytest.raises(GateFailed, match=r"does not compile the file: network\.c:1:\d+: error: .*unused"):
        runner(b"int unused(void) { int x; return 0; }", bundle, entrance)
    with pytest.raises(GateFailed, match=r"does not compile the file: .*undefined.*predict"):
        runner(b"int another(void) { return 0; }", bundle, entrance)
    assert not list((tmp_path / "temporary").iterdir())


def refused(tmp_path: Path) -> str:
    """Why nothing here can run the file of a small network; nothing stays of the attempt."""
    graph = nets.graph("simple-cnn-4-8")
    bundle, entrance = bundle_of(graph, usual(graph)), Entrance(usual(graph))
    with pytest.raises(NotRunnable) as error:
        runner(written(bundle, entrance), bundle, entrance)
    assert not list(tmp_path.glob("temporary/*"))
    return str(error.value)


def test_a_compiler_that_cannot_be_started_is_as_good_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "cc").write_bytes(b"of another machine")
    (tmp_path / "cc").chmod(0o755)
    monkeypatch.setenv("CC", f"{tmp_path / 'cc'} -O1")
    advice = "; CC names another C compiler."
    assert refused(tmp_path) == f"{tmp_path / 'cc'} cannot be started (Exec format error){advice}"
    monkeypatch.setenv("CC", "'cc -O1")
    assert refused(tmp_path) == "CC='cc -O1 is no command (No closing quotation)."


@needs_compiler
def test_what_cannot_be_run_here_says_where_it_could(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a compiler for another machine makes it. In a folder without `exec` nothing can be run either."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    script = '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho none of this machine > "$2"\n'
    (tmp_path / "cross").write_text(script)
    (tmp_path / "cross").chmod(0o755)
    monkeypatch.setenv("CC", str(tmp_path / "cross"))
    said = refused(tmp_path)
    assert said.startswith(f"what {tmp_path / 'cross'} makes cannot be run here (")
    assert said.endswith("); TMPDIR names another folder for it, CC names another C compiler.")


@needs_compiler
def test_without_a_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "away"))
    assert refused(tmp_path) == (
        "there is no place for temporary files (No such file or directory); TMPDIR names another folder."
    )


@needs_compiler
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo hi", "echo hi makes no program; CC names another C compiler."),
        (
            "false",
            "false does not compile an empty C99 program (it ends with 1); CC names another C compiler.",
        ),
        ("/nonexistent/cc", "CC=/nonexistent/cc names no program that is here."),
        (
            "cc -include no-such-header.h",
            "cc -include no-such-header.h does not compile an empty C99 program (*no-such-header.h*); "
            "CC names another C compiler.",
        ),
    ],
)
def test_a_compiler_that_compiles_nothing_is_not_the_file_s_fault(
    command: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", command)
    assert fnmatch.fnmatchcase(refused(tmp_path), said)


# a program that fails


def small() -> tuple[Bundle, Entrance]:
    graph = nets.graph("simple-cnn-4-8")
    return bundle_of(graph, usual(graph)), Entrance(usual(graph))


def with_a_fault(fault: str) -> Runner:
    """The file of a small network, with a statement at the start of `predict`."""
    bundle, entrance = small()
    text = written(bundle, entrance).decode()
    head = "void predict(const uint8_t *picture, float *probabilities)\n{\n"
    assert head in text
    return runner(text.replace(head, head + fault).encode(), bundle, entrance)


FAULTS = {
    # as a wrong index does: a read far outside of the picture
    "    probabilities[0] = picture[(1L << 40) + picture[0]];\n": "the program ended by signal 11 (SIGSEGV)",
    "    extern void abort(void);\n    abort();\n": "the program ended by signal 6 (SIGABRT)",
    "    extern void exit(int);\n    exit(3);\n": "the program ended with exit code 3",
    "    extern void exit(int);\n    exit(0);\n": "the program gives 0 bytes instead of 40",
}


@needs_compiler
@pytest.mark.parametrize("fault", FAULTS)
def test_a_program_that_crashes_or_gives_too_little_closes_the_gate(fault: str) -> None:
    bundle, _ = small()
    run = with_a_fault(fault)
    with pytest.raises(GateFailed) as error:
        run(inputs_of(bundle, 1))
    assert str(error.value) == f"{FAULTS[fault]}."


@needs_compiler
def test_a_crash_is_an_exit_of_3_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    bundle, _ = small()
    bundle.save(tmp_path / "net.safetensors")
    whole = form.written

    def planted(of: Bundle, entrance: Entrance) -> bytes:
        text = whole(of, entrance).decode()
        return text.replace("picture[i * channels + c]", "picture[(1L << 40) + i * channels + c]").encode()

    monkeypatch.setattr(form, "written", planted)
    with pytest.raises(SystemExit) as left:
        main(["export", str(tmp_path / "net.safetensors"), "--out", str(tmp_path / "net.c"), "--quiet"])
    assert left.value.code == 3
    assert "fails on a batch of 1 (the program ended by signal 11 (SIGSEGV)). " in capsys.readouterr().err
    del left
    gc.collect()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["net.safetensors", "temporary"]


@needs_compiler
def test_a_program_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle, _ = small()
    run = with_a_fault("    while (picture[0] + 1) {\n    }\n")
    monkeypatch.setattr(compiled, "PATIENCE", 0.2)
    with pytest.raises(GateFailed, match=r"^the program gives no answer within 0\.2 seconds\.$"):
        run(inputs_of(bundle, 1))


@needs_compiler
def test_an_interruption_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C does: the process that was started is gone, and the folder with the program too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bundle, _ = small()
    run = with_a_fault("    while (picture[0] + 1) {\n    }\n")
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen):  # type: ignore[type-arg]
        def communicate(self, *_: object, **__: object) -> tuple[bytes, bytes]:
            started.append(self)
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Watched)
    with pytest.raises(KeyboardInterrupt):
        run(inputs_of(bundle, 1))
    assert started[0].returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir())
    del run
    gc.collect()
    assert not list(tmp_path.iterdir())
