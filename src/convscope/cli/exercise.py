"""`convscope exercise`"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError, GateFailed, UsageError
from .app import command
from .options import Json, numbers_of, sizes
from .output import print_json

if TYPE_CHECKING:
    from ..exercise import Exercise, Verdict

MOST = 100  # exercises of one call


def _option(panel: str, help_text: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=help_text, metavar=metavar, rich_help_panel=panel, show_default=False)


@command("exercise")
def exercise(
    size: Annotated[
        str | None, _option("Problem", "Input: 5x5 (height x width), or 8 for a signal. (5x5)")
    ] = None,
    kernel: Annotated[
        str | None,
        _option("Problem", "Its size such as 3x3, a name such as sobel-x, or none for a pool alone. (3)"),
    ] = None,
    flip: Annotated[
        bool, _option("Problem", "Convolution, which flips the kernel; else cross-correlation.", "--flip")
    ] = False,
    stride: Annotated[str | None, _option("Problem", "One number, or one per axis as 2x1. (1)")] = None,
    padding: Annotated[
        str | None, _option("Problem", "Numbers as for --stride, or same, valid or full. (0)")
    ] = None,
    dilation: Annotated[str | None, _option("Problem", "Distance of the kernel's taps. (1)")] = None,
    border: Annotated[
        str | None, _option("Problem", "What pads: zeros, reflect, replicate or circular. (zeros)")
    ] = None,
    pool: Annotated[
        str | None,
        _option("Problem", "Of the result: max:2, average:3x3:1 (window:stride), lp:2, global-average."),
    ] = None,
    channels: Annotated[int | None, _option("Problem", "Channels of the input.")] = None,
    filters: Annotated[int | None, _option("Problem", "Filters, each of which gives a map.")] = None,
    values: Annotated[
        str | None, _option("Problem", "Least and largest number. (-3:3)", "--range", metavar="A:B")
    ] = None,
    kernel_values: Annotated[
        str | None, _option("Problem", "The same of the kernel. (--range)", "--kernel-range", metavar="A:B")
    ] = None,
    seed: Annotated[int | None, _option("Problem", "Of the numbers. (0)")] = None,
    count: Annotated[int | None, _option("Page", "Exercises, of the seeds from --seed on. (1)")] = None,
    format: Annotated[
        str | None, _option("Page", "markdown, latex, html or json. (by the ending of --out; markdown)")
    ] = None,
    part: Annotated[str | None, _option("Page", "problem, solution or both. (both)")] = None,
    out: Annotated[Path | None, _option("Page", "A file to write; else it is printed.")] = None,
    solution_out: Annotated[
        Path | None, _option("Page", "A file for the solution, apart from the problem in --out.")
    ] = None,
    check: Annotated[
        Path | None,
        _option("Check", "A JSON file with input, kernel, settings and claimed result; - reads a pipe."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a worked exercise with its solution, or check a claimed one."""
    page = {"format": format, "part": part, "out": out, "solution_out": solution_out}
    problem = {
        "size": _sizes("--size", size),
        "kernel": _kernel(kernel),
        "flip": flip or None,
        "stride": _sizes("--stride", stride),
        "padding": padding if padding in ("same", "valid", "full") else _sizes("--padding", padding),
        "dilation": _sizes("--dilation", dilation),
        "border": border,
        "pool": pool,
        "channels": channels,
        "filters": filters,
        "values": _range("--range", values),
        "kernel_values": _range("--kernel-range", kernel_values),
    }
    if check is not None:
        settings = {**problem, **page, "seed": seed, "count": count}
        _refuse_beside_check(settings)
        _check(check, json)
        return
    given: dict[str, Any] = {name: value for name, value in problem.items() if value is not None}
    if kernel == "none":
        given["kernel"] = None
    if json and format not in (None, "json"):
        raise UsageError(f"--json and --format {shlex.quote(str(format))} ask for different forms.")
    exercises = _make(given, seed or 0, 1 if count is None else count)
    _write(exercises, "json" if json else format, part, out, solution_out)


def _make(given: dict[str, Any], seed: int, count: int) -> list[Exercise]:
    from ..exercise import make

    if not 1 <= count <= MOST:
        raise UsageError(f"--count {count} should be from 1 to {MOST}.")
    return [make(**given, seed=seed + number) for number in range(count)]


def _write(
    exercises: list[Exercise], form: str | None, part: str | None, out: Path | None, solution_out: Path | None
) -> None:
    from ..exercise import FORMATS, SUFFIXES, render

    parts = [(part or "both", out)]
    if solution_out is not None:
        if part is not None:
            raise UsageError("--solution-out divides problem and solution by itself; leave --part out.")
        if solution_out == out:
            raise UsageError(f"{out} is both --out and --solution-out; the solution needs a file of its own.")
        parts = [("problem", out), ("solution", solution_out)]
    pages = []
    for wanted, path in parts:
        ending = SUFFIXES.get(path.suffix.lower()) if path else None
        if form is None and path is not None and path.suffix and ending is None:
            raise UsageError(
                f"{path} has an ending that no format has; --format should be {', '.join(FORMATS)}."
            )
        pages.append((path, render(exercises, form or ending or "markdown", part=wanted)))
    for path, text in pages:
        if path is None:
            print(text, end="")
        else:
            from ..atomic import write_text

            write_text(path, text)


def _check(path: Path, json: bool) -> None:
    from ..exercise import check, read
    from ..exercise.reading import name_of

    documents, name = read(path), name_of(path)
    verdicts: list[Verdict] = []
    for number, document in enumerate(documents, 1):
        try:
            verdicts.append(check(document))
        except DataError as error:
            where = f"{name}, exercise {number}" if len(documents) > 1 else name
            raise DataError(f"{where}: {error}") from error
    if json:
        found = [verdict.to_dict() for verdict in verdicts]
        print_json(found[0] if len(found) == 1 else found)
    else:
        several = len(verdicts) > 1
        texts = [_text(verdict, number if several else None) for number, verdict in enumerate(verdicts, 1)]
        print("\n\n".join(texts), flush=True)
    wrong = sum(verdict.wrong for verdict in verdicts)
    if wrong:
        raise GateFailed(f"{name}: {wrong} {'claim is' if wrong == 1 else 'claims are'} wrong.")


def _text(verdict: Verdict, number: int | None) -> str:
    title = [] if number is None else [f"Exercise {number}"]
    title += [verdict.name] if verdict.name else []
    return "\n".join([*([": ".join(title)] if title else []), *verdict.lines()])


def _refuse_beside_check(settings: dict[str, Any]) -> None:
    names = {"values": "range", "kernel_values": "kernel-range"}
    for name, value in settings.items():
        if value is not None:
            flag = f"--{names.get(name, name).replace('_', '-')}"
            raise UsageError(f"--check takes its settings from the file; leave {flag} out.")


def _kernel(text: str | None) -> tuple[int, ...] | str | None:
    """A size, or a name; None where neither is given."""
    if text is None or text == "none":
        return None
    return sizes(text) or text


def _sizes(flag: str, text: str | None) -> tuple[int, ...] | int | None:
    """One number, or one per axis."""
    if text is None:
        return None
    words = ", or same, valid or full" if flag == "--padding" else ""
    wanted = f"a whole number, or one per axis such as 2x1{words}"
    found = numbers_of(text, flag, wanted)
    if len(found) > 2:
        raise UsageError(f"{flag} {shlex.quote(text)} should be {wanted}.")
    return found if len(found) == 2 or flag == "--size" else found[0]


def _range(flag: str, text: str | None) -> tuple[int, int] | None:
    """The least and the largest number of a range such as -3:3."""
    if text is None:
        return None
    found = re.fullmatch(r"([-−+]?\d{1,9}):([-−+]?\d{1,9})", text.strip())
    if not found:
        raise UsageError(f"{flag} {shlex.quote(text)} should be two whole numbers such as -3:3.")
    least, most = (int(number.replace("−", "-")) for number in found.groups())
    if least > most:
        raise UsageError(f"{flag} {shlex.quote(text)} should have the smaller number first.")
    return least, most
