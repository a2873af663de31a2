"""Papers of trade: invoices, receipts, statements of accounts."""

# ruff: noqa: E501  (style sheets: a rule a line)
from __future__ import annotations

from collections.abc import Callable
from random import Random

from model.rendering.pages import pictures, wording
from model.rendering.pages.html import Draw, Sheet, el, table
from model.rendering.pages.kinds.colours import accent, ink, paper
from model.rendering.pages.kinds.reference import table_css


def _pairs(d: Draw, pairs: list[tuple[str, Callable[[Random], str]]], style: str = "") -> str:
    """Labels and their values, in one line each or beside one another."""
    apart = d.chance(0.4)
    rows = ""
    for label, maker in pairs:
        value = d.make(maker)
        if apart:
            row = el(
                "div",
                el("span", f"{label}", "label") + el("span", value, "field", style="font-weight:600"),
                style="display:flex;justify-content:space-between;gap:1em",
            )
        else:
            row = el("div", f"<b>{label}:</b> {value}", "field")
        rows += row
    return el("div", rows, style=style)


def invoice(d: Draw) -> Sheet:
    """Seller and buyer, tax numbers, a table of items, totals, a code, terms; in Arabic, often with English labels."""
    d.speak("ar")
    width = d.rng.randint(900, 1500)
    size = width / d.rng.uniform(44, 64)
    colour = accent(d.rng)
    css = f"""body{{background:{d.rng.choice(("#fff", paper(d.rng)))};color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.4, 1.8):.2f} {d.body_font};padding:{size * 2.5:.0f}px}}
    .top{{display:flex;justify-content:space-between;align-items:flex-start;{d.rng.choice(("", f"background:{colour};color:#fff;padding:1em;", f"border-bottom:3px solid {colour};"))}}} h1{{font:700 {size * d.rng.uniform(1.8, 3.5):.0f}px/1.4 {d.title_font}}}
    .two{{display:flex;gap:{size * 2:.0f}px;margin:1em 0}} .two>div{{flex:1;{d.rng.choice(("", "border:1px solid #888;padding:.6em;", "background:#f2f2f2;padding:.6em;"))}}}
    .tot{{width:45%;margin-inline-start:auto;margin-top:.6em}} .foot{{margin-top:1.5em;font-size:.8em;border-top:1px solid #999;text-align:center}}""" + table_css(
        d
    )
    both = d.chance(0.4)
    title = d.rng.choice(("فاتورة ضريبية", "فاتورة", "فاتورة مبيعات", "عرض سعر")) + (" / Tax Invoice" if both else "")
    top = el("div", el("h1", title, "heading", level=1) + el("div", d.make(wording.company), "paragraph"))
    top = el(
        "div",
        top + d.rng.choice((pictures.emblem(d.rng, round(size * 5), colour), pictures.square_code(d.rng, round(size * 6)), "")),
        cls="top",
    )
    seller = _pairs(
        d, [("الرقم الضريبي", wording.code), ("التاريخ", wording.date), ("رقم الفاتورة", wording.code), ("الهاتف", wording.phone)]
    )
    buyer = _pairs(d, [("العميل", wording.name), ("المدينة", wording.city), ("البريد", wording.mail), ("IBAN", wording.code)])
    heads = ["م", "الصنف", "الكمية", "سعر الوحدة", "الضريبة 15%", "الإجمالي"]
    if both:
        heads = [f"{a}<br>{b}" for a, b in zip(heads, ("No.", "Item", "Qty", "Price", "VAT", "Total"), strict=True)]
    rows: list[list[str | tuple[str, int, int]]] = [list(heads)]
    for k in range(d.rng.randint(2, 14)):
        rows.append(
            [d.number(k + 1), d.make(wording.goods), d.make(lambda r: wording.number(r, 30)), *(d.make(wording.amount) for _ in range(3))]
        )
    totals: list[list[str | tuple[str, int, int]]] = [
        [label, d.make(lambda r: wording.amount(r, True))] for label in ("المجموع", "الخصم", "ضريبة القيمة المضافة", "الإجمالي المستحق")
    ]
    body = (
        top
        + el("div", seller + el("div", gutter=True, style="flex:0 0 1px;padding:0;border:0") + buyer, cls="two")
        + table(rows, ruled=True)
    )
    body += table(totals, ruled=True, head=0, cls="tot") + el("div", d.text(d.rng.randint(40, 160)), "footer", cls="foot")
    return Sheet(body, css, width, None, "rtl")


def receipt(d: Draw) -> Sheet:
    """A narrow slip of a till: centred name, items with prices at the other side, dashes, totals, a bar code."""
    d.speak("ar")
    width = d.rng.randint(360, 640)
    size = width / d.rng.uniform(19, 27)
    dash = d.rng.choice(("1px dashed #333", "2px dotted #333", "1px solid #000"))
    css = f"""body{{background:{d.rng.choice(("#fff", "#f7f7f5", "#efece6"))};color:{d.rng.choice(("#000", "#222", "#444"))};font:{size:.1f}px/{d.rng.uniform(1.3, 1.7):.2f} {d.body_font};padding:{size:.0f}px}}
    .c{{text-align:center}} .r{{display:flex;justify-content:space-between;gap:1em}} .s{{border-top:{dash};margin:.5em 0}} h1{{font:700 {size * d.rng.uniform(1.3, 2.4):.0f}px/1.4 {d.title_font};text-align:center}} .m{{display:flex;justify-content:center;margin-top:.6em}}"""
    body = el("h1", d.make(wording.company), "heading", level=1)
    body += "".join(el("div", t, "header", cls="c") for t in (d.make(wording.city), d.make(wording.phone), d.make(wording.code)))
    body += (
        el("div", cls="s")
        + el("div", el("span", d.make(wording.date), "field") + el("span", d.make(wording.time), "field"), cls="r")
        + el("div", cls="s")
    )
    for _ in range(d.rng.randint(2, 14)):
        body += el("div", el("span", d.make(wording.goods), "list-item") + el("span", d.make(wording.amount), "list-item"), cls="r")
        if d.chance(0.3):
            body += el("div", f"{d.make(lambda r: wording.number(r, 9))} × {d.make(wording.amount)}", "list-item", style="font-size:.85em")
    body += el("div", cls="s")
    for label in ("المجموع", "الضريبة", "الإجمالي", "نقدا", "الباقي")[: d.rng.randint(2, 5)]:
        big = "font-weight:700;font-size:1.3em" if label == "الإجمالي" else ""
        body += el("div", el("span", label, "label") + el("span", d.make(lambda r: wording.amount(r, True)), "field"), cls="r", style=big)
    body += el("div", cls="s") + el("div", "شكرا لزيارتكم", "footer", cls="c")
    code = (
        pictures.barcode(d.rng, round(width * 0.7), round(size * 2.5))
        if d.chance(0.5)
        else pictures.square_code(d.rng, round(width * 0.35))
    )
    return Sheet(body + el("div", code, cls="m"), css, width, None, "rtl")


def statement(d: Draw) -> Sheet:
    """An account's movements: a long table of small type, balances, a head with the holder's data."""
    d.speak(d.rng.choice(("ar", "ar", "en")))
    width = d.rng.randint(1000, 1700)
    size = width / d.rng.uniform(66, 92)
    colour = accent(d.rng)
    css = (
        f"body{{background:#fff;color:{ink(d.rng)};font:{size:.1f}px/{d.rng.uniform(1.4, 1.8):.2f} {d.body_font};padding:{size * 3:.0f}px}} .top{{display:flex;justify-content:space-between;align-items:center;border-bottom:3px solid {colour};margin-bottom:1em}} h1{{font:700 {size * 2.4:.0f}px/1.5 {d.title_font};color:{colour}}} .foot{{font-size:.8em;margin-top:1em;text-align:center}}"
        + table_css(d)
    )
    arabic = d.language == "ar"
    heads = ["التاريخ", "البيان", "مدين", "دائن", "الرصيد"] if arabic else ["Date", "Description", "Debit", "Credit", "Balance"]
    top = el(
        "div",
        pictures.emblem(d.rng, round(size * 6), colour)
        + el("h1", "كشف حساب" if arabic else "Account statement", "heading", level=1)
        + _pairs(
            d,
            [
                ("رقم الحساب" if arabic else "Account", wording.code),
                ("IBAN", wording.code),
                ("الفترة" if arabic else "Period", wording.date),
            ],
        ),
        cls="top",
    )
    rows: list[list[str | tuple[str, int, int]]] = [list(heads)]
    for _ in range(d.rng.randint(10, 32)):
        debit = d.chance(0.6)
        detail = d.title(10, 40) + (f" {d.make(wording.code)}" if d.chance(0.4) else "")
        rows.append(
            [
                d.make(wording.date),
                detail,
                d.make(wording.amount) if debit else "",
                "" if debit else d.make(wording.amount),
                d.make(wording.amount),
            ]
        )
    return Sheet(top + table(rows, ruled=True) + el("div", d.text(90), "footer", cls="foot"), css, width, None, d.direction)
