"""A few hundred mutated images through the decoder and the transform; ``scripts/fuzz_decode.py`` runs as many as one likes."""

from hypothesis import HealthCheck, given, settings

from model.errors import ImageError
from scripts.fuzz_decode import mutated, pictures, read

CODES = {"read", *(kind.code for kind in ImageError.__subclasses__())}


@settings(max_examples=300, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_a_spoilt_picture_is_read_or_refused_by_name(data: bytes) -> None:
    assert read(data) in CODES


def test_the_pictures_are_sound_before_they_are_spoilt() -> None:
    assert [read(data) for data in pictures()].count("read") == len(pictures()) - 2  # and two have several pages
