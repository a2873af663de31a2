"""TEDS, the likeness of two tables as trees: 1 where they are the same.

Where it stands: beneath ``evaluation/markdown.py``. A table is a tree of rows and cells. The distance of two trees is the fewest nodes
that are put in, taken out or changed to make one of the other; TEDS is 1 less its share of the larger tree's nodes. Two ``td`` of the same
spans differ by their texts' edits over the longer text's length; of other spans, or ``td`` and ``th``, by 1. Texts and spans of ``th`` are
not compared.

Sources: Zhong et al. 2020, "Image-based table recognition: data, model, and evaluation" (PubTabNet), for TEDS; KITAB-Bench, ``pdfs_eval``
(github.com/mbzuai-oryx/KITAB-Bench, MIT), for how tables are prepared. That lays tables out anew, with a line and an indent around
each text, and counts this white space as text: so short texts that differ are alike all the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from apted import APTED, Config
from bs4 import BeautifulSoup, Tag
from rapidfuzz.distance import Levenshtein

_WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")
_KEPT = {"table", "tbody", "tr", "th", "td"}


@dataclass
class _Node:
    """content: of a td, its signs and the tags within it; of anything else None."""

    tag: str
    spans: tuple[int, int] | None = None
    content: list[str] | None = None
    children: list[_Node] = field(default_factory=list)


class _Costs(Config):  # type: ignore[misc]
    def rename(self, first: _Node, second: _Node) -> float:
        if first.tag != second.tag or first.spans != second.spans:
            return 1.0
        if first.content is None or second.content is None or not (first.content or second.content):
            return 0.0
        return float(Levenshtein.normalized_distance(first.content, second.content))


def teds(first: str, second: str, *, structure_only: bool = False) -> float:
    """Of two tables in HTML, prepared as KITAB-Bench does. structure_only: texts are not compared."""
    trees = [_tree(prepared(table), structure_only) for table in (first, second)]
    count = max(map(_count, trees))
    return 1.0 - float(APTED(*trees, _Costs()).compute_edit_distance()) / count


def prepared(table: str) -> Tag:
    """One ``tbody`` of rows of ``th`` and ``td``, in western digits, laid out with white space as the benchmark does."""
    soup = BeautifulSoup(re.sub(r"\s+", " ", table).translate(_WESTERN), "html.parser")
    rows: list[Tag] = []
    for name in ("thead", "tbody", "tfoot", "table"):  # heads first, and of each part the first alone; then what is left
        part = soup.find(name)
        if isinstance(part, Tag):
            rows += [row.extract() for row in part.find_all("tr")]
            part.extract()
    whole = soup.new_tag("table")
    body = soup.new_tag("tbody")
    whole.append(body)
    body.extend(rows)
    laid_out = BeautifulSoup(whole.prettify(), "html.parser")
    for tag in laid_out.find_all():
        if tag.name not in _KEPT:
            tag.unwrap()
    found = BeautifulSoup(str(laid_out), "html.parser").find("table")
    assert isinstance(found, Tag)
    return found


def _tree(element: Tag, structure_only: bool) -> _Node:
    if element.name == "td":
        spans = (int(str(element.get("colspan", "1"))), int(str(element.get("rowspan", "1"))))
        return _Node("td", spans, [] if structure_only else _content(element))
    return _Node(element.name, children=[_tree(child, structure_only) for child in element.children if isinstance(child, Tag)])


def _content(element: Tag) -> list[str]:
    found: list[str] = []
    for child in element.children:
        if isinstance(child, Tag):
            found += [f"<{child.name}>", *_content(child), f"</{child.name}>"]
        else:
            found += str(child)
    return found


def _count(node: _Node) -> int:
    """How many nodes stand beneath it: the benchmark does not count the table itself."""
    return sum(1 + _count(child) for child in node.children)
