"""A bundle as an ONNX model: written node by node from its graph, checked by ONNX, run by ONNX Runtime."""
