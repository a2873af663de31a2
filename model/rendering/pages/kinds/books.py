"""Books: prose with running heads and notes, poems, open books, vowelled text in a frame."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import wording
from model.rendering.pages.html import Draw, Sheet, el
from model.rendering.pages.kinds.colours import accent, ink, paper


def book(d: Draw) -> Sheet:
    """A page of a book: running head, headings, paragraphs, quotations, verses, notes at the foot or in the margin."""
    width = d.rng.randint(900, 1500)
    size = width / d.rng.uniform(26, 44)
    height = round(width * d.rng.uniform(1.3, 1.6))
    margin = round(width * d.rng.uniform(0.07, 0.14))
    marginal = d.chance(0.2)
    body = _leaf(d, marginal, (width * (0.8 if marginal else 1) - 2 * margin) / size / 2 - 2)
    css = _css(d, size) + f".leaf{{height:{height}px;padding:{margin * 0.7:.0f}px {margin}px}}"
    return Sheet(el("div", body, cls="leaf"), css, width, height, d.direction)


def spread(d: Draw) -> Sheet:
    """An open book: two pages beside one another, with a fold, from above."""
    width = d.rng.randint(1400, 2200)
    size = width / d.rng.uniform(54, 80)
    height = round(width * d.rng.uniform(0.62, 0.78))
    margin = round(width * d.rng.uniform(0.03, 0.055))
    fold = round(width * d.rng.uniform(0.01, 0.05))
    dark = d.rng.choice(("rgba(0,0,0,.75)", "rgba(0,0,0,.4)", "rgba(60,40,20,.35)", "rgba(0,0,0,.12)"))
    css = _css(d, size) + (
        f".open{{display:flex;height:{height}px}}.leaf{{flex:1;min-width:0;height:{height}px;padding:{margin}px}}"
        f".fold{{width:{fold}px;background:linear-gradient(90deg,transparent,{dark} 45%,{dark} 55%,transparent)}}"
    )
    half_em = ((width - fold) / 2 - 2 * margin) / size / 2 - 2
    leaves = [el("div", _leaf(d, False, half_em), cls="leaf") for _ in range(2)]
    return Sheet(el("div", leaves[0] + el("div", cls="fold", gutter=True) + leaves[1], cls="open"), css, width, height, d.direction)


def _css(d: Draw, size: float) -> str:
    line = d.rng.uniform(1.45, 2.1)
    font = d.body_font
    return f"""
    body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{line:.2f} {font}}}
    .leaf{{display:flex;flex-direction:column}} .text{{flex:1;min-height:0;overflow:hidden;position:relative}}
    .text p{{text-align:{d.rng.choice(("justify", "justify", "start"))};text-indent:{d.rng.choice((0, 1, 1.5))}em;margin-bottom:{d.rng.choice((0, 0, 0.4))}em}}
    .head{{display:flex;justify-content:space-between;font-size:.85em;padding-bottom:.2em;{d.rng.choice(("", "border-bottom:2px solid #333;", "border-bottom:3px double #555;"))}margin-bottom:1em}}
    .notes{{font-size:.78em;line-height:1.5;{d.rng.choice(("border-top:1px solid #444;", "", "border-top:2px solid #000;"))}padding-top:.4em;margin-top:.6em}}
    h1,h2{{font-family:{d.title_font};text-align:{d.rng.choice(("center", "start"))};font-weight:{d.rng.choice((400, 700))};line-height:1.5;margin:.5em 0}}
    h1{{font-size:{d.rng.uniform(1.5, 4):.1f}em}} h2{{font-size:{d.rng.uniform(1.1, 1.6):.1f}em}}
    .row{{display:flex;gap:{d.rng.uniform(1, 4):.1f}em}} .half{{flex:1;min-width:0;overflow:hidden;text-align-last:justify;white-space:nowrap}}
    .cols{{display:flex;gap:2em}} .quote{{margin:0 3em;font-size:.92em}}
    .foot{{text-align:center;font-size:.85em;padding-top:.5em}}
    """


def _leaf(d: Draw, marginal: bool, half_em: float) -> str:
    number = d.number(d.rng.randint(1, 600))
    parts = ""
    style = d.rng.random()
    if style < 0.7:
        sides = [el("span", d.title(8, 30), "header"), el("span", number, "page-number")]
        d.rng.shuffle(sides)
        parts += el("div", "".join(sides), cls="head")
    text = ""
    if d.chance(0.3):
        text += el("h1", d.title(6, 26), "heading", level=1)
    notes: list[str] = []
    for _ in range(d.rng.randint(5, 16)):
        kind = d.rng.random()
        if kind < 0.1:
            text += el("h2", d.title(), "heading", level=2)
        elif kind < 0.16:
            text += "".join(verses(d, d.rng.randint(1, 4), half_em))
        elif kind < 0.22:
            text += el("p", d.paragraph(100, 300), "paragraph", cls="quote")
        elif kind < 0.28:
            text += "".join(el("p", f"{mark} {d.text(d.rng.randint(20, 120))}", "list-item") for mark in _marks(d))
        else:
            paragraph = d.paragraph()
            if d.chance(0.4) and len(notes) < 6:
                mark = f"({d.number(len(notes) + 1)})"
                notes.append(mark)
                paragraph += el("sup", mark, style="font-size:.6em")
            text += el("p", paragraph, "paragraph")
    main = el("div", text, cls="text", fill=True)
    if marginal:
        asides = "".join(
            el("div", d.text(d.rng.randint(10, 50)), "marginalia", style=f"margin-top:{d.rng.uniform(1, 9):.1f}em") for _ in range(5)
        )
        aside = el("div", asides, style="width:16%;font-size:.7em;line-height:1.4;overflow:hidden", fill=True)
        main = el("div", main + el("div", gutter=True, style="width:1em") + aside, style="display:flex;flex:1;min-height:0")
    parts += main
    if notes:
        parts += el("div", "".join(el("p", f"{mark} {d.text(d.rng.randint(25, 160))}", "footnote") for mark in notes), cls="notes")
    if style >= 0.7:
        parts += el("div", d.rng.choice(("{}", "- {} -", "[{}]")).format(number), "page-number", cls="foot")
    return parts


def _marks(d: Draw) -> list[str]:
    n = d.rng.randint(2, 5)
    form = d.rng.choice(("{}-", "{}.", "({})", "{} -"))
    letters = d.rng.choice(("أبجدهوز", None))
    return [form.format(letters[k] if letters and not d.is_latin else d.number(k + 1)) for k in range(n)]


def verses(d: Draw, count: int, half_em: float) -> list[str]:
    """Verses in halves of this width, the first half at the right."""
    halves = []
    for _ in range(count):
        longest = int(half_em / 0.33)  # more than fits in the narrowest typeface: the browser leaves out what does not
        pair = "".join(el("div", d.text(longest), cls="half", fill="across") for _ in range(2))
        halves.append(el("div", pair, "verse", cls="row"))
    return halves


def poem(d: Draw) -> Sheet:
    """Poems in halves, side by side or stepped, with titles."""
    d.speak(d.rng.choice(("ar", "ar", "ar", "fa")))
    width = d.rng.randint(800, 1400)
    size = width / d.rng.uniform(24, 36)
    margin = size * d.rng.uniform(1.5, 4)
    css = _css(d, size) + f".sheet{{padding:{size * 2:.0f}px {margin:.0f}px}}"
    stepped = d.chance(0.3)
    half_em = (width - 2 * margin) / size / 2 - 2
    body = el("h1", d.title(6, 24), "heading", level=1)
    for _ in range(d.rng.randint(1, 4)):
        rows = "".join(verses(d, d.rng.randint(2, 9), half_em))
        if stepped:
            rows = rows.replace('class="row"', 'class="row" style="display:block"')
        body += el("div", rows, style="margin-bottom:1em")
        if d.chance(0.5):
            body += el("h2", d.rng.choice(("* * *", d.title(6, 20), d.title(6, 20))), "heading", level=2)
    if stepped:
        css += ".half{width:62%} .half:nth-child(2){margin-inline-start:38%}"
    return Sheet(el("div", body, cls="sheet"), css, width, None, "rtl")


def vowelled(d: Draw) -> Sheet:
    """Vowelled text in an ornamental frame, with numbers in brackets, as books of prayers have it."""
    d.speak("ar")
    width = d.rng.randint(800, 1300)
    height = round(width * d.rng.uniform(1.35, 1.55))
    size = width / d.rng.uniform(18, 28)
    colour = accent(d.rng)
    text = " ".join(d.text(d.rng.randint(20, 90)) + f" ﴿{d.number(k + 1)}﴾" for k in range(30))
    text = el("p", text, "paragraph")
    if d.chance(0.6):
        heading = el("div", d.title(6, 20), "heading", level=1, style=f"border:3px double {colour};text-align:center;margin-bottom:.4em")
        text = heading + text
    frame = f"border:{d.rng.randint(2, 6)}px {d.rng.choice(('solid', 'double', 'solid'))} {colour};outline:{d.rng.randint(1, 8)}px {d.rng.choice(('solid', 'dotted', 'ridge'))} {colour};outline-offset:6px"
    css = f"""body{{background:{paper(d.rng)};color:#111;font:{size:.1f}px/{d.rng.uniform(1.9, 2.4):.2f} {d.body_font}}}
    .frame{{position:absolute;inset:{width * 0.05:.0f}px;{frame};padding:{size * 0.7:.0f}px;text-align:justify}} .in{{height:100%;overflow:hidden}}
    .no{{position:absolute;bottom:{width * 0.008:.0f}px;left:0;right:0;text-align:center;font-size:.6em;line-height:1.2}}"""
    body = el("div", el("div", text, cls="in", fill=True), cls="frame") + el("div", d.make(wording.number), "page-number", cls="no")
    return Sheet(body, css, width, height, "rtl")
