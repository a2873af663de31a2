"""Rasm reads Arabic text out of images: lines, pages, photographs and PDFs."""

import os

# ONNX Runtime's own builds (1.29 and newer) tell Microsoft which models are run, and keep a number of the machine in ~/.cache, unless
# this is set before it is first imported. Whose pages are read, and when, is nobody else's business
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.8.0"
