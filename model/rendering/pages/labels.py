"""What is known of a drawn page: its lines, blocks, tables, rules, gutters and pictures; and their JSON.

Where it stands: made by ``measure``, read by ``degrade``, ``documents`` and what learns. All coordinates are pixels of the page's
picture, x to the right and y down. Text is in logical order. Lists are in reading order where there is one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from rasm.errors import DatasetError

Box = tuple[float, float, float, float]  # left, top, right, bottom
Point = tuple[float, float]
BlockKind = Literal[
    "paragraph",
    "heading",
    "list-item",
    "cell",
    "caption",
    "footnote",
    "header",
    "footer",
    "page-number",
    "marginalia",
    "verse",
    "field",
    "check-box",
    "label",
    "mark",
]
Direction = Literal["rtl", "ltr"]

FORMAT, VERSION = "rasm-page-labels", 1
BLOCK_KINDS: tuple[BlockKind, ...] = get_args(BlockKind)


@dataclass(frozen=True)
class WordLabel:
    """What stands between two spaces, and the box of its letters as the font has them (not of its ink)."""

    text: str
    box: Box


@dataclass(frozen=True)
class LineLabel:
    """One line of text.

    baseline: points from left to right. above_px, below_px: how far its ink reaches above and below the baseline. core_above_px,
    core_below_px: the band that holds the middle 60% of its ink; below is negative where the band ends above the baseline.
    size_px: of the type, as CSS counts it. block: the number of its block. direction: the base direction of its text.
    ignored: text that a reader may leave out, or cannot read: watermarks, stamps, what is cut off or too faint.
    """

    text: str
    block: int
    baseline: list[Point]
    above_px: float
    below_px: float
    core_above_px: float
    core_below_px: float
    size_px: float
    direction: Direction = "rtl"
    ignored: bool = False
    words: list[WordLabel] = field(default_factory=list)

    def band(self, above_px: float, below_px: float) -> list[Point]:
        """The polygon from ``above_px`` above the baseline to ``below_px`` below it; perpendicular to it only where it is level."""
        upper = [(x, y - above_px) for x, y in self.baseline]
        return upper + [(x, y + below_px) for x, y in reversed(self.baseline)]

    @property
    def polygon(self) -> list[Point]:
        """Around its ink."""
        return self.band(self.above_px, self.below_px)

    @property
    def core(self) -> list[Point]:
        return self.band(self.core_above_px, self.core_below_px)

    @property
    def box(self) -> Box:
        xs, ys = zip(*self.polygon, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True)
class BlockLabel:
    """Lines that belong together, or a place for them: an empty cell and a check box have no lines.

    level: of a heading, from 1. table, row, column, row_span, column_span: of a cell. checked: of a check box.
    """

    kind: BlockKind
    box: Box
    level: int | None = None
    table: int | None = None
    row: int | None = None
    column: int | None = None
    row_span: int = 1
    column_span: int = 1
    checked: bool | None = None


@dataclass(frozen=True)
class TableLabel:
    """A table's place and size. ruled: whether lines part its cells."""

    box: Box
    rows: int
    columns: int
    ruled: bool


@dataclass(frozen=True)
class PageLabels:
    """A page. kind: of document, one of ``kinds.KINDS``. gutters: white space (or a fold) between columns and pages, which no line
    crosses. rules: lines and sides of frames, as thin boxes. pictures: photographs and drawings, with whatever is written on them."""

    kind: str
    seed: str
    width_px: int
    height_px: int
    direction: Direction
    families: list[str]
    blocks: list[BlockLabel]
    lines: list[LineLabel]
    tables: list[TableLabel] = field(default_factory=list)
    gutters: list[Box] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Line by line in reading order, an empty line between blocks, without what is ignored."""
        parts: list[str] = []
        previous = None
        for line in self.lines:
            if line.ignored:
                continue
            parts += ["" if previous is None else "\n" if line.block == previous else "\n\n", line.text]
            previous = line.block
        return "".join(parts)

    def to_json(self) -> str:
        """One JSON object, coordinates to a tenth of a pixel; a line of the file for each block and line of text."""
        return _written({"format": FORMAT, "version": VERSION, **_rounded(asdict(self))})


def read_labels(path: Path) -> PageLabels:
    """Raises DatasetError where the file is not what ``PageLabels.to_json`` writes, or of another version."""
    try:
        return labels_from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DatasetError(f"{path}: not the labels of a page as python -m model.rendering.pages writes them ({e})") from e


def is_labels(path: Path) -> bool:
    """Whether a file begins as ``PageLabels.to_json`` does. Raises OSError."""
    with path.open("rb") as file:
        return file.read(64).startswith(f'{{"format":"{FORMAT}"'.encode())


def labels_from_dict(contents: Mapping[str, Any]) -> PageLabels:
    """Raises ValueError, KeyError or TypeError where something is missing, unknown or of another version."""
    values = dict(contents)
    if (form := values.pop("format", None)) != FORMAT or (version := values.pop("version", None)) != VERSION:
        raise ValueError(f"format {form!r}, version {version if form == FORMAT else '?'}: {FORMAT!r}, version {VERSION} is read")
    values["blocks"] = [BlockLabel(**{**block, "box": _box(block["box"])}) for block in values["blocks"]]
    if unknown := {block.kind for block in values["blocks"]} - set(BLOCK_KINDS):
        raise ValueError(f"unknown kinds of blocks: {sorted(unknown)}")
    values["lines"] = [_line(line) for line in values["lines"]]
    values["tables"] = [TableLabel(**{**table, "box": _box(table["box"])}) for table in values["tables"]]
    for name in ("gutters", "rules", "pictures"):
        values[name] = [_box(box) for box in values[name]]
    return PageLabels(**values)


def _line(values: dict[str, Any]) -> LineLabel:
    words = [WordLabel(word["text"], _box(word["box"])) for word in values["words"]]
    return LineLabel(**{**values, "baseline": [(x, y) for x, y in values["baseline"]], "words": words})


def _box(values: Sequence[float]) -> Box:
    left, top, right, bottom = map(float, values)
    return left, top, right, bottom


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 1)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value


def _written(contents: dict[str, Any]) -> str:
    def item(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    parts = []
    for key, value in contents.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            parts.append(f'"{key}":[\n' + ",\n".join(map(item, value)) + "\n]")
        else:
            parts.append(f'"{key}":{item(value)}')
    return "{" + ",\n".join(parts) + "}\n"
