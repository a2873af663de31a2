"""The folder of pairs that most tests begin with."""

from pathlib import Path

import pytest

from tests.model.preprocess.pairs import add, line_image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two books of five lines."""
    for book in ("first", "second"):
        for i in range(5):
            add(tmp_path / "books" / book, f"line_{i}", f"سطر {i} من كتاب", line_image(200 + 10 * i))
    return tmp_path / "books"
