"""What drawn pages say: passages of the user's texts, by language, and the names, dates, amounts and codes that documents are full of.

Where it stands: beneath ``kinds``. Everything comes from the ``random.Random`` that is passed in.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from model.rendering.texts import TextSource
from rasm.text.charset import ARABIC_INDIC_DIGITS, EXTENDED_DIGITS, WESTERN_DIGITS

# where the texts have none of a language
_FALLBACK = {
    "fa": "هر که بامش بیش برفش بیشتر\nآب که از سر گذشت چه یک وجب چه صد وجب\nگر صبر کنی ز غوره حلوا سازی\nاز تو حرکت از خدا برکت",
    "ur": "ایک پنتھ دو کاج\nجیسا دیس ویسا بھیس\nآم کے آم گٹھلیوں کے دام\nدور کے ڈھول سہانے ہوتے ہیں",
    "en": "A stitch in time saves nine.\nThe report was sent to the committee on Monday morning.\nActions speak louder than words.\n"
    "Please return the signed copy within fourteen days.\nPractice makes perfect, and a good beginning is half the work.",
    "fr": "Petit à petit, l'oiseau fait son nid.\nMieux vaut tard que jamais.\nLe rapport a été envoyé à la commission lundi matin.\n"
    "Après la pluie, le beau temps.",
}  # fmt: skip
_ARABIC = re.compile("[\u0620-\u064a\u0671-\u06d3]")
_LATIN = re.compile("[A-Za-zÀ-ÿ]")
_URDU, _PERSIAN = set("ٹڈڑےںھہ"), set("پچژگکی")
_FRENCH = re.compile(r"\b(le|la|les|des|est|une|dans|du|et)\b", re.IGNORECASE)
_MARKUP = re.compile(r"[<>|{}=\\]|:\w")
_STOPS = "[.:؛،؟!,;?]"
_PASSAGES = 60_000  # of a language: more would only take memory in each worker

_GIVEN = (
    """محمد أحمد فاطمة عائشة خالد عمر يوسف مريم سعيد ليلى حسن زينب إبراهيم نورة عبدالله سلمى طارق هدى ياسر رنا منصور أمينة كريم""".split()
)
_FAMILY = (
    """العلي الحسن المصري الخطيب النجار الشامي القحطاني بن سالم الزهراني عبدالرحمن التميمي الحداد السيد البغدادي المغربي الهاشمي""".split()
)
_CITIES = (
    "القاهرة الرياض بغداد دمشق بيروت الدار البيضاء تونس عمان الدوحة المنامة الكويت الخرطوم صنعاء حلب فاس الإسكندرية جدة طرابلس".split()
)
_MONTHS = "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر محرم صفر رجب شعبان رمضان شوال".split()
_DAYS = "الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت".split()
_GOODS = """دفتر قلم حاسوب محمول شاشة طابعة كرسي مكتب خدمة صيانة شهرية قهوة شاي أخضر خبز حليب أرز سكر زيت زيتون تمر تفاح موز
لحم دجاج جبنة بيضاء مياه معدنية عصير برتقال صابون ورق طباعة بطارية كابل شاحن هاتف ساعة سماعات كتاب حقيبة جلدية""".split("\n")
_COMPANY = "شركة|مؤسسة|مكتبة|دار|مطعم|صيدلية|مصنع|مجموعة|بنك|جمعية|متجر|مخبز".split("|")
_PROPER = "النور الأمل المستقبل الرواد النخيل الفجر الوفاء البحر الشرق الواحة الهلال الريان الجزيرة السلام القمة".split()
_CURRENCY = ("ر.س", "ريال", "د.إ", "جنيه", "د.ك", "SAR", "USD", "EUR", "$", "€")


def language_of(passage: str) -> str:
    """ar, fa, ur, en or fr, by its letters and small words: a rough guess is enough here."""
    arabic, latin = len(_ARABIC.findall(passage)), len(_LATIN.findall(passage))
    if latin > arabic:
        return "fr" if len(_FRENCH.findall(passage)) > 0.08 * len(passage.split()) else "en"
    letters = [c for c in passage if _ARABIC.match(c)]
    if sum(c in _URDU for c in letters) > 0.03 * len(letters):
        return "ur"
    return "fa" if sum(c in _PERSIAN for c in letters) > 0.04 * len(letters) else "ar"


class Wording:
    """Texts by language. A pure function of the ``rng`` of each call."""

    def __init__(self, sources: Sequence[TextSource]) -> None:
        self._sources: dict[str, list[tuple[list[str], float]]] = {}
        for source in sources:
            passages = [p for p in source.passages if not _MARKUP.search(p)]
            if len(passages) > _PASSAGES:
                passages = random.Random(0).sample(passages, _PASSAGES)
            by_language: dict[str, list[str]] = {}
            for passage in passages:
                by_language.setdefault(language_of(passage), []).append(passage)
            for language, found in by_language.items():
                if len(found) > 0.02 * len(passages):
                    self._sources.setdefault(language, []).append((found, source.weight))
        for language, text in _FALLBACK.items():
            self._sources.setdefault(language, [(text.split("\n"), 1.0)])
        self._sources.setdefault("ar", [(["الكتاب خير جليس في الزمان"], 1.0)])

    def passage(self, rng: random.Random, language: str) -> str:
        sources = self._sources[language]
        return rng.choice(rng.choices([s[0] for s in sources], [s[1] for s in sources])[0])

    def text(self, rng: random.Random, language: str, characters: int) -> str:
        """Whole words of about so many characters."""
        words: list[str] = []
        length = 0
        while length < characters:
            new = self.passage(rng, language).split()
            if length == 0 and len(new) > 12 and rng.random() < 0.5:
                new = new[rng.randrange(len(new) // 2) :]
            for word in new:
                words.append(word[:24])
                length += len(words[-1]) + 1
                if length >= characters:
                    break
        return " ".join(words)


def signs_apart(rng: random.Random, text: str) -> str:
    """The text with a space before its stops and within its brackets, as old print and many typists set them."""
    stops, brackets = rng.choice(((_STOPS, False), (_STOPS, True), (f"[{rng.choice('.،:؛')}]", False)))
    text = re.sub(f"(?<=[^\\W\\d])({stops})(?= |$)", r" \1", text)
    return re.sub("([»)\\]])", r" \1", re.sub("([«(\\[])", r"\1 ", text)) if brackets else text


def digits(rng: random.Random, text: str, style: str) -> str:
    """The text with its digits in a style: western, arabic or persian."""
    if style == "western":
        return text
    return text.translate(str.maketrans(WESTERN_DIGITS, ARABIC_INDIC_DIGITS if style == "arabic" else EXTENDED_DIGITS))


def name(rng: random.Random) -> str:
    return " ".join([*rng.sample(_GIVEN, rng.randint(1, 2)), rng.choice(_FAMILY)])


def city(rng: random.Random) -> str:
    return rng.choice(_CITIES)


def company(rng: random.Random) -> str:
    return (
        f"{rng.choice(_COMPANY)} {rng.choice(_PROPER)}"
        + (rng.random() < 0.4) * f" {rng.choice(('للتجارة', 'المحدودة', 'وأولاده', 'الدولية'))}"
    )


def goods(rng: random.Random) -> str:
    words = rng.choice(_GOODS).split()
    start = rng.randrange(len(words))
    return " ".join(words[start : start + rng.randint(1, 3)])


def day(rng: random.Random) -> str:
    return rng.choice(_DAYS)


def date(rng: random.Random) -> str:
    d, m, y = rng.randint(1, 30), rng.randint(1, 12), rng.randint(1380, 2026)
    return rng.choice((f"{d}/{m}/{y}", f"{y}-{m:02}-{d:02}", f"{d} {rng.choice(_MONTHS)} {y}", f"{d:02}/{m:02}/{y} م", f"{d}-{m}-{y}هـ"))


def time(rng: random.Random) -> str:
    return f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}" + rng.choice(("", "", " ص", " م", " PM"))


def amount(rng: random.Random, currency: bool = False) -> str:
    value = rng.choice((rng.uniform(1, 100), rng.uniform(100, 10_000), rng.uniform(1e4, 1e6)))
    text = f"{value:,.2f}" if rng.random() < 0.7 else f"{value:,.0f}"
    return text + (f" {rng.choice(_CURRENCY)}" if currency else "")


def number(rng: random.Random, most: int = 400) -> str:
    return str(rng.randint(1, most))


def phone(rng: random.Random) -> str:
    a, b, c = rng.randint(10, 99), rng.randint(100, 999), rng.randint(1000, 9999)
    return rng.choice((f"0{a}-{b}{c}", f"+966 {a} {b} {c}", f"05{a}{b}{c}", f"00{a}{b}{c}"))


def code(rng: random.Random) -> str:
    letters = "".join(rng.choices("ABCDEFGHJKLMNPRSTUVXYZ", k=rng.randint(2, 4)))
    n = rng.randint(10**4, 10**8)
    return rng.choice((f"{letters}-{n}", f"{letters}{n}", f"{n}", f"SA{rng.randint(10, 99)} {n:08} {n * 7 % 10**8:08}", f"{n:012}"))


def mail(rng: random.Random) -> str:
    names = "info sales contact ahmed.ali support noor admin press".split()
    sites = "example.com alnoor.sa univ.edu.eg news-arab.net books.org".split()
    return f"{rng.choice(names)}@{rng.choice(sites)}"


def site(rng: random.Random) -> str:
    return rng.choice(("www.example.com", "https://alnoor.sa/shop", "books.org", "www.moe.gov.sa", "news-arab.net/2026"))
