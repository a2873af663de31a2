"""Count characters for ``decoder="beam"``: texts in, a language model of KenLM's out.

    python -m scripts.make_language_model --text FOLDER[=WEIGHT] … --out rasm/weights/arabic-5gram.klm

Where it stands: beside ``train.py``; ``rasm/lines/beam.py`` reads what it writes. The lines are those that ``train.py`` draws, with
the same weights, in the order in which they are drawn. KenLM's own programs estimate and pack the model (Heafield et al.
2013, "Scalable Modified Kneser-Ney"): ``lmplz`` and ``build_binary`` must be on the PATH or in --kenlm. They come with KenLM's
source (cmake, a C++ compiler and Boost build them), not with its Python package.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from model.rendering.texts import TextSampler, load_texts
from rasm.command_line import PATH, command, option, positive, run
from rasm.errors import ConfigError
from rasm.lines.beam import to_tokens
from rasm.text.bidi import to_visual
from rasm.text.charset import DEFAULT_CHARSET

PRUNED = "0 0 1 2 4".split()  # n-grams seen no more often than this are left out, by order: 2 MB instead of 50, and as good


@command("python -m scripts.make_language_model", __doc__)
@option("--text", several=True, required=True, metavar="PATH[=WEIGHT]", help="Texts, as train.py takes them.")
@option("--out", type=PATH, required=True, metavar="FILE", help="The file to write.")
@option("--lines", type=positive, default=250_000, metavar="N", help="Lines to draw.")
@option("--seed", type=int, default=77, metavar="N", help="Another one draws other lines.")
@option("--kenlm", type=PATH, metavar="FOLDER", show_default="the PATH", help="Where lmplz and build_binary are.")
def make(text: Sequence[str], out: Path, lines: int, seed: int, kenlm: Path | None) -> None:
    estimate, pack = (find_program(name, kenlm) for name in ("lmplz", "build_binary"))
    sampler = TextSampler(load_texts(text), DEFAULT_CHARSET)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        drawn, arpa = Path(folder) / "lines.txt", Path(folder) / "model.arpa"
        with drawn.open("w", encoding="utf-8") as file:
            for _ in tqdm(range(lines), unit="line", disable=None):
                line = sampler.sample_line(rng, rng.randint(20, 90))
                file.write(" ".join(to_tokens(to_visual(line.text, line.direction))) + "\n")
        with drawn.open() as source, arpa.open("w") as target:
            orders = ["-o", str(len(PRUNED)), "--prune", *PRUNED, "--discount_fallback", "-S", "30%"]
            subprocess.run([estimate, *orders], stdin=source, stdout=target, check=True)
        subprocess.run([pack, "-q", "7", "-b", "7", "-a", "255", "trie", str(arpa), str(out)], check=True)
    print(f"wrote {out}, {out.stat().st_size / 1e6:.1f} MB")


def find_program(name: str, folder: Path | None) -> str:
    found = shutil.which(name, path=str(folder) if folder else None)
    if not found:
        raise ConfigError(
            f"{name} is not {'in ' + str(folder) if folder else 'on the PATH'}: build KenLM from its source, and name its bin with --kenlm"
        )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    return run(make, arguments)


if __name__ == "__main__":
    sys.exit(main())
