"""What readers of PDFs find in searchable ones: Rasm's, Tesseract's and OCRmyPDF's of the same pictures, each by four readers.

    python -m scripts.searchable_pdfs PAGE.png ...

Each engine's PDF is held against the text that the same engine gives besides, so errors of reading do not count. Told are the share of
words that are found in their order (the longest common subsequence), and the share of lines that are found whole. Marks of directions,
which are not seen, are left out.

Readers: pdftotext (Poppler), PDFium, pypdf, pdfminer.six. Needs the two packages; engines and readers that are not there are left out.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import pypdfium2 as pdfium

from rasm.command_line import PATH, argument, command, run

_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))
_LANGUAGES = "ara+eng"
_DPI = "200"

Made = tuple[bytes, str]
"""A searchable PDF, and the text that its maker gives besides."""


@command("python -m scripts.searchable_pdfs", __doc__)
@argument("pictures", "pictures of pages", nargs=-1, required=True, type=PATH)
def searchable_pdfs(pictures: Sequence[Path]) -> None:
    print(f"{'':12}" + "".join(f"{name:>24}" for name in READERS))
    for name, make in ENGINES.items():
        if name != "Rasm" and not shutil.which(name.lower()):
            continue
        made = [make(picture) for picture in pictures]
        shares = [_shares(made, extract) for extract in READERS.values()]
        print(f"{name:12}" + "".join(f"{words:>14.1%}, {lines:>6.1%}  " for words, lines in shares))
    print("of each: words in order, lines whole")


def _shares(made: Sequence[Made], extract: Callable[[bytes], str]) -> tuple[float, float]:
    """Of words found in their order, and of lines found whole."""
    words = in_order = lines = whole = 0
    for data, text in made:
        wanted, found = lines_of(text), lines_of(extract(data))
        a, b = " ".join(wanted).split(), " ".join(found).split()
        in_order += sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
        words += len(a)
        whole += sum(line in found for line in wanted)
        lines += len(wanted)
    return in_order / max(1, words), whole / max(1, lines)


def lines_of(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text.translate(_MARKS)).replace("\r", "\n").replace("\f", "\n")
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _rasm(picture: Path) -> Made:
    import rasm
    from rasm.formats.searchable_pdf import searchable_pdf
    from rasm.pages.files import open_pages

    document = rasm.read(picture)
    with open_pages(picture.read_bytes()) as file:
        data = searchable_pdf(document, [file.image(i) for i in range(file.count)])
    return data, "\n".join(line.text for page in document.pages for line in page.lines)


def _tesseract(picture: Path) -> Made:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["tesseract", str(picture), str(out), "-l", _LANGUAGES, "--dpi", _DPI, "pdf", "txt"]
        subprocess.run(command, check=True, capture_output=True)
        return out.with_suffix(".pdf").read_bytes(), out.with_suffix(".txt").read_text(encoding="utf-8")


def _ocrmypdf(picture: Path) -> Made:
    with tempfile.TemporaryDirectory() as folder:
        out, text = Path(folder) / "out.pdf", Path(folder) / "out.txt"
        options = ["--image-dpi", _DPI, "--output-type", "pdf", "--sidecar", str(text), "-l", _LANGUAGES, "--optimize", "0"]
        subprocess.run(["ocrmypdf", *options, str(picture), str(out)], check=True, capture_output=True)
        return out.read_bytes(), text.read_text(encoding="utf-8")


def _pdftotext(data: bytes) -> str:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        return subprocess.run(["pdftotext", file.name, "-"], check=True, capture_output=True, encoding="utf-8").stdout


def _pdfium(data: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(data))


def _pypdf(data: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def _pdfminer(data: bytes) -> str:
    from pdfminer.high_level import extract_text

    return extract_text(io.BytesIO(data))


ENGINES: dict[str, Callable[[Path], Made]] = {"Rasm": _rasm, "Tesseract": _tesseract, "OCRmyPDF": _ocrmypdf}
READERS: dict[str, Callable[[bytes], str]] = {"pdftotext": _pdftotext, "PDFium": _pdfium, "pypdf": _pypdf, "pdfminer.six": _pdfminer}


def main(arguments: Sequence[str] | None = None) -> int:
    return run(searchable_pdfs, arguments)


if __name__ == "__main__":
    sys.exit(main())
