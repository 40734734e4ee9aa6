"""What is kept of a measurement, and how it joins what was measured before."""

from __future__ import annotations

import json

import numpy as np
import pytest

from convscope import look
from convscope.errors import DataError, UnknownName
from convscope.look.breaking.measuring import EQUIVARIANCE, METHODS
from convscope.look.breaking.robustness import Curve, LayerShift, Robustness

from .pixel_networks import convolutions, pictures

BLUR = Curve("blur", "pixels", (0.0, 1.0), (9, 7), "a word")
NOISE = Curve("noise", "1/255", (0.0, 8.0), (9, 8))
SHIFT = LayerShift("pool1", 0.4, None, 2, interior=False)


def test_all_that_can_be_measured_is_measured_by_default() -> None:
    _, bundle = convolutions(3)
    images = pictures(12, 3)
    labels = bundle.logits(images).argmax(1)
    labels[:2] = (labels[:2] + 1) % 3
    heard = []
    measured = look.robustness(
        bundle, images, labels, epsilons=[4, 8], told=lambda *words: heard.append(words), data="d", seed=3
    )
    assert (measured.split, measured.count, measured.clean) == ("test", 12, 10)
    assert [curve.name for curve in measured.curves] == [
        "fgsm", "pgd", "shift", "rotation", "smaller", "larger", "noise", "blur", "contrast", "inversion",
    ]  # fmt: skip
    for curve in measured.curves:
        assert curve.levels[0] == 0
        assert curve.correct[0] == 10
        assert len(curve.levels) == len(curve.correct)
        assert curve.how
    assert [shift.layer for shift in measured.shifts][:1] == ["conv1"]
    assert all(0 <= done <= whole for _, done, whole in heard)
    assert Robustness.from_dict(json.loads(json.dumps(measured.to_dict()))) == measured
    inverted = next(curve for curve in measured.curves if curve.name == "inversion")
    assert inverted.correct[1] == int((bundle.logits(255 - images).argmax(1) == labels).sum())


def test_a_network_outside_the_graph_has_all_but_its_layers() -> None:
    _, bundle = convolutions(exported=True)
    measured = look.robustness(bundle, pictures(4), [0, 1, 2, 0], epsilons=[8], steps=2)
    assert len(measured.curves) == 10
    assert measured.shifts == ()


def test_one_method_alone() -> None:
    _, bundle = convolutions()
    measured = look.robustness(bundle, pictures(4), [0, 1, 2, 0], methods=["scale"])
    assert [curve.name for curve in measured.curves] == ["smaller", "larger"]
    assert METHODS[-1] == EQUIVARIANCE
    with pytest.raises(UnknownName, match="did you mean 'scale'"):
        look.robustness(bundle, pictures(4), [0, 1, 2, 0], methods=["scales"])


def test_epsilon_0_alone_is_the_clean_accuracy() -> None:
    _, bundle = convolutions()
    images = pictures(20)
    labels = np.arange(20) % 3
    (curve,) = look.robustness(bundle, images, labels, methods=["pgd"], epsilons=[0]).curves
    assert curve.levels == (0,)
    assert curve.correct == (int((bundle.logits(images).argmax(1) == labels).sum()),)


def test_what_was_measured_before_joins_in() -> None:
    before = Robustness("test", 10, 9, (BLUR, NOISE), (SHIFT,), data="a", network="b")
    again = Robustness("test", 10, 9, (Curve("noise", "1/255", (0.0,), (9,)),), data="a", network="b")
    joined = again.with_earlier(before)
    assert joined.curves == (NOISE, BLUR)
    assert joined.shifts == (SHIFT,)
    for other in (
        Robustness("test", 20, 9, data="a", network="b"),
        Robustness("validation", 10, 9, data="a", network="b"),
        Robustness("test", 10, 9, data="a", network="b", seed=1),
        Robustness("test", 10, 9, data="a", network="c"),
        Robustness("test", 10, 9, data="x", network="b"),
    ):
        assert other.with_earlier(before) == other


def test_fewer_levels_join_the_earlier_curve() -> None:
    def of(*curves: Curve) -> Robustness:
        return Robustness("test", 10, 9, curves, data="a", network="b")

    before = of(Curve("pgd", "1/255", (0.0, 2.0, 8.0, 32.0), (9, 8, 5, 0), "20 steps"))
    (joined,) = of(Curve("pgd", "1/255", (0.0, 8.0, 16.0), (9, 4, 2), "20 steps")).with_earlier(before).curves
    assert joined == Curve("pgd", "1/255", (0.0, 2.0, 8.0, 16.0, 32.0), (9, 8, 4, 2, 0), "20 steps")
    otherwise = of(Curve("pgd", "1/255", (0.0, 8.0), (9, 6), "5 steps"))
    assert otherwise.with_earlier(before) == otherwise  # levels of two ways are no curve
    assert before.same_subject(Robustness("test", 500, 480, data="a", network="b", seed=3))
    for other in ({"data": "x"}, {"network": "x"}):
        assert not before.same_subject(Robustness("test", 10, 9, **{"data": "a", "network": "b", **other}))


def test_records_of_before_are_read_and_others_refused() -> None:
    record = Robustness("test", 10, 9, (BLUR,), (SHIFT,)).to_dict()
    assert Robustness.from_dict(record).shifts == (SHIFT,)
    for name in ("aligned", "jump", "interior"):
        del record["shifts"][0][name]
    del record["curves"][0]["how"], record["data"], record["network"]
    old = Robustness.from_dict(record)
    assert old.shifts == (LayerShift("pool1", 0.4),)
    assert old.curves[0].levels == BLUR.levels
    for broken in ({}, {**record, "count": "many"}, {**record, "curves": [7]}, {**record, "shifts": ["a"]}):
        with pytest.raises(DataError, match="not a record of robustness"):
            Robustness.from_dict(broken)
