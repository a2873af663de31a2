"""The shipped model reads lines that Rasm rendered and spoilt itself, to the letter: by hand and through the service."""

from __future__ import annotations

import json

import pytest

from rasm.image import decode
from rasm.lines.recognizer import Recognizer
from tests.paths import GOLDEN, ROOT, SHIPPED

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
    assert "".join(c.text for c in reading.signs).strip() == reading.text


def test_the_schema_shows_a_real_reply(recognizer: Recognizer) -> None:
    schema = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    (example,) = schema["components"]["schemas"]["OcrReply"]["examples"]
    shown = example["results"][0]
    image = decode((GOLDEN / shown["name"]).read_bytes())
    (reading,) = recognizer.read([image])
    assert (shown["height_px"], shown["width_px"]) == image.shape[:2]
    assert shown["text"] == reading.text
    assert shown["confidence"] == pytest.approx(reading.confidence, abs=0.01)
    assert example["model"] == {"name": recognizer.info.name, "version": recognizer.info.version}


def test_all_at_once_and_in_order(recognizer: Recognizer) -> None:
    readings = recognizer.read([decode((GOLDEN / f"{name}.png").read_bytes()) for name in NAMES])
    assert [r.text for r in readings] == [truth(name) for name in NAMES]
