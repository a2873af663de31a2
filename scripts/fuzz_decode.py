#!/usr/bin/env python3
"""Mutated images through the decoder and the transform: no error but Rasm's own, no crash, no growth.

    scripts/fuzz_decode.py [--examples 100000] [--seed 1] [--growth-mb 64]

hypothesis makes the mutations (bytes replaced, inserted, cut and repeated, headers' numbers made extreme, two files
spliced) of small pictures in every format and mode that is read, and finds the smallest example of what fails. A crash of
the process is seen by its exit code. ``tests/test_fuzz.py`` runs a few hundred; finding lines in pages joins in when there
is such a step. Exit codes: 0 nothing found · 1 an error or growth · anything else: the process has crashed.
"""

from __future__ import annotations

import argparse
import io
import resource
import struct
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from model.errors import ImageError  # noqa: E402  (needs the line above)
from model.image import ImageSettings, decode, line_to_array  # noqa: E402

ROUND = 2_000  # examples of one run of hypothesis, which keeps in memory what it has tried; after the first, libraries have their caches
MAX_PIXELS = 4_000_000  # as a service's limit would be, but smaller, so that a run is quick
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
    ]
    files = []
    for image, form, options in variants:
        file = io.BytesIO()
        image.save(file, form, **options)
        files.append(file.getvalue())
    return files


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A picture with some of its bytes spoilt, more often near its beginning, where the numbers are."""
    files = pictures()
    data = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data))) if draw(st.booleans()) else draw(st.integers(0, min(120, len(data))))
        match draw(st.sampled_from(("set", "extreme", "insert", "cut", "end", "repeat", "splice"))):
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
    return bytes(data)


def read(data: bytes) -> str:
    """What becomes of a file: ``read``, or the code of its error. Raises whatever should not be raised."""
    try:
        image = decode(data, max_pixels=MAX_PIXELS, single=True)
        assert image.dtype == np.uint8 and image.ndim in (2, 3) and image.size <= 3 * MAX_PIXELS
        line = line_to_array(image, ImageSettings())
        assert line.dtype == np.uint8 and line.shape[0] == ImageSettings().height_px
        return "read"
    except ImageError as e:
        return e.code


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--growth-mb", type=float, default=64, help="how much the peak memory may grow after the warm-up (default: %(default)g)"
    )
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    bar = tqdm(total=options.examples, disable=None)
    warm_mb = 0.0

    def run_round(examples: int, number: int) -> None:
        @seed(options.seed + number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(mutated())
        def run(data: bytes) -> None:
            outcomes[read(data)] += 1
            bar.update()

        run()

    try:
        for number, done in enumerate(range(0, options.examples, ROUND)):
            run_round(min(ROUND, options.examples - done), number)
            warm_mb = warm_mb or peak_mb()
    except KeyboardInterrupt:
        return 130
    finally:
        bar.close()
        print(f"{outcomes.total():,} images: " + ", ".join(f"{code} {count:,}" for code, count in outcomes.most_common()))
    grown_mb = peak_mb() - warm_mb
    print(f"peak memory {peak_mb():.0f} MB, {grown_mb:.0f} MB more than after the first {ROUND:,} images")
    if grown_mb > options.growth_mb:
        print(f"fuzz_decode.py: memory has grown by more than {options.growth_mb:g} MB", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
