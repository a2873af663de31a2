"""What people print today, kind by kind: the lines that ``scripts/everyday_lines.py`` has drawn and read.

Where it stands: written apart from what ``model/rendering/texts.py`` and ``kinds.py`` train with, so that no form is known by heart.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from rasm.text.bidi import Direction
from rasm.text.charset import UNKNOWN
from rasm.text.languages import Language, write_in
from rasm.text.normalisation import OTHER_LANGUAGES, LabelSettings, normalise_label

TEXTS = Path(__file__).resolve().parent / "texts"
Faces = Literal["any", "nastaliq"]
_SMALL_PX, _SIZES_PX = (12, 13, 14, 15, 16), (13, 14, 16, 18, 22, 28, 36)
_MONTHS, _CURRENCIES = ("يناير", "مارس", "أيار", "شعبان", "ديسمبر"), ("ريال", "دينار", "جنيه", "درهم")
_DIGITS, _UPPER, _LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_ALIKE = "0O1lI5S8B2Z"
_NAMES = "budget clinic harbour orchid quarry sable tulip vertex walnut yonder zephyr kitchen jungle".split()
_LABELS = "رقم التذكرة|رمز التفعيل|رقم العقد|الرقم المرجعي|رقم الجواز|رمز الخصم|رقم العداد|الشحنة|المرجع|تذكرة".split("|")
_AMOUNT_LABELS = "الصافي|القسط الشهري|قيمة الفاتورة|الرسوم|المدفوع|المتبقي|سعر الوحدة|الإيجار".split("|")
_ENGLISH_LABELS = "Ticket|Booking ref|Contract no.|Passport|Coupon|Meter ID|Voucher".split("|")
_ARABIC_MARKS = "• ● ○ ■ ▪ ◦ ◆ ► ➢ ✓ ✗ ☐ ☑ ☒ ★ - * 1. 2) (3) 4- ٥. ٦- (٧) أ. ب) (ج) د- 1.2 3.4.1".split()
_ENGLISH_MARKS = "• ● ○ ■ ▪ ◦ ◆ ► ➢ ✓ ✗ ☐ ☑ ☒ ★ - * 1. 2) (3) 4. 5: a. b) (c) iv. IX. 1.2 3.4.1".split()
_CHOICES = "حاضر|غائب|مقبول|مرفوض|مدفوع|مؤجل|صباحي|مسائي|كبير|صغير".split("|")


@dataclass(frozen=True)
class Kind:
    """text: one line of it, as typed. language: that its letters are of, where that is not Arabic. words: whether words are counted, too.
    tesseract: the models that Tesseract reads it with."""

    name: str
    text: Callable[[random.Random], str]
    direction: Direction | None = "rtl"  # None: as its letters have it, and from left to right without any
    language: Language = "ar"
    sizes_px: tuple[int, ...] = _SIZES_PX
    faces: Faces = "any"
    words: bool = False
    tesseract: str = "ara+eng"

    def line(self, rng: random.Random) -> str:
        """As typed, in the form that labels have."""
        text = self.text(rng)
        if self.language == "ar":
            return normalise_label(text, LabelSettings(keep_apart=("question-mark",)))
        return write_in(normalise_label(text, LabelSettings(keep_apart=OTHER_LANGUAGES, joiners="keep")), self.language)


@cache
def passages(name: str) -> list[str]:
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def prose(name: str, least: int = 18, most: int = 75) -> Callable[[random.Random], str]:
    """Some words of a text that follow each other."""

    def draw(rng: random.Random) -> str:
        words = rng.choice(passages(name)).split()
        wanted = rng.randint(least, most)
        at = rng.randrange(max(1, len(words) - 3)) if len(words) > 8 else 0
        text = words[at]
        for word in words[at + 1 :]:
            if len(text) + 1 + len(word) > wanted:
                break
            text += " " + word
        return text

    return draw


def _code(rng: random.Random) -> str:
    def group() -> str:
        alphabet = rng.choice((_DIGITS, _UPPER, _UPPER + _DIGITS, _ALIKE, _DIGITS))
        return "".join(rng.choices(alphabet, k=rng.randint(2, 5)))

    return rng.choice(("-", "-", "/", "", " ")).join(group() for _ in range(rng.randint(1, 3)))


def _typed_code(rng: random.Random) -> str:
    d = lambda n: "".join(rng.choices(_DIGITS, k=n))  # noqa: E731
    kind = rng.randrange(9)
    if kind == 0:
        country = rng.choice(("SA", "AE", "KW", "JO", "DE"))
        whole = country + d(rng.choice((20, 22)))
        return " ".join(whole[i : i + 4] for i in range(0, len(whole), 4)) if rng.random() < 0.5 else whole
    return (
        lambda: _code(rng),
        lambda: f"{''.join(rng.choices(_UPPER, k=3))}-{rng.randint(2015, 2030)}-{d(5)}",
        lambda: f"v{rng.randint(0, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}",
        lambda: f"ISBN 978-{d(1)}-{d(3)}-{d(5)}-{d(1)}",
        lambda: f"#{d(rng.randint(3, 6))}",
        lambda: f"{rng.choice(_UPPER)}{d(1)}, {rng.choice(_UPPER)}{d(1)}, {rng.choice(_UPPER)}{d(2)}",
        lambda: f"{d(3)} {''.join(rng.choices(_UPPER, k=3))}",
        lambda: _code(rng),
    )[kind - 1]()


def amount(rng: random.Random) -> str:
    return f"{rng.randint(1, 10 ** rng.randint(1, 6)):,}.{rng.randint(0, 99):02}"


def _price(rng: random.Random) -> str:
    return rng.choice(("${}", "{} $", "€{}", "{} €", "£{}", "{} SAR", "{} ريال", "-{}", "AED {}", "{} د.ك")).format(amount(rng))


def _percentage(rng: random.Random) -> str:
    return rng.choice(("%{}.{}", "{}.{}%", "{}%", "+{}.{}%", "-{}%", "{} %")).format(rng.randint(0, 99), rng.randint(0, 9))


def _moment(rng: random.Random) -> str:
    day, month, year, hour, minute = (
        rng.randint(1, 28),
        rng.randint(1, 12),
        rng.randint(1990, 2030),
        rng.randint(0, 23),
        rng.randint(0, 59),
    )
    forms = (
        "{0}/{1}/{2}", "{2}-{1:02}-{0:02}", "{0} {3} {2}م", "{4}:{5:02}", "{4:02}:{5:02} - {0:02}/{1:02}/{2}", "من {4}:00 إلى {0}:30",
        "{2}/{1:02}/{0:02}", "{0:02}.{1:02}.{2}", "{2} - {6}",
    )  # fmt: skip
    return rng.choice(forms).format(day, month, year, rng.choice(_MONTHS), hour, minute, year + 5)


def _phone(rng: random.Random) -> str:
    form = rng.choice(
        ("+966 {0} {1} {2}", "0{0}-{1}{2}", "هاتف: 0{0}{1}{2}", "+{0}{1}{2}", "(0{0}) {1}-{2}", "جوال 05{0} {1} {2}", "00{0} {1} {2}")
    )
    return str(form.format(rng.randint(10, 99), rng.randint(100, 999), rng.randint(1000, 9999)))


def _address(rng: random.Random) -> str:
    forms = (
        "{0}@{1}.com", "www.{0}.org", "https://{0}.net/{1}", "{0}.{1}@al-{1}.com.sa", "@{0}_{2}", "{0}_{1}.pdf", "http://{0}-{1}.gov.eg/{2}",
        "#{0}_{1}", "{0}{2}@mail.net",
    )  # fmt: skip
    return str(rng.choice(forms).format(rng.choice(_NAMES), rng.choice(_NAMES), rng.randint(1, 2030)))


def _bill(rng: random.Random) -> str:
    label, code_label = rng.choice(_AMOUNT_LABELS), rng.choice(_LABELS)
    return rng.choice(
        (
            f"{label}: {amount(rng)} {rng.choice(_CURRENCIES)}",
            f"{code_label}: {_typed_code(rng)}",
            f"{code_label} {_typed_code(rng)}",
            f"ضريبة القيمة المضافة ({rng.randint(5, 15)}%): {amount(rng)}",
            f"الكمية: {rng.randint(1, 400)}",
            f"{label} {_price(rng)}",
            f"{label} ({_price(rng)})",
        )
    )


def _english_label(rng: random.Random) -> str:
    return f"{rng.choice(_ENGLISH_LABELS)}: {rng.choice((_typed_code, amount, _percentage))(rng)}"


def _mixed(rng: random.Random) -> str:
    words = prose("ar", 20, 50)(rng).split()
    foreign = rng.choice(("{}", "{}", "({})", '"{}"')).format(
        " ".join(rng.choice(passages("en")).split()[: rng.randint(1, 2)]).strip('",.;:')
    )
    words.insert(rng.randint(0, len(words)), foreign)
    return " ".join(words)


def _arabic_list(rng: random.Random) -> str:
    if rng.random() < 0.2:
        boxes = rng.choice(("☐☑", "☐☒", "○●", "✓✗"))
        return "   ".join(f"{rng.choice(boxes)} {choice}" for choice in rng.sample(_CHOICES, rng.randint(2, 3)))
    return f"{rng.choice(_ARABIC_MARKS)} {prose('ar', 5, 30)(rng)}"


def _english_list(rng: random.Random) -> str:
    return f"{rng.choice(_ENGLISH_MARKS)} {prose('en', 5, 30)(rng)}"


def with_stranger(rng: random.Random) -> str:
    """A line with one sign in it that is none of the charset's."""
    words = prose("ar", 12, 40)(rng).split()
    words.insert(rng.randint(0, len(words)), UNKNOWN)
    return " ".join(words)


KINDS = (
    Kind("whole numbers", lambda r: str(r.randint(0, 10 ** r.randint(1, 7))), "ltr"),
    Kind("numbers ٠-٩", lambda r: "".join(r.choices("٠١٢٣٤٥٦٧٨٩", k=r.randint(1, 6)))),
    Kind("amounts", amount, "ltr"),
    Kind("prices", _price, None),
    Kind("percentages", _percentage, None),
    Kind("dates and times", _moment, None),
    Kind("telephone numbers", _phone, None),
    Kind("codes", _typed_code, "ltr"),
    Kind("bills", _bill),
    Kind("mail and web addresses", _address, "ltr"),
    Kind("English label", _english_label, "ltr"),
    Kind("English", prose("en"), "ltr", words=True, tesseract="eng"),
    Kind("English, 12 to 16 px", prose("en"), "ltr", sizes_px=_SMALL_PX, words=True, tesseract="eng"),
    Kind("ENGLISH", lambda r: prose("en", 10, 40)(r).upper(), "ltr", words=True, tesseract="eng"),
    Kind("French", prose("fr"), "ltr", words=True, tesseract="fra"),
    Kind("German, Turkish", lambda r: prose(r.choice(("de", "tr")))(r), "ltr", words=True, tesseract="eng"),
    Kind("Arabic", prose("ar"), words=True, tesseract="ara"),
    Kind("Arabic, 12 to 16 px", prose("ar"), sizes_px=_SMALL_PX, words=True, tesseract="ara"),
    Kind("Arabic with English", _mixed, words=True),
    Kind("Arabic with all vowel signs", prose("vowelled", 15, 60), sizes_px=_SIZES_PX[3:], tesseract="ara"),
    Kind("Uthmani verses", prose("quran", 15, 60), sizes_px=_SIZES_PX[3:], tesseract="ara"),
    Kind("Arabic lists", _arabic_list),
    Kind("English lists", _english_list, "ltr", tesseract="eng"),
    Kind("Persian", prose("fa"), language="fa", words=True, tesseract="fas"),
    Kind("Urdu, Naskh", prose("ur"), language="ur", words=True, tesseract="urd"),
    Kind("Urdu, Nastaliq", prose("ur"), language="ur", sizes_px=(22, 28, 36), faces="nastaliq", words=True, tesseract="urd"),
    Kind("Kurdish", prose("ckb"), language="ckb", words=True, tesseract="ara"),
    Kind("Pashto", prose("ps"), language="ps", words=True, tesseract="pus"),
    Kind("Uyghur", prose("ug"), language="ug", words=True, tesseract="uig"),
)
STRANGERS = Kind("strangers", with_stranger)
