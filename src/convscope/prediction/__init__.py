"""What a network says of pictures, or signals, as people give them."""

from .inputs import Picture, Unreadable, inputs_in, with_path
from .predicting import predicted, predictions
from .prediction import Prediction

__all__ = ["Picture", "Prediction", "Unreadable", "inputs_in", "predicted", "predictions", "with_path"]
