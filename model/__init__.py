"""Rasm's recogniser: the steps from an image to its text, one step a file.

Reading needs ``errors``, ``charset``, ``text``, ``image``, ``ctc`` and ``recognizer`` (NumPy, OpenCV, Pillow,
ONNX Runtime). Training adds ``config``, ``crnn``, ``data``, ``augment`` (PyTorch) and ``synth`` (text rendering).
"""

__version__ = "0.1.0"
