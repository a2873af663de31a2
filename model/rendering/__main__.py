"""Render lines of Arabic text to a folder of image and text pairs.

    python -m model.rendering --text texts --out rendered --count 10000
    python -m model.rendering --text texts --preview sheet.png            (a contact sheet, to be compared with real scans)
    python -m model.rendering --text texts --out pages --pages --count 50  (whole pages, with the place of each line in NAME.lines.json)

Where it stands: the beginning of the training way; what it writes, ``preprocess.py`` reads. ``train.py --text`` draws the
same lines without writing them. The same seed, texts and fonts give the same lines.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer, default_workers
from model.rendering.pages.simple import PageSynthesizer
from model.rendering.texts import load_texts
from rasm import command_line
from rasm.command_line import PATH, command, option, positive, run
from rasm.errors import ConfigError
from rasm.image import ImageSettings
from rasm.text.charset import DEFAULT_CHARSET, Charset, describe


@command("python -m model.rendering", __doc__, stopped="; what was written stays")
@option(
    "--text", several=True, required=True, metavar="PATH[=WEIGHT]", help="Texts to render: .txt files or folders of them, a passage a line."
)
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Fonts, or folders of them.")
@option("--out", type=PATH, metavar="DIR", help="The folder to write NAME.png and NAME.gt.txt to.")
@option("--count", type=command_line.count, default=1000, metavar="N", help="Lines to render.")
@option("--max-characters", type=positive, default=90, metavar="N", help="Characters of the longest line.")
@option("--height", type=positive, default=ImageSettings.height_px, metavar="PX", help="Of the images.")
@option("--as-written", is_flag=True, help="The texts as they are, for measuring: no figures mixed in, no diacritic left out.")
@option("--clean", is_flag=True, help="As set, not as printed and scanned.")
@option("--charset", type=PATH, metavar="FILE", show_default="Rasm's", help="A charset as JSON.")
@option("--seed", type=int, default=1, metavar="N", help="Another one gives other lines.")
@option("--workers", type=positive, default=default_workers(), metavar="N", show_default="as many as there are cores", help="Processes.")
@option("--preview", type=PATH, metavar="FILE.png", help="Write a contact sheet of 40 lines.")
@option("--pages", is_flag=True, help="Render pages of many lines, for finding lines, in place of lines.")
@option("--report", is_flag=True, help="Print how often each character was rendered.")
def render(
    text: Sequence[str],
    fonts: Sequence[str],
    out: Path | None,
    count: int,
    max_characters: int,
    height: int,
    as_written: bool,
    clean: bool,
    charset: Path | None,
    seed: int,
    workers: int,
    preview: Path | None,
    pages: bool,
    report: bool,
) -> None:
    if not out and not preview and not report:
        raise ConfigError("nothing to do: give --out DIR, --preview FILE.png or --report")
    if pages and (not out or preview or report):
        raise ConfigError("--pages goes with --out DIR, and not with --preview or --report")
    if out and out.exists() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty: choose another --out")
    try:
        characters = Charset.from_json(charset.read_text(encoding="utf-8")) if charset else DEFAULT_CHARSET
    except (OSError, ValueError, KeyError) as e:
        raise ConfigError(f"{charset}: not a charset as JSON ({e})") from e
    found = find_fonts(fonts, characters)
    synthesizer = Synthesizer(
        load_texts(text),
        found,
        characters,
        ImageSettings(height_px=height),
        max_characters=max_characters,
        as_written=as_written,
        clean=clean,
    )
    print(f"{sum(f.arabic for f in found)} Arabic fonts and {sum(not f.arabic for f in found)} Latin companions", flush=True)
    if preview:
        write_preview(synthesizer, seed, preview)
    counts: Counter[str] = Counter()
    if out or report:
        if out:
            out.mkdir(parents=True, exist_ok=True)
        with Pool(workers, initializer=cv2.setNumThreads, initargs=(0,)) as pool:
            write = partial(write_page, synthesizer, seed, out) if pages and out else partial(write_line, synthesizer, seed, out)
            rendered = pool.imap(write, range(count), chunksize=1 if pages else 16)
            for rendered_text in tqdm(rendered, total=count, unit="page" if pages else "line", disable=None):
                counts.update(rendered_text)
    if report:
        for character, times in counts.most_common():
            print(f"{times:8d}  {describe(character)}")
        print("never:", describe(sorted(set(characters.characters) - counts.keys())) or "none")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(render, arguments)


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
