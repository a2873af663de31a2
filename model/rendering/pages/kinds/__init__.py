"""Kinds of documents: for each a function that gives the HTML of a page, different for each seed.

Where it stands: called by ``model/rendering/pages/synthesis.py``. ``KINDS`` has them by name, with how often each is drawn.
"""

from __future__ import annotations

from collections.abc import Callable

from model.rendering.pages.html import Draw, Sheet
from model.rendering.pages.kinds import books, business, diagrams, display, forms, news, office, reference, screen

Builder = Callable[[Draw], Sheet]

# name: (builder, how often). What has many lines and columns teaches most; what people photograph and print most comes most
KINDS: dict[str, tuple[Builder, float]] = {
    "book": (books.book, 3),
    "spread": (books.spread, 2),
    "poem": (books.poem, 1.5),
    "vowelled": (books.vowelled, 1.5),
    "newspaper": (news.newspaper, 3),
    "magazine": (news.magazine, 2),
    "dictionary": (reference.dictionary, 1),
    "contents": (reference.contents, 1),
    "index": (reference.index, 0.7),
    "figures": (reference.figures, 1.5),
    "report": (office.report, 2),
    "law": (office.law, 1),
    "contract": (office.contract, 1.5),
    "exam": (office.exam, 1.3),
    "letter": (office.letter, 1.5),
    "invoice": (business.invoice, 1.5),
    "receipt": (business.receipt, 1),
    "statement": (business.statement, 1),
    "form": (forms.form, 1.7),
    "card": (forms.card, 1.2),
    "certificate": (forms.certificate, 0.8),
    "slide": (display.slide, 2),
    "poster": (display.poster, 1.7),
    "flyer": (display.flyer, 1.7),
    "sign": (display.sign, 1),
    "web-page": (screen.web_page, 1.7),
    "chat": (screen.chat, 1.5),
    "post": (screen.post, 1.2),
    "subtitles": (screen.subtitles, 1),
    "map": (diagrams.map_sheet, 1),
    "diagram": (diagrams.diagram, 1),
    "chart": (diagrams.chart_sheet, 0.8),
    "nothing": (display.nothing, 1.2),
}
# kinds no training page is of: what they give is how a kind that was never seen is found
HELD_OUT_KINDS = ("magazine", "statement", "certificate", "post", "exam", "diagram")
