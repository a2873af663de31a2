"""The models of this process: opened once, each with the threads that read with it.

Where it stands: beneath ``services.py``. The workers of jobs open their own (``job_work.py``).
"""

import contextlib
import gc
import logging
import threading
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings

from ocr.batching import Batcher
from ocr.errors import ModelUnavailable, UnknownModel
from ocr.schemas import ModelDescription
from rasm.errors import ModelFileError
from rasm.lines.recognizer import ModelInfo, Recognizer

logger = logging.getLogger(__name__)


class Reader:
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
        self._readers: dict[Path, Reader] = {}

    @property
    def is_ready(self) -> bool:
        """Whether the default model has answered once."""
        return self._path in self._readers

    def reader(self, name: str | None = None) -> Reader:
        """The model of that name, or the default one, once it has read a blank line. Raises ModelUnavailable, UnknownModel."""
        default = self._open(self._path)
        if not name or name == default.recognizer.info.name:
            return default
        for path in beside(self._path):
            info = _info(path)
            if info is not None and info.name == name:
                return self._open(path)
        names = ", ".join(dict.fromkeys(description.name for description in self.describe()))
        raise UnknownModel(f"there is no model {name!r}; there are: {names}")

    def _open(self, path: Path) -> Reader:
        if (reader := self._readers.get(path)) is not None:
            return reader
        with self._lock:
            if path not in self._readers:
                try:
                    self._readers[path] = Reader(path, self._threads)
                except ModelFileError as e:
                    logger.error("the model cannot be used: %s", e)
                    raise ModelUnavailable("the model cannot be loaded; the service's log says why") from e
                info = self._readers[path].recognizer.info
                logger.info("model %s %s is ready", info.name, info.version)
            return self._readers[path]

    def describe(self) -> list[ModelDescription]:
        """The default model, then the others of its folder by their files' names. Of two of one name the first is the one that reads."""
        default = self.reader().recognizer.info
        others = [_describe(info, default=False) for path in beside(self._path) if (info := _info(path))]
        return [_describe(default, default=True), *others]

    def close(self) -> None:
        """Let the reading threads end."""
        for reader in self._readers.values():
            reader.batcher.close()


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


def _describe(info: ModelInfo, *, default: bool) -> ModelDescription:
    return ModelDescription(
        name=info.name,
        version=info.version,
        precision=info.precision,
        default=default,
        height_px=info.image.height_px,
        max_width_px=info.image.max_width_px,
        characters=info.charset.characters,
    )


@cache
def models() -> Models:
    """The models of this process."""
    return Models(settings.RASM_MODEL, settings.RASM_THREADS)


def warm_up() -> None:
    """Open the model now rather than at the first request. What is wrong is logged, and told to each request."""
    with contextlib.suppress(ModelUnavailable):
        models().reader()
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not look through it again and again
