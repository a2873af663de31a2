"""The plug-in of OCRmyPDF: what it does with PDFs, Rasm's text in them, found in the right order by two readers."""

from __future__ import annotations

import io
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image

from tests.paper import golden_text, nearly
from tests.paths import GOLDEN, ROOT
from tests.pdfs import typeset

pytest.importorskip("ocrmypdf", reason="needs OCRmyPDF: pip install 'rasm-ocr[ocrmypdf]'")
NAMES = ("prose", "figures")
DPI = 200
pytestmark = pytest.mark.skipif(not shutil.which("tesseract"), reason="OCRmyPDF asks for tesseract, whichever engine reads")


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A page of two lines."""
    lines = [Image.open(GOLDEN / f"{name}.png").convert("L") for name in NAMES]
    page = Image.new("L", (max(line.width for line in lines) + 300, 1100), 255)
    for k, line in enumerate(lines):
        page.paste(line, (page.width - 150 - line.width, 200 + 140 * k))
    return page


def pdf(path: Path, *pages: Image.Image) -> Path:
    pages[0].save(path, "PDF", resolution=DPI, save_all=True, append_images=pages[1:])
    return path


def ocrmypdf(source: Path, *options: str) -> tuple[Path, str]:
    """The PDF that it makes, and what it says."""
    made = source.with_name("made.pdf")
    command = [sys.executable, "-m", "ocrmypdf", "--jobs", "1", "--output-type", "pdf", "--optimize", "0", *options, source, made]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    return made, done.stderr


def by_pdfium(path: Path) -> list[str]:
    """A page's lines; the marks that are not seen are no text."""
    with pdfium.PdfDocument(path) as file:
        texts = [page.get_textpage().get_text_range() for page in file]
    return [line.strip() for text in texts for line in _plain(text).splitlines() if line.strip()]


def by_poppler(path: Path) -> list[str]:
    said = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    return [line.strip() for line in _plain(said).splitlines() if line.strip()]


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign not in "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\f")


def searched(path: Path, words: str) -> bool:
    """Whether PDFium, which is Chromium's, finds them."""
    with pdfium.PdfDocument(path) as file:
        return any(page.get_textpage().search(words).get_next() is not None for page in file)


def test_a_scan_gains_its_text_in_the_order_in_which_it_is_typed(tmp_path: Path, picture: Image.Image) -> None:
    made, _ = ocrmypdf(pdf(tmp_path / "scan.pdf", picture), "--plugin", "rasm.ocrmypdf", "--sidecar", str(tmp_path / "text.txt"))
    wanted = [golden_text(name) for name in NAMES]
    assert nearly(by_pdfium(made), wanted)
    assert all(searched(made, word) for text in wanted for word in text.split() if word.isalpha())
    if shutil.which("pdftotext"):
        assert nearly([" ".join(by_poppler(made))], [" ".join(wanted)], 2 * len(wanted))  # which takes a gap for two lines
    assert nearly([line for line in (tmp_path / "text.txt").read_text(encoding="utf-8").splitlines() if line.strip()], wanted)
    with pdfium.PdfDocument(made) as file:
        seen = file[0].render(scale=DPI / 72, grayscale=True).to_pil().resize((60, 60))
        assert "Rasm" in file.get_metadata_value("Creator")
    shown = picture.resize((60, 60))
    assert sum(abs(a - b) for a, b in zip(seen.tobytes(), shown.tobytes())) / 3600 < 3  # of 255: the page looks as before


def test_the_text_stands_where_it_is_seen(tmp_path: Path, picture: Image.Image) -> None:
    made, _ = ocrmypdf(pdf(tmp_path / "scan.pdf", picture), "--plugin", "rasm.ocrmypdf")
    with pdfium.PdfDocument(made) as file:
        page, text = file[0], file[0].get_textpage()
        for k, name in enumerate(NAMES):
            found = text.search(" ".join(golden_text(name).split()[:2])).get_next()
            assert found is not None
            _, bottom, right, top = text.get_charbox(found[0])
            middle_px = (page.get_height() - (bottom + top) / 2) * DPI / 72
            assert 200 + 140 * k - 10 < middle_px < 200 + 140 * k + 100 and right * DPI / 72 < picture.width


def test_what_has_text_is_skipped_or_redone(tmp_path: Path, picture: Image.Image) -> None:
    made, _ = ocrmypdf(pdf(tmp_path / "scan.pdf", picture), "--plugin", "rasm.ocrmypdf.choice", "--ocr-engine", "rasm")
    first = by_pdfium(made)
    source = made.rename(tmp_path / "with-text.pdf")
    for option in ("--skip-text", "--redo-ocr"):
        again, _ = ocrmypdf(source, "--plugin", "rasm.ocrmypdf", option)
        assert by_pdfium(again) == first


def test_text_that_is_set_is_not_read_a_second_time(tmp_path: Path, picture: Image.Image) -> None:
    """A typeset page with a picture of two lines: redone, it gains these alone. OCRmyPDF leaves halves of the set letters to be read."""
    with pikepdf.open(io.BytesIO(typeset())) as page, pikepdf.open(pdf(tmp_path / "scan.pdf", picture)) as scan:
        for one in page.objects:
            if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor":
                one.Descent = -600  # as in Noto's Arabic typefaces: by it OCRmyPDF thinks that letters stand lower
        page.pages[0].add_overlay(scan.pages[0], pikepdf.Rectangle(30, 30, 500, 330))
        page.save(tmp_path / "both.pdf")
    made, _ = ocrmypdf(tmp_path / "both.pdf", "--plugin", "rasm.ocrmypdf", "--redo-ocr", "--sidecar", str(tmp_path / "text.txt"))
    lines = [line.strip() for line in (tmp_path / "text.txt").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert nearly(lines, [golden_text(name) for name in NAMES])
    assert all(searched(made, word) for word in lines[0].split() if word.isalpha())


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_pages_are_turned_upright(tmp_path: Path, picture: Image.Image, turned: int) -> None:
    source = pdf(tmp_path / "scan.pdf", picture.rotate(turned, expand=True))
    made, _ = ocrmypdf(source, "--plugin", "rasm.ocrmypdf", "--rotate-pages")
    assert nearly(by_pdfium(made), [golden_text(name) for name in NAMES], 3)
    with pdfium.PdfDocument(made) as file:
        width, height = file[0].get_size()
    assert math.isclose(width / height, picture.width / picture.height, rel_tol=0.01)


@pytest.fixture
def asked() -> Any:
    return SimpleNamespace(ocr_engine="auto", pdf_renderer="auto", languages=["eng"])


def test_pages_that_are_askew_are_straightened(tmp_path: Path, picture: Image.Image, asked: Any) -> None:
    from rasm.ocrmypdf.engine import RasmEngine

    for degrees in (-3, 3):  # counter-clockwise
        picture.rotate(degrees, fillcolor=255, expand=True, resample=Image.Resampling.BICUBIC).save(tmp_path / "page.png")
        assert abs(RasmEngine.get_deskew(tmp_path / "page.png", asked) + degrees) < 0.7
        (tmp_path / "page.png").unlink()


def test_which_engine_reads(asked: Any) -> None:
    from argparse import ArgumentParser

    from rasm import ocrmypdf as plugin
    from rasm.ocrmypdf import choice

    for engine, plugged, chosen in (("auto", True, False), ("rasm", True, True), ("tesseract", False, False), ("none", False, False)):
        asked.ocr_engine, asked.pdf_renderer = engine, "auto"
        assert bool(plugin.get_ocr_engine(asked)) is plugged and bool(choice.get_ocr_engine(asked)) is chosen
        choice.check_options(asked)
        assert asked.pdf_renderer == ("sandwich" if chosen else "auto")
        plugin.check_options(asked)
        assert asked.pdf_renderer == ("sandwich" if plugged else "auto")
    asked.ocr_engine, asked.pdf_renderer = "auto", "fpdf2"
    plugin.check_options(asked)
    assert asked.pdf_renderer == "fpdf2"
    parser = ArgumentParser()
    parser.add_argument("--ocr-engine", choices=["auto", "tesseract", "none"])
    choice.add_options(parser)
    choice.add_options(parser)
    assert parser.parse_args(["--ocr-engine", "rasm"]).ocr_engine == "rasm"


def test_languages(asked: Any) -> None:
    from rasm.ocrmypdf.engine import RasmEngine
    from rasm.ocrmypdf.options import language_of

    for names, language in ((["eng"], "auto"), (["ara"], "ar"), (["ara", "eng"], "ar"), (["ara", "fas"], "auto"), (["kur_ara"], "ckb")):
        assert language_of(names) == language and set(names) <= RasmEngine.languages(asked)


def test_ocrmypdf_starts_without_what_reads() -> None:
    """It loads its plug-ins whenever it is started, whichever engine reads."""
    check = "import sys, rasm.ocrmypdf.choice, rasm.ocrmypdf; print({'cv2', 'onnxruntime', 'torch', 'django'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
