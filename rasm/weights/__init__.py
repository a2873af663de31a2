"""The models that come with Rasm: ONNX files with everything inside that is needed to read with them."""

from pathlib import Path

_FOLDER = Path(__file__).parent
#: The model that reads unless another is named.
SHIPPED_MODEL = _FOLDER / "rasm-print.onnx"
#: The language model of beam search: 5-grams of letters, in KenLM's binary form.
LANGUAGE_MODEL = _FOLDER / "arabic-5gram.klm"


def shipped_models() -> list[Path]:
    """The ONNX files of all shipped models, the one that reads first."""
    return [SHIPPED_MODEL, *sorted(p for p in _FOLDER.glob("*.onnx") if p != SHIPPED_MODEL)]
