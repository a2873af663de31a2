"""Train the finder of lines on drawn pages.

    python -m model.rendering.pages --text texts --out pages --count 10000
    python -m model.rendering.pages --text texts --out held-out --count 200 --held-out
    python -m model.finder pages --val held-out --out runs/finder --minutes 60
    python -m model.finder pages --val held-out --out runs/finder --resume          (after Ctrl-C, or a fall of the machine)

Where it stands: after ``python -m model.rendering.pages``, before ``export.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click
import torch

from model.config import flags
from model.finder.config import FinderConfig, FinderTrainConfig
from model.finder.training import Options, train
from rasm.command_line import PATH, argument, command, option, positive, run


@command("python -m model.finder", __doc__, stopped=" before the first step")
@argument("pages", "Folders that python -m model.rendering.pages wrote", nargs=-1, type=PATH, required=True)
@option("--val", several=True, type=PATH, required=True, metavar="PAGES", help="Pages to validate on, of kinds held out.")
@option("--out", type=PATH, required=True, metavar="DIR", help="The training's folder.")
@option("--photos", several=True, metavar="FOLDER", show_default="those of installed packages", help="Photographs to lay pages on.")
@option("--resume", is_flag=True, help="Go on with the training in --out.")
@option("--init", type=PATH, metavar="CHECKPOINT", help="Begin with these weights.")
@option("--device", default="cuda" if torch.cuda.is_available() else "cpu", metavar="NAME", help="cpu, cuda, ...")
@option("--precision", type=click.Choice(("fp32", "bf16")), default="fp32", help="Of the convolutions.")
@option("--threads", type=positive, metavar="N", show_default="one a core", help="Threads of a CPU's arithmetic.")
@flags(FinderConfig, "The network")
@flags(FinderTrainConfig, "Training")
def command_line(
    pages: Sequence[Path],
    val: Sequence[Path],
    out: Path,
    photos: Sequence[str],
    resume: bool,
    init: Path | None,
    device: str,
    precision: Literal["fp32", "bf16"],
    threads: int | None,
    **settings: Any,
) -> int:
    return train(Options(pages, val, out, photos, resume, init, device, precision, threads, settings))


def main(arguments: Sequence[str] | None = None) -> int:
    return run(command_line, arguments)


if __name__ == "__main__":
    sys.exit(main())
