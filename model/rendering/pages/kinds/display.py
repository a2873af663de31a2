"""What is looked at from afar: slides, posters, flyers on photographs, signs."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import pictures, wording
from model.rendering.pages.html import Draw, Sheet, el
from model.rendering.pages.kinds.colours import accent, accents, ground
from model.rendering.pages.kinds.reference import data_table, table_css


def slide(d: Draw) -> Sheet:
    """A title, bullets in large type, a chart or a photograph beside them, on colour."""
    width = d.rng.randint(960, 1600)
    height = round(width * d.rng.choice((9 / 16, 0.75)))
    back, on = ground(d.rng) if d.chance(0.7) else ("#fff", "#222")
    size = width / d.rng.uniform(30, 50)
    colour = accent(d.rng)
    band = d.rng.choice(("", f"background:{colour};color:#fff;padding:.2em .6em;", f"border-bottom:4px solid {colour};"))
    css = (
        f"""body{{background:{back};color:{on};font:{size:.1f}px/{d.rng.uniform(1.4, 1.9):.2f} {d.body_font};padding:{size * 1.6:.0f}px;display:flex;flex-direction:column}}
    h1{{font:700 {size * d.rng.uniform(1.5, 2.6):.0f}px/1.4 {d.title_font};{band}margin-bottom:.4em;flex:none;text-align:{d.rng.choice(("start", "center"))}}} .row{{display:flex;flex:1;min-height:0;gap:{size * 1.5:.0f}px}} .t{{flex:1.4;min-height:0;overflow:hidden}} .p{{flex:1;min-width:0}}
    .i{{display:flex;gap:.6em;margin-bottom:.5em}} .b{{color:{d.rng.choice((colour, on))};flex:none}} .foot{{position:absolute;bottom:.5em;left:1em;right:1em;display:flex;justify-content:space-between;font-size:.6em}} .card{{background:rgba(255,255,255,.9);color:#222;border-radius:12px;padding:.7em}}"""
        + table_css(d)
        + "td{color:#222;background:#fff}"
    )
    bullet = d.rng.choice(("•", "●", "■", "◆", "➤", "✔", "-", "○"))
    title = el("h1", d.title(10, 44), "heading", level=1)
    kind = d.rng.choice(("bullets", "bullets", "cards", "title", "table"))
    if kind == "title":
        middle = el(
            "div",
            el("h1", d.title(10, 34), "heading", level=1, style=f"font-size:{size * 3:.0f}px;background:none;border:0")
            + el("div", d.title(10, 40), "paragraph"),
            style="margin:auto;text-align:center",
        )
        return Sheet(middle + el("div", d.make(wording.name), "paragraph", style="text-align:center"), css, width, height, d.direction)
    if kind == "cards":
        cards = el("div", gutter=True, style=f"width:{size * 0.2:.0f}px").join(
            el(
                "div",
                el("h2", d.title(5, 16), "heading", level=2) + el("p", d.text(d.rng.randint(30, 90)), "paragraph"),
                cls="card",
                style="flex:1;overflow:hidden",
                fill=True,
            )
            for _ in range(d.rng.randint(2, 4))
        )
        main = el("div", cards, cls="row", style=f"margin-bottom:{size * 1.5:.0f}px")
    elif kind == "table":
        main = el("div", data_table(d, d.rng.randint(2, 5), d.rng.randint(2, 5)), fill=True, style="flex:1;min-height:0;overflow:hidden")
    else:
        items = "".join(
            el("div", el("span", bullet, cls="b", skip=True) + el("span", d.text(d.rng.randint(15, 90)), "list-item"), cls="i", shell=True)
            for _ in range(d.rng.randint(3, 8))
        )
        text = el("div", items, cls="t", fill=True)
        picture = d.rng.choice(
            (
                d.pictures.image(d.rng, "width:100%;height:80%"),
                pictures.chart(d.rng, round(width * 0.35), round(height * 0.5), accents(d.rng)),
                "",
            )
        )
        parts = [text, el("div", picture, cls="p")] if picture else [text]
        d.rng.shuffle(parts)
        main = el("div", "".join(parts), cls="row")
    foot = (
        el("div", el("span", d.title(6, 20), "footer") + el("span", d.make(lambda r: wording.number(r, 60)), "page-number"), cls="foot")
        if d.chance(0.5)
        else ""
    )
    return Sheet(title + main + foot, css, width, height, d.direction)


def poster(d: Draw) -> Sheet:
    """Type of very different sizes and fonts, centred or not, in boxes and on gradients."""
    width = d.rng.randint(800, 1300)
    height = round(width * d.rng.uniform(1.1, 1.5))
    size = width / d.rng.uniform(28, 40)
    back, on = ground(d.rng)
    colour = accent(d.rng)
    css = f"""body{{background:{back};color:{on};font:{size:.1f}px/1.6 {d.body_font};text-align:{d.rng.choice(("center", "center", "start"))}}} .all{{position:absolute;inset:{size * 1.5:.0f}px;overflow:hidden;display:flex;flex-direction:column;justify-content:safe space-between}}
    h1{{font:{d.rng.choice((400, 700, 900))} {size * d.rng.uniform(3, 7):.0f}px/1.35 {d.title_font};{d.rng.choice(("", "text-shadow:3px 3px 6px rgba(0,0,0,.5);"))}}} h2{{font:700 {size * d.rng.uniform(1.6, 3):.0f}px/1.45 {d.use(d.faces.display(d.rng), d.latin_family)}}}
    .pill{{display:inline-block;background:{colour};color:#fff;border-radius:2em;padding:.2em 1.2em;font-size:{d.rng.uniform(1, 2):.1f}em}} .rowx{{display:flex;justify-content:space-around}} .frame{{border:{d.rng.randint(2, 8)}px solid {on};padding:.6em}}"""
    parts = [el("h1", d.title(5, 22), "heading", level=1), el("h2", d.title(10, 34), "heading", level=2)]
    if d.chance(0.5):
        parts.append(d.pictures.image(d.rng, f"width:100%;height:{height * d.rng.uniform(0.15, 0.35):.0f}px"))
    for _ in range(d.rng.randint(1, 4)):
        parts.append(
            d.rng.choice(
                (
                    lambda: el("div", el("div", d.title(5, 20), "paragraph", cls="pill")),
                    lambda: el("div", d.text(d.rng.randint(30, 140)), "paragraph"),
                    lambda: el("div", d.text(d.rng.randint(20, 70)), "paragraph", cls="frame"),
                    lambda: el(
                        "div",
                        el("div", d.make(wording.date), "paragraph")
                        + el("div", d.make(wording.time), "paragraph")
                        + el("div", d.make(wording.city), "paragraph"),
                        cls="rowx",
                    ),
                    lambda: el(
                        "div",
                        f"{d.rng.randint(10, 90)}%",
                        "paragraph",
                        style=f"font:900 {size * d.rng.uniform(3, 6):.0f}px/1.2 {d.title_font}",
                    ),
                )
            )()
        )
    parts.append(el("div", el("div", d.make(wording.phone), "footer") + el("div", wording.site(d.rng), "footer"), cls="rowx"))
    middle = parts[1:-1]
    d.rng.shuffle(middle)
    return Sheet(el("div", "".join([parts[0], *middle, parts[-1]]), cls="all", fill=True), css, width, height, d.direction)


def flyer(d: Draw) -> Sheet:
    """Words upon a photograph: with shadows, on bands, or plain."""
    width = d.rng.randint(700, 1400)
    height = round(width * d.rng.choice((1, 1.25, 1.4, 0.6)))
    size = width / d.rng.uniform(22, 34)
    look = d.rng.choice(("shadow", "band", "veil", "plain"))
    behind = {"shadow": "text-shadow:0 0 4px #000,0 2px 10px #000;", "band": "background:rgba(0,0,0,.68);padding:.05em .6em;"}
    css = f"""body{{font:{size:.1f}px/1.55 {d.body_font};color:#fff;overflow:hidden}} .bg{{position:absolute;inset:0;width:100%;height:100%}} .veil{{position:absolute;inset:0;background:{"linear-gradient(rgba(0,0,0,.7),rgba(0,0,0,.25))" if look == "veil" else "none"}}}
    .w{{position:absolute;inset:{size:.0f}px;display:flex;flex-direction:column;overflow:hidden;justify-content:safe {d.rng.choice(("center", "flex-end", "flex-start"))};align-items:{d.rng.choice(("center", "flex-start", "flex-end"))};gap:.5em}}
    .w>div{{{behind.get(look, "")}}}
    h1{{font:{d.rng.choice((400, 700))} {size * d.rng.uniform(2, 5):.0f}px/1.35 {d.title_font}}}"""
    colour = d.rng.choice(("#fff", "#fff", "#ffe36e", "#ffd0d0", "#c8f7ff"))
    words = el("div", el("h1", d.title(5, 24), "heading", level=1, style=f"color:{colour}"))
    for _ in range(d.rng.randint(1, 4)):
        words += el("div", d.text(d.rng.randint(12, 90)), "paragraph", style=f"font-size:{d.rng.uniform(0.8, 1.7):.1f}em")
    return Sheet(
        d.pictures.image(d.rng, cls="bg") + el("div", cls="veil") + el("div", words, cls="w", fill=True), css, width, height, d.direction
    )


def sign(d: Draw) -> Sheet:
    """A shop's or a road's sign, a number plate, a book's cover: a few large words on a ground or a photograph."""
    width = d.rng.randint(500, 1200)
    height = round(width * d.rng.uniform(0.3, 1.3))
    back, on = ground(d.rng)
    size = min(width / d.rng.uniform(7, 14), height / 5)
    css = f"""body{{background:{d.rng.choice(("#888", "#bbb", "#343434"))};font:{size:.1f}px/1.5 {d.title_font}}} .bg{{position:absolute;inset:0;width:100%;height:100%}}
    .s{{position:absolute;inset:{d.rng.uniform(0.03, 0.2) * min(width, height):.0f}px;background:{back};color:{on};border:{d.rng.choice((0, 4, 8))}px solid {on};border-radius:{d.rng.choice((0, 10, 24))}px;display:flex;flex-direction:column;justify-content:center;align-items:center;overflow:hidden;text-align:center}} .l{{direction:ltr;font-size:.6em;font-family:{d.use(d.latin_family)}}}"""
    words = el("div", d.title(4, 16), "heading", level=1)
    if d.chance(0.6):
        words += el("div", d.text(10, "en"), "heading", level=2, cls="l")
    if d.chance(0.4):
        words += el("div", d.make(wording.phone), "paragraph", style="font-size:.5em")
    photo = d.pictures.image(d.rng, cls="bg", mark=False) if d.chance(0.5) else ""
    return Sheet(photo + el("div", words, cls="s", fill=True), css, width, height, d.direction)


def nothing(d: Draw) -> Sheet:
    """A photograph, a drawing, a blank or ruled sheet: no text at all."""
    width = d.rng.randint(600, 1400)
    height = round(width * d.rng.uniform(0.6, 1.4))
    kind = d.rng.choice(("photo", "photo", "texture", "texture", "texture", "blank", "ruled", "pattern", "drawing"))
    back, _ = ground(d.rng)
    css = f"body{{background:{back if kind == 'pattern' else '#fff'}}} .bg{{width:100%;height:{height}px}} .r{{border-bottom:1px solid #9ab;height:{width / 30:.0f}px;margin:0 {width / 15:.0f}px}}"
    if kind == "photo":
        body = d.pictures.image(d.rng, cls="bg")
    elif kind == "texture":
        body = f'<img data-picture class="bg" src="{d.pictures.pattern(d.rng, width, height)}">'
    elif kind == "ruled":
        body = "".join(el("div", cls="r") for _ in range(int(height / (width / 30)) - 2))
    elif kind == "drawing":
        body = pictures.chart(d.rng, width, round(height * 0.8), accents(d.rng)) + pictures.signature(
            d.rng, width, round(height * 0.2), "#333"
        )
    elif kind == "pattern":
        css += f"body{{background-image:repeating-linear-gradient({d.rng.randint(0, 180)}deg,{accent(d.rng)} 0 {d.rng.randint(2, 30)}px,transparent 0 {d.rng.randint(32, 90)}px)}}"
        body = ""
    else:
        body = ""
    return Sheet(body, css, width, height, d.direction)
