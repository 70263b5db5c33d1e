"""ONNX files run by torch: the same weights on a GPU as onnxruntime runs on a CPU."""
