"""The shipped model reads lines that Rasm rendered and spoilt itself, to the letter: by hand and through the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.image import decode
from model.recognizer import Recognizer

GOLDEN = Path(__file__).parent / "golden"
SHIPPED = Path(__file__).parent.parent / "model" / "weights" / "rasm-print.onnx"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.png"))


def truth(name: str) -> str:
    return (GOLDEN / f"{name}.gt.txt").read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(SHIPPED, threads=1)


def test_there_are_golden_lines() -> None:
    assert len(NAMES) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_model_reads_it(recognizer: Recognizer, name: str) -> None:
    (reading,) = recognizer.read([decode((GOLDEN / f"{name}.png").read_bytes())])
    assert reading.text == truth(name)
    assert reading.confidence > 0.8
    assert "".join(c.text for c in reading.characters).strip() == reading.text


def test_all_at_once_and_in_order(recognizer: Recognizer) -> None:
    readings = recognizer.read([decode((GOLDEN / f"{name}.png").read_bytes()) for name in NAMES])
    assert [r.text for r in readings] == [truth(name) for name in NAMES]
