"""CTC prefix beam search with a language model of characters: fewer errors than the best path, for some more time.

Where it stands: in place of ``rasm/lines/ctc.py``'s ``best_path``, where a reader is opened with ``decoder="beam"``. The search is
flashlight-text's ``LexiconFreeDecoder`` (Collobert et al. 2016, "Wav2Letter"; Kahn et al. 2022), the language model KenLM's
(Heafield 2011), whose queries are inside flashlight-text's wheel. Imported only where it is asked for.

The language model counts signs in the order in which they are drawn, since that is what CTC aligns with: see
``scripts/make_language_model.py``, which makes it. Steps that are surely blank are left out of the search: they are most of
them, and change nothing but the time it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rasm.errors import ModelFileError
from rasm.lines.ctc import Decoded
from rasm.text.charset import BLANK, Charset
from rasm.weights import LANGUAGE_MODEL

SPACE = "\u2581"  # what KenLM's files have for a space, since they are separated by it (SentencePiece's sign for it)
# chosen on lines of the journal that no model was trained on: docs/training.md
WEIGHT = 0.6
BEAM_SIZE, CHARACTERS_A_STEP, THRESHOLD = 6, 3, 6.0
_SURELY_BLANK = -0.02  # log-probability: below, a step can change what is read


def to_tokens(visual: str) -> list[str]:
    """Drawn signs as the tokens of the language model."""
    return [SPACE if c == " " else c for c in visual]


class BeamSearch:
    """Decodes as ``best_path`` does. May be called from several threads, one after the other."""

    def __init__(self, charset: Charset, language_model: str | Path = LANGUAGE_MODEL, *, weight: float = WEIGHT) -> None:
        """Raises ModelFileError where the library or the language model is missing."""
        try:
            from flashlight.lib.text.decoder import CriterionType, LexiconFreeDecoder, LexiconFreeDecoderOptions
            from flashlight.lib.text.decoder.kenlm import KenLM
            from flashlight.lib.text.dictionary import Dictionary
        except ImportError as e:
            raise ModelFileError("beam search needs flashlight-text: pip install flashlight-text") from e
        if not Path(language_model).is_file():
            raise ModelFileError(f"{language_model}: no such language model")
        tokens = Dictionary()
        for token in ["<blank>", *to_tokens(charset.characters)]:
            tokens.add_entry(token)
        try:
            self._language_model = KenLM(str(language_model), tokens)
        except Exception as e:  # KenLM's exceptions come through the binding without a common base
            raise ModelFileError(f"{language_model}: not a language model of KenLM's ({type(e).__name__})") from e
        options = LexiconFreeDecoderOptions(
            beam_size=BEAM_SIZE,
            beam_size_token=CHARACTERS_A_STEP,
            beam_threshold=THRESHOLD,
            lm_weight=weight,
            sil_score=0.0,
            log_add=True,
            criterion_type=CriterionType.CTC,
        )
        self._make = lambda: LexiconFreeDecoder(options, self._language_model, -1, BLANK, [])

    def __call__(self, log_probabilities: NDArray[np.float32], lengths: Sequence[int]) -> list[Decoded]:
        """(batch, steps, classes) log-probabilities -> a reading a line, each line up to its own length in steps."""
        decoder = self._make()  # it keeps its hypotheses: each call has its own
        return [self._decode(decoder, scores[:length]) for scores, length in zip(log_probabilities, lengths, strict=True)]

    def _decode(self, decoder, scores: NDArray[np.float32]) -> Decoded:  # type: ignore[no-untyped-def]
        steps = _steps_that_matter(scores)
        if not len(steps):
            return Decoded([], [], [])
        kept = np.ascontiguousarray(scores[steps], dtype=np.float32)
        (best, *_) = decoder.decode(kept.ctypes.data, *kept.shape)
        path = np.asarray(best.tokens[1:-1])  # a token before the first step and one after the last are the decoder's own
        decoded = Decoded([], [], [])
        previous = BLANK
        for at, c in enumerate(path.tolist()):
            if c not in (BLANK, -1):
                step, probability = int(steps[at]), float(np.exp(kept[at, c]))
                if c != previous:
                    decoded.classes.append(c)
                    decoded.steps.append(step)
                    decoded.probabilities.append(probability)
                elif probability > decoded.probabilities[-1]:
                    decoded.steps[-1], decoded.probabilities[-1] = step, probability
            previous = c
        return decoded


def _steps_that_matter(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """All steps but those that are surely blank, and of each run of these the first: it keeps doubled letters apart."""
    blank = scores[:, BLANK] > _SURELY_BLANK
    keep = ~blank
    keep[1:] |= blank[1:] & ~blank[:-1]
    return np.flatnonzero(keep)
