"""A language is told by what is read, and every letter that was seen is written with the character that the language has for it."""

import pytest

from rasm.text.languages import Language, as_drawn, guess_language, write_in
from rasm.text.normalisation import OTHER_LANGUAGES, LabelSettings, normalise_label

SENTENCES = {
    "ar": "هذا كتاب عن تاريخ العلوم في القاهرة، صدر سنة ١٩٩٠ في باريس وبرلين.",
    "fa": "پژوهشگران می\u200cگویند که در سال ۱۴۰۲ بیش از ۶۵٪ دانشجویان از چراغ\u200cها و گنجه\u200cها استفاده کرده\u200cاند".replace(
        "٪", "%"
    ),
    "ur": "لڑکے اور لڑکیاں ٹھنڈے پانی سے ہاتھ دھوتے ہیں اور ڈاکٹر کے پاس جاتے ہیں۔ یہ کتاب ۱۵۰ روپے میں ملتی ہے",
    "ckb": "ڕۆژنامەی کوردستان یەکەم ڕۆژنامەی کوردییە کە لە ساڵی ١٨٩٨ لە قاهیرە دەرچووە",
    "ps": "ټولو د کابل ښار ته راغلي، ځکه څنګه چې هلته ډېر خلک ږغېږي او ړومبی کار کوي",
    "ug": "ئۇيغۇرچە كىتابلارنىڭ ھەممىسى كۈتۈپخانىدا ساقلىنىۋاتىدۇ",
    "sd": "سنڌي ٻولي پاڪستان ۾ ڳالهائي وڃي ٿي، ڄاڻ ۽ ڏاهپ",
}


@pytest.mark.parametrize(("language", "text"), SENTENCES.items())
def test_a_language_is_told_by_its_letters(language: str, text: str) -> None:
    assert guess_language([text]) == language
    assert guess_language(text.split()) == language, "of a document, whatever its lines are"


@pytest.mark.parametrize(("language", "text"), SENTENCES.items())
def test_what_is_seen_is_written_as_the_language_has_it(language: Language, text: str) -> None:
    """One class for each shape: ك for ک, ى for a last ی, ي for one inside a word, ٠-٩ for all Eastern digits."""
    label = normalise_label(text, LabelSettings(keep_apart=OTHER_LANGUAGES, joiners="keep"))
    seen = as_drawn(label)
    assert not set(seen) & set("کی۰۱۲۳۴۵۶۷۸۹")
    assert write_in(seen, language) == text


def test_persian_types_heh_with_hamza_as_two_characters() -> None:
    assert write_in("همۀ خانۂ ما", "fa") == "همه\u0654 خانه\u0654 ما"
    assert as_drawn("همه\u0654") == "همۀ", "the reader knows it as one shape"
    assert write_in("همۀ", "ur") == "ہمۂ"


def test_arabic_is_never_written_with_letters_of_its_neighbours() -> None:
    assert write_in("ھذا کتاب\u200cہ فی بیت", "ar") == "هذا كتابه في بيت"
    assert write_in("پاریس چین", "ar") == "پاريس چين", "but names keep theirs"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fa", "انسان در مقابل قانون شناخته شود و حق دارد از حمايت آن برخوردار باشد"),  # without a letter that Arabic lacks
        ("ar", "كان له في داره كل ما يسره، وهو على ذلك دى في أهله"),
        ("ar", "محمد پاشا من أهل القاهرة، وقد كان عالما في زمانه، وله كتب في النحو والصرف والتاريخ"),
        ("ar", "12,500.00 USD"),
        ("ar", ""),
    ],
)
def test_small_words_tell_a_language_and_single_letters_do_not(language: str, text: str) -> None:
    assert guess_language([text]) == language
