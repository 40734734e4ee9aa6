"""A trained network in other forms (ONNX, a PyTorch program, C), each compared with the bundle; its card."""
