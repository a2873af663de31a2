"""What people print and write today, as rendered lines have it: codes, prices, addresses, lists, signs, other languages.

Where it stands: ``model/rendering/texts.py`` mixes it into what it draws from the user's texts. ``item`` makes one such thing;
what is easily taken for another sign (0 and O, 1, l and I, 5 and S, 8 and B) stands in every place of a code.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from rasm.text.charset import ARROWS, CHECKS, CURRENCY_2, LATIN_2, LEADER, SIGNS_2, SUPERSCRIPTS

_ALIKE = "0O1lI5S8B2Z6G"
_UPPER, _LOWER, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"
# of which a group of a code is made, and how often. Whoever makes codes leaves out O and I beside figures, mostly. A reader that was
# shown as many O as zeros in them reads zeros as O. All that look alike stand side by side seldom, but everywhere
_CLEAR = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_ALPHABETS, _CODE_WEIGHTS = zip(
    (_DIGITS, 6), (_UPPER, 2), (_CLEAR + _DIGITS, 3), (_UPPER + _DIGITS, 1), (_LOWER.replace("l", "") + _DIGITS, 1),
    (_LOWER + _DIGITS, 0.5), (_ALIKE, 0.5), (_ALIKE + _DIGITS, 1), (_UPPER + _LOWER + _DIGITS, 1), (_DIGITS + "abcdef", 1),
    ("0", 1), ("O0", 0.4), ("1lI", 0.4), strict=True,
)  # fmt: skip
# an underscore is rare in codes, and a hyphen near the baseline, as many faces have it, is drawn alike
_JOINTS, _JOINT_WEIGHTS = zip(("-", 4), ("/", 1), (".", 1), ("_", 0.15), ("", 2), (" ", 1), (":", 1), strict=True)
_DOMAINS = (".com", ".com", ".org", ".net", ".sa", ".gov.sa", ".com.sa", ".edu.eg", ".ae", ".io", ".fr", ".co.uk", ".ir", ".pk")
_FILES = ("pdf", "docx", "xlsx", "png", "jpg", "txt", "zip", "py", "csv", "mp4", "html", "pptx")
_CODES_OF_MONEY = ("SAR", "USD", "EUR", "AED", "KWD", "EGP", "QAR", "GBP", "TRY", "MAD", "JOD")
_DRAWN_CURRENCY = CURRENCY_2.replace("﷼", "")  # which is drawn as the word
_SIGNS_OF_MONEY = "$€£" + _DRAWN_CURRENCY
_MONEY_WORDS = ("ريال", "ر.س", "ر.س.", "د.ك", "د.إ", "ج.م", "دولار", "يورو", "درهم", "دينار", "جنيه", "تومان", "روپے", "ريالاً")
_UNITS = "km km/h kg g mg cm mm m m² m³ cm² L ml kWh MW W V Hz GHz MHz GB MB TB KB Mbps px dpi °C °F % ‰ mAh kB/s rpm hPa mmHg μm".replace(
    "μ", "µ"
).split()
_ARABIC_UNITS = "كم كغم كجم سم مم متر لتر مل طن م² م³ كم/س °م جرام دقيقة ساعة يوم درجة".split()
_COUNTRY_CODES = "966 971 20 965 1 44 33 98 92 964 90 49".split()
_PHONES = (
    "+CC # ### ####",
    "+CC ## ### ####",
    "+CC ### ### ####",
    "+CC#########",
    "00966#########",
    "0##-###-####",
    "05########",
    "(###) ###-####",
    "+1 (###) ###-####",
    "0# ## ## ## ##",
    "800 ### ####",
    "####-#######",
    "### ####",
    "0### #######",
    "92000####",
)
_LABELS = """
هاتف جوال فاكس الهاتف البريد الموقع العنوان التاريخ الوقت المبلغ الإجمالي السعر الرقم رقم_الفاتورة رقم_الطلب رقم_الحساب الآيبان
الرقم_الضريبي الكمية الخصم الإصدار النسخة الملف الرابط الحساب الفقرة المادة صفحة الرمز رمز_المنتج اسم_المستخدم كلمة_المرور الوزن
الطول الحجم السرعة درجة_الحرارة رقم_اللوحة رقم_الهوية السجل_التجاري الرمز_البريدي ص.ب تاريخ_الانتهاء رقم_الشحنة الضريبة المجموع
نسبة_النمو المقاس الغرفة الدور الرحلة المقعد
""".split()
_ENGLISH_LABELS = """
Phone Tel Mobile Fax Email Website Address Date Time Amount Total Subtotal Price No. Invoice_No. Order_ID Account_No. IBAN VAT_No.
VAT Qty Discount Version File Link User Password Weight Size Speed Page Section Ref. Code SKU ISBN P.O._Box ZIP SWIFT Tracking_No.
Room Flight Seat Serial_No. MAC IP Model
""".split()
_BRANDS = """
iPhone Windows Android Google WhatsApp YouTube Instagram Facebook Twitter Microsoft Office Excel Word PowerPoint Zoom PayPal VISA
Mastercard Samsung Apple Netflix Amazon Uber Careem Aramco SABIC STC NEOM Linux GitHub Python JavaScript HTML CSS API PDF USB-C
Wi-Fi Bluetooth LED LCD CPU GPU RAM SSD 4K HD 5G 4G GPS QR OTP SMS COVID-19 ISO CEO CFO HR IT AI ChatGPT NASA NATO UNICEF UNESCO
OPEC FIFA BBC CNN MBC KSA UAE GCC USA UK EU VAT ERP CRM SaaS B2B WiFi macOS iOS eSIM DNA MRI PCR pH
""".split()
_GERMAN_TURKISH = """
für über können müssen größer Straße weiß heißt schön Mädchen Österreich Zürich München Köln Grüße natürlich während außerdem
Übersicht Änderung Öffnungszeiten der die das und nicht ist ein eine mit von auf Gesellschaft Wirtschaft Universität Geschichte
Stadt Jahr Zeit Menschen Arbeit wurde werden zwischen bereits için değil çok güzel İstanbul Türkiye şehir çalışma öğrenci görüşme
başkan ülke yıl içinde olduğunu gün dünya ağaç büyük küçük sağlık eğitim bilgi kağıt ışık Ağrı Iğdır bir ve bu ile olarak daha
sonra kadar gibi yeni her şey Çanakkale Şırnak Üsküdar Özgür Gökçe teşekkür ederim lütfen año niño mañana corazón también está más
qué información así país México España São João coração não Ångström smørrebrød
""".split()
_HANDLES = (
    "ahmed sara user info omar_ali news saudi team_x noor dr.khalid fatima99 support real_madrid alarabiya nasa hello_world m_salah".split()
)
_HASHTAGS = """
السعودية السعودية_العظمى اليوم_الوطني رمضان مصر القدس كأس_العالم تعليم صحة عاجل شعر_عربي رؤية_2030 يوم_التأسيس كلنا_معك الهلال
الأهلي الجمعة
""".split()
_SYMBOL_WORDS = (
    "نعم لا موافق غير_موافق ذكر أنثى أعزب متزوج نقدا تحويل شيك عاجل عادي متوفر غير_متوفر مكتمل قيد_التنفيذ ممتاز جيد ضعيف".split()
)
_SIGNS = (
    "?!+=&@#%*/\\|~<>^_$€£×°§"
    + _DRAWN_CURRENCY
    + SUPERSCRIPTS
    + ARROWS
    + CHECKS * 2
    + "^∞πµ←→↑↓¼½¾λ~✉"
    + SIGNS_2.replace("ºª", "")
    + "÷±≤≥≠≈√∞∑∫πµΩΔαβγθλσ‰½¼¾"
)


def code(rng: random.Random) -> str:
    """Letters and digits that mean nothing, alone or in groups."""

    def group(length: int) -> str:
        letters = rng.choices(_CODE_ALPHABETS, _CODE_WEIGHTS)[0]
        return "".join(rng.choices(letters, k=length))

    joint = rng.choices(_JOINTS, _JOINT_WEIGHTS)[0]
    return joint.join(group(rng.randint(1, 6)) for _ in range(rng.choice((1, 1, 2, 2, 3, 3, 4))))


def number(rng: random.Random) -> str:
    most = 10 ** rng.randint(1, 7)
    n = rng.randint(0, most)
    kind = rng.random()
    if kind < 0.3:
        return str(n)
    if kind < 0.55:
        return f"{n:,}"
    if kind < 0.75:
        return f"{n:,}.{rng.randint(0, 99):02}"
    if kind < 0.9:
        return f"{n}.{rng.randint(0, 10 ** rng.randint(1, 3))}"
    return f"{n:,}".replace(",", rng.choice((" ", ".", "،"))) + ("," + str(rng.randint(0, 99)).zfill(2) if rng.random() < 0.5 else "")


def price(rng: random.Random) -> str:
    figure = number(rng)
    sign = rng.choice(_SIGNS_OF_MONEY) if rng.random() < 0.5 else rng.choice("$€£")
    return rng.choice(
        (
            f"{sign}{figure}",
            f"{sign}{figure}",
            f"{sign} {figure}",
            f"{figure}{sign}",
            f"{figure} {sign}",
            f"-{sign}{figure}",
            f"{figure} {rng.choice(_CODES_OF_MONEY)}",
            f"{rng.choice(_CODES_OF_MONEY)} {figure}",
            f"{figure} {rng.choice(_MONEY_WORDS)}",
            f"{sign} {figure} {rng.choice(_CODES_OF_MONEY)}",
        )
    )


def phone(rng: random.Random) -> str:
    form = rng.choice(_PHONES).replace("CC", rng.choice(_COUNTRY_CODES))
    return "".join(rng.choice(_DIGITS) if c == "#" else c for c in form)


def iban(rng: random.Random) -> str:
    country = rng.choice(("SA", "AE", "KW", "EG", "QA", "BH", "JO", "GB", "DE", "FR", "TR"))
    tail = "".join(rng.choices(_DIGITS + "0000", k=rng.choice((18, 20, 20, 22, 24, 25))))
    if rng.random() < 0.3:
        tail = "".join(rng.choices(_UPPER, k=4)) + tail[4:]
    whole = f"{country}{rng.randint(0, 99):02}{tail}"
    return " ".join(whole[i : i + 4] for i in range(0, len(whole), 4)) if rng.random() < 0.6 else whole


def name(rng: random.Random, words: list[str]) -> str:
    return (rng.choice(words) if words and rng.random() < 0.7 else rng.choice(_BRANDS)).strip(".,'’").lower()


def address(rng: random.Random, words: list[str]) -> str:
    """Of mail, of the web, of a file or a person in a network."""
    a, b = name(rng, words), name(rng, words)
    site = rng.choice((a, a, f"{a}-{b}", f"{a}{rng.randint(1, 2030)}", "al-" + a)) + rng.choice(_DOMAINS)
    user = rng.choice((a, f"{a}.{b}", f"{a}_{b}", f"{a[:1]}.{b}", f"{a}{rng.randint(1, 99)}", "info", "support", "sales", "no-reply", "hr"))
    return rng.choice(
        (
            f"{user}@{site}",
            f"{user}@{site}",
            f"www.{site}",
            f"https://{site}",
            f"https://www.{site}/{b}",
            f"http://{site}/{b}?id={rng.randint(1, 9999)}",
            site,
            f"https://{site}/{a}/{b}-{rng.randint(1, 99)}.html",
            f"{site}/{code(rng).replace(' ', '')}",
            f"@{rng.choice(_HANDLES)}",
            f"@{a}_{rng.randint(1, 2030)}",
            f"#{a}_{b}",
            f"#{a.title()}{b.title()}",
            f"{a}_{b}.{rng.choice(_FILES)}",
            f"{a}-v{rng.randint(1, 9)}.{rng.choice(_FILES)}",
            f"C:\\{a.title()}\\{b}.{rng.choice(_FILES)}",
            f"/{a}/{b}/{name(rng, words)}",
            f"{rng.randint(1, 255)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}",
        )
    )


def moment(rng: random.Random) -> str:
    y, m, d = rng.randint(1900, 2035), rng.randint(1, 12), rng.randint(1, 31)
    h, n = rng.randint(0, 23), rng.randint(0, 59)
    return rng.choice(
        (
            f"{d}/{m}/{y}",
            f"{d:02}/{m:02}/{y}",
            f"{y}/{m:02}/{d:02}",
            f"{y}-{m:02}-{d:02}",
            f"{d}.{m}.{y}",
            f"{d:02}-{m:02}-{y}",
            f"{h}:{n:02}",
            f"{h:02}:{n:02}",
            f"{h:02}:{n:02}:{d:02}",
            f"{h % 12 + 1}:{n:02} {rng.choice(('AM', 'PM', 'am', 'pm', 'ص', 'م', 'صباحا', 'مساءً'))}",
            f"{h}:{n:02}-{h + 1}:{n:02}",
            f"{h}:00 - {h + 2}:00",
            f"{y}-{y + 1}",
            f"{y} - {y + 5}",
            f"{y}م",
            f"{rng.randint(1350, 1450)}هـ",
            f"{rng.randint(1350, 1450)}هـ / {y}م",
            f"{y}-{m:02}-{d:02}T{h:02}:{n:02}:00Z",
            f"{m}/{y % 100:02}",
            f"{LEADER}/{LEADER}/{rng.choice((str(y), LEADER))}",  # to be filled in
        )
    )


def measure(rng: random.Random) -> str:
    figure = number(rng) if rng.random() < 0.5 else str(rng.randint(1, 999))
    unit = rng.choice(_UNITS if rng.random() < 0.7 else _ARABIC_UNITS)
    return rng.choice(
        (
            f"{figure} {unit}",
            f"{figure}{unit}",
            f"{figure}%",
            f"{figure} %",
            f"%{figure}",
            f"-{figure}%",
            f"+{figure}%",
            f"±{figure}",
            f"{figure}°",
            f"{rng.randint(-20, 50)}°C",
            f"{figure}×{rng.randint(1, 999)}",
            f"{figure} x {rng.randint(1, 99)}",
            f"{rng.randint(1, 99)}-{rng.randint(1, 999)}",
            f"{rng.randint(1, 99)}:{rng.randint(1, 99)}",
            f"{rng.randint(1, 9)}/{rng.randint(2, 9)}",
            f"{rng.choice('½¼¾')} {unit}",
        )
    )


def _term(rng: random.Random) -> str:
    letters = "xyzabnmtkrRVEFPQ" + "سصعن" * (rng.random() < 0.3) + "πµΩΔαβγθλσ" * (rng.random() < 0.4)
    power = "".join(rng.choices(SUPERSCRIPTS, k=rng.choice((1, 1, 1, 2)))) if rng.random() < 0.5 else ""
    v, w, n = rng.choice(letters), rng.choice(letters), rng.randint(1, 99)
    return rng.choice((f"{n}{v}{power}", f"{v}{power}", str(rng.randint(0, 999)), f"√{n}", f"({v} + {w}){power}", f"{n}{power or '²'}"))


def formula(rng: random.Random) -> str:
    gap = rng.choice((" ", " ", " ", ""))
    text = _term(rng)
    for _ in range(rng.randint(1, 4)):
        text += gap + rng.choice("++--=×÷/<>≤≥≠≈±*→⇒") + gap + _term(rng)
    return text


def version(rng: random.Random) -> str:
    a, b, c = rng.randint(0, 30), rng.randint(0, 20), rng.randint(0, 99)
    return rng.choice(
        (
            f"v{a}.{b}.{c}",
            f"v{a}.{b}",
            f"{a}.{b}.{c}",
            f"V{a}.{b}",
            f"{a}.{b}.{c}-beta",
            f"{rng.choice(_BRANDS)} {a}",
            f"{rng.choice(_BRANDS)} {a}.{b}",
            f"{rng.choice(_UPPER)}{a}",
            f"{rng.choice(_UPPER)}{a}, {rng.choice(_UPPER)}{b}",
            f"{rng.choice(_BRANDS)}-{a}",
            f"{rng.choice(_BRANDS)}/{rng.choice(_BRANDS)}",
            f"{''.join(rng.choices(_UPPER, k=3))}-{rng.randint(1990, 2030)}-{rng.randint(1, 99999):05}",
            f"#{rng.randint(1, 99999)}",
            f"No. {rng.randint(1, 9999)}",
            f"№ {a}",
            f"ISBN {rng.choice(('978', '979'))}-{rng.randint(1, 9999)}-{rng.randint(0, 99)}-{rng.randint(100, 9999)}-{rng.randint(0, 9)}",
            f"ISO {rng.randint(1000, 30000)}:{rng.randint(1990, 2030)}",
        )
    )


def item(rng: random.Random, words: list[str]) -> str:
    """One thing that is no prose. ``words``: Latin words for names."""
    kind = rng.random()
    if kind < 0.16:
        return code(rng)
    if kind < 0.28:
        return number(rng)
    if kind < 0.40:
        return price(rng)
    if kind < 0.51:
        return phone(rng)
    if kind < 0.57:
        return iban(rng)
    if kind < 0.71:
        return address(rng, words)
    if kind < 0.81:
        return moment(rng)
    if kind < 0.89:
        return measure(rng)
    if kind < 0.93:
        return formula(rng)
    if kind < 0.95:
        return plate(rng)
    return version(rng)


def plate(rng: random.Random) -> str:
    """A vehicle's registration: figures, and letters that stand apart; Saudi, Egyptian, Iranian, Emirati."""
    letters, few = "أبحدرسصطعقكلمنهوى", rng.randint(1, 3)
    figures = str(rng.randint(1, 9999))
    return rng.choice(
        (
            f"{' '.join(rng.choices(letters, k=3))} {figures}",
            f"{' '.join(rng.choices(letters, k=few))} {figures}",
            f"{figures} {' '.join(rng.choices(letters, k=few))}",
            f"{rng.randint(11, 99)} {rng.choice('بجدسصطقلمنوهی')} {rng.randint(111, 999)} - {rng.randint(10, 99)}",
            f"{' '.join(rng.choices(_CLEAR, k=3))} {figures}",
            f"{rng.choice(_CLEAR)} {rng.randint(1, 99999)}",
        )
    )


def label(rng: random.Random, *, english: bool) -> str:
    return rng.choice(_ENGLISH_LABELS if english else _LABELS).replace("_", " ")


def bullet(rng: random.Random, *, english: bool) -> str:
    """What an item of a list begins with."""
    n = rng.randint(1, 40)
    letter = rng.choice("abcdeABCDEivx" if english else "أبجدهوزح")
    return rng.choice(
        (
            "•",
            "•",
            "●",
            "○",
            "■",
            "▪",
            "▪",
            "▪",
            "▫",
            "◦",
            "◆",
            "◇",
            "►",
            "➢",
            "✓",
            "✗",
            "☐",
            "☑",
            "☒",
            "★",
            "❖",
            "-",
            "-",
            "*",
            "*",
            "+",
            "→",
            "»" if english else "«",
            f"{n}.",
            f"{n}.",
            f"{n}-",
            f"{n} -",
            f"{n})",
            f"({n})",
            f"[{n}]",
            f"{n}.{rng.randint(1, 12)}",
            f"{n}.{rng.randint(1, 9)}.{rng.randint(1, 9)}",
            f"{letter}.",
            f"{letter})",
            f"({letter})",
            f"{letter}-",
            f"{letter} -",
            "- [ ]",
            "- [x]",
            "##",
            "###",
            ">",
            "§",
        )
    )


def choices(rng: random.Random) -> str:
    """Boxes to be ticked, and what they stand for."""
    boxes = rng.choice(("☐☑", "☐☒", "☐☐", "☐■", "○●", "☐✓", "☐☑☒", "✓✗", "()"))
    parts = []
    for _ in range(rng.randint(1, 4)):
        word = rng.choice(_SYMBOL_WORDS).replace("_", " ")
        box = rng.choice(("( )", "(x)", "[ ]", "[x]", "(✓)")) if boxes == "()" else rng.choice(boxes)
        parts.append(f"{box} {word}" if rng.random() < 0.75 else f"{word} {box}")
    return rng.choice((" ", "  ", " / ")).join(parts)


def hashtag(rng: random.Random) -> str:
    return "#" + rng.choice(_HASHTAGS)


def sign(rng: random.Random) -> str:
    return rng.choice(_SIGNS)


def foreign_words(rng: random.Random, characters: int) -> str:
    """German, Turkish, Spanish words, and letters with accents anywhere."""
    words: list[str] = []
    while not words or sum(map(len, words)) + len(words) < characters:
        word = rng.choice(_GERMAN_TURKISH)
        if rng.random() < 0.15:
            at = rng.randrange(len(word))
            word = word[:at] + rng.choice(LATIN_2) + word[at + 1 :]
        words.append(word.upper() if rng.random() < 0.06 else word)
    return " ".join(words)


def brand(rng: random.Random) -> str:
    return rng.choice(_BRANDS)


Maker = Callable[[random.Random], str]
