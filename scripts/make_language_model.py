"""Count characters for ``decoder="beam"``: texts in, a language model of KenLM's out.

    python scripts/make_language_model.py --text FOLDER[=WEIGHT] … --out rasm/weights/arabic-5gram.klm

Where it stands: beside ``train.py``; ``rasm/lines/beam.py`` reads what it writes. The lines are those that ``train.py`` draws, with
the same weights, in the order in which they are drawn. KenLM's own programs estimate and pack the model (Heafield et al.
2013, "Scalable Modified Kneser-Ney"): ``lmplz`` and ``build_binary`` must be on the PATH or in --kenlm. They come with KenLM's
source (cmake, a C++ compiler and Boost build them), not with its Python package.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model.rendering.texts import TextSampler, load_texts  # noqa: E402
from rasm.errors import ConfigError, RasmError  # noqa: E402
from rasm.lines.beam import to_tokens  # noqa: E402
from rasm.text.charset import DEFAULT_CHARSET, to_visual  # noqa: E402

PRUNED = "0 0 1 2 4".split()  # n-grams seen no more often than this are left out, by order: 2 MB instead of 50, and as good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", nargs="+", required=True, metavar="PATH[=WEIGHT]", help="texts, as train.py takes them")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--lines", type=int, default=250_000, help="lines to draw (default: 250000)")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--kenlm", type=Path, help="the folder of lmplz and build_binary")
    args = parser.parse_args()
    try:
        estimate, pack = (find_program(name, args.kenlm) for name in ("lmplz", "build_binary"))
        sampler = TextSampler(load_texts(args.text), DEFAULT_CHARSET)
    except RasmError as e:
        print(f"make_language_model.py: error: {e}", file=sys.stderr)
        return 2
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        text, arpa = Path(folder) / "lines.txt", Path(folder) / "model.arpa"
        with text.open("w", encoding="utf-8") as file:
            for _ in tqdm(range(args.lines), unit="line", disable=None):
                file.write(" ".join(to_tokens(to_visual(sampler.sample(rng, rng.randint(20, 90))))) + "\n")
        with text.open() as lines, arpa.open("w") as out:
            orders = ["-o", str(len(PRUNED)), "--prune", *PRUNED, "--discount_fallback", "-S", "30%"]
            subprocess.run([estimate, *orders], stdin=lines, stdout=out, check=True)
        subprocess.run([pack, "-q", "7", "-b", "7", "-a", "255", "trie", str(arpa), str(args.out)], check=True)
    print(f"wrote {args.out}, {args.out.stat().st_size / 1e6:.1f} MB")
    return 0


def find_program(name: str, folder: Path | None) -> str:
    found = shutil.which(name, path=str(folder) if folder else None)
    if not found:
        raise ConfigError(
            f"{name} is not {'in ' + str(folder) if folder else 'on the PATH'}: build KenLM from its source, and name its bin with --kenlm"
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
