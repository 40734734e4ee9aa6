r"""An exercise as LaTeX: the class article, the packages amsmath and graphicx, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from ..ops import PoolStep
from . import wording
from .content import Block, Heading, Matrices, Matrix, Paragraph, Questions, Row, Sizes, Working, Workings
from .size_sum import SizeSum

BESIDE = 18  # columns of window, kernel and products that fit side by side
MATRIX_COLUMNS = 10  # what amsmath allows unless it is told
SIGNS = {"×": r"$\times$", "·": r"$\cdot$", "≈": r"$\approx$", "√": r"$\surd$", "⊙": r"$\odot$"}
ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **SIGNS,
}
FORMULA = (
    r"\left\lfloor \frac{n + p_{\text{before}} + p_{\text{after}} - d \cdot (k - 1) - 1}{s}"
    r" \right\rfloor + 1"
)

FITTED = r"""\newsavebox{\formula}
\newcommand{\fitted}[1]{\sbox{\formula}{$\displaystyle #1$}%
\ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi}"""


def render(blocks: Iterable[Block], title: str) -> str:
    body = list(blocks)
    lines = [
        r"\documentclass[a4paper]{article}",
        r"\usepackage[utf8]{inputenc}",
        r"\usepackage{amsmath}",
        r"\usepackage{graphicx}",
        r"\setlength{\textwidth}{16cm}",
        r"\setlength{\oddsidemargin}{0cm}",
        r"\setlength{\textheight}{23cm}",
        r"\setlength{\topmargin}{-1cm}",
        r"\setlength{\parindent}{0pt}",
        r"\setlength{\parskip}{6pt}",
        r"\setlength{\arraycolsep}{4pt}",
        rf"\setcounter{{MaxMatrixCols}}{{{max(MATRIX_COLUMNS, _widest(body))}}}",
        FITTED,
        r"\begin{document}",
        rf"\begin{{center}}\Large {escaped(title)}\end{{center}}",
    ]
    for block in body:
        lines += ["", *_block(block)]
    return "\n".join([*lines, "", r"\end{document}", ""])


def escaped(text: str) -> str:
    r"""
    >>> print(escaped("a_b, 3×3, rows -1 to 1"))
    a\_b, 3$\times$3, rows $-$1 to 1
    """
    plain = "".join(ESCAPES.get(character, character) for character in text)
    return re.sub(r"(?<!\w)-(?=\d)", "$-$", plain)  # a minus, and no hyphen


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(text, level):
            yield rf"\{'sub' * (level - 1)}section*{{{escaped(text)}}}"
        case Paragraph(text):
            yield escaped(text)
        case Questions(questions):
            yield r"\begin{enumerate}"
            for question in questions:
                yield rf"\item {escaped(question)}"
            yield r"\end{enumerate}"
        case Matrices(matrices):
            for item in matrices:
                yield rf"\[ \fitted{{\text{{{escaped(item.name)}}} = {_matrix(item)}}} \]"
        case Sizes(sums):
            yield "Along each axis, with $n$ the size of the input, $p$ the padding, $d$ the dilation,"
            yield "$k$ the size of the kernel or window and $s$ the stride:"
            yield rf"\[ {FORMULA} \]"
            for size in sums:
                yield rf"\[ \text{{{size.axis}: }} {_size(size)} \]"
        case Workings(workings):
            for working in workings:
                yield from _working(working)


def _working(working: Working) -> Iterator[str]:
    yield rf"\paragraph{{{working.position}}} {escaped(working.covers)}"
    for row in working.rows:
        yield from _row(row)
    if isinstance(working.step, PoolStep):
        yield f"${_pool(working.step)}$"
    elif working.total:
        yield f"channels: ${_math(working.total)}$"
    yield ""


def _size(size: SizeSum) -> str:
    numerator = size.numerator.replace("·", r" \cdot ")
    return rf"\left\lfloor \frac{{{numerator}}}{{{size.stride}}} \right\rfloor + 1 = {size.result}"


def _row(row: Row) -> Iterator[str]:
    """Window ⊙ kernel = products, in one line or, where that is too wide, in three."""
    if row.name:
        yield rf"\emph{{{escaped(row.name)}}}"
    parts = [_matrix(matrix) for matrix in row.matrices]
    signs = (r"\odot", "=")[: len(parts) - 1]
    wide = sum(matrix.values.shape[1] for matrix in row.matrices) > BESIDE
    terms = [parts[0], *(f"{sign} {part}" for sign, part in zip(signs, parts[1:], strict=True))]
    if wide:
        lines = r" \\ ".join(rf"\fitted{{{term}}}" for term in terms)
        yield rf"\begin{{gather*}} {lines} \end{{gather*}}"
    else:
        yield rf"\[ \fitted{{{' '.join(terms)}}} \]"
    if row.sum:
        yield f"${_math(row.sum)}$"
        yield ""


def _pool(step: PoolStep) -> str:
    counted = step.window[step.counted]
    result = f"{_math(wording.equals(step.result))} {wording.number(step.result)}"
    if step.kind == "max":
        return rf"\max({', '.join(map(wording.number, counted))}) {result}"
    if step.kind == "average":
        return rf"({' + '.join(map(wording.bracketed, counted))}) / {len(counted)} {result}"
    magnitudes = " + ".join(rf"|{wording.number(x)}|^{{{step.p:g}}}" for x in counted)
    total = wording.number(np.sum(np.abs(counted.astype(float)) ** step.p))
    root = rf"\sqrt{{{total}}}" if step.p == 2 else rf"{total}^{{1/{step.p:g}}}"
    return rf"({magnitudes})^{{1/{step.p:g}}} = {root} {result}"


def _math(text: str) -> str:
    return text.replace("≈", r"\approx").replace("·", r" \cdot ")


def _matrix(matrix: Matrix) -> str:
    rows = r" \\ ".join(" & ".join(wording.number(value) for value in row) for row in matrix.values)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def _widest(blocks: Iterable[Block]) -> int:
    """Columns of the widest matrix."""
    widths = [0]
    for block in blocks:
        if isinstance(block, Matrices):
            widths += [matrix.values.shape[1] for matrix in block.items]
        elif isinstance(block, Workings):
            rows = [row for working in block.items for row in working.rows]
            widths += [matrix.values.shape[1] for row in rows for matrix in row.matrices]
    return max(widths)
