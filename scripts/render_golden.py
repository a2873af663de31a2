"""The golden lines of the tests, and the README's picture: rendered and spoilt by Rasm itself, in Amiri (SIL OFL).

    python -m scripts.render_golden                   (Debian: apt install fonts-hosny-amiri)

``tests/rasm/test_golden.py`` asserts that the shipped model reads each one exactly. The seeds
were chosen for that: of fifteen renderings of each line, rasm-print 0.1.0 reads 8, 13 and 10 without an error. The lines
guard against change and measure nothing. Run this again only to change the lines:
the pictures are committed, so that the tests need no font.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.texts import TextSource
from rasm.command_line import command, run
from rasm.errors import ConfigError
from rasm.image import ImageSettings
from rasm.text.charset import DEFAULT_CHARSET

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
LINES = {
    "prose": ("قال ابن خلدون في مقدمته : ان الانسان مدني بالطبع ، اي لا بد له من الاجتماع .", 10),
    "figures": ("طبع في بيروت سنة ١٩٥٣ (ص ١٢٠ - ١٤٥) ثم أعيد طبعه في «القاهرة» .", 12),
    "heading": ("الفصل الثالث : في العمران البدوي والأمم الوحشية", 10),
}


@command("python -m scripts.render_golden", __doc__)
def render() -> None:
    amiri = [f for f in find_fonts((), DEFAULT_CHARSET) if Path(f.path).name == "Amiri-Regular.ttf"]
    if not amiri:
        raise ConfigError("Amiri is not installed; on Debian: apt install fonts-hosny-amiri")
    synthesizer = Synthesizer([TextSource("golden", [text for text, _ in LINES.values()], 1.0)], amiri, DEFAULT_CHARSET, ImageSettings())
    for name, (text, seed) in LINES.items():
        scan = synthesizer.scan(seed, text)
        assert scan is not None
        cv2.imwrite(str(GOLDEN / f"{name}.png"), scan)
        (GOLDEN / f"{name}.gt.txt").write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(render, arguments)


if __name__ == "__main__":
    sys.exit(main())
