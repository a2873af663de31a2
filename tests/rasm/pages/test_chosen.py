"""Pages by their numbers: what may be asked for, and that the library and the command give those pages under their own numbers."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

import rasm
from rasm import cli
from rasm.errors import ConfigError, NoSuchPage
from rasm.formats import write
from rasm.pages.chosen import Chosen, spelled
from tests.backend.documents import PAGE, paper, saved
from tests.serving import TINY_MODEL


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (None, [1, 2, 3, 4, 5, 6, 7]),
        ("", [1, 2, 3, 4, 5, 6, 7]),
        ("  ", [1, 2, 3, 4, 5, 6, 7]),
        ("3", [3]),
        ("1-3,7", [1, 2, 3, 7]),
        (" 1 - 3 , 7 ", [1, 2, 3, 7]),
        ("5-", [5, 6, 7]),
        ("7-", [7]),
        ("6,2-3,2,1-2", [1, 2, 3, 6]),
        ("١-٣,٧", [1, 2, 3, 7]),
        ([7, 1, 7], [1, 7]),
        (range(2, 4), [2, 3]),
    ],
)
def test_what_is_asked_for_in_the_order_of_the_file(asked: str | Iterable[int] | None, numbers: list[int]) -> None:
    chosen = Chosen(asked).of(7)
    assert [index + 1 for index in chosen] == numbers
    assert [index + 1 for index in Chosen(spelled(chosen)).of(7)] == numbers


@pytest.mark.parametrize(
    "asked", ["0", "0-2", "3-1", "-3", "1,,2", "1,", ",", "a", "1-2-3", "1.5", "1;2", "--", "9" * 10, [], [0], [-1], ["1"]]
)
def test_what_is_no_list_of_pages(asked: str | Iterable[int]) -> None:
    with pytest.raises(ConfigError, match=r"^pages: "):
        Chosen(asked)


@pytest.mark.parametrize(("asked", "beyond"), [("8", 8), ("1-8", 8), ("9-", 9), ("1,999999999", 999_999_999), ([8], 8)])
def test_pages_that_the_file_does_not_have(asked: str | Iterable[int], beyond: int) -> None:
    with pytest.raises(NoSuchPage, match=f"^the file has 7 pages; page {beyond} was asked for$"):
        Chosen(asked).of(7)


def test_an_enormous_range_takes_no_time() -> None:
    with pytest.raises(NoSuchPage):
        Chosen("1-999999999").of(7)


@pytest.fixture(scope="module")
def book() -> bytes:
    """Its pages differ in their numbers of lines, and so in their sizes."""
    return saved("PDF", *[paper(n) for n in (1, 2, 3, 4, 5)])


def sizes(pages: Iterable[rasm.Page | rasm.PageError]) -> dict[int, int]:
    return {page.number: page.height_px for page in pages if isinstance(page, rasm.Page)}


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_the_library_reads_them_under_their_own_numbers(kind: str) -> None:
    data = saved(kind, *[paper(n) for n in (1, 2, 3, 4, 5)])
    reader = rasm.Reader(TINY_MODEL, threads=1)
    every = sizes(reader.read(data).pages)
    assert len(set(every.values())) == 5
    document = reader.read(data, pages="4-,2")
    assert sizes(document.pages) == {number: every[number] for number in (2, 4, 5)}
    assert sizes(reader.pages(data, pages=[3])) == {3: every[3]}
    assert [page["number"] for page in json.loads(write(document, "json"))["pages"]] == [2, 4, 5]
    for written in (write(document, "alto"), write(document, "hocr")):
        assert [f'"page_{n}"' in written for n in range(1, 6)] == [False, True, False, True, True]
    with pytest.raises(NoSuchPage):
        reader.read(data, pages="6")
    assert rasm.read(PAGE, model=TINY_MODEL, pages="1").pages[0].number == 1
    with pytest.raises(NoSuchPage, match="the file has 1 page; page 2"):
        rasm.read(PAGE, model=TINY_MODEL, pages="1-2")


def read(*words: str) -> int:
    return cli.main(["read", "--model", str(TINY_MODEL), "--threads", "1", "--quiet", "--least-confidence", "0", *words])


def test_the_command_reads_them(book: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.pdf").write_bytes(book)
    path, out = str(tmp_path / "book.pdf"), tmp_path / "out"
    assert read(path, "--pages", "2,5", "--format", "json") == 0
    assert [page["number"] for page in json.loads(capsys.readouterr().out)["pages"]] == [2, 5]
    assert read(path, "--pages", "4", "--format", "page") == 0  # one page's PAGE XML is a file, whatever the book has
    assert capsys.readouterr().out.startswith("<?xml")
    assert read(path, "--pages", "4-", "--format", "page", "json", "--out", str(out)) == 0
    assert sorted(file.name for file in (out / "book.page.xml").iterdir()) == ["0004.xml", "0005.xml"]
    assert [page["number"] for page in json.loads((out / "book.json").read_bytes())["pages"]] == [4, 5]
    capsys.readouterr()
    assert read(path, "--pages", "3-1") == 2
    assert capsys.readouterr().err == "rasm read: error: pages: 3-1 ends before it begins\n"
    assert read(path, "--pages", "6") == 1
    assert capsys.readouterr().err.endswith("book.pdf: the file has 5 pages; page 6 was asked for\n")


def test_a_searchable_pdf_keeps_the_other_pages(book: bytes, tmp_path: Path) -> None:
    import pypdfium2 as pdfium

    (tmp_path / "book.pdf").write_bytes(book)
    assert read(str(tmp_path / "book.pdf"), "--pages", "2", "--format", "pdf", "--out", str(tmp_path / "out")) == 0
    pdf = pdfium.PdfDocument(tmp_path / "out" / "book.pdf")
    assert [bool(page.get_textpage().get_text_bounded().strip()) for page in pdf] == [False, True, False, False, False]


def test_other_pages_are_not_gone_on_with(book: bytes, tmp_path: Path) -> None:
    """What was begun with some pages is no beginning of others."""
    from rasm import batch, results
    from rasm.workers import Opening, Workers

    (tmp_path / "book.pdf").write_bytes(book)
    [item] = batch.find_inputs([tmp_path / "book.pdf"], tmp_path / "out")
    output = results.Output(tmp_path / "out", ("json",))
    settings = results.Settings(pages="1-3", quiet=True)
    with Workers(Opening(str(TINY_MODEL), 1, 0.7), 1) as workers:
        with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(results, "read_page", _stops_after(2))
            batch.read_files([item], workers, settings, output)
        assert batch.read_files([item], workers, results.Settings(pages="2-4", quiet=True), output) == 0
    assert [page["number"] for page in json.loads((tmp_path / "out" / "book.json").read_bytes())["pages"]] == [2, 3, 4]


def _stops_after(most: int) -> object:
    from rasm.results import read_page as original

    seen = []

    def read_page(*arguments: object) -> object:
        seen.append(arguments)
        if len(seen) > most:
            raise KeyboardInterrupt
        return original(*arguments)  # type: ignore[arg-type]

    return read_page
