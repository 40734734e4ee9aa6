"""Data sets: named ones, folders of pictures, and the one way a picture becomes a network's input.

source = open_source("mnist")
preprocessing = source.default_preprocessing()
dataset = load(source, preprocessing)
preprocessing = with_statistics(preprocessing, dataset.train.images)
batch = preprocessing.batch(dataset.train.images[:64])  # float32 (64, 1, 28, 28)
"""

from .catalogue import Entry, catalogue
from .dataset import Dataset, Split
from .loading import load
from .opening import open_source
from .pictures import read_picture
from .preprocessing import Preprocessing, with_statistics
from .source import Part, Progress, Source
from .stored import StoredFile

__all__ = [
    "open_source",
    "load",
    "catalogue",
    "read_picture",
    "Preprocessing",
    "with_statistics",
    "Dataset",
    "Split",
    "Source",
    "Part",
    "Entry",
    "Progress",
    "StoredFile",
]
