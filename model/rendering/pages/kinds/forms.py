"""Forms to fill in, identity cards, certificates."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from model.rendering.pages import pictures, wording
from model.rendering.pages.html import Draw, Sheet, el
from model.rendering.pages.kinds.colours import accent, ground, ink, paper

_LABELS = (
    ("الاسم الكامل", wording.name), ("رقم الهوية", wording.code), ("تاريخ الميلاد", wording.date), ("مكان الميلاد", wording.city),
    ("الجنسية", wording.city), ("رقم الجوال", wording.phone), ("البريد الإلكتروني", wording.mail), ("المدينة", wording.city),
    ("المهنة", wording.goods), ("جهة العمل", wording.company), ("الراتب الأساسي", wording.amount), ("تاريخ الطلب", wording.date),
    ("الرمز البريدي", wording.number), ("اسم ولي الأمر", wording.name), ("رقم الحساب", wording.code), ("التوقيع", None), ("ملاحظات", None),
)  # fmt: skip
_CHOICES = ("ذكر|أنثى", "نعم|لا", "أعزب|متزوج|أرمل", "نقدا|بطاقة|تحويل", "موافق|غير موافق", "جديد|تجديد|بدل فاقد", "صباحي|مسائي")


def form(d: Draw) -> Sheet:
    """Labels with dotted lines, boxes, squares for single letters, and check boxes, ticked and empty; often filled in."""
    d.speak("ar")
    width = d.rng.randint(900, 1500)
    size = width / d.rng.uniform(42, 58)
    colour = accent(d.rng)
    style = d.rng.choice(("dots", "line", "box", "cells"))
    side = round(size * d.rng.uniform(0.7, 1.1))
    edges = {"dots": "border-bottom:2px dotted #555;", "line": "border-bottom:1px solid #333;"}
    css = f"""body{{background:{paper(d.rng)};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.5, 2):.2f} {d.body_font};padding:{size * 2.5:.0f}px}}
    h1{{font:700 {size * d.rng.uniform(1.6, 2.6):.0f}px/1.5 {d.title_font};text-align:center}} h2{{font-size:1.15em;{d.rng.choice((f"background:{colour};color:#fff;", "background:#ddd;", f"border-bottom:2px solid {colour};"))}padding:.1em .6em;margin:1em 0 .6em}}
    .grid{{display:grid;grid-template-columns:repeat({d.rng.choice((1, 2, 2, 3))},1fr);gap:.5em 1.5em}} .f{{display:flex;gap:.5em;align-items:{d.rng.choice(("center", "baseline"))}}} .f>span{{white-space:nowrap}}
    .v{{flex:1;min-height:1.6em;{edges.get(style, "border:1px solid #444;padding:0 .4em;")}color:{d.rng.choice(("#123a8c", "#000", "#333"))}}}
    .cb{{display:inline-block;width:{side}px;height:{side}px;border:{d.rng.choice((1, 2))}px solid #222;{"border-radius:50%;" if d.chance(0.25) else ""}position:relative;flex:none}} .on::after{{content:'{d.rng.choice(("✓", "✗", "■", "×"))}';position:absolute;inset:0;line-height:{side}px;font-size:{side}px;text-align:center}}
    .opts{{display:flex;gap:1.5em;flex-wrap:wrap;align-items:center}} .o{{display:flex;gap:.4em;align-items:center}} .sq{{display:flex;direction:ltr}} .sq>div{{width:1.5em;height:1.7em;border:1px solid #333;text-align:center;line-height:1.6em}}"""
    body = el("h1", d.rng.choice(("نموذج طلب", "استمارة تسجيل", "طلب توظيف", d.title(8, 24))), "heading", level=1)
    filled = d.rng.choice((0.0, 0.5, 1.0))
    for _ in range(d.rng.randint(2, 4)):
        body += el("h2", d.title(6, 22), "heading", level=2)
        fields = ""
        for label, maker in d.rng.sample(_LABELS, d.rng.randint(3, 9)):
            value = d.make(maker) if maker and d.chance(filled) else ""
            if style == "dots" and d.chance(0.4) and not value:
                fields += el("div", f"{label}: {d.rng.choice('..._') * d.rng.randint(14, 90)}", "label", style="overflow-wrap:anywhere")
                continue
            box = el("div", value, "field", cls="v", empty=True)
            # on a line that is drawn, label and value are one line of text; in a box the value is another
            row = el("span", label + d.rng.choice((": ", " ", " : ")), "label") + box
            fields += el("div", row, "field", cls="f", join=True) if value and style in ("dots", "line") else el("div", row, cls="f")
        body += el("div", fields, cls="grid")
        for _ in range(d.rng.randint(0, 3)):
            options = "".join(
                el(
                    "div",
                    el("div", "", "check-box", cls="cb on" if (on := d.chance(0.4)) else "cb", checked=int(on), empty=True)
                    + el("span", o, "label"),
                    cls="o",
                )
                for o in d.rng.choice(_CHOICES).split("|")
            )
            body += el("div", el("span", d.title(5, 20) + ":", "label") + options, cls="opts", style="margin:.5em 0")
        if d.chance(0.3):
            body += el("div", "".join(_bracketed(d) for _ in range(d.rng.randint(2, 6))), style="margin-top:.5em")
        if d.chance(0.3):
            digits = d.make(lambda r: str(r.randint(10**7, 10**9)))
            body += el(
                "div",
                el("span", "رقم السجل", "label") + el("div", "".join(f"<div>{c}</div>" for c in digits), "field", cls="sq", join=True),
                cls="f",
                style="margin-top:.6em",
            )
        if d.chance(0.3):
            body += el("p", d.paragraph(60, 200), "paragraph", style="font-size:.85em;margin-top:.5em")
    return Sheet(body, css, width, None, "rtl")


def _bracketed(d: Draw) -> str:
    """A statement with empty brackets behind it, before it, or before each answer; some hold a tick or a cross."""
    spaces = "&nbsp;" * d.rng.randint(1, 8)
    left, right = d.rng.choice(("()", "()", "[]", "（）"))
    brackets = [left + (spaces if d.chance(0.85) else d.rng.choice("✓✗×")) + right for _ in range(4)]
    if d.chance(0.5):
        answers = "".join(
            el("div", el("span", bracket, "field") + el("span", answer, "label"), cls="o")
            for bracket, answer in zip(brackets, d.rng.choice(_CHOICES).split("|"), strict=False)
        )
        return el("div", el("span", d.title(5, 20) + ":", "label") + answers, cls="opts")
    parts = [el("div", d.text(d.rng.randint(15, 60)), "list-item"), el("div", brackets[0], "field", style="white-space:nowrap")]
    if d.chance(0.3):
        parts.reverse()
    space = d.rng.choice(("space-between", "space-between", "flex-start"))
    return el("div", "".join(parts), style=f"display:flex;gap:1.5em;justify-content:{space}")


def card(d: Draw) -> Sheet:
    """An identity card, a driving licence, a card of a club: a portrait, labels with values, two languages, on a pattern."""
    d.speak("ar")
    width = d.rng.randint(640, 1100)
    height = round(width * d.rng.uniform(0.6, 0.66))
    size = width / d.rng.uniform(28, 38)
    back, on = ground(d.rng)
    light = d.chance(0.6)
    back, on = (
        (
            f"repeating-linear-gradient({d.rng.randint(0, 90)}deg,hsl({d.rng.randint(0, 360)} 50% 92%) 0 6px,hsl({d.rng.randint(0, 360)} 50% 86%) 6px 12px)",
            "#111",
        )
        if light
        else (back, on)
    )
    css = f"""body{{background:{d.rng.choice(("#999", "#444", "#d8d0c0", "#fff"))};font:{size:.1f}px/1.5 {d.body_font};padding:{size:.0f}px}} .card{{width:100%;height:100%;border-radius:{size:.0f}px;background:{back};color:{on};padding:{size:.0f}px;position:relative;overflow:hidden}}
    .top{{display:flex;justify-content:space-between;font-weight:700;font-size:1.1em}} .mid{{display:flex;gap:{size:.0f}px;margin-top:.5em}} .l{{font-size:.78em;opacity:.8}} .lt{{direction:ltr;text-align:left;font-family:{d.use(d.latin_family)}}} .mrz{{position:absolute;bottom:.4em;left:1em;right:1em;direction:ltr;letter-spacing:.12em;font-size:.9em}}"""
    top = el(
        "div",
        el("span", d.rng.choice(("المملكة العربية السعودية", "جمهورية مصر العربية", "بطاقة عضوية", "رخصة قيادة")), "heading", level=1)
        + el("span", d.rng.choice(("KINGDOM OF SAUDI ARABIA", "IDENTITY CARD", "DRIVING LICENCE", "MEMBER")), "heading", level=1, cls="lt"),
        cls="top",
    )
    photo = d.pictures.image(d.rng, f"width:{width * 0.24:.0f}px;height:{width * 0.3:.0f}px;flex:none")
    rows = ""
    for label, maker in d.rng.sample(_LABELS[:8], d.rng.randint(3, 5)):
        inline = d.chance(0.5)
        rows += (
            el("div", f"{label}: {d.make(maker)}", "field")
            if inline
            else el("div", label, "label", cls="l") + el("div", d.make(maker), "field", style="font-weight:700")
        )
    code = el(
        "div",
        d.make(lambda r: f"{r.randint(10**9, 10**10)}"),
        "field",
        style=f"font-size:{d.rng.uniform(1.2, 2):.1f}em;letter-spacing:.1em",
    )
    mrz = el("div", f"IDSAU{d.rng.randint(10**9, 10**10)}&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;", "field", cls="mrz") if d.chance(0.3) else ""
    middle = (
        el("div", photo + el("div", rows + code, style="flex:1"), cls="mid")
        if d.chance(0.5)
        else el("div", el("div", rows + code, style="flex:1") + photo, cls="mid")
    )
    return Sheet(el("div", top + middle + mrz, cls="card"), css, width, height, "rtl")


def certificate(d: Draw) -> Sheet:
    """A certificate in an ornamental frame: large centred type of many sizes, signatures, a seal."""
    d.speak(d.rng.choice(("ar", "ar", "ar", "en")))
    width = d.rng.randint(1100, 1700)
    height = round(width * d.rng.uniform(0.66, 0.75))
    size = width / d.rng.uniform(44, 56)
    colour = accent(d.rng)
    css = f"""body{{background:{paper(d.rng)};color:#222;font:{size:.1f}px/1.7 {d.body_font}}} .f{{position:absolute;inset:{size:.0f}px;border:{d.rng.randint(4, 14)}px {d.rng.choice(("double", "ridge", "solid", "groove"))} {colour};outline:2px solid #b8902f;outline-offset:-{size:.0f}px;padding:{size * 3:.0f}px;text-align:center}}
    h1{{font:700 {size * d.rng.uniform(3, 5):.0f}px/1.4 {d.title_font};color:{colour}}} .n{{font:700 {size * d.rng.uniform(2, 3):.0f}px/1.6 {d.title_font};border-bottom:1px dotted #777;margin:.2em auto;width:60%}} .e{{display:flex;justify-content:space-around;margin-top:1em;align-items:center}}"""
    arabic = d.language == "ar"
    body = el(
        "h1",
        d.rng.choice(("شهادة تقدير", "شهادة تخرج", "شهادة حضور")) if arabic else d.rng.choice(("Certificate", "Diploma")),
        "heading",
        level=1,
    )
    body += (
        el("p", d.text(40), "paragraph")
        + el("div", d.make(wording.name) if arabic else d.title(8, 18), "field", cls="n")
        + el("p", d.paragraph(80, 200), "paragraph")
    )
    ends = "".join(
        el("div", el("div", d.title(4, 14), "label") + pictures.signature(d.rng, round(size * 7), round(size * 3), "#223"))
        for _ in range(2)
    )
    ends = ends.replace("</div><div>", "</div>" + pictures.emblem(d.rng, round(size * 5), "#b8902f") + "<div>", 1)
    return Sheet(el("div", body + el("div", ends, cls="e"), cls="f"), css, width, height, d.direction)
