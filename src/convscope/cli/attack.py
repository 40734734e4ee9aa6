"""`convscope attack`"""

from __future__ import annotations

import contextlib
import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConvscopeError, UnknownName, UsageError
from .app import command
from .options import Json, Model, Quiet
from .output import print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from ..bundle import Bundle
    from ..look.breaking.attack_pictures import Fooled
    from ..look.breaking.robustness import Robustness

FEW = 400  # pictures: of fewer, a share near a half is uncertain by 5 points or more


@command("attack")
def attack(
    model: Model,
    data: Annotated[str | None, typer.Option(help="Other data than the run's own.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where downloaded data sets lie.")] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Some of fgsm, pgd, shift, rotation, scale, noise, blur, contrast, inversion, "
            "equivariance; or all. (all)",
            metavar="LIST",
        ),
    ] = None,
    epsilon: Annotated[
        list[str] | None,
        typer.Option(
            help="How far fgsm and pgd may move a value, in 1/255 of the pixel range; one or more. "
            "(2,4,8,16,32,76.5)",
            metavar="LIST",
        ),
    ] = None,
    count: Annotated[
        int, typer.Option(help="Test pictures that are measured, drawn by --seed.", min=1)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Of every draw.")] = 0,
    steps: Annotated[int, typer.Option(help="Steps of pgd from each start.", min=1)] = 20,
    step_size: Annotated[
        int | None,
        typer.Option(help="Of a step of pgd, in 1/255. (2.5 epsilon over the number of steps)", min=1),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A new folder for the pictures that fooled the network.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find out where a network breaks: its accuracy under attacks and changes of its pictures."""
    import numpy as np

    from ..bundle import Bundle
    from ..look.breaking.attack import EPSILONS
    from ..look.breaking.attack_pictures import Fooled, require_free
    from ..look.breaking.measuring import robustness
    from ..look.breaking.pictures_only import of_pictures
    from ..look.breaking.robustness import FILE_NAME
    from ..training.evaluation import dataset_of
    from ..untrained import warn_if_untrained
    from .progress import listening

    methods = _methods(",".join(method or ["all"]))
    epsilons = _epsilons(",".join(epsilon)) if epsilon else EPSILONS
    if out is not None:
        _require_attacks(methods)
        require_free(out)
    bundle = Bundle.load(model)
    of_pictures(bundle)
    warn_if_untrained(bundle)
    with listening(quiet) as progress:
        settings = {"data_dir": data_dir} if data_dir is not None else {}
        dataset, notes = dataset_of(bundle, data, progress=progress, **settings)
        name, split = dataset.evaluation
        drawn = np.random.default_rng(seed % 2**64).permutation(len(split))[:count]
        positions = np.sort(drawn)
        images, labels = split.images[positions], split.labels[positions]
        fooled = Fooled(images, positions)
        progress.waiting("loading PyTorch")
        measured = robustness(
            bundle,
            images,
            labels,
            methods=methods,
            epsilons=epsilons,
            steps=steps,
            step_size=step_size,
            split=name,
            data=dataset.checksum,
            seed=seed,
            told=progress.reading,
            attacked=fooled.add if out is not None else None,
        )
        said = [
            *notes,
            *_remarks(bundle, measured, methods),
            *_of_one_class(bundle, images, labels, measured),
        ]
        kept = model.is_dir()
        if kept and measured.data != (bundle.info.get("data") or {}).get("checksum"):
            kept = False
            said.append(f"these are not the run's own pictures, so they are not in its {FILE_NAME}.")
        saved = out if fooled.found else None
        if saved is not None:
            progress.waiting(f"writing {saved}")
            _save(bundle, fooled, split.names, measured.clean, saved)
        written = None
        if kept:
            written, remark = _keep(model / FILE_NAME, measured)
            said += [remark] if remark else []
        for note in said:
            progress.note(f"note: {note}")
    if json:
        of = {"file": str(written) if written else None, "out": str(saved) if saved else None, "notes": said}
        print_json({**measured.to_dict(), **of})
        return
    from .attack_table import table

    print(table(measured, dataset.name))
    if out is not None or written:
        print()
    if out is not None:
        print(_of_saved(fooled))
    if saved is not None:
        print(f"Pictures  {saved}")
    if written:
        print(f"Figures   {written}")


def _methods(text: str) -> list[str] | None:
    from ..look.breaking.measuring import METHODS

    words = [word for word in text.lower().replace(" ", "").split(",") if word]
    if "all" in words:
        return None
    for word in words:
        if word not in METHODS:
            raise UnknownName("method", word, [*METHODS, "all"])
    if not words:
        raise UsageError("--method should be some of the methods, such as fgsm,pgd, or all.")
    return words


def _require_attacks(methods: list[str] | None) -> None:
    from ..look.breaking.attack import ATTACKS

    if methods is not None and not set(methods) & set(ATTACKS):
        raise UsageError(
            f"--out is for the pictures that fgsm and pgd make, and --method {','.join(methods)} has neither."
        )


def _epsilons(text: str) -> tuple[float, ...]:
    from ..look.breaking.attack import checked_epsilons

    try:
        values = [float(word) for word in text.split(",")]
    except ValueError as error:
        raise UsageError(f"--epsilon {text} should be numbers from 1 to 255, such as 8 or 2,4,8.") from error
    return checked_epsilons(values)


def _remarks(bundle: Bundle, measured: Robustness, methods: list[str] | None) -> list[str]:
    remarks = []
    if measured.count < FEW:
        from ..metrics import wilson_interval

        low, high = wilson_interval(measured.count // 2, measured.count)
        remarks.append(
            f"of {measured.count:,} pictures a figure is uncertain by up to {50 * (high - low):.0f} points "
            "(95 %)."
        )
    if methods is None and bundle.graph is None:
        remarks.append(
            f"{bundle.net} is not in convscope's graph, so the equivariance of its layers is left out."
        )
    return remarks


def _of_one_class(
    bundle: Bundle, images: np.ndarray, labels: np.ndarray, measured: Robustness
) -> Iterator[str]:
    """What to know of a network that no attack can change: it says the same of everything."""
    import numpy as np

    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2 or measured.clean not in counts:
        return  # as many are right as the class has, where all are taken for it
    says = np.unique(bundle.logits(images).argmax(1))
    if len(says) == 1:
        yield (
            f"the network takes every picture for {bundle.classes[says[0]]}, so what is left of its accuracy "
            "says nothing of how robust it is."
        )


def _save(bundle: Bundle, fooled: Fooled, names: Any, right: int, out: Path) -> None:
    from ..drawing.attack_sheet import attack_sheet
    from ..drawing.tiles import to_png
    from ..look.breaking.attack import ATTACKS
    from ..look.breaking.attack_pictures import new_folder, save_pictures

    with new_folder(out) as folder:
        save_pictures(bundle, [one for method in ATTACKS for one in fooled.of(method)], names, folder)
        for method in ATTACKS:
            if some := fooled.of(method):
                sheet = attack_sheet(bundle, some, of=right)
                (folder / f"{method}.png").write_bytes(to_png(sheet.image))


def _of_saved(fooled: Fooled) -> str:
    count = len(fooled.found)
    if not count:
        return "No attack fooled the network, so there are no pictures to keep."
    return f"All {count:,} saved attack pictures were re-read and still fool the network."


def _keep(file: Path, measured: Robustness) -> tuple[Path | None, str]:
    """The figures in a run's folder, with those measured earlier of the same pictures and weights.

    Where the folder has those of as many pictures or more, these are not kept. None, and why, where it has;
    else the file, and what a person should know of what it had before.
    """
    from .. import atomic
    from ..look.breaking.robustness import Robustness

    remark = ""
    # what is damaged, or of a later version, is written anew
    with contextlib.suppress(ConvscopeError, ValueError, OSError):
        earlier = Robustness.from_dict(json_format.loads(file.read_text("utf-8")))
        if measured.same_subject(earlier):
            had = f"those of {earlier.count:,} pictures, drawn by seed {earlier.seed}"
            drawn = (measured.count, measured.seed) == (earlier.count, earlier.seed)
            if not drawn and measured.count <= earlier.count:
                return None, (
                    f"these figures are not kept, for {file} has {had}; to add to them measure with --count "
                    f"{earlier.count} --seed {earlier.seed}, to replace them remove the file."
                )
            if not drawn:
                remark = f"{file} had {had}, which these replace."
            else:
                remark = _of_other_ways(measured, earlier)
        measured = measured.with_earlier(earlier)
    atomic.write_text(file, json_format.dumps(measured.to_dict(), indent=1) + "\n")
    return file, remark


def _of_other_ways(measured: Robustness, earlier: Robustness) -> str:
    """Which curves were measured in another way before, and are lost."""
    before = {curve.name: curve.how for curve in earlier.curves}
    others = [c.name for c in measured.curves if before.get(c.name, c.how) != c.how]
    words = [f"the earlier curve of {name}, with {before[name]}, is replaced" for name in others]
    return f"{'; '.join(words)}." if words else ""
