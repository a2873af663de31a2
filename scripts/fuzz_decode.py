"""Mutated files and spoilt pages through decoding, the transform and the finding of lines: no crash, no growth, none over its time.

    python -m scripts.fuzz_decode [--examples 100000] [--seed 1] [--growth-mb 64] [--record FILE]

Three of four examples are files: small pictures in every format and mode that is read, multi-page TIFFs and PDFs among them. Their bytes
are replaced, inserted, cut and repeated, headers' numbers made extreme, two files spliced. What can be decoded goes on as a line and as
a page; of a large page, a pixel of every few. The others are pages of blots like lines, as pixels, with noise, bars, borders,
inversions, gradients, turns and odd sizes. They go through ``rasm.pages.reader``: finding lines, cutting them out and reading them with a
tiny model. Every eighth goes through telling which way is up, too.

``--record``: a file that gets a line after every 1,000: what became of them, and what the process held then, in MB. A run that finds
one goes on after it. Two runs with different ``--seed`` try different ones: sums of their records are what was tried.

hypothesis makes them, and finds the smallest example of what fails. A crash of the process is seen by its exit code.
``tests/rasm/test_fuzz.py`` runs a few hundred. Exit codes: 0 nothing found · 1 an error or growth · anything else: the process has crashed.
"""

from __future__ import annotations

import ctypes
import io
import json
import math
import os
import resource
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image
from tqdm import tqdm

from rasm.command_line import command, option, positive, run
from rasm.errors import ImageError
from rasm.image import ImageSettings, Pixels, decode, line_to_array
from rasm.lines.recognizer import Recognizer
from rasm.pages.files import is_pdf, open_pages
from rasm.pages.reader import PageImage, PageReader, look_at
from rasm.pages.tiff_pages import MAGIC

ROOT = Path(__file__).resolve().parents[1]
TINY_MODEL = ROOT / "tests" / "fixtures" / "tiny_v1.onnx"
ROUND = 1_000  # examples of one run of hypothesis, which keeps in memory what it has tried; after the first, libraries have their caches
MAX_PIXELS = 4_000_000  # as a service's limit would be, but smaller, so that a run is quick
MAX_PAGE_PIXELS = 100_000  # of what lines are looked for in; a drawn PDF has more
SEEDS_APART = 1_000_000  # rounds of a run have the numbers after its seed times this
MAX_PAGES = 4
SIGNATURE_BYTES = 8  # of the formats' own at their beginnings, the longest is PNG's
SLOWEST_S = 10.0  # of the processor, for one example: a page of that size takes a tenth of a second
EXTREMES = [
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\1",
    b"\1\0\0\0",
    struct.pack(">I", 30_000),
    struct.pack("<I", 30_000),
]


@cache
def pictures() -> list[bytes]:
    """A small picture in each format and mode."""
    grey = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 60), dtype=np.uint8))
    colour, alpha = grey.convert("RGB"), grey.convert("LA")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    variants: list[tuple[Image.Image, str, dict[str, Any]]] = [
        *((grey.convert(mode), "PNG", {}) for mode in ("1", "L", "P", "RGB", "RGBA", "LA")),
        (deep, "PNG", {}),
        *((image, "JPEG", {}) for image in (grey, colour, colour.convert("CMYK"))),
        (colour, "JPEG", {"progressive": True}),
        (colour, "JPEG", {"exif": _turned()}),
        *((image, "WEBP", {"lossless": lossless}) for image in (colour, alpha.convert("RGBA")) for lossless in (False, True)),
        *((image, "BMP", {}) for image in (grey.convert("1"), grey, colour)),
        *((colour, "TIFF", {"compression": c}) for c in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")),
        (grey.convert("1"), "TIFF", {"compression": "group4"}),
        (deep, "TIFF", {}),
        (grey.convert("F"), "TIFF", {}),
        (grey, "TIFF", {"save_all": True, "append_images": [grey]}),
        (colour, "PNG", {"save_all": True, "append_images": [colour.rotate(90)]}),
        (grey, "TIFF", {"save_all": True, "append_images": [grey] * 3, "big_tiff": True}),
        (colour, "PDF", {}),
        (grey, "PDF", {"save_all": True, "append_images": [colour]}),
    ]
    files = []
    for image, form, options in variants:
        file = io.BytesIO()
        image.save(file, form, **options)
        files.append(file.getvalue())
    return [*files, *_documents()]


def _documents() -> list[bytes]:
    """PDFs with a text layer, packed objects and a password, as PDFium writes them."""
    pdf = pdfium.PdfDocument.new()
    for width in (200, 300):
        page = pdf.new_page(width, 100)
        text = pdfium_c.FPDFPageObj_NewTextObj(pdf, b"Helvetica", 12.0)
        words = (ctypes.c_ushort * 8)(*map(ord, "Rasm 12\0"))
        pdfium_c.FPDFText_SetText(text, words)
        pdfium_c.FPDFPageObj_Transform(text, 1, 0, 0, 1, 20, 40)
        pdfium_c.FPDFPage_InsertObject(page, text)
        page.gen_content()
    file = io.BytesIO()
    pdf.save(file)
    return [file.getvalue(), (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()]


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A picture with some of its bytes spoilt, more often near its beginning, where the numbers are.

    Mostly once or twice, and not in the first bytes, or nearly all would be refused by them before a decoder sees what is spoilt."""
    files = pictures()
    data = bytearray(draw(st.sampled_from(files)))
    spared = draw(st.sampled_from((0, *[SIGNATURE_BYTES] * 7)))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 2, 3, 6)))):
        last = draw(st.sampled_from((len(data), len(data), len(data), min(120, len(data)))))
        place = draw(st.integers(min(spared, last), last))
        match draw(st.sampled_from(("set", "set", "set", "extreme", "extreme", "insert", "cut", "end", "repeat", "splice"))):
            case "set":
                data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case "extreme":
                data[place : place + 4] = draw(st.sampled_from(EXTREMES))
            case "insert":
                data[place:place] = draw(st.binary(max_size=16))
            case "cut":
                del data[place : place + draw(st.integers(1, 64))]
            case "end":
                del data[place:]
            case "repeat":
                data[place:place] = data[place : place + draw(st.integers(1, 200))] * draw(st.integers(1, 20))
            case "splice":
                data[place:] = draw(st.sampled_from(files))[place:]
    return _with_sums(bytes(data)) if draw(st.booleans()) else bytes(data)


def _with_sums(data: bytes) -> bytes:
    """A PNG with the check sums that its chunks should have: a wrong one ends decoding before what is spoilt is used."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return data
    chunks, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunk = data[at + 4 : at + 8 + size]
        chunks.append(data[at : at + 4] + chunk + zlib.crc32(chunk).to_bytes(4, "big"))
        at += 12 + size
    return b"".join(chunks)


@st.composite
def spoilt_pages(draw: st.DrawFn) -> Pixels:
    """A page of blots like lines, grey or RGB, with things done to it that scanners and people do."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width, height = draw(
        st.one_of(st.tuples(st.integers(4, 40), st.integers(4, 40)), st.tuples(st.integers(60, 300), st.integers(60, 300)))
    )
    size = draw(st.integers(2, 24))  # of the type, in pixels
    page = np.full((height, width), draw(st.integers(150, 255)), np.uint8)
    for top in range(size, height - size, max(2, 2 * size)):
        blots = rng.integers(0, 200, (-(-size // 2), -(-width // 3)), dtype=np.uint8) | rng.choice([0, 255], -(-width // 3)).astype(
            np.uint8
        )
        line = np.kron(blots, np.ones((2, 3), np.uint8))[:size, :width]
        page[top : top + line.shape[0]] = np.minimum(page[top : top + line.shape[0]], line)
    for _ in range(draw(st.integers(0, 4))):
        left, right = sorted(draw(st.tuples(st.integers(0, width), st.integers(0, width))))
        top, bottom = sorted(draw(st.tuples(st.integers(0, height), st.integers(0, height))))
        part = page[top:bottom, left:right]
        match draw(st.sampled_from(("noise", "fill", "invert", "line", "border", "gradient", "salt", "copy"))):
            case "noise":
                part[:] = rng.integers(0, 256, part.shape, dtype=np.uint8)
            case "fill":
                part[:] = draw(st.sampled_from((0, 1, 127, 254, 255)))
            case "invert":
                part[:] = 255 - part
            case "line":
                page[top : top + draw(st.integers(1, 4)), left:right] = 0
                page[top:bottom, left : left + draw(st.integers(1, 4))] = 0
            case "border":
                page[:top] = page[bottom:] = 0
            case "gradient":
                part[:] = np.linspace(0, 255, part.shape[1], dtype=np.uint8)[None, :] if part.shape[1] else part
            case "salt":
                part[rng.random(part.shape) < 0.05] = rng.choice([0, 255])
            case "copy":
                page[: part.shape[0], : part.shape[1]] = part.copy()
    page = np.rot90(page, draw(st.integers(0, 3)))
    return np.ascontiguousarray(page if draw(st.booleans()) else np.stack([page, page, 255 - page], axis=2))


@cache
def page_reader(orient: bool) -> PageReader:
    return PageReader(Recognizer(TINY_MODEL, threads=1), least_confidence=0, orient=orient)


def read(data: bytes) -> str:
    """What becomes of a file: ``read``, or the code of its error. Raises whatever should not be raised."""
    try:
        with open_pages(data, max_pages=MAX_PAGES, max_pixels=MAX_PIXELS) as file:
            images = list(file)
        for image in images:
            assert image.dtype == np.uint8 and image.ndim in (2, 3) and image.size <= 3 * MAX_PIXELS
            every = math.ceil((image.shape[0] * image.shape[1] / MAX_PAGE_PIXELS) ** 0.5)
            read_page(np.ascontiguousarray(image[::every, ::every]))
        if is_pdf(data):  # no line
            return "read"
        line = line_to_array(decode(data, max_pixels=MAX_PIXELS, single=True), ImageSettings())
        assert line.dtype == np.uint8 and line.shape[0] == ImageSettings().height_px
        return "read"
    except ImageError as e:
        return e.code


def kind_of(data: bytes) -> str:
    return "PDF" if is_pdf(data) else "TIFF" if data[:4] in MAGIC else "image"


def read_page(image: Pixels) -> str:
    """What becomes of a page's pixels: ``text`` or ``no text``. Raises whatever should not be raised."""
    seen = look_at(image)
    page = page_reader(orient=image.shape[0] % 8 == 0).read(seen if isinstance(seen, PageImage) else PageImage(image))
    for line in (line for region in page.regions for line in region.lines):
        left, top, right, bottom = line.box
        assert left <= right and top <= bottom and 0 <= line.confidence <= 1
        assert all(np.isfinite(line.box)) and len(line.baseline) >= 2
    return "text" if page.regions else "no text"


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb() -> float:
    """What this process holds now; of systems without /proc, the most that it has held."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    except OSError:
        return peak_mb()


@command("python -m scripts.fuzz_decode", __doc__)
@option("--examples", type=positive, default=100_000, metavar="N", help="How many to try.")
@option("--seed", "first_seed", type=int, default=1, metavar="N", help="Another one tries others.")
@option("--growth-mb", type=float, default=64, metavar="MB", help="How much the peak memory may grow after the warm-up.")
@option("--record", type=Path, default=None, metavar="FILE", help="What ran; a run that finds it goes on.")
def fuzz(examples: int, first_seed: int, growth_mb: float, record: Path | None) -> int:
    rounds = [json.loads(line) for line in record.read_text().splitlines()] if record is not None and record.exists() else []
    outcomes: Counter[str] = sum((Counter(part["became"]) for part in rounds), Counter())
    held_mb: list[int] = []  # by this process, after each of its rounds
    bar = tqdm(total=examples, initial=outcomes.total(), disable=None)
    warm_mb = 0.0

    def run_examples(strategy: st.SearchStrategy[Any], part: int, number: int) -> None:
        @seed(first_seed * SEEDS_APART + number)
        @settings(
            max_examples=part,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def try_one(example: bytes | Pixels) -> None:
            began = time.process_time()
            outcomes[f"{kind_of(example)}: {read(example)}" if isinstance(example, bytes) else f"page: {read_page(example)}"] += 1
            took_s = time.process_time() - began
            assert took_s < SLOWEST_S, f"{took_s:.1f} s"
            bar.update()

        try_one()

    def run_round(part: int, number: int) -> None:
        before = outcomes.copy()
        for strategy, count in ((mutated(), part - part // 4), (spoilt_pages(), part // 4)):
            if count:
                run_examples(strategy, count, number)
        held_mb.append(round(resident_mb()))
        if record is not None:
            with record.open("a") as file:
                file.write(json.dumps({"became": outcomes - before, "resident_mb": held_mb[-1]}) + "\n")

    try:
        for number in range(len(rounds), -(-examples // ROUND)):
            run_round(min(ROUND, examples - number * ROUND), number)
            warm_mb = warm_mb or peak_mb()
    finally:
        bar.close()
        print(f"{outcomes.total():,} images: " + ", ".join(f"{code} {count:,}" for code, count in outcomes.most_common()))
    print(f"MB held after each {ROUND:,}: {' '.join(map(str, held_mb))}")
    grown_mb = peak_mb() - (warm_mb or peak_mb())
    print(f"peak memory {peak_mb():.0f} MB, {grown_mb:.0f} MB more than after the first {ROUND:,} images")
    if grown_mb > growth_mb:
        print(f"python -m scripts.fuzz_decode: memory has grown by more than {growth_mb:g} MB", file=sys.stderr)
        return 1
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run(fuzz, arguments)


if __name__ == "__main__":
    sys.exit(main())
