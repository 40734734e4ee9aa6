"""Data sets: named ones, folders of pictures, signals, and the one way each becomes a network's input.

source = open_source("mnist")
preprocessing = source.default_preprocessing()
dataset = load(source, preprocessing)
preprocessing = preprocessing.with_statistics(dataset.train.images)
batch = preprocessing.batch(dataset.train.images[:64])  # float32 (64, 1, 28, 28)
"""

from .arrays import ArrayPreprocessing
from .catalogue import Entry, catalogue
from .dataset import Dataset, Split
from .input_preprocessing import InputPreprocessing, preprocessing_of
from .loading import load
from .opening import open_source
from .pictures import read_picture
from .preprocessing import Preprocessing
from .signal_source import SignalSource
from .source import Part, Progress, Source
from .stored import StoredFile

__all__ = [
    "open_source",
    "load",
    "catalogue",
    "read_picture",
    "Preprocessing",
    "ArrayPreprocessing",
    "InputPreprocessing",
    "preprocessing_of",
    "Dataset",
    "Split",
    "Source",
    "SignalSource",
    "Part",
    "Entry",
    "Progress",
    "StoredFile",
]
