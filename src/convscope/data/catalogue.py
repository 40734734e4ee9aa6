"""The data sets that have a name, and where their files are; facts only, nothing is opened here."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from . import cifar, emnist
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
    ...     print(f"{entry.name:15}{entry.description}")
    digits         handwritten digits of scikit-learn, grey 8×8; no download
    mnist          handwritten digits, grey 28×28
    fashion-mnist  clothes and shoes, grey 28×28
    kmnist         handwritten Japanese characters (Kuzushiji), grey 28×28
    emnist-letters handwritten letters, capital and small ones together, grey 28×28
    cifar10        small photos of animals and vehicles, colour 32×32
    cifar100       small photos in a hundred classes, colour 32×32
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
#: As fine_label_names.txt in the archive has them.
_FINE_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard
lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear
pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal
shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank
telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
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
        name="emnist-letters",
        description="handwritten letters, capital and small ones together, grey 28×28",
        size=(28, 28),
        channels=1,
        subject=CHARACTERS,
        classes=tuple(string.ascii_lowercase),
        counts=MappingProxyType({"train": 124_800, "test": 20_800}),
        files=MappingProxyType({emnist.ARCHIVE: "58c8d27c78d21e728a6bc7b3cc06412e"}),
        mirrors=(
            "https://biometrics.nist.gov/cs_links/EMNIST/",
            "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
        ),
    ),
    Entry(
        name="cifar10",
        description="small photos of animals and vehicles, colour 32×32",
        size=(32, 32),
        channels=3,
        subject=PHOTOS,
        classes=_OBJECTS,
        counts=MappingProxyType({"train": 50_000, "test": 10_000}),
        files=MappingProxyType({cifar.CIFAR10.archive: "c32a1d4ab5d03f1284b67883e8d87530"}),
        mirrors=("https://www.cs.toronto.edu/~kriz/",),
    ),
    Entry(
        name="cifar100",
        description="small photos in a hundred classes, colour 32×32",
        size=(32, 32),
        channels=3,
        subject=PHOTOS,
        classes=tuple(_FINE_NAMES.split()),
        counts=MappingProxyType({"train": 50_000, "test": 10_000}),
        files=MappingProxyType({cifar.CIFAR100.archive: "03b5dce01913d631647c71ecec9e9cb8"}),
        mirrors=("https://www.cs.toronto.edu/~kriz/",),
    ),
)
