"""`convscope export`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import DataError, UsageError
from .app import command
from .options import Json, Model, Quiet
from .output import print_json

CARD = ".md"


@command("export")
def export(
    model: Model,
    *,
    format: Annotated[
        str | None,
        typer.Option("--format", help="onnx, torch or c; told by the ending of --out. (onnx)"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file. (the run's name, here)")] = None,
    no_preprocessing: Annotated[
        bool,
        typer.Option(
            "--no-preprocessing", help="Leave polarity, scaling, mean and deviation out of the network."
        ),
    ] = False,
    data: Annotated[
        str | None, typer.Option(help="Other pictures to compare on than the run's own.", metavar="NAME|PATH")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Round an ONNX model's layers to 8 bits, by training pictures.")
    ] = False,
    max_drop: Annotated[
        float | None,
        typer.Option(help="Points of accuracy, 0 to 100, that --int8 may cost, else exit with 3. (0.5)"),
    ] = None,
    prefix: Annotated[
        str | None, typer.Option(help="What all names in a C file begin with.", metavar="NAME")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where downloaded data sets lie.")] = None,
    card: Annotated[
        bool,
        typer.Option("--card", help="A card in Markdown: alone, or beside the file where that is named."),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a trained network as ONNX, a PyTorch program or C, and prove that it is the same network."""
    from ..ship.exporting import default_name
    from ..ship.exporting import export as write
    from ..ship.quantization import MAX_DROP
    from .progress import listening

    if max_drop is not None and not int8:
        raise UsageError("--max-drop says what --int8 may cost; give both.")
    only_card = card and format is None and not int8 and (out is None or out.suffix.lower() == CARD)
    page = None
    if card:
        page = Path(f"{default_name(model)}{CARD}") if out is None else out.with_suffix(CARD)
        if not only_card and out is not None and format is None:
            _require_ending(out)
        _require_free(page, model)
    settings = {} if data_dir is None else {"data_dir": data_dir}
    exported = None
    with listening(quiet) as progress:
        if not only_card:
            exported = write(
                model,
                out,
                format=format,
                preprocessing=not no_preprocessing,
                data=data,
                int8=int8,
                max_drop=MAX_DROP if max_drop is None else max_drop,
                prefix=prefix,
                progress=progress,
                **settings,
            )
            for note in exported.notes:
                progress.note(f"note: {note}")
        if page is not None:
            from .. import atomic
            from ..ship.card import card as card_of

            atomic.write_text(page, card_of(model, exported=[exported] if exported else []))
    if json:
        document = {} if exported is None else exported.to_dict()
        print_json({**document, "card": None if page is None else str(page)})
        return
    from .exported import card_line, sentences

    lines = [] if exported is None else [sentences(exported)]
    print("\n".join([*lines, *([] if page is None else [card_line(page)])]))


def _require_ending(out: Path) -> None:
    """Raises `UsageError` for a file that is neither a card nor of a form that may lie beside one."""
    from ..ship.formats import chosen_format

    try:
        chosen_format(None, out)
    except UsageError as error:
        raise UsageError(f"{error} A card alone ends in {CARD}.") from error


def _require_free(page: Path, model: Path) -> None:
    """Raises `ConvscopeError` where a card cannot be made there, or would replace what somebody filled in."""
    from ..ship.exporting import require_writable

    require_writable(page, model)
    if page.exists():
        raise DataError(
            f"{page} is there, and may have been filled in; a card does not replace it. Remove it, or give "
            "another --out."
        )
