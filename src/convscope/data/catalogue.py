"""The data sets that have a name, and where their files are; facts only, nothing is opened here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from .cifar import ARCHIVE
from .subject import CHARACTERS, CLOTHES, DIGITS, PHOTOS, Subject


@dataclass(frozen=True)
class Entry:
    """What is known of a named data set before any of its files is read."""

    name: str
    description: str
    size: tuple[int, int]  # (height, width)
    channels: Literal[1, 3]
    subject: Subject
    classes: tuple[str, ...]
    counts: Mapping[str, int]  # pictures per part
    files: Mapping[str, str] = field(
        default_factory=dict
    )  # file name -> md5; none for what needs no download
    mirrors: tuple[str, ...] = ()  # addresses that end in "/", tried in turn


def catalogue() -> dict[str, Entry]:
    """The named data sets.

    >>> for entry in catalogue().values():
    ...     print(f"{entry.name:14}{entry.description}")
    digits        handwritten digits of scikit-learn, grey 8×8; no download
    mnist         handwritten digits, grey 28×28
    fashion-mnist clothes and shoes, grey 28×28
    kmnist        handwritten Japanese characters (Kuzushiji), grey 28×28
    cifar10       small photos of animals and vehicles, colour 32×32
    """
    return {entry.name: entry for entry in _ENTRIES}


def idx_files(*md5: str) -> dict[str, str]:
    """The four files of MNIST and its relatives: names, with the md5 sums given in this order."""
    return dict(zip(IDX_NAMES, md5, strict=True))


IDX_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

_DIGITS = tuple(str(digit) for digit in range(10))
_CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_KUZUSHIJI = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
_OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_SIXTY_THOUSAND = MappingProxyType({"train": 60_000, "test": 10_000})

_ENTRIES = (
    Entry(
        name="digits",
        description="handwritten digits of scikit-learn, grey 8×8; no download",
        size=(8, 8),
        channels=1,
        subject=DIGITS,
        classes=_DIGITS,
        counts=MappingProxyType({"train": 1_438, "test": 359}),
    ),
    Entry(
        name="mnist",
        description="handwritten digits, grey 28×28",
        size=(28, 28),
        channels=1,
        subject=DIGITS,
        classes=_DIGITS,
        counts=_SIXTY_THOUSAND,
        files=idx_files(
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
    Entry(
        name="fashion-mnist",
        description="clothes and shoes, grey 28×28",
        size=(28, 28),
        channels=1,
        subject=CLOTHES,
        classes=_CLOTHES,
        counts=_SIXTY_THOUSAND,
        files=idx_files(
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        mirrors=(
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
    ),
    Entry(
        name="kmnist",
        description="handwritten Japanese characters (Kuzushiji), grey 28×28",
        size=(28, 28),
        channels=1,
        subject=CHARACTERS,
        classes=_KUZUSHIJI,
        counts=_SIXTY_THOUSAND,
        files=idx_files(
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134",
        ),
        mirrors=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    ),
    Entry(
        name="cifar10",
        description="small photos of animals and vehicles, colour 32×32",
        size=(32, 32),
        channels=3,
        subject=PHOTOS,
        classes=_OBJECTS,
        counts=MappingProxyType({"train": 50_000, "test": 10_000}),
        files=MappingProxyType({ARCHIVE: "c32a1d4ab5d03f1284b67883e8d87530"}),
        mirrors=("https://www.cs.toronto.edu/~kriz/",),
    ),
)
