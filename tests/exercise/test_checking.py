"""Claims: the published examples with their errors, rounding, likely mistakes, and files that are no use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import DataError
from convscope.exercise import Verdict, check, read
from convscope.exercise.reading import KEYS

CHESS = [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
LINES = [[1, 1, 1], [0, 0, 0], [1, 1, 1]]
STRIDED = {"input": CHESS, "kernel": LINES, "padding": 1, "stride": 2}
FIVE = [[1, 0, 1, 0, 0], [0, 1, 1, 0, 1], [0, 0, 1, 1, 0], [1, 0, 0, 1, 1], [0, 1, 0, 1, 1]]
CROSS = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
POOLED = [[1, 2, 3, 0], [4, 5, 6, 1], [3, 4, 7, 2], [1, 2, 1, 0]]
SIGNAL = {"input": [3, 2, 1, 0], "kernel": [1, 0, -1], "flip": True, "padding": "full"}
# all different under every mistake
TELLING = {
    "input": [[1, 2, 0, 3], [0, 1, 4, 1], [2, 0, 1, 5], [3, 1, 0, 2]],
    "kernel": [[1, 2], [0, 3]],
}


def wrong(verdict: Verdict, what: str = "result") -> dict[Any, Any]:
    """position → (claimed, right) of the wrong entries."""
    answer = next(answer for answer in verdict.answers if answer.what == what)
    return {finding.position: (finding.claimed, finding.right) for finding in answer.findings}


def hints(document: dict[str, Any]) -> tuple[str, ...]:
    return check(document).answers[-1].hints


def test_a_tutorial_with_two_wrong_entries() -> None:
    verdict = check({**STRIDED, "result": [[1, 3], [2, 5]]})
    assert wrong(verdict) == {(0, 1): (3, 2), (1, 1): (5, 4)}
    whys = [finding.why for finding in verdict.answers[0].findings]
    assert whys[0] == "0·1 + 0·1 + 0·1 + 0·0 + 1·0 + 0·0 + 1·1 + 0·1 + 1·1 = 2"
    assert whys[1] == "1·1 + 0·1 + 1·1 + 0·0 + 1·0 + 0·0 + 1·1 + 0·1 + 1·1 = 4"
    assert check({**STRIDED, "result": [[1, 2], [2, 4]]}).is_right


def test_a_tutorial_with_three_wrong_entries() -> None:
    document = {"input": FIVE, "kernel": CROSS}
    assert check({**document, "result": [[4, 2, 2], [2, 3, 4], [1, 3, 3]]}).is_right
    verdict = check({**document, "result": [[4, 2, 3], [2, 3, 3], [1, 2, 3]]})
    assert wrong(verdict) == {(0, 2): (3, 2), (1, 2): (3, 4), (2, 1): (2, 3)}
    assert "3 of 9 wrong" in "\n".join(verdict.lines())


@pytest.mark.parametrize(
    ("pool", "right"),
    [
        ("max:2", [[5, 6], [4, 7]]),
        ("average:2", [[3, 2.5], [2.5, 2.5]]),
        ("l2:2", [[46**0.5, 46**0.5], [30**0.5, 54**0.5]]),
        ("l2:2", [[6.78, 6.782], [5.5, 7.3]]),  # rounded
        ("global-average", 2.625),
        ("global-average", [[2.625]]),
        ("global-average", "21/8"),
        ("global-max", 7),
    ],
)
def test_pools(pool: str, right: Any) -> None:
    assert check({"input": POOLED, "pool": pool, "result": right}).is_right
    claimed = np.array(right, dtype=object)
    claimed[(0,) * claimed.ndim] = 99
    verdict = check({"input": POOLED, "pool": pool, "result": claimed.tolist()})
    assert list(wrong(verdict)) == [(0, 0)]


def test_the_arithmetic_of_a_pool() -> None:
    verdict = check({"input": POOLED, "pool": "l2:2", "result": [[6.78, 6.78], [5.48, 7.36]]})
    assert verdict.answers[0].findings[0].why == "√(7² + 2² + 1² + 0²) = √54 ≈ 7.34847"
    verdict = check({"input": [[1, 2, 4]], "pool": "average:1x3", "result": [[2]]})
    assert verdict.answers[0].findings[0].why == "(1 + 2 + 4) / 3 ≈ 2.33333"


def test_a_signal() -> None:
    assert check({**SIGNAL, "result": [3, 2, -2, -2, -1, 0]}).is_right
    verdict = check({**SIGNAL, "result": [-3, -2, 2, 2, 1, 0]})
    assert list(wrong(verdict)) == [(0,), (1,), (2,), (3,), (4,)]
    assert verdict.answers[0].hints == (
        "These are the numbers that come out without flipping the kernel (cross-correlation).",
    )
    assert "convolution (kernel flipped)" in verdict.task


@pytest.mark.parametrize(
    ("claim", "is_right"),
    [
        (2.33, True), (2.3, True), (2.333333, True), ("7/3", True), (7 / 3, True),
        (2.34, False), (2.32, False), (2, False), (3, False), (2.3334, False), ("23/10", False),
    ],
)  # fmt: skip
def test_decimals_are_right_to_the_digits_given(claim: Any, is_right: bool) -> None:
    document = {"input": [1, 2, 4], "pool": "average:3", "result": [claim]}
    assert check(document).is_right is is_right


def test_digits_are_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "claim.json"
    for text, is_right in (("2.2", True), ("2.3", True), ("2.20", False), ("2.25", True), ("225e-2", True)):
        file.write_text(f'{{"input": [2, 2.5], "pool": "average:2", "result": [{text}]}}')
        assert check(read(file)[0]).is_right is is_right, text


def alternative(**settings: Any) -> list[Any]:
    """What PyTorch makes of the telling example with these settings, in which the mistake lies."""
    x = torch.tensor(TELLING["input"], dtype=torch.float64)[None, None]
    weight = torch.tensor(TELLING["kernel"], dtype=torch.float64)
    if settings.pop("flip", False):
        weight = weight.flip(0, 1)
    if settings.pop("transpose", False):
        weight = weight.T
    result: list[Any] = torch.nn.functional.conv2d(x, weight[None, None], **settings)[0, 0].tolist()
    return result


@pytest.mark.parametrize(
    ("settings", "mistake", "words"),
    [
        ({}, {"flip": True}, "with the kernel flipped (convolution)"),
        ({"flip": True}, {}, "without flipping the kernel (cross-correlation)"),
        ({"padding": 1}, {}, "without padding"),
        ({"stride": 2}, {}, "with stride 1"),
        ({"dilation": 2}, {}, "with dilation 1"),
        ({}, {"transpose": True}, "with the rows and columns of the kernel exchanged"),
        (
            {"padding": 1, "stride": 2},
            {"flip": True, "stride": 2},
            "flipped (convolution) and without padding",
        ),
    ],
)
def test_likely_mistakes(settings: dict[str, Any], mistake: dict[str, Any], words: str) -> None:
    claimed = alternative(**mistake)
    found = hints({**TELLING, **settings, "result": claimed})
    assert any(words in hint for hint in found), found


def test_a_stride_of_1_that_was_cut_off_and_a_transposed_result() -> None:
    first = [row[:2] for row in alternative()[:2]]
    found = hints({**TELLING, "stride": 2, "result": first})
    assert found == ("These are the first of the numbers that come out with stride 1.",)
    turned = np.transpose(alternative()).tolist()
    found = hints({**TELLING, "result": turned})
    assert found[0] == "These are the right numbers with rows and columns exchanged."


def test_a_pool_of_another_kind() -> None:
    document = {"input": POOLED, "pool": "average:2", "result": [[5, 6], [4, 7]]}
    assert hints(document) == ("These are the numbers that come out with max pooling.",)
    document = {"input": POOLED, "pool": "max:2", "result": [[3, 2.5], [2.5, 2.5]]}
    assert hints(document) == ("These are the numbers that come out with average pooling.",)


def test_the_wrong_part_of_a_result() -> None:
    half = [*alternative()[:1], *alternative(flip=True)[1:]]
    assert hints({**TELLING, "result": half}) == (
        "The wrong ones are the numbers that come out with the kernel flipped (convolution).",
    )


def test_few_wrong_numbers_are_not_explained_by_chance() -> None:
    assert hints({**STRIDED, "result": [[1, 3], [2, 5]]}) == ()
    assert hints({"input": FIVE, "kernel": CROSS, "result": [[4, 2, 3], [2, 3, 3], [1, 2, 3]]}) == ()


def test_one_wrong_number_is_no_mistake_in_the_settings() -> None:
    assert hints({**TELLING, "result": [[99, *alternative()[0][1:]], *alternative()[1:]]}) == ()


def test_a_wrong_size_is_named_with_the_formula() -> None:
    verdict = check({**STRIDED, "result": [[1, 2, 3], [4, 5, 6]], "output_size": [2, 3]})
    size, result = verdict.answers
    assert (size.findings[0].claimed, size.findings[0].right) == ([2, 3], [2, 2])
    assert (result.findings[0].claimed, result.findings[0].right) == ([2, 3], [2, 2])
    assert "height ⌊(4 + 1 + 1 - 1·(3 - 1) - 1) / 2⌋ + 1 = 2" in result.findings[0].why
    verdict = check({**STRIDED, "result": np.ones((4, 4), dtype=int).tolist()})
    assert verdict.answers[0].hints == ("4×4 is the size that comes out with stride 1.",)
    assert check({**STRIDED, "output_size": [2, 2]}).is_right


def test_windows() -> None:
    windows = {"0,0": [[0, 0, 0], [0, 1, 0], [0, 0, 1]], "(0, 1)": [[0, 0, 0], [0, 1, 0], [1, 0, 1]]}
    assert check({**STRIDED, "windows": windows}).is_right
    finding = check({**STRIDED, "windows": {"0,0": windows["(0, 1)"]}}).answers[0].findings[0]
    assert finding.position == (0, 0)
    assert finding.why == "This is the window of (0, 1)."
    assert finding.notes == (
        "It covers rows -1 to 1, columns -1 to 1 of the input.",
        "at (2, 0): claimed 1, right 0",
    )
    unpadded = {"1,1": [[1, 0], [0, 1]]}  # the middle of the input, as if nothing lay around it
    document = {"input": CHESS, "kernel": [[1, 2], [3, 4]], "padding": 1, "windows": unpadded}
    assert check(document).is_right
    document["windows"] = {"0,0": [[1, 0], [0, 1]]}
    finding = check(document).answers[0].findings[0]
    assert (finding.why, finding.notes[0]) == (
        "This is the window without padding.",
        "This is the window of (1, 1).",
    )
    finding = check({**STRIDED, "windows": {"2,2": [[0]]}}).answers[0].findings[0]
    assert finding.why == "There is no such position: the result is 2×2."
    finding = check({**STRIDED, "windows": {"1,1": [[0]]}}).answers[0].findings[0]
    assert finding.why == "It should be 3×3, and is 1×1."


def test_many_wrong_numbers_of_a_window_are_counted() -> None:
    x = np.arange(36).reshape(6, 6)
    document = {"input": x.tolist(), "kernel": np.ones((5, 5), int).tolist()}
    finding = check({**document, "windows": {"0,0": (x[:5, :5] + 100).tolist()}}).answers[0].findings[0]
    assert finding.notes[-1] == "and 13 more"


def test_fractions_and_channels_as_numbers() -> None:
    document = {"input": [[1, 2, 3]], "kernel": [["1/3", "1/3", "1/3"]], "result": 2}
    assert check(document).is_right
    assert check({**document, "input": np.array([[1, 2, 4]]), "result": "7/3"}).is_right


def test_a_window_of_a_pool() -> None:
    document = {"input": POOLED, "pool": "max:2", "windows": {"0,1": [[3, 0], [6, 2]]}}
    finding = check(document).answers[0].findings[0]
    assert finding.notes == ("at (1, 1): claimed 2, right 1",)


def test_partial_sums_and_products() -> None:
    sums = [1, 1, 2, 2, 2, 2, 3, 3, 4]
    assert check({**STRIDED, "partial_sums": {"1,1": sums}}).is_right
    assert check({**STRIDED, "partial_sums": {"1,1": np.reshape(sums, (3, 3)).tolist()}}).is_right
    verdict = check({**STRIDED, "partial_sums": {"1,1": [1, 1, 3, 3, 3, 3, 4, 4, 5]}})
    assert verdict.answers[0].findings[0].why == (
        "The first wrong one is that after the product at (0, 2): claimed 3, right 2: 1 + 1·1 = 2"
    )
    verdict = check({**SIGNAL, "products": {"1": [0, 1, 2]}})
    assert verdict.answers[0].findings[0].why == "at 1: claimed 1, right 0 = 3·0"


def test_channels_and_filters() -> None:
    random = np.random.default_rng(0)
    x, weight = random.integers(-3, 4, (2, 5, 4)), random.integers(-3, 4, (3, 2, 2, 2))
    right = torch.nn.functional.conv2d(torch.tensor(x)[None].double(), torch.tensor(weight).double())[
        0
    ].numpy()
    document = {"input": x.tolist(), "kernel": weight.tolist()}
    assert check({**document, "result": right.tolist(), "output_size": [4, 3]}).is_right
    claimed = right.copy()
    claimed[2, 1, 0] += 1
    verdict = check({**document, "result": claimed.tolist(), "channel_sums": {"2,1,0": [99, 0]}})
    assert wrong(verdict) == {(2, 1, 0): (right[2, 1, 0] + 1, right[2, 1, 0])}
    sums = (x[:, 1:3, 0:2] * weight[2]).sum(axis=(1, 2)).tolist()
    assert wrong(verdict, "channel_sums") == {(2, 1, 0): ([99, 0], sums)}
    assert "Positions are (map, row, column), counted from 0." in list(verdict.lines())


def test_a_pool_of_a_wrong_result() -> None:
    document = {"input": POOLED, "kernel": [[1]], "pool": "max:2"}
    claimed = [[9, *POOLED[0][1:]], *POOLED[1:]]
    verdict = check({**document, "result": claimed, "pooled": [[9, 6], [4, 8]]})
    assert wrong(verdict) == {(0, 0): (9, 1)}
    first, second = verdict.answers[1].findings
    assert (first.position, first.right) == ((0, 0), 5)
    assert first.notes == ("It follows from the claimed result: max(9, 2, 4, 5) = 9",)
    assert (second.position, second.notes) == ((1, 1), ())
    verdict = check({**document, "result": [[5, 6], [4, 7]]})
    assert "goes under 'pooled'" in verdict.answers[0].hints[-1]


def test_missing_entries_are_not_right() -> None:
    verdict = check({**STRIDED, "result": [[1, None], [2, 4]]})
    assert wrong(verdict) == {(0, 1): (None, 2)}
    assert "(0, 1): nothing is claimed, right 2" in "\n".join(verdict.lines())


def test_lines_fit_a_terminal() -> None:
    document = {"input": np.arange(400).reshape(20, 20).tolist(), "kernel": np.ones((7, 7), int).tolist()}
    verdict = check({**document, "result": np.zeros((14, 14), int).tolist(), "output_size": [13, 13]})
    assert max(map(len, verdict.lines())) <= 80


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input": None}, "no input"),
        ({"kernel": None}, "neither a 'kernel' nor a 'pool'"),
        ({"result": None}, "nothing is claimed"),
        ({"reslt": [[1]]}, "unknown key 'reslt': did you mean 'result'?"),
        ({"input": [[1, 2], [3]]}, "input has rows of different lengths: 2 in row 0, 1 in row 1"),
        ({"input": [[1, "a"], [3, 4]]}, 'input at [0, 1] is "a", and should be a number'),
        ({"input": [[1, True], [3, 4]]}, "input at [0, 1] is true"),
        ({"input": [[1, None], [3, 4]]}, "input has null in it"),
        ({"input": []}, "input is an empty list"),
        ({"input": 3}, "do not go together"),
        ({"input": {"a": 1}}, "should be a number"),
        ({"result": [[1e40]]}, "result at [0, 0]"),
        ({"result": "1/0"}, 'result is "1/0"'),
        ({"result": [[[[[1]]]]]}, "nested 5 lists deep"),
        ({"flip": 1}, "flip is 1"),
        ({"stride": 0}, "stride=0"),
        ({"stride": "2"}, "stride is '2'"),
        ({"padding": -1}, "padding=-1"),
        ({"padding": 10**9}, "at most 4,000,000"),
        ({"padding": "sme"}, "did you mean 'same'?"),
        ({"border": "mirror"}, "unknown border 'mirror'"),
        ({"pool": "max:2:2:2"}, "pool 'max:2:2:2' should be"),
        ({"pool": "mx"}, "did you mean 'max'?"),
        ({"kernel": "sobel-x"}, "names are not taken here"),
        ({"pool": 2}, "pool is 2"),
        ({"pool": "max:9"}, "does not fit"),
        ({"pooled": [[1]]}, "there is no 'pool'"),
        ({"name": 3}, "name is 3"),
        ({"windows": [[1]]}, "windows should be an object"),
        ({"windows": {"first": [[1]]}}, "windows has the key 'first'"),
        ({"kernel": np.ones((9, 9), int).tolist()}, "does not fit"),
    ],
)
def test_a_document_of_no_use(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError) as raised:
        check({**STRIDED, "result": [[1, 2], [2, 4]], **change})
    assert words in str(raised.value)


def test_without_a_kernel_there_is_one_result() -> None:
    with pytest.raises(DataError, match="belongs under 'result'"):
        check({"input": POOLED, "pool": "max:2", "pooled": [[5, 6], [4, 7]]})
    with pytest.raises(DataError, match="products are of a kernel"):
        check({"input": POOLED, "pool": "max:2", "products": {"0,0": [[1]]}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"input": [[1,\n 2]', "line 2"),
        ("", "line 1"),
        ("[]", "should be a JSON object"),
        ("3", "should be a JSON object"),
        ('{"input": NaN}', "NaN"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"input": 1' + "0" * 5000 + "}", "cannot be read as JSON"),
        (b"\xff\xfe", "cannot be read as JSON"),
    ],
)
def test_a_file_that_is_not_json(tmp_path: Path, text: str | bytes, words: str) -> None:
    file = tmp_path / "claim.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as raised:
        read(file)
    assert words in str(raised.value)
    assert "claim.json" in str(raised.value)
    with pytest.raises(DataError, match="cannot read"):
        read(tmp_path)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)
keys = st.sampled_from(KEYS)


@given(st.dictionaries(keys, values, max_size=3))
def test_any_document_is_judged_or_refused(changed: dict[str, Any]) -> None:
    try:
        verdict = check({**STRIDED, "pool": "max:2", "result": [[1, 2], [2, 4]], **changed})
    except DataError:
        return
    json.dumps(verdict.to_dict(), allow_nan=False)
    assert all(len(line) <= 200 for line in verdict.lines())


@given(st.data())
def test_right_results_are_right(data: st.DataObject) -> None:
    """PyTorch's results, for any sizes and settings, and a wrong entry is the only one that is named."""
    draw = data.draw
    x = draw(st.lists(st.lists(st.integers(-5, 5), min_size=5, max_size=5), min_size=4, max_size=4))
    kernel = draw(st.lists(st.lists(st.integers(-5, 5), min_size=2, max_size=2), min_size=3, max_size=3))
    settings = {name: draw(st.integers(least, 2)) for name, least in (("stride", 1), ("padding", 0))}
    dilation = draw(st.integers(1, 1 + settings["padding"]))
    flip = draw(st.booleans())
    weight = torch.tensor(kernel, dtype=torch.float64)
    result = torch.nn.functional.conv2d(
        torch.tensor(x, dtype=torch.float64)[None, None],
        (weight.flip(0, 1) if flip else weight)[None, None],
        dilation=dilation,
        **settings,
    )[0, 0].numpy()
    document = {"input": x, "kernel": kernel, "flip": flip, "dilation": dilation, **settings}
    assert check({**document, "result": result.tolist()}).is_right
    place = tuple(draw(st.integers(0, n - 1)) for n in result.shape)
    claimed = result.copy()
    claimed[place] += draw(st.sampled_from([-1, 1, 0.25]))
    assert list(wrong(check({**document, "result": claimed.tolist()}))) == [place]
