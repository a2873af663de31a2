"""A few hundred mutated files and spoilt pages through decoding and finding lines; ``scripts/fuzz_decode.py`` runs as many as one likes."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from rasm.errors import ImageError
from rasm.image import Pixels
from scripts import fuzz_decode
from scripts.fuzz_decode import kind_of, mutated, pictures, read, read_page, spoilt_pages

CODES = {"read", *(kind.code for kind in ImageError.__subclasses__())}
a_few = settings(max_examples=150, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@a_few
@given(mutated())
def test_a_spoilt_file_is_read_or_refused_by_name(data: bytes) -> None:
    assert read(data) in CODES


@settings(a_few, max_examples=60)
@given(spoilt_pages())
def test_lines_are_looked_for_in_whatever_a_page_may_be(image: Pixels) -> None:
    assert read_page(image) in ("text", "no text")


def test_the_pictures_are_sound_before_they_are_spoilt() -> None:
    outcomes = [read(data) for data in pictures()]
    # three have several pages and are no lines, one has a password
    assert Counter(outcomes) == {"read": len(outcomes) - 4, "several_pages": 3, "encrypted_document": 1}
    assert {kind_of(data) for data in pictures()} == {"PDF", "TIFF", "image"}


@pytest.mark.parametrize(("grown_mb", "code"), [(10, 0), (100, 1)])
def test_it_counts_what_it_ran_and_fails_when_memory_has_grown(
    grown_mb: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    peaks = iter((100.0, 100.0 + grown_mb, 100.0 + grown_mb))
    monkeypatch.setattr(fuzz_decode, "peak_mb", lambda: next(peaks))
    assert fuzz_decode.main(["--examples", "5"]) == code
    assert "5 images" in capsys.readouterr().out


def test_a_run_goes_on_after_what_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends as one that was never interrupted."""
    monkeypatch.setattr(fuzz_decode, "ROUND", 3)
    assert fuzz_decode.main(["--examples", "6", "--record", str(tmp_path / "whole")]) == 0
    whole = capsys.readouterr().out.splitlines()[0]
    assert fuzz_decode.main(["--examples", "3", "--record", str(tmp_path / "parts")]) == 0
    assert "3 images" in capsys.readouterr().out
    [told] = [json.loads(line) for line in (tmp_path / "parts").read_text().splitlines()]
    assert sum(told["became"].values()) == 3 and told["resident_mb"] > 10
    for _ in range(2):  # the second has nothing left to do
        assert fuzz_decode.main(["--examples", "6", "--record", str(tmp_path / "parts")]) == 0
        assert sorted(capsys.readouterr().out.splitlines()[0].split(", ")) == sorted(whole.split(", "))
