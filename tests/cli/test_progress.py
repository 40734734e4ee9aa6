"""Live progress: what is on the screen of a terminal, and how it fits."""

from __future__ import annotations

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from convscope.cli.progress import Live
from convscope.cli.progress_line import Predicting, Reading, Training, Waiting
from convscope.cli.time_left import TimeLeft
from convscope.metrics import EpochFigures
from convscope.training.progress import SeriesProgress, epoch_line

from ..terminal import Screen

FIGURES = EpochFigures(2, 0.1523, 0.9541, 0.1012, 0.9702, 8.31)


@given(
    width=st.integers(20, 200),
    epochs=st.integers(1, 99_999),
    share=st.floats(0, 1),
    loss=st.floats(0) | st.just(math.nan),
    accuracy=st.floats(0, 1),
    rate=st.none() | st.floats(0, 1e9),
    left=st.none() | st.floats(0, 1e8),
)
def test_a_training_fits(
    width: int,
    epochs: int,
    share: float,
    loss: float,
    accuracy: float,
    rate: float | None,
    left: float | None,
) -> None:
    line = Training(f"epoch {epochs}/{epochs}", share, loss, accuracy, rate, left).line(width)
    assert len(line) <= width
    assert "\n" not in line.plain


@given(
    width=st.integers(20, 200),
    done=st.integers(0, 10**9),
    whole=st.none() | st.integers(1, 10**9),
    rate=st.none() | st.floats(0, 1e9),
    left=st.none() | st.floats(0, 1e8),
)
def test_a_prediction_fits(
    width: int, done: int, whole: int | None, rate: float | None, left: float | None
) -> None:
    line = Predicting(done, whole, rate, left).line(width)
    assert len(line) <= width


def test_what_is_said_of_a_prediction() -> None:
    assert Predicting(512, 2000, 7229, 5).line(76).plain == (
        "  512/2,000  ━━━━━━──────────────────   7,229 pictures/s   0:05 left"
    )
    assert Predicting(512, None, 7229, None, "signal").line(76).plain == "512 signals   7,229 signals/s"


def test_all_is_there_in_80_columns() -> None:
    line = Training("epoch 100/100", 0.5, 0.1234, 1.0, 1_000_000, 36_000).line(80 - 4).plain
    for part in ("epoch 100/100", "━", "loss 0.1234", "100.0 %", "1,000,000/s", "10:00:00 left"):
        assert part in line
    wide = Training("epoch 1/2", 0.5, 0.1234, 0.98, 7229, 5).line(100).plain
    assert "accuracy  98.0 %   7,229 pictures/s   0:05 left" in wide


@pytest.mark.parametrize(
    ("width", "kept"), [(56, ("━", "0.1234", "98.0 %", "left")), (36, ("98.0 %", "0:05"))]
)
def test_what_a_narrow_terminal_shows(width: int, kept: tuple[str, ...]) -> None:
    line = Training("epoch 1/2", 0.5, 0.1234, 0.98, 7229, 5).line(width).plain
    assert all(part in line for part in kept)


@given(
    width=st.integers(20, 200),
    what=st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=300),
    done=st.integers(0, 10**12),
    whole=st.none() | st.integers(0, 10**12),
)
def test_reading_and_waiting_fit(width: int, what: str, done: int, whole: int | None) -> None:
    assert len(Reading(what, done, whole).line(width)) <= width
    assert len(Waiting(what).line(width)) <= width


@given(
    width=st.sampled_from([40, 60, 80, 120]),
    epochs=st.integers(2, 999),
    loss=st.floats(0) | st.just(math.nan),
    seconds=st.floats(0, 1e6),
    validated=st.booleans(),
)
def test_an_epoch_fits(width: int, epochs: int, loss: float, seconds: float, validated: bool) -> None:
    accuracy = 1.0 if validated else None
    figures = EpochFigures(2, loss, 1.0, loss if validated else None, accuracy, seconds)
    line = epoch_line(figures, epochs, width)
    assert len(line) <= width
    assert f"2/{epochs}" in line


@given(
    step=st.floats(0.001, 0.5),
    pause=st.floats(0, 60),
    steps=st.integers(400, 2000),
    epochs=st.integers(2, 20),
    call=st.integers(5, 50),
)
def test_time_left_is_that_of_the_whole_training(
    step: float, pause: float, steps: int, epochs: int, call: int
) -> None:
    """An even training takes as long as is said: in the first epoch but for the pauses, then with them."""
    now = 0.0
    left = TimeLeft(epochs, clock=lambda: now)
    for epoch in (1, 2):
        for done in range(call, steps // 2 * 2, call):
            now += call * step + (pause if epoch == 2 and done == call else 0.0)
            left.step(epoch, done, steps, done * 64)
        if epoch == 1:
            done = steps
            now = steps * step
            left.step(epoch, steps, steps, steps * 64)
            if left.seconds is not None:
                assert left.seconds == pytest.approx((epochs - 1) * steps * step, rel=1e-6)
    true = (epochs - 2) * (steps * step + pause) + (steps - done) * step + pause
    if left.seconds is not None:
        assert left.seconds == pytest.approx(true, rel=1e-6)
        assert left.rate == pytest.approx(64 / step, rel=1e-6)


def test_time_left_follows_a_machine_that_slows_down() -> None:
    now = 0.0
    left = TimeLeft(1, clock=lambda: now)
    for done in range(1, 2001):
        now += 0.01 if done < 1000 else 0.1
        left.step(1, done, 3000, done)
    assert left.seconds == pytest.approx(100, rel=0.02)


def test_time_left_of_several_trainings() -> None:
    now = 0.0
    left = TimeLeft(epochs=1, runs=3, clock=lambda: now)
    for done in (1, 10, 100):
        now += 1.0
        left.step(1, done, 100, done)
    left.run_ended()
    assert left.seconds is None
    for done in (1, 50):
        now += 1.0
        left.step(1, done, 100, done)
    # 50 steps at 49 a second, then one more training like the first, of 3 seconds
    assert left.seconds == pytest.approx(50 / 49 + 3.0)


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_nothing_of_the_live_line_stays(width: int) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=width, highlight=False, legacy_windows=False)
    live = Live(console)
    live.reading("reading train pictures", 50, 100)
    live.note("note: " + "many words " * 12)
    live.begin("Training a-net (14,634 parameters) on digits:\n20 pictures.", epochs=2)
    for epoch in (1, 2):
        for done in range(1, 5):
            live.step(epoch, done, 4, 1234.5, 0.5, done * 1_000_000)
            live.display.refresh() if live.display else None
        live.epoch(FIGURES)
    live.waiting("writing the report")
    live.end()
    screen = Screen(width)
    screen.write(written.getvalue())
    assert screen.cursor_shown
    left = "\n".join(screen.text)
    assert left.count("2/2") == 2  # FIGURES, told twice
    for part in ("reading", "━", "─", "…", "report"):
        assert part not in left
    assert any("━" in line or "1.2e+03" in line for line in screen.seen)
    assert max(map(len, screen.seen)) <= width


@pytest.mark.parametrize("each", ["run", "fold"])
def test_a_series_counts_its_runs(each: str) -> None:
    written = io.StringIO()
    live = Live(Console(file=written, force_terminal=True, width=80, highlight=False, legacy_windows=False))
    series = SeriesProgress(live, 3, each)
    for run in range(3):
        series.begin("Training", 2)
        series.step(1, 1, 2, 0.5, 0.5, 64)
        shown = live.shown
        assert isinstance(shown, Training)
        assert shown.place == f"{each} {run + 1}/3  epoch 1/2"
        assert shown.share == pytest.approx((run + 0.25) / 3)
        series.seed("a line")
    series.end()
    assert written.getvalue().count("a line") == 3


def test_a_loss_that_is_no_number_is_shown() -> None:
    line = epoch_line(EpochFigures(1, math.nan, 0.1, math.inf, 0.1, 1.0), 1)
    assert "loss nan" in line
    assert "validation inf" in line
