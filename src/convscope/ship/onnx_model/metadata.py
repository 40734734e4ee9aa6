"""What an ONNX file says of itself: enough to use it right where convscope is not."""

from __future__ import annotations

import hashlib

from ...bundle import Bundle
from ...data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from ...versions import versions
from ..entrance import Entrance
from ..facts import facts


def metadata_of(bundle: Bundle, entrance: Entrance) -> dict[str, str]:
    """Names and texts of `metadata_props`: what every exported file says, and more.

    `bundle_sha256` is that of the bundle's file.
    """
    return {
        **facts(bundle, entrance),
        "preprocessing_in_words": in_words(entrance),
        "convscope_version": versions()["convscope"],
        "bundle_sha256": hashlib.sha256(bundle.to_bytes()).hexdigest(),
    }


def in_words(entrance: Entrance) -> str:
    """What has to be done before the model, and what it does itself, in sentences."""
    outside = entrance.outside
    if isinstance(outside, Preprocessing):
        return " ".join([*_of_picture(outside), _scaling(entrance)])
    return f"Take the {outside.noun}s with their numbers as they were measured. {_scaling(entrance)}"


def _of_picture(of: Preprocessing) -> list[str]:
    frame, small = f"{of.width}×{of.height} pixels (width × height)", (2 * of.width, 2 * of.height)
    resized = {
        "fit": f"Resize it to fit within {frame} in its own proportions, the other side rounded half up and "
        "at least 1.",
        "crop": f"Cut the largest part of the proportions {of.width}:{of.height} out of its middle (sides "
        f"rounded half up, offsets rounded down), and resize that to {frame}.",
        "stretch": f"Resize it to {frame}, whatever its proportions.",
    }
    sentences = [
        "Read the picture upright (EXIF orientation), transparent pixels over white, 16-bit values v as "
        f"v / 257 rounded; have a large JPEG decoded at reduced size as Pillow's draft(None, {small}) does, "
        "with the two swapped where the orientation is 5 to 8.",
        "Make it grey, (299 R + 587 G + 114 B) / 1000 as Pillow's convert('L')."
        if of.channels == 1
        else "Make it RGB.",
        f"{resized[of.resize]} Resizing is Pillow's BILINEAR, first the width alone, then the height alone.",
    ]
    if of.invert:
        sentences.append("Turn light and dark around: 255 - x.")
    if of.resize == "fit":
        sentences.append(f"Put it in the middle of {frame} of the value {of.fill} (offsets rounded down).")
    return sentences


def _scaling(entrance: Entrance) -> str:
    """Who scales, and how."""
    of = entrance.preprocessing
    text = ", ".join(map(str, entrance.shape))
    steps = _steps(of)
    if entrance.takes_pictures:
        turned = "turns light and dark around (255 - x) and " if entrance.inverts else ""
        return f"Give uint8 (batch, {text}), 0 to 255; the model {turned}computes {steps}."
    give = f"ive float32 (batch, {text})"
    if not steps:
        return f"G{give}."
    return f"G{give}; the model computes {steps}." if entrance.inside else f"Compute {steps}, and g{give}."


def _steps(of: InputPreprocessing) -> str:
    """The arithmetic of `batch`."""
    statistics = "" if of.mean is None else f" with mean {_list(of.mean)} and std {_list(of.std)} per channel"
    if isinstance(of, Preprocessing):
        return f"(x / 255 - mean) / std{statistics}" if statistics else "x / 255"
    steps = [f"(x - mean) / std{statistics}"] if statistics else []
    if isinstance(of, ArrayPreprocessing) and of.repeat > 1:
        steps.append(f"each value repeated {of.repeat} times along each axis but the channels")
    return ", then ".join(steps)


def _list(values: tuple[float, ...] | None) -> str:
    return ", ".join(f"{value:.9g}" for value in values or ())
