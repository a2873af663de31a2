"""What is looked up: dictionaries, tables of contents, indexes, tables of figures."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import wording
from model.rendering.pages.html import Draw, Sheet, el, table
from model.rendering.pages.kinds.colours import accent, ink, paper


def dictionary(d: Draw) -> Sheet:
    """Entries in two or three columns, head words in bold, catch words at the top."""
    width = d.rng.randint(1000, 1600)
    height = round(width * d.rng.uniform(1.3, 1.5))
    columns = d.rng.choice((2, 2, 3))
    size = width / d.rng.uniform(48, 70)
    bilingual = d.chance(0.4)
    colour = d.rng.choice(("#000", "#000", accent(d.rng)))
    css = f"""body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.35, 1.75):.2f} {d.body_font}}}
    .page{{height:{height}px;padding:{size * 3:.0f}px;display:flex;flex-direction:column}} b{{color:{colour};font-size:{d.rng.uniform(1, 1.25):.2f}em}}
    .top{{display:flex;justify-content:space-between;border-bottom:1px solid #333;margin-bottom:.6em;font-weight:700}}
    .box{{flex:1;min-height:0;overflow:hidden}} .cols{{columns:{columns};column-gap:{size * d.rng.uniform(1.2, 2.4):.0f}px;column-fill:auto;height:100%;{"column-rule:1px solid #555;" if d.chance(0.5) else ""}text-align:justify}}
    p{{padding-inline-start:1em;text-indent:-1em}} h2{{text-align:center;font:700 {size * d.rng.uniform(2, 4):.0f}px/1.4 {d.title_font}}}"""
    text = ""
    for _ in range(150):
        gloss = d.text(d.rng.randint(10, 60), "en") if bilingual else d.text(d.rng.randint(20, 160))
        text += el("p", f"<b>{d.title(3, 10)}</b>{d.rng.choice((': ', ' - ', '، '))}{gloss}", "list-item")
        if d.chance(0.03):
            text += el("h2", d.rng.choice("ابتثجحخدذرزسشصضطظعغفقكلمنهوي"), "heading", level=2)
    top = "".join(
        el("span", t, k) for t, k in ((d.title(3, 9), "header"), (d.make(wording.number), "page-number"), (d.title(3, 9), "header"))
    )
    body = el("div", top, cls="top") + el("div", el("div", text, cls="cols", columns=columns), cls="box", fill=True)
    return Sheet(el("div", body, cls="page"), css, width, height, d.direction)


def contents(d: Draw) -> Sheet:
    """A table of contents: chapters and sections, leaders of dots or none, page numbers."""
    width = d.rng.randint(800, 1300)
    size = width / d.rng.uniform(26, 40)
    leader = d.rng.random()
    css = f"""body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.5, 2.1):.2f} {d.body_font};padding:{size * 2:.0f}px {size * 3:.0f}px}}
    h1{{text-align:center;font:700 {size * d.rng.uniform(1.4, 2.6):.0f}px/1.5 {d.title_font};margin-bottom:.5em}}
    .row{{display:flex;align-items:baseline;gap:.4em}} .row .t{{white-space:nowrap}} .dots{{flex:1;overflow:hidden;white-space:nowrap;height:1.3em;letter-spacing:{d.rng.choice((0, 1, 3))}px;direction:ltr}}
    .l1{{font-weight:700}} .l2{{padding-inline-start:1.5em}} .l3{{padding-inline-start:3em;font-size:.92em}}"""
    body = el("h1", d.rng.choice(("المحتويات", "الفهرس", "فهرس الموضوعات", d.title(5, 16))), "heading", level=1)
    page = d.rng.randint(1, 20)
    for _ in range(d.rng.randint(10, 34)):
        page += d.rng.randint(1, 14)
        level = d.rng.choice((1, 2, 2, 3))
        title = el("span", d.title(8, 38), cls="t")
        if leader < 0.75:
            dots = el("span", "." * 260, cls="dots", leader=True)
            row = el("div", title + dots + el("span", d.number(page)), "list-item", cls=f"row l{level}", join=True)
        else:
            row = el(
                "div",
                el("div", title, "list-item") + el("div", d.number(page), "list-item"),
                cls=f"row l{level}",
                style="justify-content:space-between",
            )
        body += row
    return Sheet(body, css, width, None, d.direction)


def index(d: Draw) -> Sheet:
    """An index of names with page numbers, in columns."""
    width = d.rng.randint(900, 1500)
    height = round(width * d.rng.uniform(1.3, 1.5))
    columns = d.rng.choice((2, 3, 3, 4))
    size = width / d.rng.uniform(48, 64)
    css = f"""body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.5, 1.9):.2f} {d.body_font}}}
    .page{{height:{height}px;padding:{size * 2.5:.0f}px;display:flex;flex-direction:column}} .box{{flex:1;min-height:0;overflow:hidden}}
    .cols{{columns:{columns};column-gap:{size * 2:.0f}px;column-fill:auto;height:100%}} h2{{font:700 {size * 2:.0f}px/1.6 {d.title_font}}}"""
    text = ""
    for _ in range(260):
        numbers = "، ".join(d.number(n) for n in sorted(d.rng.sample(range(1, 500), d.rng.randint(1, 4))))
        text += el("div", f"{d.make(wording.name) if not d.is_latin else d.title(6, 18)} {numbers}", "list-item")
        if d.chance(0.05):
            text += el("h2", d.rng.choice("ابتثجحخدرزسشصضطعغفقكلمنهوي"), "heading", level=2)
    heading = el("h2", d.title(8, 24), "heading", level=1, style="text-align:center")
    return Sheet(
        el("div", heading + el("div", el("div", text, cls="cols", columns=columns), cls="box", fill=True), cls="page"),
        css,
        width,
        height,
        d.direction,
    )


def figures(d: Draw) -> Sheet:
    """Tables of figures with spans and empty cells, ruled or open, between short paragraphs."""
    width = d.rng.randint(900, 1700)
    size = width / d.rng.uniform(40, 66)
    css = f"body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.4, 1.9):.2f} {d.body_font};padding:{size * 2:.0f}px}}"
    css += (
        f"h2{{font:700 {size * 1.5:.0f}px/1.5 {d.title_font}}} .cap{{text-align:center;font-size:.9em;margin:.4em 0}} p{{text-align:justify}}"
        + table_css(d)
    )
    body = el("h2", d.title(), "heading", level=2)
    for _ in range(d.rng.randint(1, 3)):
        body += el("p", d.paragraph(100, 400), "paragraph")
        body += el(
            "div", f"{d.rng.choice(('جدول', 'الجدول رقم'))} ({d.number(d.rng.randint(1, 20))}): {d.title(10, 40)}", "caption", cls="cap"
        )
        body += data_table(d, d.rng.randint(3, 12), d.rng.randint(2, 8))
    return Sheet(body, css, width, None, d.direction)


def table_css(d: Draw) -> str:
    """How tables of a page look: full grids, rows only, zebra stripes, or nothing but a coloured head."""
    style = d.rng.choice(("grid", "grid", "rows", "zebra", "bare", "heavy"))
    colour = accent(d.rng)
    pad = f"{d.rng.uniform(0.1, 0.6):.1f}em {d.rng.uniform(0.3, 0.8):.1f}em"
    rules = {
        "grid": f"th,td{{border:{d.rng.choice((1, 1, 2))}px solid {d.rng.choice(('#000', '#555', '#999', colour))}}}",
        "rows": "tr{border-bottom:1px solid #888} table{border-top:2px solid #222;border-bottom:2px solid #222}",
        "zebra": "tr:nth-child(even) td{background:#e9edf2}",
        "bare": "",
        "heavy": "th,td{border:1px solid #444} table{border:4px double #222}",
    }[style]
    head = d.rng.choice((f"th{{background:{colour};color:#fff}}", "th{background:#ddd}", "th{font-weight:700}"))
    return f"table{{width:{d.rng.choice((100, 100, 80))}%;margin:.6em auto}} th,td{{padding:{pad};text-align:{d.rng.choice(('center', 'start'))}}} {rules} {head}"


def data_table(d: Draw, rows: int, columns: int) -> str:
    makers = [
        d.rng.choice((wording.amount, wording.number, wording.date, wording.city, wording.name, wording.code, None)) for _ in range(columns)
    ]
    makers[0] = d.rng.choice((wording.city, wording.name, None))

    def cell(c: int) -> str:
        maker = makers[c]
        if c and d.chance(0.08):
            return d.rng.choice(("", "", "-"))
        return (
            d.make(maker) if maker and not (d.is_latin and maker in (wording.city, wording.name)) else d.title(4, 30 if columns < 5 else 12)
        )

    found: list[list[str | tuple[str, int, int]]] = [[d.title(3, 14) for _ in range(columns)]]
    if columns > 3 and d.chance(0.3):
        found[0] = [(found[0][0], 1, 1), (d.title(5, 20), 1, columns - 2), (d.title(3, 10), 1, 1)]  # type: ignore[list-item]
    skip = 0
    for r in range(rows):
        row: list[str | tuple[str, int, int]] = [cell(c) for c in range(columns)]
        if skip:
            row, skip = row[1:], skip - 1
        elif r < rows - 2 and d.chance(0.12):
            skip = 1
            row[0] = (str(row[0]), 2, 1)
        found.append(row)
    return table(found, ruled=True)
