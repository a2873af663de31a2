"""Render lines of Arabic text to a folder of image and text pairs.

    python -m model.rendering --text texts --out rendered --count 10000
    python -m model.rendering --text texts --preview sheet.png            (a contact sheet, to be compared with real scans)
    python -m model.rendering --text texts --out pages --pages --count 50  (whole pages, with the place of each line in NAME.lines.json)

Where it stands: the beginning of the training way; what it writes, ``preprocess.py`` reads. ``train.py --text`` draws the
same lines without writing them. The same seed, texts and fonts give the same lines.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer, default_workers
from model.rendering.pages import PageSynthesizer
from model.rendering.texts import load_texts
from rasm.command_line import exit_code
from rasm.errors import ConfigError
from rasm.image import ImageSettings
from rasm.text.charset import DEFAULT_CHARSET, Charset, describe


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.rendering", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--text", nargs="+", required=True, metavar="PATH[=WEIGHT]", help="texts to render: .txt files or folders of them, a passage a line"
    )
    parser.add_argument("--fonts", nargs="+", metavar="FOLDER", help="fonts, or folders of them (default: the machine's)")
    parser.add_argument("--out", type=Path, help="the folder to write NAME.png and NAME.gt.txt to")
    parser.add_argument("--count", type=int, default=1000, help="lines to render (default: 1000)")
    parser.add_argument("--max-characters", type=int, default=90, help="characters of the longest line (default: 90)")
    parser.add_argument(
        "--height", type=int, default=ImageSettings.height_px, help=f"of the images, in pixels (default: {ImageSettings.height_px})"
    )
    parser.add_argument(
        "--as-written", action="store_true", help="the texts as they are, for measuring: no figures mixed in, no diacritic left out"
    )
    parser.add_argument("--clean", action="store_true", help="as set, not as printed and scanned")
    parser.add_argument("--charset", type=Path, metavar="FILE", help="a charset as JSON (default: Rasm's)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=default_workers())
    parser.add_argument("--preview", type=Path, metavar="FILE.png", help="write a contact sheet of 40 lines")
    parser.add_argument("--pages", action="store_true", help="render pages of many lines, for finding lines, in place of lines")
    parser.add_argument("--report", action="store_true", help="print how often each character was rendered")
    args = parser.parse_args()
    return exit_code("python -m model.rendering", lambda: run(args), "; what was written stays")


def run(args: argparse.Namespace) -> int:
    if not args.out and not args.preview and not args.report:
        raise ConfigError("nothing to do: give --out DIR, --preview FILE.png or --report")
    if args.pages and (not args.out or args.preview or args.report):
        raise ConfigError("--pages goes with --out DIR, and not with --preview or --report")
    if args.out and args.out.exists() and any(args.out.iterdir()):
        raise ConfigError(f"{args.out} is not empty: choose another --out")
    try:
        charset = Charset.from_json(args.charset.read_text(encoding="utf-8")) if args.charset else DEFAULT_CHARSET
    except (OSError, ValueError, KeyError) as e:
        raise ConfigError(f"{args.charset}: not a charset as JSON ({e})") from e
    fonts = find_fonts(args.fonts, charset)
    synthesizer = Synthesizer(
        load_texts(args.text),
        fonts,
        charset,
        ImageSettings(height_px=args.height),
        max_characters=args.max_characters,
        as_written=args.as_written,
        clean=args.clean,
    )
    print(f"{sum(f.arabic for f in fonts)} Arabic fonts and {sum(not f.arabic for f in fonts)} Latin companions", flush=True)
    if args.preview:
        write_preview(synthesizer, args.seed, args.preview)
    counts: Counter[str] = Counter()
    if args.out or args.report:
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
        with Pool(max(1, args.workers), initializer=cv2.setNumThreads, initargs=(0,)) as pool:
            write = partial(write_page if args.pages else write_line, synthesizer, args.seed, args.out)
            rendered = pool.imap(write, range(args.count), chunksize=1 if args.pages else 16)
            for text in tqdm(rendered, total=args.count, unit="page" if args.pages else "line", disable=None):
                counts.update(text)
    if args.report:
        for character, count in counts.most_common():
            print(f"{count:8d}  {describe(character)}")
        print("never:", describe(sorted(set(charset.characters) - counts.keys())) or "none")
    return 0


def write_line(synthesizer: Synthesizer, seed: int, out: Path | None, number: int) -> str:
    """Line ``number``, to two files where ``out`` is given; its text."""
    line = synthesizer.line(f"{seed} {number}")
    if out:
        stem = out / f"{number:07d}"
        cv2.imwrite(str(stem.with_suffix(".png")), line.pixels)
        stem.with_suffix(".gt.txt").write_text(line.text + "\n", encoding="utf-8")
    return line.text


def write_page(synthesizer: Synthesizer, seed: int, out: Path, number: int) -> str:
    """Page ``number``: its picture, its text in reading order, and its lines with their boxes and kinds; its text."""
    page = PageSynthesizer(synthesizer).page(f"{seed} {number}")
    stem = out / f"{number:05d}"
    text = "\n".join(line.text for line in page.lines)
    cv2.imwrite(str(stem.with_suffix(".png")), page.pixels)
    stem.with_suffix(".gt.txt").write_text(text + "\n", encoding="utf-8")
    known = {"skew_degrees": page.skew_degrees, "lines": [asdict(line) for line in page.lines]}
    stem.with_suffix(".lines.json").write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return text


def write_preview(synthesizer: Synthesizer, seed: int, path: Path) -> None:
    """Forty lines under one another, as the network sees them."""
    lines = [synthesizer.line(f"{seed} {i}").pixels for i in range(40)]
    widest = max(line.shape[1] for line in lines)
    sheet = np.vstack([np.pad(line, ((2, 2), (0, widest - line.shape[1])), constant_values=128) for line in lines])
    if not cv2.imwrite(str(path), sheet):
        raise ConfigError(f"{path}: cannot be written; give a name that ends in .png, in a folder that exists")


if __name__ == "__main__":
    sys.exit(main())
