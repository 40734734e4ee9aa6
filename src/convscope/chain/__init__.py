"""What follows a convolution, stage by stage: relu | batch-norm | max:2 | flatten | linear:1 0 | softmax."""

from .stage import Number, Stage
from .way import Passage, apply, way
from .written import written_chain

__all__ = ["Number", "Passage", "Stage", "apply", "way", "written_chain"]
