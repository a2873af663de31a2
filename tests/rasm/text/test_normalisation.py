"""Labels are made alike rule by rule, each rule is counted, and readings take the form that is asked for."""

from collections import Counter

import pytest

from rasm.errors import ConfigError
from rasm.text.charset import DEFAULT_CHARSET, DIACRITICS, LEADER, TATWEEL
from rasm.text.normalisation import (
    LOOK_ALIKES,
    OTHER_LANGUAGES,
    LabelSettings,
    Profile,
    apply_profile,
    finish_reading,
    is_spaced_out,
    normalise_label,
)

KEEP = LabelSettings()

RULES = [  # what was typed, its label, the rules that are counted
    ("كتاب", "كتاب", []),
    ("", "", []),
    ("آ".replace("آ", "ا\u0653"), "آ", ["nfc"]),
    ("شّ\u064e", "ش\u064e\u0651", ["nfc"]),  # canonical order of marks
    ("ﻛﺘﺎﺏ", "كتاب", ["presentation forms"]),
    ("ﻻ", "لا", ["presentation forms"]),
    ("ﷲ", "الله", ["presentation forms"]),
    ("ﻣ\ufe7dﺪ", "مـ\u0651د", ["presentation forms"]),
    ("ﷺ", "ﷺ", []),
    ("﴿قل﴾", "﴿قل﴾", []),
    ("ﯽ", "ي", ["presentation forms", "yeh"]),
    ("\u200fعام\u200e \u202b2020\u202c", "عام 2020", ["controls"]),
    ("ا\ufeffب\u00ad\u2066ج\u2069", "ابج", ["controls"]),
    ("می\u200cشود", "ميشود", ["zero-width non-joiner", "yeh"]),
    ("یئ", "يئ", ["yeh"]),
    ("ی\u0654", "ئ", ["yeh", "nfc"]),  # composes only once it is an Arabic yeh
    ("مصطفى", "مصطفى", []),
    ("کڪ", "كك", ["kaf"]),
    ("ھہە", "ههه", ["heh"]),
    ("ه\u0654", "ۀ", ["heh with hamza"]),
    ("ه\u0650\u0654", "ۀ\u0650", ["heh with hamza"]),
    ("ۃ", "ة", ["teh-marbuta"]),
    ("ۇۆۋ", "ووو", ["waw"]),
    ("ٲٳ", "أإ", ["alef"]),
    ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", ["digits"]),
    ("0123", "0123", []),
    ("لماذا?", "لماذا؟", ["question-mark"]),
    ("why?", "why?", []),
    ("١٬٠٠٠", "١،٠٠٠", ["comma"]),
    ("تم۔", "تم.", ["full-stop"]),
    ("٥٪", "٥%", ["percent"]),
    ("❊ ✽", "* *", ["star"]),
    ("١–٢—٣−٤", "١-٢-٣-٤", ["dash"]),
    ("“ا”", '"ا"', ["double-quote"]),
    ("‘ا’", "'ا'", ["single-quote"]),
    ("∙ ⋅", "• •", ["bullet"]),
    ("الفهرس ....... ٥", f"الفهرس {LEADER} ٥", ["leaders"]),
    ("الفهرس . . . . ٥", f"الفهرس {LEADER} ٥", ["leaders"]),
    ("الفهرس .  .  .  . ٥", f"الفهرس {LEADER} ٥", ["leaders", "spaces"]),
    ("الفهرس ————— ٥", f"الفهرس {LEADER} ٥", ["dash", "leaders"]),
    ("الفهرس ………… ٥", f"الفهرس {LEADER} ٥", ["leaders"]),
    ("ثم ... قال", "ثم ... قال", []),
    ("عـــلى", "عـلى", ["repeated tatweel"]),
    (" ا\u00a0 ب\t", "ا ب", ["spaces"]),
]


@pytest.mark.parametrize(("typed", "label", "rules"), RULES)
def test_each_rule(typed: str, label: str, rules: list[str]) -> None:
    changes: Counter[str] = Counter()
    assert normalise_label(typed, KEEP, changes) == label
    assert changes == Counter(rules)


@pytest.mark.parametrize("typed", [typed for typed, _, _ in RULES])
@pytest.mark.parametrize(
    "settings",
    [
        KEEP,
        LabelSettings(diacritics="strip", tatweel="strip"),
        LabelSettings(keep_apart=("yeh", "dash"), digits="arabic_indic", unlabelled="،."),
    ],
)
def test_a_label_is_not_changed_again(typed: str, settings: LabelSettings) -> None:
    label = normalise_label(typed, settings)
    assert normalise_label(label, settings) == label


@pytest.mark.parametrize("row", LOOK_ALIKES, ids=lambda row: row.name)
def test_each_look_alike_can_be_turned_off_and_says_why_it_is_there(row) -> None:
    typed = f"ب{row.old}ب"
    assert normalise_label(typed) == normalise_label(f"ب{''.join(typed.translate(row.table)[1:-1])}ب")
    kept = normalise_label(typed, LabelSettings(keep_apart=(row.name,)))
    assert all(c in kept for c in row.old)
    assert len(row.reason) > 20
    assert not DEFAULT_CHARSET.missing(row.new)


def test_look_alikes_have_one_way_each() -> None:
    old = "".join(row.old for row in LOOK_ALIKES)
    assert len(old) == len(set(old))
    assert not set(old) & set("".join(row.new for row in LOOK_ALIKES))  # nothing is mapped on twice
    assert len({row.name for row in LOOK_ALIKES}) == len(LOOK_ALIKES)


def test_an_unknown_look_alike_is_named() -> None:
    with pytest.raises(ConfigError, match="no look-alike is named yah; there are: alef"):
        LabelSettings(keep_apart=("yah",))


@pytest.mark.parametrize(
    ("settings", "typed", "label"),
    [
        (LabelSettings(diacritics="strip"), f"م{DIACRITICS}د", "مد"),
        (LabelSettings(diacritics="strip"), "عـ\u064e", "عـ"),
        (LabelSettings(tatweel="strip"), f"ع{TATWEEL}{TATWEEL}\u064eلى", "ع\u064eلى"),
        (LabelSettings(tatweel="strip"), "ا ـ ب", "ا ب"),  # and no space is left over
        (LabelSettings(digits="arabic_indic"), "سنة 1965 م", "سنة ١٩٦٥ م"),
        (LabelSettings(digits="arabic_indic"), "انظر p. 25", "انظر p. 25"),
        (LabelSettings(unlabelled="\u0651ـ"), "محمّـدٌ", "محمدٌ"),
        (LabelSettings(replace=(("(صعلم)", "ﷺ"), ("ﷺ", "ص"))), "النبي (صعلم)", "النبي ص"),  # in the order given
    ],
)
def test_settings(settings: LabelSettings, typed: str, label: str) -> None:
    assert normalise_label(typed, settings) == label


def test_changes_count_labels_not_characters() -> None:
    changes: Counter[str] = Counter()
    for typed in ("کک ک", "ك", "ک"):
        normalise_label(typed, KEEP, changes)
    assert changes == {"kaf": 2}


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (Profile(), "عـامَ ١٩ 20 ۲۱"),
        (Profile(diacritics="strip"), "عـام ١٩ 20 ۲۱"),
        (Profile(tatweel="strip"), "عامَ ١٩ 20 ۲۱"),
        (Profile(digits="western"), "عـامَ 19 20 21"),
        (Profile(digits="arabic_indic"), "عـامَ ١٩ ٢٠ ٢١"),
    ],
)
def test_profiles(profile: Profile, text: str) -> None:
    assert apply_profile("عـامَ ١٩ 20 ۲۱", profile) == text


def test_a_reading_is_finished() -> None:
    assert finish_reading(f" الفهرس  {LEADER} ا\u0653 ") == "الفهرس .... آ"
    assert normalise_label(finish_reading(f"ا {LEADER} ب")) == f"ا {LEADER} ب"


# -- other languages of the script, and signs that no charset has


@pytest.mark.parametrize(
    ("typed", "label"),
    [("می\u200cخواهم", "می\u200cخواهم"), ("دار\u200cها", "دارها"), ("کتاب\u200c ها", "کتاب ها"), ("\u200cب", "ب"), ("بب\u200c", "بب")],
)
def test_a_non_joiner_stays_where_it_is_seen(typed: str, label: str) -> None:
    assert normalise_label(typed, LabelSettings(keep_apart=OTHER_LANGUAGES, joiners="keep")) == label


@pytest.mark.parametrize(
    ("text", "left"),
    [("صباح \ufffd الخير", "صباح الخير"), ("\ufffd نعم", "نعم"), ("نعم\ufffd", "نعم"), ("\ufffd \ufffd", ""), ("a\ufffdb", "ab")],
)
def test_unknown_signs_can_be_left_out(text: str, left: str) -> None:
    assert apply_profile(text, Profile()) == text
    assert apply_profile(text, Profile(unknown="leave_out")) == left


@pytest.mark.parametrize(
    ("text", "spaced_out"),
    [
        ("إِنَّ الـصَّـبْـرَ مِـفْـتَـاحُ الـفَـرَجِ", True),  # a face of one width
        ("عـلـى أنـه يـخـول", True),
        ("السـلام عليكم ورحمة الله", False),  # a line that is filled
        ("الـكتـاب الأول من الجزء الثاني", False),
        ("بـاب", False),  # too few to tell
        ("جــــد", False),
        ("plain words", False),
    ],
)
def test_letters_that_are_set_apart_are_no_kashidas(text: str, spaced_out: bool) -> None:
    assert is_spaced_out(text) == spaced_out
