"""The models that come with Rasm: ONNX files with everything inside that is needed to read with them."""

import os
from pathlib import Path

from rasm.errors import ModelFileError

_FOLDER = Path(__file__).parent
#: The model that reads unless another is named.
SHIPPED_MODEL = _FOLDER / "rasm-print.onnx"
#: The language model of beam search: 5-grams of letters, in KenLM's binary form.
LANGUAGE_MODEL = _FOLDER / "arabic-5gram.klm"
#: What finds lines, blocks and columns on pages.
FINDER = _FOLDER / "finder" / "rasm-finder.onnx"
#: What each model is for, by name.
PURPOSES = {
    "rasm-print": "Arabic print: books, journals, papers",
    "rasm-synthetic": "has seen rendered lines alone: to train on from, or where the licences of scans matter",
}


def shipped_models() -> list[Path]:
    """The ONNX files of all shipped models, the one that reads first."""
    return [SHIPPED_MODEL, *sorted(p for p in _FOLDER.glob("*.onnx") if p != SHIPPED_MODEL)]


def find(model: str | os.PathLike[str]) -> Path:
    """The file of a shipped model, by its name, or of any other, by its path. Raises ModelFileError where there is none."""
    path = Path(model)
    if path.is_file():
        return path
    named = {shipped.stem: shipped for shipped in shipped_models()}
    if str(model) in named:
        return named[str(model)]
    raise ModelFileError(f"{model}: no such model file, nor a model that comes with Rasm ({', '.join(named)})")
