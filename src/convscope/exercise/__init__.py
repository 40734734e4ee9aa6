"""Worked examples for teaching: made from a seed, solved step by step, and what pupils answer, checked."""

from ..written_pool import Pooling
from .checking import check
from .documents import FORMATS, PARTS, SUFFIXES, render
from .making import Exercise, make
from .problem import Problem
from .reading import read
from .verdict import Answer, Finding, Verdict

__all__ = [
    "make",
    "Exercise",
    "Problem",
    "Pooling",
    "render",
    "FORMATS",
    "PARTS",
    "SUFFIXES",
    "check",
    "read",
    "Verdict",
    "Answer",
    "Finding",
]
