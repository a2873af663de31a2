"""What OCRmyPDF's options say to Rasm."""

from __future__ import annotations

from collections.abc import Iterable

from rasm.text.languages import LanguageOption

# OCRmyPDF names languages as Tesseract does, by ISO 639-2 and with a script
LANGUAGES: dict[str, LanguageOption] = {
    "ara": "ar", "fas": "fa", "per": "fa", "urd": "ur", "ckb": "ckb", "kur_ara": "ckb", "kur": "ckb", "pus": "ps", "uig": "ug", "snd": "sd",
}  # fmt: skip
# what Rasm reads besides, by sight; OCRmyPDF asks for eng where it is told no language
LATIN = ("eng", "fra", "deu", "tur", "spa", "ita")


def language_of(names: Iterable[str]) -> LanguageOption:
    """The one in whose letters to write: the only one of the script that was asked for, or else what the letters tell."""
    asked = {LANGUAGES[name] for name in names if name in LANGUAGES}
    return asked.pop() if len(asked) == 1 else "auto"
