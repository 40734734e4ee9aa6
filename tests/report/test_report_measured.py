"""What is measured after a training, as it stands on the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.drawing.attribution import overlay
from convscope.graph.receptive_field import ReceptiveField
from convscope.look import (
    Attribution,
    Checks,
    Curve,
    LayerShift,
    Patch,
    Patches,
    Robustness,
    Suspect,
    Suspects,
)
from convscope.look.suspicion.suspect import Place
from convscope.metrics import wilson_interval
from convscope.report import (
    Absent,
    Answer,
    Explained,
    Report,
    ShownSuspects,
    write,
)
from convscope.report.figures import robustness

from .test_report_page import Page, page, pictures_of

MakeReport = Callable[..., Report]
PICTURE = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)


def answer() -> Answer:
    return Answer(PICTURE, "a/7.png", "cat", [("dog", 0.8), ("cat", 0.2)], 0.2)


def opened(result: Page, alternative: str) -> Image.Image:
    return Image.open(io.BytesIO(pictures_of(result)[alternative])).convert("RGB")


def test_what_is_not_measured_names_its_command(make_report: MakeReport, tmp_path: Path) -> None:
    absent = Absent("Nobody attacked it.", ("convscope attack X", "convscope report X"))
    result = page(make_report(robustness=absent), tmp_path)
    assert "Nobody attacked it. convscope attack X then convscope report X" in result.text
    assert "unmeasured" in result.values("id")
    assert "robustness" not in result.values("id")


def test_maps_stand_with_their_checks(make_report: MakeReport, tmp_path: Path) -> None:
    values = np.zeros((8, 8), np.float32)
    values[2, 3], values[5, 5] = 4.0, -4.0
    fine = Checks(0.1, 0.8, 0.45, 0.46, 0.05)
    failing = Checks(0.5, 0.3, 0.45, 0.46, 0.95, ("It shows the picture, not the network.",))
    explained = Explained(
        answer(),
        (
            Attribution("occlusion", "dog", values, checks=fine),
            Attribution("grad-cam", "cat", values, layer="conv2", checks=failing),
            Attribution("gradient", "cat", values),
        ),
    )
    result = page(make_report(attributions=[explained]), tmp_path)
    assert "occlusion for dog deletion 0.10, random 0.45 insertion 0.80, random 0.46" in result.text
    assert "similarity 0.05 passes its checks" in result.text
    assert "similarity 0.95 It shows the picture, not the network." in result.text
    assert "gradient for cat not checked" in result.text
    assert result.values("class").count("failed") == 1
    drawn = np.asarray(opened(result, "grad-cam at conv2 for cat"))
    np.testing.assert_array_equal(drawn, overlay(PICTURE, explained.attributions[1]))
    assert drawn[2, 3, 2] > drawn[2, 3, 0]  # blue speaks for it
    assert drawn[5, 5, 0] > drawn[5, 5, 2]  # orange against


def test_curves_stand_with_their_intervals(make_report: MakeReport, tmp_path: Path) -> None:
    measured = Robustness(
        "test",
        200,
        180,
        (Curve("pgd", "1/255", (0.0, 8.0), (180, 9)), Curve("shift", "pixels", (0.0, 2.0), (180, 150))),
        (LayerShift("conv1", 0.05), LayerShift("fc", 0.5)),
    )
    result = page(make_report(robustness=measured), tmp_path)
    low, high = wilson_interval(9, 200)
    assert f"8 4.5 % {100 * low:.1f} % to {100 * high:.1f} %" in result.text
    assert "Of 200 test pictures, of which 90.0 % are right as they are." in result.text
    assert "conv1 0.050 fc 0.500" in result.text
    assert (tmp_path / "figures" / "robustness.png").is_file()
    panels = robustness(measured).axes
    assert [axes.get_title(loc="left") for axes in panels] == ["epsilon, 1/255", "shift, pixels"]
    np.testing.assert_allclose(panels[0].lines[0].get_ydata(), [0.9, 0.045])
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["0", "8"]
    only_shifts = Robustness("test", 200, 180, (), (LayerShift("conv1", 0.05),))
    assert "conv1 0.050" in page(make_report(robustness=only_shifts), tmp_path).text


def test_changes_have_panels_of_their_own_and_letters_one_size() -> None:
    fgsm = Curve("fgsm", "1/255", (0.0, 2.0, 4.0, 8.0, 32.0), (180, 150, 120, 60, 9))
    curves = (
        fgsm,
        replace(fgsm, name="pgd"),
        Curve("noise", "1/255", (0.0, 8.0), (180, 170)),
        Curve("inversion", "", (0.0, 1.0), (180, 20)),
    )
    drawn = robustness(Robustness("test", 200, 180, curves))
    attacks, noise, inversion = drawn.axes
    titles = [axes.get_title(loc="left") for axes in drawn.axes]
    assert titles == ["epsilon, 1/255", "noise, 1/255", "inversion"]
    assert [line.get_label() for line in attacks.lines] == ["fgsm", "pgd"]
    assert [line.get_label() for line in noise.lines] == ["noise"]
    assert list(attacks.get_xticks()) == list(fgsm.levels)
    assert not inversion.lines
    assert [bar.get_height() for bar in inversion.patches] == [0.9, 0.1]
    assert [label.get_text() for label in inversion.get_xticklabels()] == ["no", "yes"]
    alone = robustness(Robustness("test", 200, 180, curves[2:3]))
    assert alone.get_figwidth() == drawn.get_figwidth()
    alone.draw_without_rendering()
    assert alone.axes[0].get_position().width < 0.5


def test_of_more_suspects_than_are_kept_all_are_counted(make_report: MakeReport, tmp_path: Path) -> None:
    suspects = tuple(
        Suspect("label", Place("train", i, f"{i}.png", "cat"), 0.9, suggested="dog") for i in range(30)
    )
    for method, count in (({"found": {"label": 1286}}, "1,286"), ({"found": "no"}, "30"), ({}, "30")):
        shown = ShownSuspects(Suspects("pets", "", 9000, suspects, method), {})
        assert f"The first 24 of {count}." in page(make_report(suspects=shown), tmp_path).text


def test_suspects_stand_with_their_pictures(make_report: MakeReport, tmp_path: Path) -> None:
    place, twin = Place("train", 3, "a/3.png", "cat"), Place("test", 4, "b/4.png", "dog")
    found = Suspects(
        "pets",
        "",
        1000,
        (
            *(Suspect("label", place, 0.99 - i / 100, suggested="dog") for i in range(30)),
            Suspect("duplicate", place, 0.97, twin=twin),
            Suspect("outlier", Place("train", 9, "a/9.png", "cat"), 0.9),
        ),
        {"folds": 5},
    )
    shown = ShownSuspects(found, {("train", 3): PICTURE, ("test", 4): 255 - PICTURE})
    result = page(make_report(suspects=shown), tmp_path)
    assert "cat a/3.png train suggested dog , score 0.990" in result.text.replace("/ ", "/")
    assert "The first 24 of 30." in result.text
    assert "cat a/3.png train dog b/4.png test score 0.970" in result.text.replace("/ ", "/")
    assert "cat a/9.png train score 0.900" in result.text.replace("/ ", "/")  # whose picture is not at hand
    assert "folds 5" in result.text
    seen = np.asarray(Image.open(io.BytesIO(pictures_of(result)["b/4.png"])))
    np.testing.assert_array_equal(seen, 255 - PICTURE[:, :, 0])
    weak = ShownSuspects(Suspects("pets", "", 9, (), {"trust": "too weak"}), {})
    assert "too weak to judge labels" in page(make_report(suspects=weak), tmp_path).text
    doubtful = ShownSuspects(replace(found, method={"trust": "doubtful"}), {})
    assert "Possibly another class" in page(make_report(suspects=doubtful), tmp_path).text
    none = ShownSuspects(Suspects("pets", "", 1000, (), {"folds": 5}), {})
    assert "None of the 1,000 pictures is suspect." in page(make_report(suspects=none), tmp_path).text


@pytest.mark.parametrize("channels", [1, 3])
def test_patches_stand_in_threes(make_report: MakeReport, tmp_path: Path, channels: int) -> None:
    pieces = np.random.default_rng(0).integers(0, 256, (9, 5, 5, channels), dtype=np.uint8)
    field = ((2, 7), (3, 8))
    best = tuple(
        Patch(i, str(i), (2, 3), value, field, field, piece)
        for i, (value, piece) in enumerate(zip(np.linspace(7, 3, 9), pieces, strict=True))
    )
    quiet = ()  # a channel that never stirs
    seen_by = ReceptiveField((5, 5), (1, 1), (2.0, 2.0))
    result = page(
        make_report(patches=[Patches("conv1", seen_by, 500, (28, 28), (quiet, best, quiet))]), tmp_path
    )
    assert "Of 500 pictures" in result.text
    assert "1 of 3 channels" in result.text
    assert "channel 1 up to 7" in result.text
    assert "channel 0" not in result.text
    mosaic = opened(result, "What excites channel 1 of conv1 most")
    factor = 32 // 5
    step = 5 * factor + 2 + 4
    for i in range(9):
        x, y = i % 3 * step + 1, i // 3 * step + 1
        seen = np.asarray(mosaic)[y : y + 5 * factor : factor, x : x + 5 * factor : factor]
        np.testing.assert_array_equal(seen, np.broadcast_to(pieces[i], (5, 5, 3)))


def test_all_parts_together_are_sound(make_report: MakeReport, tmp_path: Path) -> None:
    measured = Robustness("test", 9, 9, (Curve("inversion", "", (0.0, 1.0), (9, 1)),))
    source = write(make_report(robustness=measured, attributions=[], patches=[]), tmp_path).read_text("utf-8")
    assert Page(source).tags.count("h1") == 1
    assert base64.b64encode((tmp_path / "figures" / "robustness.png").read_bytes()).decode() in source
