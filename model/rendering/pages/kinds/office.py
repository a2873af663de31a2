"""Papers of offices and schools: reports, laws, contracts in two languages, exams, letters."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import pictures, wording
from model.rendering.pages.html import Draw, Sheet, el
from model.rendering.pages.kinds.colours import accent, accents, ink, paper
from model.rendering.pages.kinds.news import figure
from model.rendering.pages.kinds.reference import data_table, table_css


def _css(d: Draw, size: float, side: float) -> str:
    return f"""body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.4, 2.0):.2f} {d.body_font}}}
    .page{{padding:{side:.0f}px;position:relative}} p{{text-align:{d.rng.choice(("justify", "start"))};margin-bottom:{d.rng.choice((0, 0.4, 0.8))}em}}
    h1,h2,h3{{font-family:{d.title_font};line-height:1.5;margin:.4em 0}} h1{{font-size:{d.rng.uniform(1.5, 3.2):.1f}em}} h2{{font-size:1.4em}} h3{{font-size:1.15em}}"""


def report(d: Draw) -> Sheet:
    """Numbered headings, paragraphs, bullets, charts, tables, and a head and a foot on a sheet of A4."""
    width = d.rng.randint(950, 1600)
    height = round(width * 1.414)
    size = width / d.rng.uniform(46, 64)
    colour = accent(d.rng)
    css = (
        _css(d, size, size * 3)
        + table_css(d)
        + f"""
    .page{{height:{height}px;display:flex;flex-direction:column}} h1,h2{{color:{d.rng.choice((colour, "#000"))}}} .main{{flex:1;min-height:0;overflow:hidden}}
    .head,.foot{{display:flex;justify-content:space-between;font-size:.8em;color:#444}} .head{{border-bottom:1px solid {colour};margin-bottom:1em}} .foot{{border-top:1px solid {colour}}}
    .item{{display:flex;gap:.6em;padding-inline-start:1.5em}} .dot{{flex:none}} .box{{border:2px solid {colour};background:#f3f6fa;padding:.6em;margin:.5em 0}}
    figcaption{{font-size:.85em;text-align:center}}"""
    )
    bullet = d.rng.choice(("•", "●", "▪", "■", "◆", "-", "➢", "✓"))
    text = el("h1", d.title(10, 40), "heading", level=1) if d.chance(0.5) else ""
    section = d.rng.randint(1, 9)
    for k in range(14):
        kind = d.rng.random()
        if kind < 0.2:
            text += el("h2", f"{d.number(f'{section}.{k + 1}')} {d.title()}", "heading", level=2)
        elif kind < 0.4:
            items = "".join(
                el(
                    "div",
                    el("span", bullet, cls="dot", skip=True) + el("span", d.text(d.rng.randint(15, 130)), "list-item"),
                    cls="item",
                    shell=True,
                )
                for _ in range(d.rng.randint(2, 5))
            )
            text += el("div", items)
        elif kind < 0.5:
            text += data_table(d, d.rng.randint(2, 6), d.rng.randint(2, 5))
        elif kind < 0.58:
            chart = pictures.chart(d.rng, round(width * 0.6), round(width * 0.25), accents(d.rng))
            text += el("figure", el("div", chart, style="display:flex;justify-content:center") + el("figcaption", d.text(40), "caption"))
        elif kind < 0.64:
            text += figure(d, f"width:60%;height:{width * 0.28:.0f}px;margin:auto")
        elif kind < 0.7:
            text += el("div", d.text(d.rng.randint(60, 250)), "paragraph", cls="box", atom=True)
        else:
            text += el("p", d.paragraph(), "paragraph")
    head = el("div", el("span", d.title(8, 30), "header") + el("span", d.make(wording.date), "header"), cls="head")
    foot = el("div", el("span", d.title(8, 24), "footer") + el("span", d.make(lambda r: wording.number(r, 90)), "page-number"), cls="foot")
    return Sheet(el("div", head + el("div", text, cls="main", fill=True) + foot, cls="page"), css, width, height, d.direction)


def law(d: Draw) -> Sheet:
    """Chapters, articles with bold or centred heads, numbered clauses within clauses."""
    d.speak("ar")
    width = d.rng.randint(900, 1500)
    height = round(width * 1.414)
    size = width / d.rng.uniform(40, 56)
    css = (
        _css(d, size, size * 3)
        + f".page{{height:{height}px}} .main{{height:100%;overflow:hidden}} .art{{text-align:{d.rng.choice(('center', 'start'))};font-weight:700}} .c1{{padding-inline-start:1.5em}} .c2{{padding-inline-start:3em}}"
    )
    ordinals = "الأولى الثانية الثالثة الرابعة الخامسة السادسة السابعة الثامنة التاسعة العاشرة".split()
    text = el("h1", d.title(8, 24), "heading", level=1, style="text-align:center")
    for k in range(10):
        title = f"المادة {ordinals[k]}" if d.chance(0.5) else f"مادة ({d.number(k + 1)})"
        if d.chance(0.4):
            text += el("p", f"<b>{title}:</b> {d.paragraph(60, 300)}", "paragraph")
        else:
            text += el("div", title, "heading", level=3, cls="art") + el("p", d.paragraph(60, 300), "paragraph")
        for n in range(d.rng.choice((0, 0, 2, 3, 5))):
            text += el("p", f"{d.number(n + 1)}- {d.text(d.rng.randint(30, 160))}", "list-item", cls="c1")
            for letter in "أبج"[: d.rng.choice((0, 0, 0, 2, 3))]:
                text += el("p", f"{letter}) {d.text(d.rng.randint(20, 90))}", "list-item", cls="c2")
    return Sheet(el("div", el("div", text, cls="main", fill=True), cls="page"), css, width, height, "rtl")


def contract(d: Draw) -> Sheet:
    """Clauses in two languages side by side: Arabic at the right, English or French at the left; with places to sign. Who reads it reads
    one of the languages: all of it comes before the other."""
    d.speak("ar")
    width = d.rng.randint(1000, 1600)
    height = round(width * 1.414)
    size = width / d.rng.uniform(54, 74)
    other = d.rng.choice(("en", "en", "fr"))
    ruled = d.chance(0.5)
    css = (
        _css(d, size, size * 3)
        + f""".page{{height:{height}px}} .main{{height:88%;overflow:hidden}} .pair{{display:flex;margin-bottom:.6em}} .side{{flex:1;min-width:0;text-align:justify;padding:.2em}}
    .gap{{width:{size * d.rng.uniform(0.8, 2):.0f}px;flex:none;{"border-inline-start:1px solid #333;" if ruled else ""}}} .latin{{direction:ltr;font-family:{d.use(d.latin_family)}}}
    .sign{{display:flex;justify-content:space-around}} .line{{border-bottom:1px dotted #333;width:9em;height:1.5em}}"""
    )
    gap = el("div", cls="gap", gutter=True)
    titles = (
        el("div", d.title(8, 24), "heading", cls="side", level=1, flow=0)
        + gap
        + el("div", d.text(16, other), "heading", cls="side latin", level=1, flow=1)
    )
    text = el("div", titles, cls="pair", style="font-size:1.3em;font-weight:700")
    for k in range(1, 14):
        arabic = f"{d.number(k)}. {d.paragraph(60, 260)}"
        text += el(
            "div",
            el("div", arabic, "paragraph", cls="side", flow=0)
            + gap
            + el("div", f"{k}. " + d.text(len(arabic), other), "paragraph", cls="side latin", flow=1),
            cls="pair",
            atom=True,
        )
    signs = "".join(
        el("div", el("div", label, "label") + el("div", "", "field", cls="line", empty=True)) for label in ("الطرف الأول", "الطرف الثاني")
    )
    return Sheet(el("div", el("div", text, cls="main", fill=True) + el("div", signs, cls="sign"), cls="page"), css, width, height, "rtl")


def exam(d: Draw) -> Sheet:
    """Questions with choices, blanks to fill, true or false in brackets, and a head with the school and the name to write."""
    width = d.rng.randint(900, 1500)
    height = round(width * 1.414)
    size = width / d.rng.uniform(38, 54)
    css = (
        _css(d, size, size * 2)
        + f""".page{{height:{height}px;display:flex;flex-direction:column}} .main{{flex:1;min-height:0;overflow:hidden}} .top{{display:flex;justify-content:space-between;border:2px solid #000;padding:.5em;border-radius:{d.rng.choice((0, 12))}px}}
    .opts{{display:grid;grid-template-columns:repeat({d.rng.choice((2, 4))},1fr)}} .opts>div{{padding-inline-start:1em}} .blank{{display:inline;border-bottom:1px dotted #333}}
    .mark{{float:{d.rng.choice(("left", "right"))};border:1px solid #000;width:2.4em;height:2.4em;border-radius:50%}} .tf{{display:flex;justify-content:space-between}}"""
    )
    arabic = not d.is_latin
    labels = (
        ("المملكة العربية السعودية", "وزارة التعليم", "الاسم:", "الصف:", "المادة:", "الزمن:", "التاريخ:")
        if arabic
        else ("School", "Name:", "Class:", "Subject:", "Date:", "Time:", "Mark:")
    )
    sides = [
        "".join(
            el("div", f"{t} {d.title(4, 12) if d.chance(0.4) else '........................'}", "label") for t in d.rng.sample(labels, 3)
        )
        for _ in range(2)
    ]
    text = ""
    for k in range(9):
        kind = d.rng.choice(("choice", "choice", "blank", "truth", "open"))
        lead = f"{'السؤال' if arabic else 'Question'} {d.number(k + 1)}: " if d.chance(0.5) else f"{d.number(k + 1)}) "
        text += (el("div", cls="mark") if d.chance(0.15) else "") + el("h3", lead + d.title(14, 50), "heading", level=3)
        letters = "أبجد" if arabic else "abcd"
        for n in range(d.rng.randint(1, 3)):
            if kind == "choice":
                text += el("p", f"{d.number(n + 1)}- {d.text(d.rng.randint(25, 80))} :", "list-item")
                text += el("div", "".join(el("div", f"{c}) {d.title(4, 16)}", "list-item") for c in letters), cls="opts", atom=True)
            elif kind == "blank":
                text += el(
                    "p",
                    f"{d.number(n + 1)}- {d.text(d.rng.randint(15, 40))} .................... {d.text(d.rng.randint(10, 40))}",
                    "list-item",
                )
            elif kind == "truth":
                text += el(
                    "div",
                    el("div", f"{d.number(n + 1)}- {d.text(d.rng.randint(25, 60))}", "list-item")
                    + el("div", "(&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;)", "field"),
                    cls="tf",
                    atom=True,
                )
            else:
                text += "".join(el("div", "", "field", style="border-bottom:1px dotted #444;height:1.7em", empty=True) for _ in range(2))
    middle = el("div", pictures.emblem(d.rng, round(size * 4), accent(d.rng)))
    return Sheet(
        el(
            "div",
            el("div", el("div", sides[0]) + middle + el("div", sides[1]), cls="top") + el("div", text, cls="main", fill=True),
            cls="page",
        ),
        css,
        width,
        height,
        d.direction,
    )


def letter(d: Draw) -> Sheet:
    """A letterhead, date and number, greeting, paragraphs, a signature, a stamp over it, and an address at the foot."""
    d.speak(d.rng.choice(("ar", "ar", "ar", "en", "fr")))
    width = d.rng.randint(900, 1500)
    height = round(width * 1.414)
    size = width / d.rng.uniform(38, 54)
    colour = accent(d.rng)
    css = (
        _css(d, size, size * 2.5)
        + f""".page{{height:{height}px;display:flex;flex-direction:column}} .top{{display:flex;justify-content:space-between;align-items:center;border-bottom:{d.rng.randint(1, 4)}px solid {colour};color:{colour};font-weight:700}}
    .meta{{text-align:end;margin:1em 0}} .end{{display:flex;justify-content:space-around;align-items:end;margin-top:2em}} .foot{{margin-top:auto;border-top:1px solid {colour};font-size:.75em;text-align:center;color:{colour}}}
    .stamp{{position:absolute;left:{d.rng.randint(12, 55)}%;bottom:{d.rng.randint(10, 26)}%;width:{size * 7:.0f}px;height:{size * 7:.0f}px;border:{d.rng.randint(2, 5)}px solid {d.rng.choice(("#1d3fae", "#a11", "#0a5c36"))};border-radius:{d.rng.choice((50, 50, 8))}%;transform:rotate({d.rng.randint(-40, 40)}deg);display:flex;align-items:center;justify-content:center;text-align:center;color:#1d3fae;opacity:.8;font-size:.8em;line-height:1.3}}
    .water{{position:absolute;top:35%;left:10%;right:10%;text-align:center;font-size:{size * 5:.0f}px;line-height:1.4;color:rgba(0,0,0,.07);transform:rotate({d.rng.choice((-30, 30, 0))}deg)}}"""
    )
    arabic = d.language == "ar"
    logo = pictures.emblem(d.rng, round(size * d.rng.uniform(4, 7)), colour)
    owner = [el("div", d.make(wording.company) if arabic else d.title(8, 20), "header"), el("div", d.title(8, 24), "header")]
    top = el(
        "div",
        el("div", "".join(owner))
        + logo
        + el("div", d.text(20, "en"), "header", style=f"direction:ltr;font-family:{d.use(d.latin_family)}"),
        cls="top",
    )
    meta = "".join(
        el("div", f"{label} {d.make(maker)}", "label")
        for label, maker in (
            (("الرقم:", wording.code), ("التاريخ:", wording.date)) if arabic else (("Ref:", wording.code), ("Date:", wording.date))
        )
    )
    text = el("h3", d.title(10, 40), "heading", level=3)
    text += el("p", "السلام عليكم ورحمة الله وبركاته، وبعد:" if arabic else d.title(8, 20) + ",", "paragraph")
    text += "".join(el("p", d.paragraph(100, 420), "paragraph") for _ in range(d.rng.randint(1, 4)))
    end = el(
        "div",
        el("div", d.make(wording.name) if arabic else d.title(8, 16), "paragraph")
        + pictures.signature(d.rng, round(size * 8), round(size * 3), "#122c78"),
        cls="end",
    )
    stamp = el("div", el("div", d.title(6, 16), "mark"), cls="stamp", ignore=True) if d.chance(0.6) else ""
    water = el("div", d.title(4, 10), "mark", cls="water", ignore=True) if d.chance(0.25) else ""
    foot = el("div", f"{d.make(wording.phone)} - {wording.mail(d.rng)} - {wording.site(d.rng)}", "footer", cls="foot")
    main = el("div", text, fill=True, style=f"max-height:{height * 0.55:.0f}px;overflow:hidden")
    return Sheet(
        el("div", water + top + el("div", meta, cls="meta") + main + end + stamp + foot, cls="page"), css, width, height, d.direction
    )
