"""What stands between words in books and journals: dates, references, amounts, page numbers, marks of lists.

Where it stands: ``model/rendering/texts.py`` mixes them into prose. Those of today's documents are in ``model/rendering/kinds.py``.
"""

from __future__ import annotations

import random

from rasm.text.charset import ARABIC_INDIC_DIGITS, WESTERN_DIGITS

TO_ARABIC_INDIC = str.maketrans(WESTERN_DIGITS, ARABIC_INDIC_DIGITS)
_UNITS = """
ريال دينار درهم جنيه ليرة دولار يورو مليون ألف كغ كجم غ سم م مم كم متر طن لتر ساعة دقيقة يوم سنة درجة SAR EGP kg km cm mm MB GB
""".split()
_MONTHS = """
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر محرم صفر رجب شعبان رمضان شوال آذار نيسان أيار حزيران تموز
""".split()


def numbers(rng: random.Random, words: str, characters: int) -> str:
    """A line of figures: page numbers, cells and rows of tables, headings' numbers; sometimes after ``words``."""
    most = 10 ** rng.randint(1, 5)
    pieces = words.split()[: rng.randint(1, 3)] if characters > 12 and rng.random() < 0.4 else []
    if pieces and rng.random() < 0.5:
        pieces[-1] += rng.choice((":", ":", " :"))
    while not pieces or (len(pieces) < 9 and sum(map(len, pieces)) + 3 * len(pieces) < characters):
        kind = rng.random()
        pieces.append(ornament(rng) if kind < 0.2 else _phone(rng) if kind < 0.3 else _figure(rng, most))
    text = " ".join(pieces)
    return text.translate(TO_ARABIC_INDIC) if rng.random() < 0.5 else text


def _figure(rng: random.Random, most: int) -> str:
    """A figure as tables and bills have it. The comma of the Arabic keyboard stands for the decimal point in much print."""
    figure = str(rng.randint(0, most))
    if rng.random() < 0.15:
        figure = f"{rng.randint(1000, 10 ** rng.randint(4, 9)):,}".replace(",", rng.choice(",,،."))
    if rng.random() < 0.35:
        figure += rng.choice("..،،,") + str(rng.randint(0, 99)).zfill(rng.randint(1, 3))
    if rng.random() < 0.65:
        return figure
    if rng.random() < 0.2:
        return f"{figure} {rng.choice(_UNITS)}"
    if rng.random() < 0.6:  # the sign that is most easily taken for figures
        return rng.choice(("{}%", "{}%", "%{}", "%{}", "{} %")).format(figure)
    return rng.choice(("({})", "-{}", "{}-", "+{}", "${}", "{} $", "{}.", "{}/")).format(figure)


def _phone(rng: random.Random) -> str:
    """Groups of digits."""
    groups = [str(rng.randint(0, 10**n - 1)).zfill(n) for n in (rng.randint(2, 7) for _ in range(rng.randint(1, 4)))]
    return rng.choice(("+", "+", "00", "0", "", "")) + rng.choice(("-", "-", " ", " ", "")).join(groups)


def address(rng: random.Random, name: str, site: str) -> str:
    """Of mail or of the web."""
    name, site = name.strip(".").lower(), site.strip(".").lower() + rng.choice((".com", ".com", ".org", ".net", ".sa", ".gov.eg"))
    return rng.choice((f"{name}@{site}", f"{name}.{site[:4]}@{site}", f"www.{site}", f"https://{site}/{name}", f"http://www.{site}"))


def ornament(rng: random.Random) -> str:
    """One of the things that stand between words: dates, ranges, amounts, list marks, references."""
    n, year = rng.randint(1, 400), rng.randint(1, 2030)
    return rng.choice(
        (
            lambda: f"{rng.randint(1, 30)}/{rng.randint(1, 12)}/{year}",
            lambda: f"{rng.randint(1, 30)} {rng.choice(_MONTHS)} {year}",
            lambda: f"{year}{(dash := rng.choice('-/'))}{rng.randint(1, 12):02}{dash}{rng.randint(1, 31):02}",
            lambda: f"{year}-{year + rng.randint(1, 20)}",
            lambda: f"({year} - {year + rng.randint(1, 20)})",
            lambda: f"{year} / {year + rng.randint(1, 600)}",
            lambda: f"{rng.randint(1, 99)}{rng.choice('.,')}{rng.randint(0, 99)}",
            lambda: _figure(rng, 100),
            lambda: f"{rng.randint(1, 999)},{rng.randint(0, 999):03}",
            lambda: f"{rng.randint(1, 99)},{rng.randint(0, 999):03}.{rng.randint(0, 99):02} $",
            lambda: f"${rng.randint(1, 9999)}",
            lambda: _phone(rng),
            lambda: _phone(rng),
            lambda: f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}",
            lambda: f"ص {n}",
            lambda: f"ص {n} - {n + rng.randint(1, 9)} .",
            lambda: f"ج {rng.randint(1, 12)} ، ص {n}",
            lambda: f"{rng.randint(1, 40)} -",
            lambda: f"{rng.randint(1, 40)}.",
            lambda: f"({rng.randint(1, 40)})",
            lambda: f"{rng.choice('أابجدهوز')} -",
            lambda: f"{rng.choice('أابجدهوز')})",
            lambda: f"سنة {year} ه",
            lambda: f"{year} م",
            lambda: "-",
            lambda: "*",
            lambda: "...",
            lambda: f"pp. {n}-{n + 7}",
            lambda: f"Vol. {rng.randint(1, 40)}",
            lambda: f"[{n}]",
            lambda: f"{{{rng.randint(1, 40)}}}",
            lambda: str(n),
        )
    )()
