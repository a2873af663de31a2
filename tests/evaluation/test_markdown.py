"""KITAB-Bench's marks: TEDS of tables and chrF of texts, on values that are known; and the command that prints them."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from evaluation.__main__ import main
from evaluation.markdown import Label, labels, marks, normal, plain, table_mark
from evaluation.teds import prepared, teds
from rasm.errors import ConfigError, DatasetError


def table(*rows: str) -> str:
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def cells(*texts: str, tag: str = "td") -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


TWO_BY_TWO = table(cells("أ", "ب"), cells("ج", "د"))  # tbody, 2 tr and 4 td: 7 nodes beneath it


@pytest.mark.parametrize(
    ("other", "mark"),
    [
        (TWO_BY_TWO, 1.0),
        (table(cells("أ", "ب"), cells("ج")), 1 - 1 / 7),  # a cell is missing
        (table(cells("أ", "ب")), 1 - 3 / 7),  # and a row with its cells
        (table(cells("أ", "ب"), '<td colspan="2">ج</td>'), 1 - 2 / 7),  # one cell of other spans, and one that is missing
        (table(cells("أ", "ب", tag="th"), cells("ج", "د")), 1 - 2 / 7),  # heads are other nodes, whatever their texts
        (table(cells("س", "ب"), cells("ج", "د")), 1 - (1 / 10) / 7),  # one sign of ten: a line's end and four spaces, it, and four more
        (table(cells("", "ب"), cells("ج", "د")), 1 - (9 / 10) / 7),  # an empty cell has a line's end alone
        (table(cells("أ", "ب"), cells("ج", "د"), cells("", "")), 1 - 3 / 10),
    ],
)
def test_teds_of_known_tables(other: str, mark: float) -> None:
    assert teds(TWO_BY_TWO, other) == pytest.approx(mark) == teds(other, TWO_BY_TWO)


def test_teds_of_the_structure_alone() -> None:
    assert teds(TWO_BY_TWO, table(cells("س", ""), cells("أ", "ب")), structure_only=True) == 1.0
    assert teds(TWO_BY_TWO, table(cells("س", "")), structure_only=True) == pytest.approx(1 - 3 / 7)


def test_texts_of_heads_do_not_count() -> None:
    first, second = (table(cells(*texts, tag="th"), cells("1")) for texts in (("أ", "ب"), ("س", "ص")))
    assert teds(first, second) == 1.0


def test_tables_are_prepared_as_the_benchmark_does() -> None:
    given = '<table border="1"><caption>ع</caption><tfoot><tr><td>٣</td></tr></tfoot><tbody><tr><td><b>٢</b></td></tr></tbody>'
    given += "<thead><tr><th>١</th></tr></thead></table>"
    found = prepared(given)
    assert [[(c.name, "".join(c.stripped_strings)) for c in row.find_all(["td", "th"])] for row in found.find_all("tr")] == [
        [("th", "1")],
        [("td", "2")],
        [("td", "3")],
    ]
    assert {tag.name for tag in found.find_all()} == {"tbody", "tr", "th", "td"}


def test_texts_are_made_alike() -> None:
    assert normal("أُحِبُّ الـعـربيّـة\n<image> إلى  آخرها") == "احب العربيه الي اخرها"
    assert plain(f"# عنوان\n\n{TWO_BY_TWO}\n\nنص") == "# عنوان نص"


def test_of_a_documents_tables_each_has_its_likest() -> None:
    other = table(cells("أ", "ب"))
    assert table_mark(f"{TWO_BY_TWO} {other}", f"{other} x {TWO_BY_TWO}") == 100
    assert table_mark(f"{TWO_BY_TWO} {other}", TWO_BY_TWO) == pytest.approx(100 * (1 + 4 / 7) / 2)
    assert table_mark(TWO_BY_TWO, "no table") == 0 and table_mark("no table", TWO_BY_TWO) is None


def test_documents_without_tables_count_for_text_alone() -> None:
    given = [Label("a", Path("a.pdf"), "نص قصير"), Label("b", Path("b.pdf"), TWO_BY_TWO)]
    whole = marks(given, ["نص قصير", TWO_BY_TWO])
    assert (whole.chrf, whole.teds, whole.mean) == (pytest.approx(100), 100, pytest.approx(100))
    half = marks(given, ["نص قصير", ""])
    assert (half.teds, half.mean) == (0, pytest.approx(50)) and [name for name, _, _ in half.by_document] == ["a", "b"]
    assert marks(given[:1], ["نص"]).mean is None


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = pdfium.PdfDocument.new()
    document.new_page(200, 200)
    document.save(tmp_path / "a.pdf")
    (tmp_path / "a.md").write_text("# كتاب", encoding="utf-8")
    (tmp_path / "without-a-pdf.md").write_text("x", encoding="utf-8")
    assert main([str(tmp_path), "--task", "kitab-markdown", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["rasm"]
    assert said["pages"] == 1 and said["teds"] is None and [d["name"] for d in said["by_document"]] == ["a"]
    assert main([str(tmp_path), "--task", "kitab-markdown"]) == 0
    assert "seconds a page" in capsys.readouterr().out


def test_what_cannot_be_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DatasetError, match=r"no PDF with a label NAME.md"):
        labels([tmp_path])
    with pytest.raises(ConfigError, match="no such folder"):
        labels([tmp_path / "x"])
    assert main([str(tmp_path), "--task", "kitab-markdown", "--engine", "predictions", "x.tsv"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
