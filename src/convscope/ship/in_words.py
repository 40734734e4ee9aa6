"""What becomes of a picture or signal before a network's layers, in sentences for all forms and the card."""

from __future__ import annotations

from ..data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from .entrance import Entrance


def before(entrance: Entrance) -> list[str]:
    """What has to be done outside the network, in order, until the numbers are those that enter.

    >>> small = Preprocessing(height=2, width=4, channels=1, resize="stretch")
    >>> before(Entrance(small))[-1]
    "Resize it to 4×2 pixels (width × height), whatever its proportions, with Pillow's BILINEAR: first ..."
    >>> before(Entrance(small, inside=False))[-1]
    'Compute x / 255.'
    """
    of = entrance.outside
    sentences = (
        _of_picture(of)
        if isinstance(of, Preprocessing)
        else [f"Take the numbers of the {of.noun} as they were measured."]
    )
    steps = "" if entrance.inside else arithmetic(of)
    return [*sentences, f"Compute {steps}."] if steps else sentences


def inside(entrance: Entrance) -> str:
    """What the network does itself with what enters; "" where it takes the numbers as they are.

    >>> inside(Entrance(Preprocessing(height=2, width=4, channels=1, invert=True)))
    'The network turns light and dark around (255 - x) and computes x / 255.'
    """
    steps = arithmetic(entrance.preprocessing) if entrance.inside else ""
    turned = "turns light and dark around (255 - x) and " if entrance.inverts else ""
    return f"The network {turned}computes {steps}." if steps else ""


def arithmetic(of: InputPreprocessing) -> str:
    """What `batch` computes of every number x, with its constants; "" where that is nothing.

    >>> arithmetic(ArrayPreprocessing(shape=(1, 8), mean=(3.0,), std=(2.0,)))
    '(x - mean) / std with mean 3 and std 2 per channel'
    """
    steps = [formula(of)] if formula(of) else []
    if of.mean and of.std:
        mean, std = (", ".join(f"{value:.9g}" for value in values) for values in (of.mean, of.std))
        steps[0] += f" with mean {mean} and std {std} per channel"
    if isinstance(of, ArrayPreprocessing) and of.repeat > 1:
        steps.append(f"each value repeated {of.repeat} times along each axis but the channels")
    return ", then ".join(steps)


def formula(of: InputPreprocessing) -> str:
    """The same without constants and repetition."""
    if isinstance(of, Preprocessing):
        return "x / 255" if of.mean is None else "(x / 255 - mean) / std"
    return "" if of.mean is None else "(x - mean) / std"


def _of_picture(of: Preprocessing) -> list[str]:
    frame, small = f"{of.width}×{of.height} pixels (width × height)", (2 * of.width, 2 * of.height)
    resized = {
        "fit": f"Resize it to fit within {frame} in its own proportions, the other side rounded half up "
        "and at least 1",
        "crop": f"Cut the largest part of the proportions {of.width}:{of.height} out of its middle (sides "
        f"rounded half up, offsets rounded down), and resize that to {frame}",
        "stretch": f"Resize it to {frame}, whatever its proportions",
    }
    sentences = [
        "Read the picture upright (EXIF orientation), transparent pixels over white, 16-bit values v as "
        "v / 257 rounded.",
        f"Have a large JPEG decoded at reduced size as Pillow's draft(None, {small}) does, with the two "
        "swapped where the orientation is 5 to 8.",
        "Make it grey, (299 R + 587 G + 114 B) / 1000 as Pillow's convert('L')."
        if of.channels == 1
        else "Make it RGB.",
        f"{resized[of.resize]}, with Pillow's BILINEAR: first the width alone, then the height alone.",
    ]
    if of.invert:
        sentences.append("Turn light and dark around: 255 - x.")
    if of.resize == "fit":
        sentences.append(f"Put it in the middle of {frame} of the value {of.fill} (offsets rounded down).")
    return sentences
