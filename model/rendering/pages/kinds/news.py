"""Newspapers, magazines, bulletins: many columns, headlines of many sizes, photographs with captions."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import wording
from model.rendering.pages.html import Draw, Sheet, el
from model.rendering.pages.kinds.colours import accent, ground, ink, paper


def newspaper(d: Draw) -> Sheet:
    """A masthead, then articles in a grid, each in columns of its own."""
    width = d.rng.randint(1300, 2000)
    height = round(width * d.rng.uniform(1.25, 1.55))
    size = width / d.rng.uniform(70, 110)
    rule = d.chance(0.5)
    gap = round(size * d.rng.uniform(0.7 if rule else 0.9, 2))
    css = f"""body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.35, 1.7):.2f} {d.body_font}}}
    .page{{height:{height}px;padding:{size * 1.5:.0f}px;display:flex;flex-direction:column;gap:{gap}px}}
    h1,h2,h3{{font-family:{d.title_font};line-height:1.35;font-weight:{d.rng.choice((400, 700, 900))};margin:.15em 0 .25em}}
    .cols{{column-gap:{gap}px;column-fill:auto;{"column-rule:1px solid #777;" if rule else ""}text-align:justify;height:100%}}
    .art{{display:flex;flex-direction:column;min-width:0;min-height:0;overflow:hidden}} .body{{flex:1;min-height:0;overflow:hidden}}
    .band{{display:flex;flex:1;min-height:0}} .gap{{width:{gap}px;flex:none}} .gap.r{{border-inline-start:1px solid #777;margin-inline-start:{gap // 2}px;width:{gap - gap // 2}px}}
    figure{{margin-bottom:.5em;break-inside:avoid}} figcaption{{font-size:.82em;line-height:1.35;{d.rng.choice(("", "font-weight:700;", "color:#555;"))}}}
    p{{text-indent:{d.rng.choice((0, 1))}em}} .by{{font-size:.85em;color:#444}}"""
    parts = masthead(d, size) if d.chance(0.6) else _folio(d)
    for _ in range(d.rng.randint(2, 4)):
        articles = []
        columns = d.rng.randint(2, 6)
        while columns > 0:
            own = min(columns, d.rng.randint(1, 4))
            articles.append(el("div", _article(d, own, size), cls="art", style=f"flex:{own}"))
            columns -= own
        between = el("div", cls="gap r" if d.chance(0.5) else "gap", gutter=True)
        parts += el(
            "div",
            between.join(articles),
            cls="band",
            style=f"flex:{d.rng.uniform(0.7, 2):.1f};{'border-top:2px solid #222' if d.chance(0.3) else ''}",
        )
    return Sheet(el("div", parts, cls="page"), css, width, height, d.direction)


def masthead(d: Draw, size: float) -> str:
    """A title across the page, with date, price and number beside or beneath."""
    colour = d.rng.choice(("#000", "#000", accent(d.rng)))
    title = el(
        "div",
        d.title(5, 14),
        "heading",
        level=1,
        style=f"font:700 {size * d.rng.uniform(4, 9):.0f}px/1.3 {d.title_font};color:{colour};text-align:center;flex:1",
    )
    ears = [
        el(
            "div",
            el("div", d.make(wording.day), "paragraph") + el("div", d.make(wording.date), "paragraph"),
            style="width:12%;text-align:center",
        )
        for _ in range(2)
    ]
    line = "".join(
        el("span", text, "header")
        for text in (d.make(wording.date), d.title(10, 30), "العدد " + d.make(lambda r: wording.number(r, 20000)))
    )
    band = el(
        "div",
        line,
        style="display:flex;justify-content:space-between;border-top:3px double #222;border-bottom:1px solid #222;padding:.2em .5em",
    )
    return el("div", el("div", ears[0] + title + ears[1], style="display:flex;align-items:center") + band)


def _folio(d: Draw) -> str:
    parts = el("span", d.number(d.rng.randint(1, 40)), "page-number") + el(
        "span", d.title(5, 14), "header", style="font-weight:700;font-size:1.3em"
    )
    return el(
        "div",
        parts + el("span", d.make(wording.date), "header"),
        style="display:flex;justify-content:space-between;border-bottom:2px solid #333",
    )


def _article(d: Draw, columns: int, size: float) -> str:
    scale = d.rng.uniform(1.4, 2.6) * (1 + 0.5 * (columns - 1)) * (1.5 if d.chance(0.15) else 1)
    colour = f"color:{accent(d.rng)};" if d.chance(0.15) else ""
    parts = el("h3", d.title(6, 24), "heading", level=3, style="font-size:1.2em") if d.chance(0.25) else ""
    parts += el("h2", d.title(14, 40), "heading", level=2, style=f"font-size:{min(scale, 8):.1f}em;{colour}")
    parts += el("div", wording.name(d.rng), "paragraph", cls="by") if d.chance(0.4) and not d.is_latin else ""
    if d.chance(0.45):
        parts += figure(d, f"height:{size * d.rng.uniform(8, 16):.0f}px;width:100%")
    if columns > 1 and d.chance(0.2):  # a few lines over all columns: gutters that are hardly higher than a line
        few = el("p", d.paragraph(40 * columns, 110 * columns), "paragraph")
        return parts + el("div", few, cls="cols", style=f"columns:{columns};column-fill:balance;height:auto", columns=columns)
    text = ""
    for k in range(4 * columns + 2):
        text += el("p", d.paragraph(150, 500), "paragraph")
        if k and d.chance(0.12):
            text += figure(d, f"height:{size * d.rng.uniform(6, 11):.0f}px;width:100%")
        if k and d.chance(0.12):
            text += el("h3", d.title(8, 26), "heading", level=3)
    style = f"columns:{columns}" if columns > 1 else ""
    inner = el("div", text, cls="cols", style=style, columns=columns if columns > 1 else None)
    return parts + el("div", inner, cls="body", fill=True)


def figure(d: Draw, style: str) -> str:
    picture = d.pictures.image(d.rng, style)
    caption = el("figcaption", d.text(d.rng.randint(15, 90)), "caption") if d.chance(0.8) else ""
    return el("figure", picture + caption)


def magazine(d: Draw) -> Sheet:
    """One article with a large title, often on a picture, and wide columns, with a quotation in a frame."""
    width = d.rng.randint(1000, 1600)
    height = round(width * d.rng.uniform(1.25, 1.42))
    size = width / d.rng.uniform(46, 64)
    columns = d.rng.randint(2, 3)
    back, on = ground(d.rng)
    colour = accent(d.rng)
    css = f"""body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.5, 1.9):.2f} {d.body_font}}}
    .page{{height:{height}px;display:flex;flex-direction:column}} .top{{position:relative;padding:{size * 2:.0f}px}}
    h1{{font:700 {size * d.rng.uniform(2.5, 6):.0f}px/1.4 {d.title_font};position:relative}} .lead{{font-size:1.35em;position:relative}}
    .box{{flex:1;min-height:0;margin:{size * 1.5:.0f}px {size * 2:.0f}px;overflow:hidden}} .cols{{columns:{columns};column-gap:{size * 1.8:.0f}px;column-fill:auto;height:100%;text-align:justify}}
    .pull{{font:{size * 1.6:.0f}px/1.6 {d.title_font};color:{colour};border-top:3px solid {colour};border-bottom:3px solid {colour};padding:.4em 0;margin:.7em 0;break-inside:avoid;text-align:center}}
    figure{{break-inside:avoid;margin:.5em 0}} figcaption{{font-size:.8em;color:#555;line-height:1.4}} h3{{font-family:{d.title_font};color:{colour};margin:.4em 0}}
    .foot{{display:flex;justify-content:space-between;padding:0 {size * 2:.0f}px {size:.0f}px;font-size:.8em}}"""
    photo = d.pictures.image(d.rng, "position:absolute;inset:0;width:100%;height:100%") if d.chance(0.4) else ""
    shade = "text-shadow:0 0 8px rgba(0,0,0,.9);color:#fff" if photo else f"color:{on}"
    top = (
        photo
        + el("h1", d.title(10, 34), "heading", style=shade, level=1)
        + el("div", d.text(d.rng.randint(50, 140)), "paragraph", cls="lead", style=shade)
    )
    text = ""
    for _ in range(20):
        text += el("p", d.paragraph(150, 600), "paragraph")
        if d.chance(0.12):
            text += el("div", d.text(60), "paragraph", cls="pull", atom=True)
        elif d.chance(0.15):
            text += figure(d, f"width:100%;height:{size * d.rng.uniform(8, 18):.0f}px")
        elif d.chance(0.15):
            text += el("h3", d.title(), "heading", level=3)
    box = el("div", el("div", text, cls="cols", columns=columns), cls="box", fill=True)
    foot = el("div", el("span", d.make(wording.number), "page-number") + el("span", d.title(5, 20), "footer"), cls="foot")
    back = "" if photo else f"background:{back}"
    return Sheet(el("div", el("div", top, cls="top", style=back) + box + foot, cls="page"), css, width, height, d.direction)
