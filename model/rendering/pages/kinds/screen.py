"""What is seen on screens: web pages, chats, posts, subtitles on films."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import pictures, wording
from model.rendering.pages.html import Draw, Sheet, el
from model.rendering.pages.kinds.colours import accent
from model.rendering.pages.kinds.news import figure


def web_page(d: Draw) -> Sheet:
    """A bar of links, an article or cards, a column at the side, buttons, a foot; light or dark."""
    width = d.rng.randint(1000, 1600)
    size = d.rng.uniform(15, 24)
    dark = d.chance(0.3)
    back, on, soft = ("#14171c", "#e6e6e6", "#23282f") if dark else ("#fff", "#222", "#f1f3f5")
    colour = accent(d.rng)
    css = f"""body{{background:{back};color:{on};font:{size:.1f}px/{d.rng.uniform(1.5, 1.9):.2f} {d.body_font}}} nav{{display:flex;gap:2em;align-items:center;background:{d.rng.choice((colour, soft))};color:{"#fff" if dark else "inherit"};padding:.7em 2em}}
    .wrap{{display:flex;padding:1.5em 2em}} .main{{flex:{d.rng.choice((2, 3))};min-width:0}} .gap{{width:2em;flex:none}} .side{{flex:1;min-width:0}} h1{{font:700 {d.rng.uniform(1.6, 2.8):.1f}em/1.4 {d.title_font}}} h2{{font-size:1.25em;margin:.4em 0}} p{{margin-bottom:.7em}}
    .btn{{display:inline-block;background:{colour};color:#fff;padding:.3em 1.2em;border-radius:6px}} .card{{background:{soft};border-radius:10px;padding:.8em;margin-bottom:1em}} .grid{{display:flex}} .grid .card{{flex:1;min-width:0}} .m{{color:#888;font-size:.85em}} footer{{background:{soft};padding:1em 2em;display:flex;justify-content:space-between;font-size:.85em}} figcaption{{font-size:.8em;color:#888}} a{{color:{"#7db7ff" if dark else colour}}}"""
    nav = el(
        "nav",
        pictures.emblem(d.rng, round(size * 2), "#fff" if dark else colour)
        + "".join(el("span", d.title(4, 9), "header") for _ in range(d.rng.randint(3, 7))),
    )
    main = el("h1", d.title(18, 60), "heading", level=1) + el("div", d.make(wording.date), "paragraph", cls="m")
    if d.chance(0.6):
        main += figure(d, f"width:100%;height:{d.rng.randint(160, 380)}px")
    for _ in range(d.rng.randint(2, 6)):
        if d.chance(0.25):
            main += el("h2", d.title(), "heading", level=2)
        main += el("p", d.paragraph(120, 500), "paragraph")
    if d.chance(0.5):
        gap = el("div", gutter=True, style="width:1em;flex:none")
        main += el(
            "div",
            gap.join(
                el(
                    "div",
                    d.pictures.image(d.rng, "width:100%;height:110px")
                    + el("h2", d.title(8, 24), "heading", level=3)
                    + el("div", d.text(40), "paragraph", cls="m"),
                    cls="card",
                )
                for _ in range(3)
            ),
            cls="grid",
        )
    main += el("div", el("div", d.title(5, 12), "paragraph", cls="btn"))
    side = "".join(
        el(
            "div",
            el("h2", d.title(5, 16), "heading", level=2)
            + "".join(el("div", f"<a>{d.title(14, 44)}</a>", "list-item") for _ in range(d.rng.randint(2, 6))),
            cls="card",
        )
        for _ in range(d.rng.randint(1, 3))
    )
    wrap = el(
        "div",
        el("div", main, cls="main") + (el("div", cls="gap", gutter=True) + el("div", side, cls="side") if d.chance(0.7) else ""),
        cls="wrap",
    )
    foot = el("footer", el("span", f"© {d.number(2026)} {d.title(5, 14)}", "footer") + el("span", wording.mail(d.rng), "footer"))
    return Sheet(nav + wrap + foot, css, width, None, d.direction)


def chat(d: Draw) -> Sheet:
    """A conversation on a telephone: bubbles at both sides with times, a bar at the top, often dark."""
    width = d.rng.randint(420, 800)
    height = round(width * d.rng.uniform(1.5, 2.1))
    size = width / d.rng.uniform(20, 27)
    dark = d.chance(0.5)
    back, mine, other, on = (
        ("#0b141a", "#005c4b", "#202c33", "#e9edef")
        if dark
        else (d.rng.choice(("#efeae2", "#fff", "#dfe9f3")), d.rng.choice(("#d9fdd3", "#dbeafe", "#fde68a")), "#fff", "#111")
    )
    css = f"""body{{background:{back};color:{on};font:{size:.1f}px/{d.rng.uniform(1.4, 1.7):.2f} {d.body_font};display:flex;flex-direction:column}} .bar{{display:flex;gap:.7em;align-items:center;background:{"#202c33" if dark else accent(d.rng)};color:#fff;padding:.6em 1em;flex:none}} .list{{flex:1;min-height:0;overflow:hidden;padding:.7em}}
    .b{{max-width:78%;width:fit-content;border-radius:{size * 0.6:.0f}px;padding:.35em .7em;margin-bottom:.6em;{"" if dark else "border:1px solid #e2e2e2;"}}} .t{{font-size:.65em;opacity:.7;text-align:end}} .n{{font-size:.8em;font-weight:700;color:{"#53bdeb" if dark else "#1d4ed8"}}} .day{{width:fit-content;margin:.3em auto;font-size:.75em;background:{other};border-radius:1em;padding:.1em .9em}} .in{{flex:none;background:{other};padding:.6em 1em;color:#888;border-radius:2em;margin:.5em}}"""
    status = (
        el(
            "div",
            el("span", d.make(wording.time), "header") + el("span", f"{d.number(d.rng.randint(10, 100))}%", "header"),
            style="display:flex;justify-content:space-between;font-size:.75em;padding:.2em 1em;flex:none",
        )
        if d.chance(0.5)
        else ""
    )
    face = el("div", style=f"width:{size * 2:.0f}px;height:{size * 2:.0f}px;border-radius:50%;background:#888", picture=True)
    bar = el(
        "div",
        face
        + el(
            "div",
            el("div", d.make(wording.name), "header")
            + el("div", d.rng.choice(("متصل الآن", "يكتب...", "online")), "header", style="font-size:.75em"),
        ),
        cls="bar",
    )
    bubbles = ""
    for k in range(22):
        own = d.chance(0.5)
        inner = el("div", d.make(wording.name), "label", cls="n") if not own and d.chance(0.25) else ""
        inner += d.pictures.image(d.rng, f"width:{width * 0.5:.0f}px;height:{width * 0.3:.0f}px") if d.chance(0.08) else ""
        inner += el("div", d.text(d.rng.choice((8, 25, 60, 140))), "paragraph") + el("div", d.make(wording.time), "label", cls="t")
        bubbles += el(
            "div", inner, cls="b", style=f"background:{mine if own else other};margin-inline-start:{'0' if own else 'auto'}", atom=True
        )
        if k and d.chance(0.08):
            bubbles += el("div", d.make(wording.date), "label", cls="day")
    field = el("div", d.rng.choice(("اكتب رسالة", "مراسلة", "Message")), "field", cls="in")
    return Sheet(status + bar + el("div", bubbles, cls="list", fill=True) + field, css, width, height, "rtl")


def post(d: Draw) -> Sheet:
    """Posts with names, handles, hashtags, links, pictures and counts, under one another."""
    width = d.rng.randint(520, 1000)
    size = width / d.rng.uniform(24, 34)
    dark = d.chance(0.5)
    back, on, soft = ("#000", "#e7e9ea", "#71767b") if dark else ("#fff", "#0f1419", "#536471")
    css = f"""body{{background:{back};color:{on};font:{size:.1f}px/{d.rng.uniform(1.45, 1.75):.2f} {d.body_font};padding:1em}} .p{{border-bottom:1px solid {"#2f3336" if dark else "#e1e8ed"};padding-bottom:.7em;margin-bottom:.7em}} .h{{display:flex;gap:.6em;align-items:center}} .a{{width:{size * 2.6:.0f}px;height:{size * 2.6:.0f}px;border-radius:50%;flex:none;overflow:hidden}} .s{{color:{soft};font-size:.85em}} .c{{display:flex;justify-content:space-around;color:{soft};font-size:.85em;margin-top:.4em}} .k{{color:#1d9bf0}} .l{{direction:ltr}}"""
    body = ""
    for _ in range(d.rng.randint(1, 4)):
        avatar = el("div", d.pictures.image(d.rng, "width:100%;height:100%", mark=False), cls="a", picture=True)
        handle = "@" + wording.mail(d.rng).split("@")[0].replace(".", "_")
        head = el(
            "div", avatar + el("div", el("div", f"<b>{d.make(wording.name)}</b>", "label") + el("div", handle, "label", cls="s l")), cls="h"
        )
        tags = " ".join(f"<span class='k'>#{d.title(4, 12).replace(' ', '_')}</span>" for _ in range(d.rng.randint(0, 3)))
        text = el("div", f"{d.text(d.rng.randint(30, 240))} {tags}", "paragraph", style=f"font-size:{d.rng.choice((1, 1.15, 1.4))}em")
        picture = (
            d.pictures.image(d.rng, f"width:100%;height:{width * d.rng.uniform(0.3, 0.6):.0f}px;border-radius:16px;margin-top:.5em")
            if d.chance(0.4)
            else ""
        )
        stamp = el("div", f"{d.make(wording.time)} · {d.make(wording.date)}", "label", cls="s")
        counts = el("div", "".join(el("span", d.make(lambda r: f"{wording.number(r, 9000)}"), "label") for _ in range(4)), cls="c")
        body += el("div", head + text + picture + stamp + counts, cls="p")
    return Sheet(body, css, width, None, "rtl")


def subtitles(d: Draw) -> Sheet:
    """A frame of a film or of news: a line or two at the foot, a band with a ticker, a channel's sign."""
    width = d.rng.randint(800, 1600)
    height = round(width * 9 / 16)
    size = width / d.rng.uniform(22, 36)
    css = f"""body{{font:{size:.1f}px/1.45 {d.body_font};color:#fff}} .bg{{position:absolute;inset:0;width:100%;height:100%}} .sub{{position:absolute;bottom:{d.rng.uniform(3, 14):.0f}%;left:6%;right:6%;text-align:center;{d.rng.choice(("text-shadow:0 0 4px #000,0 0 8px #000;", "-webkit-text-stroke:0;text-shadow:2px 2px 2px #000,-1px -1px 2px #000;"))}color:{d.rng.choice(("#fff", "#fff", "#ffe800"))}}} .sub span{{{d.rng.choice(("", "background:rgba(0,0,0,.7);padding:.05em .4em;"))}}}
    .tick{{position:absolute;bottom:0;left:0;right:0;background:{accent(d.rng)};white-space:nowrap;overflow:hidden;font-size:.8em;padding:.15em .6em}} .band{{position:absolute;bottom:{size * 1.6:.0f}px;right:4%;background:rgba(255,255,255,.93);color:#111;padding:.1em .8em;max-width:80%}} .logo{{position:absolute;top:4%;left:4%}}"""
    body = d.pictures.image(d.rng, cls="bg") + el("div", d.rng.choice(("مباشر", "LIVE", d.make(wording.time))), "label", cls="logo")
    if d.chance(0.7):
        body += el("div", el("span", d.text(d.rng.randint(15, 70))), "caption", cls="sub")
    else:
        band = el("div", d.title(14, 40), "heading", level=1, style="font-weight:700") + (
            el("div", d.title(10, 50), "paragraph", style="font-size:.7em") if d.chance(0.6) else ""
        )
        body += el("div", band, cls="band") + el("div", el("div", d.text(60), "caption", style="width:fit-content"), cls="tick", fill=True)
    return Sheet(body, css, width, height, d.direction)
