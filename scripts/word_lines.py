"""Lines of words of Latin languages, frequent words more often: texts to render for a reader that is to know more words.

    pip install wordfreq && python -m scripts.word_lines --out texts

writes ``texts/words_en/lines.txt`` and so on. The frequencies are those of the wordfreq package (Speer 2022; its data CC BY-SA 4.0).
Where it stands: before ``scripts/make_models.py``, which draws from these folders. The same version of wordfreq gives the same lines.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

from rasm import command_line
from rasm.command_line import PATH, command, option
from rasm.errors import ConfigError

#: language: how many of its words, how many lines
LANGUAGES = {"en": (40_000, 9_000), "fr": (25_000, 5_000), "de": (20_000, 3_500), "tr": (20_000, 3_500), "es": (15_000, 1_500)}
FLATTENED = 0.45  # the exponent of a frequency: rare words are to be read, too


@command("python -m scripts.word_lines", __doc__, stopped="; what was written stays")
@option("--out", type=PATH, required=True, metavar="FOLDER", help="The folder to write a folder for each language to.")
def write(out: Path) -> None:
    try:
        import wordfreq  # type: ignore[import-not-found]
    except ImportError as e:
        raise ConfigError("the package wordfreq is not installed: pip install wordfreq") from e
    for language, (count, lines) in LANGUAGES.items():
        words = [w for w in wordfreq.top_n_list(language, count) if w.replace("'", "").replace("-", "").isalpha()]
        weights = [wordfreq.word_frequency(w, language) ** FLATTENED for w in words]
        rng = random.Random(1)
        path = out / f"words_{language}" / "lines.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(line(rng, words, weights, nouns=language == "de") for _ in range(lines))
        path.write_text(text + "\n", encoding="utf-8")


def line(rng: random.Random, words: list[str], weights: list[float], *, nouns: bool) -> str:
    """Words in no order, some with capitals and marks. ``nouns``: with more capitals."""
    chosen = rng.choices(words, weights, k=rng.randint(5, 14))
    chosen = [w.capitalize() if rng.random() < 0.12 or (nouns and rng.random() < 0.3) else w for w in chosen]
    text = " ".join(w + (rng.choice(",,,.;:") if rng.random() < 0.1 else "") for w in chosen)
    return text[0].upper() + text[1:] + rng.choice((".", ".", "", "?", "!"))


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(write, arguments)


if __name__ == "__main__":
    sys.exit(main())
