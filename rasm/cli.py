"""Read scans, photographs and PDFs of Arabic into text and documents, without a service.

    rasm read book.pdf page-*.png --out texts
    rasm read scans --out out --format text alto pdf

Where it stands: the reading way from end to end, on the command line. Each input gives one result in each format, named after it.
Reading can be stopped and started again: what is there is not read again, and a long PDF goes on at the page where it stopped.
Folders are searched for PDFs and images. What could not be read is listed at the end, and the exit status is then 1. Pages that could
not be read are recorded in NAME.errors.json, and told again until ``--again`` reads them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from tqdm import tqdm

from rasm.command_line import Parser, exit_code, positive
from rasm.document import Document, Page, PageError, page_from_dict, profiled
from rasm.errors import ConfigError, ImageError
from rasm.formats import SUFFIXES, write
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.lines.recognizer import Recognizer
from rasm.pages.files import MAX_PAGES, PAGE_SUFFIXES, PageFile, open_pages
from rasm.pages.reader import PageReader
from rasm.text.normalisation import Profile
from rasm.weights import SHIPPED_MODEL

PARTIAL = ".rasm-partial"  # in --out: the pages of documents that are not finished
ERRORS = ".errors.json"  # after a result's name: the pages that could not be read


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return exit_code("rasm read", lambda: run(parse(given[1:] if given[:1] == ["read"] else given)), "; the same command goes on from here")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, named as those of client.py. Raises ConfigError."""
    parser = Parser(prog="rasm read", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="PDFs, images, multi-page TIFFs, or folders of them")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder for the results")
    parser.add_argument(
        "--format", nargs="+", choices=tuple(SUFFIXES), default=["text"], help="formats to write (default: text); pdf is searchable"
    )
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL, help="an ONNX file (default: the shipped model)")
    parser.add_argument("--mode", choices=("auto", "page", "line"), default="auto", help="what images are of (default: auto)")
    parser.add_argument(
        "--text-layer", choices=("ignore", "use"), default="ignore", help="of PDFs: read the picture, or use sound text (default: ignore)"
    )
    parser.add_argument(
        "--line-breaks",
        choices=("join", "keep"),
        default="join",
        help="text: join the lines of a paragraph (default), or keep them as printed",
    )
    parser.add_argument("--diacritics", choices=("keep", "strip"), default="keep", help="in every format (default: keep)")
    parser.add_argument("--tatweel", choices=("keep", "strip"), default="keep", help="in every format (default: keep)")
    parser.add_argument(
        "--digits", choices=("as_printed", "western", "arabic_indic"), default="as_printed", help="in every format (default: as_printed)"
    )
    parser.add_argument("--password", help="of encrypted PDFs")
    parser.add_argument("--max-pages", type=positive, default=MAX_PAGES, help=f"refuse longer documents (default: {MAX_PAGES})")
    parser.add_argument("--threads", type=positive, help="threads (default: one for each core)")
    parser.add_argument("--again", action="store_true", help="read again what has been read already")
    return parser.parse_args(arguments)


@dataclass(frozen=True)
class Input:
    """A file to read, and the name of its results without their suffix, relative to --out."""

    path: Path
    name: Path


def run(args: argparse.Namespace) -> int:
    inputs = find_inputs(args.files, args.out)
    check_targets(inputs, args.out, args.format, folders=[path for path in args.files if path.is_dir()])
    reader = PageReader(Recognizer(args.model, threads=args.threads))
    if args.threads:
        cv2.setNumThreads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    counts: Counter[str] = Counter()
    with tqdm(total=len(inputs), unit="file", disable=None) as files, tqdm(unit="page", disable=None, leave=False) as pages:
        for item in inputs:
            if not args.again and all(_result(args.out, item, kind).exists() for kind in args.format):
                counts["there already"] += 1
                errors += _told(item, args.out)
            else:
                try:
                    read_file(item, reader, args, pages)
                    counts["read"] += 1
                    errors += _told(item, args.out)
                except (ImageError, OSError) as e:
                    errors.append(f"{item.path}: {e if isinstance(e, ImageError) else e.strerror}")
            files.update()
    print(f"{counts['read']} read, {counts['there already']} there already, {len(errors)} errors; results in {args.out}")
    for message in errors:
        print(f"  {message}", file=sys.stderr)
    return 1 if errors else 0


def find_inputs(paths: list[Path], out: Path) -> list[Input]:
    """The files, and those of the folders; each with a name of its own. Raises ConfigError where there are none.

    What lies in ``out``, a folder in one of the folders, is not searched: it holds the results of the last time.
    """
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in PAGE_SUFFIXES and p.is_file())
            names = [p.relative_to(path) for p in files]
            if _is_below(out, path):
                results = out.resolve().relative_to(path.resolve())
                names = [name for name in names if not name.is_relative_to(results)]
            found += [(path / name, name) for name in names]
        elif path.exists():
            found.append((path, Path(path.name)))
        else:
            raise ConfigError(f"{path}: no such file or folder")
    if not found:
        raise ConfigError(f"no PDF and no image in {', '.join(map(str, paths))}")
    unique = {path.resolve(): (path, name) for path, name in reversed(found)}  # named twice is read once
    found = list(reversed(unique.values()))
    stems = Counter(name.with_suffix("") for _, name in found)
    inputs = [Input(path, name.with_suffix("") if stems[name.with_suffix("")] == 1 else name) for path, name in found]
    twice = [str(name) for name, count in Counter(i.name for i in inputs).items() if count > 1]
    if twice:
        raise ConfigError(f"two inputs are named {twice[0]}, and so would their results be: read them into folders of their own")
    return inputs


def _is_below(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents


def check_targets(inputs: list[Input], out: Path, formats: list[str], folders: list[Path]) -> None:
    """Raises ConfigError where a result would take the place of a file that is to be read or of a folder that is none, or be found in
    ``folders`` and read itself."""
    sources = {_identity(item.path) for item in inputs}
    searched = [folder for folder in folders if not _is_below(out, folder)]
    for target in (_result(out, item, kind) for item in inputs for kind in formats):
        if target.is_dir() and not _is_result(target):
            raise ConfigError(f"{target} is a folder with more than PAGE XML in it: move it away, or choose another with --out")
        if target.exists() and _identity(target) in sources:
            raise ConfigError(f"{target} is to be read, and a result would take its place: choose another folder with --out")
        if target.suffix in PAGE_SUFFIXES and any(_is_below(target, folder) for folder in searched):
            raise ConfigError(f"{target} would be read itself the next time: choose a folder with --out that is not read, or one in it")


def _is_result(folder: Path) -> bool:
    """Whether it is what PAGE XML of several pages becomes: a folder of that name with nothing but 0001.xml, 0002.xml, …"""
    if folder.is_symlink() or not folder.name.endswith(SUFFIXES["page"]):
        return False
    return all(path.is_file() and re.fullmatch(r"[0-9]{4,}\.xml", path.name) for path in folder.iterdir())


def _identity(path: Path) -> tuple[int, int]:
    """The same for each name of a file: through links, and in other letters' case where the file system does not tell them apart."""
    found = path.stat()
    return found.st_dev, found.st_ino


def read_file(item: Input, reader: PageReader, args: argparse.Namespace, bar: tqdm) -> None:
    """Read one file; write its results, and a record of pages that could not be read. Raises an ImageError where none can."""
    data = item.path.read_bytes()
    partial = args.out / PARTIAL / f"{item.name}.jsonl"
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    settings = {"file": digest, "model": reader.recognizer.info.name, "version": reader.recognizer.info.version}
    settings |= {"mode": args.mode, "text_layer": args.text_layer, "again": args.again}
    with open_pages(data, password=args.password, max_pages=args.max_pages) as file:
        partial.parent.mkdir(parents=True, exist_ok=True)
        start = _resume(partial, settings)
        bar.reset(total=file.count)
        bar.update(start)
        with partial.open("a" if start else "w", encoding="utf-8") as log:
            if not start:
                log.write(json.dumps(settings) + "\n")
            for index in range(start, file.count):
                try:
                    one = Document("", [reader.read_from(file, index, mode=args.mode, text_layer=args.text_layer)])
                except ImageError as e:
                    one = Document("", [], errors=[PageError(index + 1, e.code, str(e))])
                log.write(json.dumps(one.to_dict()["pages"][0], ensure_ascii=False) + "\n")
                log.flush()
                bar.update()
        errors = [page for page in _pages(partial) if isinstance(page, PageError)]
        if len(errors) == file.count:
            _discard(partial, args.out)  # or the next time would find no page that is left to read
            raise ImageError(errors[0].message if file.count == 1 else f"no page could be read: {errors[0].message}")
        own = sum(bool(line.get("has_text_layer")) for line in _logged(partial))
        if own and args.text_layer == "ignore":
            told = f"{item.path}: {own} of {file.count} pages say their text themselves; --text-layer use takes it in place of reading"
            tqdm.write(told, file=sys.stderr)
        record_errors(item, args.out, errors)  # before the results: what is there without a record counts as whole
        write_results(item, file, data, partial, reader, args)
    _discard(partial, args.out)


def record_errors(item: Input, out: Path, errors: list[PageError]) -> None:
    """Write, or remove, the record of the pages that could not be read; the next time they are told from it."""
    record = out / f"{item.name}{ERRORS}"
    record.unlink(missing_ok=True)
    if errors:
        said = [{"page": error.number, "code": error.code, "message": error.message} for error in errors]
        content = {"format": "rasm-errors", "version": 1, "name": item.path.name, "errors": said}
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _told(item: Input, out: Path) -> list[str]:
    """A line for each page of which there is a record that it could not be read."""
    record = out / f"{item.name}{ERRORS}"
    if not record.exists():
        return []
    try:
        errors = json.loads(record.read_bytes())["errors"]
        return [f"{item.path}: page {error['page']}: {error['message']}" for error in errors]
    except (ValueError, KeyError, TypeError):
        return [f"{item.path}: some pages could not be read, but {record} is broken: --again reads them again"]


def _discard(partial: Path, out: Path) -> None:
    """Remove a log, and the folders in ``out`` that are empty then."""
    partial.unlink()
    for folder in partial.parents:
        if folder == out or any(folder.iterdir()):
            break
        folder.rmdir()


def _logged(partial: Path) -> Iterator[dict[str, Any]]:
    with partial.open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            yield json.loads(line)


def _pages(partial: Path) -> Iterator[Page | PageError]:
    """Every page that was read, or why it was not."""
    return (PageError(line["number"], **line["error"]) if line["error"] else page_from_dict(line) for line in _logged(partial))


def _resume(partial: Path, settings: Mapping[str, object]) -> int:
    """How many pages were read before, with the same settings; what was half written is cut off."""
    if not partial.exists():
        return 0
    lines = partial.read_bytes().split(b"\n")[:-1]  # what follows the last line's end is half a line
    try:
        if not lines or json.loads(lines[0]) != settings:
            return 0
        for line in lines[1:]:
            json.loads(line)
    except ValueError:
        return 0
    partial.write_bytes(b"\n".join(lines) + b"\n")
    return len(lines) - 1


def write_results(item: Input, file: PageFile, data: bytes, partial: Path, reader: PageReader, args: argparse.Namespace) -> None:
    """Every format, each put in place only when it is whole. Text and PDF are written page by page."""
    info = reader.recognizer.info
    model = f"{info.name} {info.version}"
    profile = Profile(args.diacritics, args.tatweel, args.digits)

    def pages() -> Iterator[Page]:
        return (profiled(page, profile) for page in _pages(partial) if isinstance(page, Page))

    for kind in args.format:
        target = _result(args.out, item, kind)
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(target.name + ".part")
        if kind == "text":
            with half.open("w", encoding="utf-8") as out:
                for n, page in enumerate(_pages(partial)):
                    one = Document("", [page]) if isinstance(page, Page) else Document("", [], errors=[page])
                    out.write(("\f" if n else "") + one.to_text(paragraphs=args.line_breaks == "join", profile=profile))
        elif kind == "pdf":
            pdf = SearchablePdf(data if file.kind == "pdf" else None, password=args.password)
            for page in pages():
                pdf.add(page, None if file.kind == "pdf" else file.image(page.number - 1))
            half.write_bytes(pdf.finish())
        elif kind == "page" and file.count > 1:  # PAGE XML knows no files of several pages: a folder of them
            if half.exists():
                shutil.rmtree(half)
            half.mkdir()
            for page in pages():
                (half / f"{page.number:04d}.xml").write_text(write(Document(item.path.name, [page], model), kind), encoding="utf-8")
        else:
            errors = [page for page in _pages(partial) if isinstance(page, PageError)]
            half.write_text(write(Document(item.path.name, list(pages()), model, errors), kind), encoding="utf-8")
        if target.is_dir():  # of PAGE XML alone: check_targets has looked
            shutil.rmtree(target)
        half.replace(target)


def _result(out: Path, item: Input, kind: str) -> Path:
    return out / f"{item.name}{SUFFIXES[kind]}"


if __name__ == "__main__":
    sys.exit(main())
