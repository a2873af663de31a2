"""What is found in PDFs after OCRmyPDF with Rasm's plug-in: words, in the right order, by pdftotext and by PDFium (which is Chromium's).

    python -m scripts.ocrmypdf_orders PDF... [--jobs 1]

Beside each NAME.pdf stands its text, NAME.gt.txt. Each PDF is done over as OCRmyPDF can: its own text kept (--skip-text), what it takes
for the text of another OCR replaced (--redo-ocr), all of it drawn and read (--force-ocr). Told are the share of the text's words that are
found in their order (the longest common subsequence), and how many of its longer words PDFium finds when it searches.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
from rapidfuzz.distance import LCSseq

from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.errors import ConfigError, RasmError
from rasm.text.metrics import normalised

MODES = ("--skip-text", "--redo-ocr", "--force-ocr")
_NOT_SEEN = dict.fromkeys(map(ord, "\u00ad\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\x02"))
LONG_WORD = 4  # letters: shorter ones are found in others


@command("python -m scripts.ocrmypdf_orders", __doc__)
@argument("files", "PDFs with their texts beside", nargs=-1, required=True, type=PATH)
@option("--jobs", type=positive, default=1, metavar="N", help="Pages at a time.")
def ocrmypdf_orders(files: Sequence[Path], jobs: int) -> None:
    print("| PDF | option | words | in order, pdftotext | in order, PDFium | searched and found, PDFium |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="rasm-ocrmypdf-") as folder:
        for path in files:
            label = path.with_suffix(".gt.txt")
            if not label.is_file():
                raise ConfigError(f"{path}: its text, {label.name}, does not stand beside it")
            text = label.read_text(encoding="utf-8")
            wanted, long = words(text), sorted({word for word in text.split() if len(word) >= LONG_WORD and word.isalpha()})
            for mode in (None, *MODES):
                made = path if mode is None else done_over(path, mode, Path(folder) / "made.pdf", jobs)
                poppler = subprocess.run(["pdftotext", made, "-"], capture_output=True, text=True, check=True).stdout
                shares = [LCSseq.similarity(wanted, words(found)) / len(wanted) for found in (poppler, by_pdfium(made))]
                shares.append(searched(made, long))
                cells = (path.name, f"`{mode}`" if mode else "as it is", str(len(wanted)), *(f"{share:.1%}" for share in shares))
                print("| " + " | ".join(cells) + " |", flush=True)


def done_over(path: Path, mode: str, made: Path, jobs: int) -> Path:
    """The PDF that OCRmyPDF makes. Raises RasmError where it makes none."""
    options = ["--plugin", "rasm.ocrmypdf", mode, "--output-type", "pdf", "--jobs", str(jobs)]
    done = subprocess.run([sys.executable, "-m", "ocrmypdf", *options, str(path), str(made)], capture_output=True, text=True)
    if done.returncode:
        raise RasmError(f"{path}, {mode}: {(done.stderr.strip().splitlines() or ['no word from it'])[-1]}")
    return made


def words(text: str) -> list[str]:
    """In one form: no presentation forms, no vowel signs, no marks that are not seen."""
    return normalised(unicodedata.normalize("NFKC", text.translate(_NOT_SEEN))).split()


def by_pdfium(path: Path) -> str:
    with pdfium.PdfDocument(path) as file:
        return "\n".join(page.get_textpage().get_text_range() for page in file)


def searched(path: Path, words: Sequence[str]) -> float:
    """The share of these words that PDFium finds."""
    with pdfium.PdfDocument(path) as file:
        texts = [page.get_textpage() for page in file]
        return sum(any(text.search(word).get_next() is not None for text in texts) for word in words) / max(1, len(words))


def main(arguments: Sequence[str] | None = None) -> int:
    return run(ocrmypdf_orders, arguments)


if __name__ == "__main__":
    sys.exit(main())
