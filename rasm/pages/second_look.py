"""Lines that were read unsurely are looked at again, with their letters parted from a ground that is no even paper.

Where it stands: called by ``rasm/pages/reader.py`` after a page's lines were read. Words on photographs, in the sky and over roofs, have
one level of grey, and what is behind them has all others. So the image of such a line is made anew, twice: what is as light as its
lightest pixels is ink, and what is as dark as its darkest. A reading that is surer by far takes the place of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.crops import Crop
from rasm.pages.unread import Unreadable


@dataclass(frozen=True)
class SecondLookSettings:
    """Chosen on 108 drawn pages of kinds and typefaces kept aside, of whose lines 76 were read with less than 0.93: 261 errors became 109.

    unsure: lines read with less are looked at again. sure: what a new reading needs. fewer: of the errors that are to be expected in the
    first reading, the share that may be expected in the new one at most: the surer the first, the less room is left for being surer.
    It was chosen on the eight pictures of tests/rasm/pages/test_second_look.py. On the 108 pages it takes the lines that a tenth more
    confidence took.
    least_signs: letters and digits that a new reading has to have: patterns give short ones. level: percentiles of the image's levels that
    are those of its letters. reach: of the difference between these two levels, how far from the letters' is paper. least_reach: in levels.
    """

    unsure: float = 0.9
    sure: float = 0.93
    fewer: float = 0.4
    least_signs: int = 4
    level: tuple[float, float] = (2.0, 98.0)
    reach: float = 0.45
    least_reach: float = 20.0


SETTINGS = SecondLookSettings()


def looked_again(
    recognizer: Recognizer, crops: Sequence[Crop], readings: Sequence[Reading | Unreadable], settings: SecondLookSettings = SETTINGS
) -> list[Reading | Unreadable]:
    """The readings, each the surest of its line."""
    found = list(readings)
    unsure = [i for i, reading in enumerate(readings) if isinstance(reading, Reading) and reading.known_confidence < settings.unsure]
    images = [recognizer.prepare(image) for i in unsure for image in parted(crops[i].pixels, settings)]
    if not images:
        return found
    widths = [crops[i].pixels.shape[1] for i in unsure for _ in range(2)]
    again = recognizer.read_arrays(images, widths)
    for k, i in enumerate(unsure):
        first, best = readings[i], max(again[2 * k : 2 * k + 2], key=lambda reading: reading.known_confidence)
        least = max(settings.sure, 1 - settings.fewer * (1 - first.known_confidence)) if isinstance(first, Reading) else 1.0
        if best.known_confidence >= least and sum(map(str.isalnum, best.text)) >= settings.least_signs:
            found[i] = best
    return found


def parted(line: Pixels, settings: SecondLookSettings = SETTINGS) -> tuple[Pixels, Pixels]:
    """Black letters on white, of a grey image of a line: where its lightest pixels are its letters, and where its darkest are."""
    dark, light = np.percentile(line, settings.level).tolist()
    reach = max(settings.least_reach, settings.reach * (light - dark))
    levels = line.astype(np.float32)
    near_light, near_dark = (np.clip(np.abs(levels - level) * (255 / reach), 0, 255).astype(np.uint8) for level in (light, dark))
    return near_light, near_dark
