"""The models of this process: opened once, each with the threads that read with it.

Where it stands: beneath ``service.py``. The workers of jobs open their own (``backend/jobs/work.py``).
"""

import contextlib
import gc
import logging
import threading
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings

from backend.reading.batching import Batcher
from backend.reading.errors import ModelUnavailable, UnknownModel
from rasm.errors import ModelFileError
from rasm.lines.recognizer import ModelInfo, Recognizer
from rasm.pages.finder import shipped_finder

logger = logging.getLogger(__name__)


class OpenModel:
    """One open model with the threads that read with it. Raises ModelFileError."""

    def __init__(self, path: Path, threads: int) -> None:
        # one thread a call and as many calls as there are cores: they need not wait for each other within a line
        self.recognizer = Recognizer(path, threads=1)
        self.recognizer.read([np.full((48, 256), 255, np.uint8)])
        self.batcher = Batcher(self.recognizer, threads)


class Models:
    """The model that reads, opened when first asked for, and what lies in its folder."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path, self._threads = path, threads
        self._lock = threading.Lock()
        self._opened: dict[Path, OpenModel] = {}

    @property
    def is_ready(self) -> bool:
        """Whether the default model has answered once."""
        return self._path in self._opened

    def open(self, name: str | None = None) -> OpenModel:
        """The model of that name, or the default one, once it has read a blank line. Raises ModelUnavailable, UnknownModel."""
        default = self._open(self._path)
        if not name or name == default.recognizer.info.name:
            return default
        for path in beside(self._path):
            info = _info(path)
            if info is not None and info.name == name:
                return self._open(path)
        names = ", ".join(dict.fromkeys(info.name for info in self.infos()))
        raise UnknownModel(f"there is no model {name!r}; there are: {names}")

    def _open(self, path: Path) -> OpenModel:
        if (opened := self._opened.get(path)) is not None:
            return opened
        with self._lock:
            if path not in self._opened:
                try:
                    self._opened[path] = OpenModel(path, self._threads)
                except ModelFileError as e:
                    logger.error("the model cannot be used: %s", e)
                    raise ModelUnavailable("the model cannot be loaded; the service's log says why") from e
                info = self._opened[path].recognizer.info
                logger.info("model %s %s is ready", info.name, info.version)
            return self._opened[path]

    def infos(self) -> list[ModelInfo]:
        """The default model's, then those of the others of its folder by their files' names. Of two of one name the first is the one
        that reads. Raises ModelUnavailable."""
        return [self.open().recognizer.info, *(info for path in beside(self._path) if (info := _info(path)))]

    def close(self) -> None:
        """Let the reading threads end."""
        for opened in self._opened.values():
            opened.batcher.close()


def beside(path: Path) -> list[Path]:
    """The other models in its folder."""
    return sorted(p for p in path.parent.glob("*.onnx") if p != path)


@cache
def _info(path: Path) -> ModelInfo | None:
    try:
        return Recognizer(path, threads=1).info
    except ModelFileError as e:
        logger.warning("not listed: %s", e)
        return None


@cache
def models() -> Models:
    """The models of this process."""
    return Models(settings.RASM.model, settings.RASM.threads)


def warm_up() -> None:
    """Open the model and the finder of lines now rather than at the first request. What is wrong is logged, and told to each request."""
    with contextlib.suppress(ModelUnavailable):
        models().open()
    shipped_finder().find(np.full((64, 64), 255, np.uint8))
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not look through it again and again
