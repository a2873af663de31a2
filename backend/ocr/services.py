"""Uploaded files -> results. The models are opened here, once in each process, and nothing here knows HTTP.

Where it stands: between ``api.py`` and the reading way (``model.image.decode``, ``model.recognizer.Recognizer`` through
``batching.py``). Pages will come in at ``_line_of``: it is the one place that takes an image for one line.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from django.conf import settings

from model.errors import ImageError, ModelFileError
from model.image import Pixels, decode
from model.recognizer import ModelInfo, Reading, Recognizer
from model.text import Profile, apply_profile
from ocr.batching import Batcher, Job, Room
from ocr.errors import FILE_STATUS, ClientGone, FilesRefused, FileTooLarge, ModelUnavailable, UnknownModel
from ocr.metrics import ERRORS, QUEUE
from ocr.schemas import Character, FileError, Line, Model, ModelDescription, Result

logger = logging.getLogger(__name__)

# an image may take forty times its file's bytes once decoded: as many at a time as there are cores bounds the memory
_decoding = threading.BoundedSemaphore(settings.RASM_THREADS)
room = Room(settings.RASM_QUEUE_LINES, "more is waiting to be read than the service holds: try again in a moment")


class Upload(Protocol):
    """The part of Django's UploadedFile that is used."""

    name: str | None
    size: int | None

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class Request:
    """What is asked for. ``gone`` is set when nobody waits for it any more."""

    files: Sequence[Upload]
    model: str | None = None
    profile: Profile = field(default_factory=Profile)
    with_characters: bool = False
    gone: threading.Event | None = None


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
        if name is None or name == default.recognizer.info.name:
            return default
        for path in self._others():
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

    def _others(self) -> list[Path]:
        return sorted(p for p in self._path.parent.glob("*.onnx") if p != self._path)

    def describe(self) -> list[ModelDescription]:
        """The default model, then the others of its folder by their files' names. Of two of one name the first is the one that reads."""
        default = self.reader().recognizer.info
        others = [_describe(info, default=False) for path in self._others() if (info := _info(path))]
        return [_describe(default, default=True), *others]

    def close(self) -> None:
        """Let the reading threads end."""
        for reader in self._readers.values():
            reader.batcher.close()


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


@dataclass
class _File:
    """A file on its way: its result so far, and its line once it waits to be read."""

    result: Result
    began: float
    job: Job | None = None


def read_files(request: Request) -> tuple[Model, list[Result]]:
    """Read each file as one line. A file that cannot be read has an error in its place; the others are read.

    Raises ModelUnavailable, UnknownModel, Overloaded, ClientGone.
    """
    reader = models().reader(request.model)
    room.take(len(request.files))
    QUEUE.inc(len(request.files))
    try:
        files = [_take_up(upload, reader, request.gone) for upload in request.files]
        for file in files:
            if file.job is not None:
                _finish(file.result, file.job.reading.result(), request)
            file.result.milliseconds = round((time.perf_counter() - file.began) * 1000, 1)
    finally:
        room.give_back(len(request.files))
        QUEUE.dec(len(request.files))
    info = reader.recognizer.info
    return Model(name=info.name, version=info.version), [file.result for file in files]


def _take_up(upload: Upload, reader: Reader, gone: threading.Event | None) -> _File:
    """Decode one file and put its line into the queue."""
    result = Result.model_construct(
        name=upload.name or "",
        page=None,
        width_px=None,
        height_px=None,
        direction="rtl",
        text=None,
        text_as_read=None,
        confidence=None,
        bbox=None,
        lines=[],
        milliseconds=0.0,
        error=None,
    )
    file = _File(result, time.perf_counter())
    if gone is not None and gone.is_set():
        raise ClientGone("the client has gone")
    try:
        line = _line_of(upload, reader.recognizer, result)
        [file.job] = reader.batcher.submit([line], [result.width_px or 0], gone)
    except ImageError as e:
        ERRORS.labels(e.code).inc()
        result.error = FileError(code=e.code, message=str(e))
    return file


def _line_of(upload: Upload, recognizer: Recognizer, result: Result) -> Pixels:
    """What the network sees of a file, its image's size noted in ``result``. Raises ImageError."""
    if (upload.size or 0) > settings.RASM_MAX_FILE_BYTES:
        raise FileTooLarge(f"the file has {upload.size:,} bytes; at most {settings.RASM_MAX_FILE_BYTES:,} are read")
    with _decoding:
        image = decode(upload.read(), max_pixels=settings.RASM_MAX_PIXELS, single=True)
        result.page, (result.height_px, result.width_px) = 1, image.shape[:2]
        return recognizer.prepare(image)


def _finish(result: Result, reading: Reading, request: Request) -> None:
    """Writes what was read into ``result``, the image being one line."""
    box = [0, 0, result.width_px or 0, result.height_px or 0]
    confidence = round(reading.confidence, 4)
    text = apply_profile(reading.text, request.profile)
    characters = None
    if request.with_characters:
        characters = [
            Character(text=c.text, confidence=round(c.confidence, 4), bbox=[round(c.start_px), 0, round(c.end_px), box[3]])
            for c in reading.characters
        ]
    line = Line(text=text, text_as_read=reading.text, confidence=confidence, bbox=box, characters=characters)
    result.text, result.text_as_read, result.confidence, result.bbox, result.lines = text, reading.text, confidence, box, [line]


def require_any(model: Model, results: list[Result]) -> None:
    """Raises FilesRefused if none of the files could be read."""
    if all(result.error for result in results):
        _refuse(model, results)


def require_all(model: Model, results: list[Result]) -> None:
    """Raises FilesRefused if one of the files could not be read."""
    if any(result.error for result in results):
        _refuse(model, results)


def _refuse(model: Model, results: list[Result]) -> None:
    error = next(result.error for result in results if result.error)
    extra = {"model": model.model_dump(), "results": [result.model_dump() for result in results]}
    raise FilesRefused(error.code, error.message, FILE_STATUS.get(error.code, 422), extra)
