"""``rasm``: read scans, photographs and PDFs of Arabic into text and documents, without a service.

Where it stands: the top of the reading way, on the command line. What is heavy is imported when a command needs it, so that ``rasm
--help`` answers at once.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rasm import __version__, weights
from rasm.command_line import PATH, argument, command, group, option, positive, run, share, shown
from rasm.errors import ConfigError, ImageError

if TYPE_CHECKING:
    from rasm.document import Page, PageError
    from rasm.results import Settings
    from rasm.workers import Workers

F = TypeVar("F", bound=Callable[..., Any])

# those of rasm.formats, rasm.text.languages, rasm.pages.files and rasm.pages.unread, which take too long to import for a help text; a test
# holds them to these
LANGUAGES = ("auto", "ar", "fa", "ur", "ckb", "ps", "ug", "sd")
FORMATS = ("text", "json", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf")
BINARY = ("docx", "xlsx", "pdf")
MAX_PAGES = 1000
LEAST_CONFIDENCE = 0.7

_READ = """Read PDFs, images, multi-page TIFFs, or folders of them.

    rasm read page.png                                    its text, on the terminal
    rasm read scan.pdf --format markdown > scan.md        headings, lists and tables
    rasm read book.pdf --pages 12-15,20                   some of its pages
    rasm read book.pdf page-*.png --out texts             texts/book.txt, ...
    rasm read scans --out out --format text alto pdf      a folder, in several formats
    curl https://... | rasm read -                        what comes in

With --out, each file gives one result in each format, named after it. Reading can be stopped and started again: what is there is not
read again, and a long PDF goes on at the page where it stopped. All cores read, each another page. What could not be read is listed at
the end, and the exit code is then 1. Pages that could not be read are recorded in NAME.errors.json, and told again until --again reads
them.

What looks like text and was not read, or too unsurely, is warned of on standard error, a line a page, and recorded in
NAME.warnings.json. Warnings leave the exit code as it is.
"""


@group("rasm", "Read Arabic text out of images, pages, photographs and PDFs.")
@click.version_option(__version__, prog_name="rasm", message="%(prog)s %(version)s")
def rasm() -> None:
    pass


def _all_of(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator."""

    def declare(command: F) -> F:
        for one in reversed(options):
            command = one(command)
        return command

    return declare


# how files are read and their text is given, whatever reads them
_how = _all_of(
    option("--model", default=weights.SHIPPED_MODEL.stem, metavar="MODEL", help="A model of `rasm models`, or the path of an ONNX file."),
    option("--mode", type=click.Choice(("auto", "page", "line")), default="auto", help="What images are of."),
    option(
        "--pdf-text",
        "--text-layer",  # its name before 0.11.0
        "pdf_text",
        type=click.Choice(("auto", "use", "ignore")),
        default="auto",
        help="Of PDFs: a page's own text is taken where it agrees with a few lines of its picture, wherever it can be text, or never.",
    ),
    option(
        "--pdf-layer",
        type=click.Choice(("skip", "redo", "force")),
        default="skip",
        help="Of PDFs made from PDFs: pages with sound text are kept; text under pictures is always replaced; all are drawn anew.",
    ),
    option(
        "--line-breaks",
        type=click.Choice(("join", "keep")),
        default="join",
        help="Of text: join the lines of a paragraph, or keep them as printed.",
    ),
    option(
        "--language",
        type=click.Choice(LANGUAGES),
        default="auto",
        help="In whose letters the text is written (ي or ی, ك or ک): Arabic, Persian, Urdu, Kurdish, Pashto, Uyghur, Sindhi; auto looks.",
    ),
    option(
        "--tables",
        type=click.Choice(("auto", "html")),
        default="auto",
        help="In Markdown: as its own where that can hold them, or all as HTML.",
    ),
    option("--diacritics", type=click.Choice(("keep", "strip")), default="keep", help="In every format."),
    option("--tatweel", type=click.Choice(("keep", "strip")), default="keep", help="In every format."),
    option("--digits", type=click.Choice(("as_printed", "western", "arabic_indic")), default="as_printed", help="In every format."),
    option(
        "--unknown",
        type=click.Choice(("mark", "leave_out")),
        default="mark",
        help="Signs not known, as emoji: U+FFFD, or nothing.",
    ),
    option("--password", envvar="RASM_PASSWORD", show_envvar=True, metavar="WORD", help="Of encrypted PDFs."),
    option("--pages", default="", metavar="LIST", help="Those to read, as 1-3,7 or 5-, by their numbers in each file.", show_default="all"),
    option("--max-pages", type=positive, default=MAX_PAGES, metavar="N", help="Refuse longer documents."),
    option(
        "--least-confidence",
        type=share,
        default=LEAST_CONFIDENCE,
        metavar="SHARE",
        help="Of a page: lines that are read less surely are left out of the text, and warned of; 0 leaves none out.",
    ),
)


@command("read", _READ, stopped="; the same command goes on from here")
@argument("files", "PDFs, images (PNG, JPEG, WebP, BMP, TIFF), or folders; - is standard input", nargs=-1, required=True, type=PATH)
@option("--out", type=PATH, metavar="DIR", help="The folder for the results. Without it, one file's text goes to the terminal.")
@option(
    "--format",
    "formats",
    several=True,
    type=click.Choice(FORMATS),
    default=("text",),
    help="Formats to write; csv and xlsx hold the tables alone, pdf is searchable.",
)
@_how
@option("--threads", type=positive, metavar="N", show_default="one for each core", help="Threads of the reading, of all its processes.")
@option(
    "--workers", type=positive, metavar="N", show_default="one for each thread, or 1 for a few pages", help="Processes that read at a time."
)
@option("--again", is_flag=True, help="Read again what has been read already.")
@option("--quiet", is_flag=True, help="Print no warnings; errors are told all the same.")
def read(
    files: Sequence[Path],
    out: Path | None,
    formats: Sequence[str],
    threads: int | None,
    workers: int | None,
    again: bool,
    quiet: bool,
    **how: Any,
) -> int:
    from rasm import batch
    from rasm.results import Output
    from rasm.workers import FEW_PAGES, Opening, Workers, shared_out

    settings = _settings(how, again=again, quiet=quiet)
    formats = tuple(dict.fromkeys(formats))

    def start(pages: int) -> Workers:
        count, each = shared_out(pages, threads, workers)
        return Workers(Opening(how["model"], each, settings.least_confidence), count)

    if out is None:
        return _print(_source(files, formats), formats[0], start, settings)
    if Path("-") in files:
        raise ConfigError("standard input has no name for a result: leave --out away, or name a file")
    output = Output(out, formats)
    inputs = batch.find_inputs(files, out)
    batch.check_targets(inputs, output, folders=[file for file in files if file.is_dir()])
    with start(batch.pages_to_read(inputs, settings, output, FEW_PAGES + 1)) as processes:
        return 1 if batch.read_files(inputs, processes, settings, output) else 0


def _settings(how: Mapping[str, Any], *, again: bool, quiet: bool = False) -> Settings:
    from rasm.pages.chosen import Chosen
    from rasm.results import Settings
    from rasm.text.normalisation import Profile

    Chosen(how["pages"])  # before the model is opened: what is no list of pages
    replaced = how["pdf_layer"] == "redo" and how["pdf_text"] == "auto"  # what is replaced has to be read
    return Settings(
        how["mode"],
        "ignore" if replaced else how["pdf_text"],
        how["pdf_layer"],
        Profile(how["diacritics"], how["tatweel"], how["digits"], how["unknown"]),
        how["line_breaks"] == "join",
        how["password"],
        pages=how["pages"],
        max_pages=how["max_pages"],
        again=again,
        least_confidence=how["least_confidence"],
        quiet=quiet,
        language=how["language"],
        tables=how["tables"],
    )


def _source(files: Sequence[Path], formats: Sequence[str]) -> Path:
    """The one file whose text can go to the terminal. Raises ConfigError where the results need a folder."""
    from rasm.batch import find_inputs

    if len(formats) > 1:
        raise ConfigError("several formats: say with --out where the files go")
    if formats[0] in BINARY:
        raise ConfigError(f"{formats[0]} is nothing for the terminal: say with --out where it goes")
    if files == (Path("-"),):
        return Path("-")
    found = find_inputs(files, None)
    if len(found) > 1:
        raise ConfigError(f"{len(found)} files: say with --out where their texts go")
    return found[0].path


def _print(source: Path, kind: str, start: Callable[[int], Workers], settings: Settings) -> int:
    """One file's text, or another format, on standard output; 1 where a page could not be read. ``start``: gets processes for so many
    pages."""
    from rasm import results
    from rasm.document import PageError
    from rasm.reader import in_languages

    given = source == Path("-")
    name = shown("standard input" if given else str(source))
    failed: list[PageError] = []
    warned: list[str] = []
    own = 0  # pages whose own text is taken
    try:
        with _file(source) as path:
            indices = results.chosen_pages(path, settings)
            count = len(indices)
            if kind == "page" and count > 1:
                raise ConfigError("PAGE XML of several pages is a folder of files: say with --out where it goes")

            def pages() -> Iterator[Page | PageError]:
                nonlocal own
                for page in results.pages_of(path, indices, processes, settings):
                    if isinstance(page, PageError):
                        if count == 1:
                            raise ImageError(page.message)
                        failed.append(page)
                    else:
                        own += page.source == "text_layer"
                        if messages := [warning.message for warning in page.warnings]:
                            warned.append(results.warning_line(name, page.number, indices[-1] + 1, messages))
                    yield page

            with start(count) as processes:
                # bytes, since a text of another encoding than UTF-8, if a terminal says so, could not hold it
                out, info = sys.stdout.buffer, processes.info
                results.write_text(in_languages(pages(), settings.language), kind, out, "" if given else path.name, info, settings)
                out.flush()
            if own and not settings.quiet:
                print(results.own_text_line(name, own, count), file=sys.stderr)
            for line in [] if settings.quiet else warned:
                print(line, file=sys.stderr)
    except ImageError as e:
        print(f"rasm read: error: {name}: {e}", file=sys.stderr)
        return 1
    for error in failed:
        print(f"  {name}: page {error.number}: {error.message}", file=sys.stderr)
    return 1 if failed else 0


@contextmanager
def _file(source: Path) -> Iterator[Path]:
    """The file; standard input as one, since each process opens it."""
    if source != Path("-"):
        yield source
        return
    with NamedTemporaryFile() as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield Path(copy.name)


_READ_MANY = """Read archives of any size, on all cores of this machine or of a Ray cluster: pip install 'rasm-ocr[cluster]'.

    rasm read-many scans --out texts                                        a folder, on this machine
    rasm read-many 's3://bucket/scans/*.tif' --out s3://bucket/texts --format parquet
    rasm read-many books.zip pages.parquet list.txt --out out --format text alto
    rasm read-many s3://bucket/scans --out s3://bucket/texts --address auto       on the cluster of this machine

A source is a folder, a pattern, a list of such (.txt, .lst), a ZIP or TAR archive, a Parquet file with a column of bytes, or a file; by a
path, or by an address such as s3://. Folders and archives are searched for PDFs and images. Each document gives one result in each format,
named after it and its suffix; parquet gives tables of pages, lines and words.

Processes that end, and machines that leave, are replaced; a page over which three have ended is recorded with the reason, as is whatever
cannot be read. Reading can be stopped and started again: only what is missing is read. report.html tells what came of it.
"""


@command("read-many", _READ_MANY, stopped="; what is read stays, and the same command goes on from here")
@argument("sources", "Folders, patterns, lists, archives, Parquet files; paths or addresses", nargs=-1, required=True)
@option("--out", "target", required=True, metavar="PLACE", help="A folder, or an address such as s3://bucket/texts.")
@option(
    "--format", "formats", several=True, type=click.Choice((*FORMATS, "parquet")), default=("text",), help="What to write; parquet: tables."
)
@option("--address", default="local", metavar="ADDRESS", help="Of a Ray cluster: auto, or ray://HOST:PORT; local is this machine alone.")
@option("--workers", type=positive, metavar="N", show_default="one for each core of the cluster", help="Processes that read at a time.")
@option("--again", is_flag=True, help="Read again what has been read already.")
@_how
def read_many(
    sources: Sequence[str], target: str, formats: Sequence[str], address: str, workers: int | None, again: bool, **how: Any
) -> int:
    try:
        from rasm.many.command import read_all
    except ImportError as e:
        raise ConfigError(f"{e.name} is missing: pip install 'rasm-ocr[cluster]'") from e
    return read_all(sources, target, tuple(dict.fromkeys(formats)), address, workers, how["model"], _settings(how, again=again))


@command("models", "List the models that come with Rasm. The first one reads, unless --model names another.")
def models() -> None:
    from rasm.lines.recognizer import Recognizer

    rows = [("name", "version", "precision", "for")]
    for path in weights.shipped_models():
        info = Recognizer(path, threads=1).info
        rows.append((path.stem, info.version, info.precision, weights.PURPOSES[path.stem]))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        print(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:{widths[2]}}  {row[3]}")


_MCP = """Let a language model read files: a server of the Model Context Protocol, by standard input and output.

    claude mcp add rasm -- rasm mcp ~/scans              for Claude Code; other programs ask for the same command

It reads PDFs and images below the folders that are named, and nothing else. It writes nothing and asks no network. It needs the SDK:
pip install 'rasm-ocr[mcp]'.
"""


@command("mcp", _MCP)
@argument("folders", "what may be read: folders, or single files", nargs=-1, required=True, type=PATH)
@option("--model", default=weights.SHIPPED_MODEL.stem, metavar="MODEL", help="A model of `rasm models`, or the path of an ONNX file.")
@option("--password", envvar="RASM_PASSWORD", show_envvar=True, metavar="WORD", help="Of encrypted PDFs.")
@option("--max-megabytes", type=positive, default=100, metavar="N", help="Read no larger file.")
@option("--max-pages", type=positive, default=50, metavar="N", help="Read no more pages for one answer.")
@option("--max-characters", type=positive, default=100_000, metavar="N", help="Give no more text in one answer.")
@option("--threads", type=positive, metavar="N", show_default="one for each core", help="Threads of the reading.")
def mcp(
    folders: Sequence[Path],
    model: str,
    password: str | None,
    max_megabytes: int,
    max_pages: int,
    max_characters: int,
    threads: int | None,
) -> None:
    from importlib.util import find_spec

    if not find_spec("mcp"):
        raise ConfigError("the SDK of the Model Context Protocol is not installed: pip install 'rasm-ocr[mcp]'")
    from rasm import mcp_server
    from rasm.reader import Reader

    bounds = mcp_server.Bounds(max_megabytes * 2**20, max_pages, max_characters)
    mcp_server.server(Reader(model, threads=threads), folders, bounds, password).run("stdio")


@click.command(
    "adapt",
    short_help="Train a model on lines that were corrected by hand.",
    add_help_option=False,  # --help is the command's own to answer
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.pass_context
def adapt(ctx: click.Context) -> int:
    """Training is no part of what pip installs: a checkout that is installed brings the command, under the entry points of this group."""
    from importlib.metadata import entry_points

    wanted = "adapting is training, which needs a checkout of Rasm: in it, pip install -e '.[train]'"
    found = next(iter(entry_points(group="rasm.commands", name="adapt")), None)
    try:
        command = found.load() if found else None
    except ModuleNotFoundError:
        command = None
    if command is None:
        print(f"rasm adapt: error: {wanted}", file=sys.stderr)
        return 2
    return run(command, ctx.args)


rasm.add_command(read)
rasm.add_command(read_many)
rasm.add_command(models)
rasm.add_command(mcp)
rasm.add_command(adapt)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return run(rasm, arguments)


if __name__ == "__main__":
    sys.exit(main())
