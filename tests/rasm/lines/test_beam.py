"""Beam search: agrees with the best path where that is sure, and lets the language model decide where it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from rasm.errors import ModelFileError
from rasm.image import decode
from rasm.lines.ctc import best_path
from rasm.lines.recognizer import Recognizer
from rasm.text.bidi import to_visual
from rasm.text.charset import BLANK, DEFAULT_CHARSET
from tests.paths import GOLDEN, SHIPPED

pytest.importorskip("flashlight.lib.text.decoder.kenlm", reason="flashlight-text has no wheel for this Python")
from rasm.lines.beam import BeamSearch

CLASSES = DEFAULT_CHARSET.classes


def scores(*rows: dict[int, float]) -> np.ndarray:
    """(1, steps, classes) log-probabilities: each row's classes with their probabilities, the rest shared out."""
    out = np.full((1, len(rows), CLASSES), 1e-6, np.float32)
    for step, row in enumerate(rows):
        for c, p in row.items():
            out[0, step, c] = p
    return np.log(out / out.sum(axis=2, keepdims=True))


def spelled(text: str, sure: float = 0.99) -> list[dict[int, float]]:
    """A step for each sign of a text as drawn, and a blank after each."""
    rows: list[dict[int, float]] = []
    for c in to_visual(text):
        rows += [{DEFAULT_CHARSET.index[c]: sure, BLANK: 1 - sure}, {BLANK: 0.999}]
    return rows


@pytest.fixture(scope="module")
def search() -> BeamSearch:
    return BeamSearch(DEFAULT_CHARSET)


def test_where_the_network_is_sure_both_read_the_same(search: BeamSearch) -> None:
    for text in ("قال الله تعالى ممن", "( ١٢٣ ) ص 45", "Oxford", "a_b  c"):
        sure = scores(*spelled(text))
        (found,), (expected,) = search(sure, [sure.shape[1]]), best_path(sure, [sure.shape[1]])
        assert found.classes == expected.classes and found.steps == expected.steps
        assert np.allclose(found.probabilities, expected.probabilities, atol=1e-4)


def test_the_language_model_decides_where_it_is_not(search: BeamSearch) -> None:
    rows = spelled("في هذا الكتاب من العلم")
    visual = to_visual("في هذا الكتاب من العلم")
    right, wrong = DEFAULT_CHARSET.index["ت"], DEFAULT_CHARSET.index["ث"]
    rows[2 * visual.index("ت")] = {right: 0.45, wrong: 0.55}
    unsure = scores(*rows)
    (found,), (greedy,) = search(unsure, [unsure.shape[1]]), best_path(unsure, [unsure.shape[1]])
    assert DEFAULT_CHARSET.decode(greedy.classes) == "في هذا الكثاب من العلم"
    assert DEFAULT_CHARSET.decode(found.classes) == "في هذا الكتاب من العلم"
    assert 0.4 < min(found.probabilities) < 0.5, "confidence is the network's, not the language model's"


def test_lines_are_decoded_up_to_their_lengths_and_by_themselves(search: BeamSearch) -> None:
    long, short = scores(*spelled("العلم نور")), scores(*spelled("نور"))
    padded = np.concatenate([short, scores(*[{5: 0.9}] * (long.shape[1] - short.shape[1]))], 1)
    together = search(np.concatenate([long, padded]), [long.shape[1], short.shape[1]])
    assert [DEFAULT_CHARSET.decode(d.classes) for d in together] == ["العلم نور", "نور"]
    assert search(long, [0])[0].classes == []
    assert search(scores(*[{BLANK: 0.9999}] * 6), [6])[0].classes == []


def test_a_missing_language_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such language model"):
        BeamSearch(DEFAULT_CHARSET, tmp_path / "none.klm")
    (tmp_path / "broken.klm").write_bytes(b"not a model")
    with pytest.raises(ModelFileError, match="not a language model"):
        BeamSearch(DEFAULT_CHARSET, tmp_path / "broken.klm")


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flashlight.lib.text.decoder", None)
    with pytest.raises(ModelFileError, match="pip install flashlight-text"):
        BeamSearch(DEFAULT_CHARSET)


def test_a_sign_that_lasts_is_one_and_as_sure_as_at_its_surest(search: BeamSearch) -> None:
    """Its place is that step, too."""
    sign = DEFAULT_CHARSET.index["م"]
    rows = [{BLANK: 0.99}, {sign: 0.7, BLANK: 0.3}, {sign: 0.95, BLANK: 0.05}, {sign: 0.8, BLANK: 0.2}, {BLANK: 0.99}]
    (found,) = search(scores(*rows), [len(rows)])
    assert found.classes == [sign] and found.steps == [2] and found.probabilities == [pytest.approx(0.95, abs=0.01)]


def test_the_recogniser_reads_with_it() -> None:
    line = decode((GOLDEN / "prose.png").read_bytes())
    (beam,) = Recognizer(SHIPPED, threads=1, decoder="beam").read([line])
    assert beam.text == (GOLDEN / "prose.gt.txt").read_text(encoding="utf-8").strip()
