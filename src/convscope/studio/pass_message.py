"""A pass as one message: a JSON header, and behind it the numbers as they lie in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..columns import in_bytes
from .refusal import Refusal

MOST = 1 << 28  # bytes of the numbers in one message
ALIGNED = 4  # bytes


def pass_message(document: Mapping[str, Any], outputs: Mapping[str, np.ndarray]) -> bytes:
    """The length of the header as uint32, the header, padded with spaces to 4 bytes, then float32 numbers.

    All little-endian. The header is the document with `outputs`: the name and shape of each array, in their
    order. web/src/pass_message.ts reads it, of the server and of widgets. Raises `Refusal` for too many.

    >>> message = pass_message({"label": "7"}, {"linear": np.array([1, 2], np.float32)})
    >>> message[4:-8], np.frombuffer(message[-8:], "<f4")
    (b'{"label": "7", "outputs": [{"name": "linear", "shape": [2]}]}   ', array([1., 2.], dtype=float32))
    """
    size = sum(values.nbytes for values in outputs.values())
    if size > MOST:
        raise Refusal(
            f"the numbers of these layers are {in_bytes(size)}, more than the {in_bytes(MOST)} of an answer; "
            "ask for fewer layers, or take smaller pictures.",
            "layers",
        )
    named = [{"name": name, "shape": list(values.shape)} for name, values in outputs.items()]
    header = json.dumps({**document, "outputs": named}, allow_nan=False).encode("ascii")
    header += b" " * (-len(header) % ALIGNED)
    arrays = (np.ascontiguousarray(values, "<f4").ravel().data for values in outputs.values())
    return b"".join([len(header).to_bytes(4, "little"), header, *arrays])
