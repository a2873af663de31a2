"""Maps, diagrams, charts with labels, organisation charts: short words at many places."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import pictures, wording
from model.rendering.pages.html import Draw, Sheet, el
from model.rendering.pages.kinds.colours import accent, accents, paper


def map_sheet(d: Draw) -> Sheet:
    """Land and water with rivers, names of towns beside dots, of countries in wide letters, and a key."""
    width = d.rng.randint(800, 1500)
    height = round(width * d.rng.uniform(0.65, 1.1))
    size = width / d.rng.uniform(50, 80)
    land = ""
    for _ in range(d.rng.randint(3, 8)):
        x, y, r = d.rng.uniform(0, width), d.rng.uniform(0, height), d.rng.uniform(0.1, 0.4) * width
        points = " ".join(
            f"{x + r * d.rng.uniform(0.5, 1) * a:.0f},{y + r * d.rng.uniform(0.5, 1) * b:.0f}"
            for a, b in ((1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7))
        )
        land += f'<polygon points="{points}" fill="hsl({d.rng.randint(20, 130)} 45% {d.rng.randint(72, 90)}%)" stroke="#888"/>'
    for _ in range(d.rng.randint(2, 8)):
        path = f"M{d.rng.uniform(0, width):.0f} {d.rng.uniform(0, height):.0f}" + "".join(
            f"T{d.rng.uniform(0, width):.0f} {d.rng.uniform(0, height):.0f}" for _ in range(4)
        )
        land += f'<path d="{path}" fill="none" stroke="{d.rng.choice(("#4a90d9", "#a33", "#777"))}" stroke-width="{d.rng.uniform(1, 3):.1f}" {d.rng.choice(("", "stroke-dasharray=6"))}/>'
    css = f"body{{background:{d.rng.choice(('#cfe6f5', '#dcecf7', '#fff', '#e9e4d4'))};color:#111;font:{size:.1f}px/1.3 {d.body_font};overflow:hidden}} .w{{position:absolute;white-space:nowrap}} .d{{position:absolute;width:.5em;height:.5em;border-radius:50%;background:#b00}} .key{{position:absolute;bottom:2%;left:2%;background:#fff;border:1px solid #333;padding:.5em}}"
    words = ""
    taken: list[tuple[float, float, float]] = []
    for _ in range(d.rng.randint(8, 34)):
        big = d.chance(0.15)
        scale = d.rng.uniform(1.6, 3) if big else d.rng.uniform(0.9, 1.3)
        text = d.title(4, 12) if big or d.is_latin else d.make(wording.city)
        wide, tall = size * scale * len(text) * 0.75, size * scale * 2
        x, y = d.rng.uniform(0, max(1, width - wide)), d.rng.uniform(0, height - tall)
        if any(abs(x - a) < (wide + b) / 2 + size * 2 and abs(y - c) < tall for a, b, c in taken) or (x < width * 0.3 and y > height * 0.7):
            continue
        taken.append((x, wide, y))
        style = f"left:{x:.0f}px;top:{y:.0f}px;font-size:{scale:.2f}em;" + (
            f"color:{accent(d.rng)};font-weight:700;word-spacing:1em" if big else ""
        )
        words += el("div", text, "label", cls="w", style=style)
        words += "" if big else el("div", cls="d", style=f"left:{x - size * 0.9:.0f}px;top:{y + size * 0.6:.0f}px")
    key = el(
        "div",
        el("b", d.title(4, 12), "heading", level=2, style="display:block") + "".join(el("div", d.title(4, 14), "label") for _ in range(3)),
        cls="key",
    )
    return Sheet(
        f'<svg width="{width}" height="{height}" style="position:absolute;inset:0" data-picture>{land}</svg>' + words + key,
        css,
        width,
        height,
        d.direction,
    )


def diagram(d: Draw) -> Sheet:
    """Boxes with words, joined by lines: an organisation chart, a process, a mind map."""
    width = d.rng.randint(900, 1600)
    size = width / d.rng.uniform(48, 70)
    colours = accents(d.rng)
    css = f"""body{{background:{paper(d.rng)};color:#111;font:{size:.1f}px/1.5 {d.body_font};padding:{size * 2:.0f}px}} h1{{font:700 {size * 2:.0f}px/1.5 {d.title_font};text-align:center}} .lv{{display:flex;justify-content:space-around;margin:0}} .n{{border:2px solid #444;border-radius:{d.rng.choice((0, 8, 40))}px;padding:.5em 1em;text-align:center;max-width:22%;position:relative}} .v{{width:2px;height:{size * d.rng.uniform(1.5, 3):.0f}px;background:#444;margin:auto}} .h{{height:2px;background:#444;margin:0 12%}}"""
    filled = d.chance(0.5)
    body = el("h1", d.title(8, 30), "heading", level=1)
    for level in range(d.rng.randint(2, 5)):
        style = f"background:{colours[level % 6]};color:#fff" if filled else ""
        nodes = "".join(
            el(
                "div",
                el("div", d.title(5, 18), "label") + (el("div", d.text(24), "paragraph", style="font-size:.85em") if d.chance(0.3) else ""),
                cls="n",
                style=style,
            )
            for _ in range(1 if not level else d.rng.randint(2, 4))
        )
        body += (el("div", cls="v", rule=True) + el("div", cls="h", rule=True) if level else "") + el("div", nodes, cls="lv")
    return Sheet(body, css, width, None, d.direction)


def chart_sheet(d: Draw) -> Sheet:
    """A chart with a title, labels beneath and beside it, a key and its source."""
    width = d.rng.randint(700, 1400)
    size = width / d.rng.uniform(38, 60)
    colours = accents(d.rng)
    high = round(width * d.rng.uniform(0.35, 0.6))
    css = f"body{{background:{paper(d.rng)};color:#222;font:{size:.1f}px/1.5 {d.body_font};padding:{size * 2:.0f}px}} h1{{font:700 {size * d.rng.uniform(1.5, 2.4):.0f}px/1.5 {d.title_font};text-align:center}} .r{{display:flex}} .y{{display:flex;flex-direction:column;justify-content:space-between;padding:0 .4em;font-size:.8em;line-height:1.1}} .x{{display:flex;justify-content:space-around;font-size:.8em;margin-inline-start:4em}} .k{{display:flex;gap:2em;justify-content:center;margin-top:.6em}} .c{{display:inline-block;width:1em;height:1em}} .s{{font-size:.75em;color:#666}}"
    chart = pictures.chart(d.rng, round(width * 0.78), high, colours)
    marks = "".join(el("span", d.number(n), "label") for n in range(100, -1, -20))
    key = "".join(
        el(
            "div",
            el("span", cls="c", style=f"background:{c}") + el("span", d.title(4, 12), "label"),
            style="display:flex;gap:.4em;align-items:center",
        )
        for c in colours[: d.rng.randint(2, 4)]
    )
    body = el("h1", d.title(12, 44), "heading", level=1) + el("div", el("div", marks, cls="y") + chart, cls="r")
    body += el("div", "".join(el("span", d.number(2010 + n), "label") for n in range(0, d.rng.randint(4, 9))), cls="x") + el(
        "div", key, cls="k"
    )
    return Sheet(
        body + el("div", f"المصدر: {d.title(8, 30)}" if not d.is_latin else d.title(8, 30), "caption", cls="s"),
        css,
        width,
        None,
        d.direction,
    )
