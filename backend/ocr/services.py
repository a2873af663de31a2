"""Uploaded files -> results. The models are opened here, once in each process, and nothing here knows HTTP.

Where it stands: between ``api.py`` and the reading way (``model.image.decode``, ``model.recognizer.Recognizer``).
"""

import contextlib
import logging
import os
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from django.conf import settings

from model.errors import ImageError, ModelFileError
from model.image import Pixels, decode
from model.recognizer import ModelInfo, Recognizer
from ocr.errors import FileTooLarge, ModelUnavailable
from ocr.schemas import FileError, Model, ModelDescription, OcrReply, Result

logger = logging.getLogger(__name__)

# an image may take forty times its file's bytes once decoded: as many at a time as there are cores bounds the memory
_decoding = threading.BoundedSemaphore(os.cpu_count() or 1)


class Upload(Protocol):
    """The part of Django's UploadedFile that is used."""

    name: str | None
    size: int | None

    def read(self) -> bytes: ...


class Models:
    """The model that reads, opened when first asked for, and what lies in its folder."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path, self._threads = path, threads
        self._lock = threading.Lock()
        self._default: Recognizer | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the model has answered once."""
        return self._default is not None

    def default(self) -> Recognizer:
        """The model that reads, once it has read a blank line. Raises ModelUnavailable."""
        if self._default is None:
            with self._lock:
                if self._default is None:
                    self._default = self._open()
        return self._default

    def _open(self) -> Recognizer:
        try:
            recognizer = Recognizer(self._path, threads=self._threads)
        except ModelFileError as e:
            logger.error("the model cannot be used: %s", e)
            raise ModelUnavailable("the model cannot be loaded; the service's log says why") from e
        recognizer.read([np.full((48, 256), 255, np.uint8)])
        logger.info("model %s %s is ready", recognizer.info.name, recognizer.info.version)
        return recognizer

    def describe(self) -> list[ModelDescription]:
        """The default model, then the others of its folder by their files' names."""
        others = sorted(p for p in self._path.parent.glob("*.onnx") if p != self._path)
        return [_describe(self.default().info, default=True)] + [_describe(info, default=False) for p in others if (info := _info(p))]


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
        models().default()


def read_files(uploads: Iterable[Upload]) -> OcrReply:
    """Read each file as one line. A file that cannot be read has an error in its place; the others are read."""
    recognizer = models().default()
    results: list[Result] = []
    lines: list[Pixels] = []
    read: list[Result] = []  # those of ``results`` that ``lines`` belong to
    for upload in uploads:
        result = Result(name=upload.name or "", width_px=None, height_px=None, text=None, confidence=None, error=None)
        results.append(result)
        try:
            lines.append(_line(upload, recognizer, result))
            read.append(result)
        except ImageError as e:
            result.error = FileError(code=e.code, message=str(e))
    for result, reading in zip(read, recognizer.read_arrays(lines), strict=True):
        result.text, result.confidence = reading.text, round(reading.confidence, 4)
    return OcrReply(model=Model(name=recognizer.info.name, version=recognizer.info.version), results=results)


def _line(upload: Upload, recognizer: Recognizer, result: Result) -> Pixels:
    """What the network sees of a file, its image's size noted in ``result``. Raises ImageError."""
    if (upload.size or 0) > settings.RASM_MAX_FILE_BYTES:
        raise FileTooLarge(f"the file has {upload.size:,} bytes; at most {settings.RASM_MAX_FILE_BYTES:,} are read")
    with _decoding:
        image = decode(upload.read(), max_pixels=settings.RASM_MAX_PIXELS)
        result.height_px, result.width_px = image.shape[:2]
        return recognizer.prepare(image)
