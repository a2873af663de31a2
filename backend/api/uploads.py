"""Multipart bodies -> fields and files, with nothing lost on the way.

Where it stands: the server gives ``Form`` a body as it arrives (``config/bodies.py``), so that each byte is written once. Django's upload
handler, which is asked before Django parses a body itself, gives out what has become of it; elsewhere it has the body parsed.

Django drops, without a word, files whose names are empty, ``..``, end in a slash or are not UTF-8, and takes a body that breaks off for a
whole one. Here ``multipart`` parses (strictly: what is malformed is refused), every part with a file name is a file, and what is above a
limit is counted and not kept.
"""

import unicodedata
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from backend.api.limits import most_bytes, takes_files
from backend.api.spool import Spool

MAX_HEADER_BYTES = 16_384  # of one part: a file's name may have 4,096 characters of four bytes
MAX_NAME_CHARACTERS = 255
READ_BYTES = 2**16  # of a body that is there already
FORM_KEY = "rasm.form"  # of a request's environment: the Form that its body has become


class StrictMultipart(FileUploadHandler):
    """Knows the whole body's parts, so that no other handler and not Django's own parser is asked."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: bytes, encoding: str | None = None
    ) -> tuple[QueryDict, MultiValueDict]:
        """Raises MultiPartParserError, TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig, DiskFull."""
        form: Form | None = META.get(FORM_KEY)
        if form is None:  # not from the server, which reads bodies as they arrive
            form = Form(boundary, content_length, self.request.path_info, Spool(content_length))
            while chunk := input_data.read(READ_BYTES):
                form.feed(chunk)
        fields, files = form.result()
        if takes_files(self.request.path_info) and self.request.GET:  # an option may stand in the address as well
            fields = fields.copy()
            for name, values in self.request.GET.lists():
                for value in values:
                    fields.appendlist(name, value)
        return fields, files


class Form:
    """A multipart body: fed with its bytes, it writes those of its files into ``spool``, which has to outlive them."""

    def __init__(self, boundary: bytes, content_length: int, path: str, spool: Spool) -> None:
        self._spool = spool
        self._most_file_bytes = most_bytes(path)[1]
        self._parts: list[_Part] = []
        self._file_count = self._field_count = self._field_bytes = 0
        self._error: Exception | None = None
        try:
            self._parser = PushMultipartParser(boundary, content_length, MAX_HEADER_BYTES, header_charset="latin-1", strict=True)
        except MultipartError as e:
            self._error = MultiPartParserError(str(e))

    def feed(self, chunk: bytes) -> None:
        """The next bytes. What is wrong with them ``result`` says. Raises DiskFull."""
        if self._error is not None:
            return
        try:
            for event in self._parser.parse(chunk):
                self._take(event)
        except MultipartError as e:
            self._error = MultiPartParserError(str(e))
        except (TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig) as e:
            self._error = e

    def _take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        if isinstance(event, MultipartSegment):
            part = _Part(event, self._spool.size)  # what follows is of it, until None
            self._parts.append(part)
            self._file_count += part.is_file
            self._field_count += not part.is_file
            if self._file_count > settings.RASM.max_files:
                raise TooManyFilesSent
            if self._field_count > settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
                raise TooManyFieldsSent
        elif event:
            part = self._parts[-1]
            part.size += len(event)
            if not part.is_file:
                self._field_bytes += len(event)
                if self._field_bytes > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                    raise RequestDataTooBig
                part.value += event
            elif part.size <= self._most_file_bytes:
                self._spool.write(event)
                part.kept = part.size
            elif part.kept:
                self._spool.cut(part.start)  # it is too large to be read: its size is all that is wanted of it
                part.kept = 0

    def result(self) -> tuple[QueryDict, MultiValueDict]:
        """The fields and the files, once all has been fed. Raises MultiPartParserError, TooManyFilesSent, TooManyFieldsSent,
        RequestDataTooBig."""
        if self._error is None:
            try:
                self._parser.close()  # which finds out whether the body was whole
            except MultipartError as e:
                self._error = MultiPartParserError(str(e))
        if self._error is not None:
            raise self._error
        fields, files = QueryDict(mutable=True, encoding="utf-8"), MultiValueDict()
        for part in self._parts:
            if part.is_file:
                files.appendlist(part.field, part.upload(self._spool))
            else:
                fields.appendlist(part.field, part.value.decode(errors="replace"))
        fields._mutable = False
        return fields, files


class _Part:
    """One part of the body. Of a file ``kept`` bytes are in the spool, from ``start`` on; a field's are its ``value``."""

    def __init__(self, segment: MultipartSegment, start: int) -> None:
        self.field = _decoded(segment.name or "")
        self.name = _file_name(segment)
        self.is_file = self.name is not None
        self.content_type = segment.content_type
        self.start, self.size, self.kept = start, 0, 0
        self.value = bytearray()

    def upload(self, spool: Spool) -> UploadedFile:
        upload = UploadedFile(spool.piece(self.start, self.kept), "upload", content_type=self.content_type, size=self.size)
        upload._name = tidy_name(self.name or "")  # Django's own setter takes out what is no file name; this one is shown, never opened
        return upload


def _file_name(segment: MultipartSegment) -> str | None:
    """The name of a part that is a file; None for a field. Also as ``filename*``, which older clients send."""
    if segment.filename is not None:
        return _decoded(segment.filename)
    if "filename*" not in segment["Content-Disposition"].lower():
        return None
    try:
        return parse_header_parameters(segment["Content-Disposition"])[1].get("filename")
    except ValueError:  # an encoding that nobody knows
        return ""


def _decoded(header: str) -> str:
    """Headers come as Latin-1, which loses no byte. Names are UTF-8, or else of an old Arabic Windows."""
    raw = header.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1256")


def tidy_name(name: str) -> str:
    """A file's name without folders, control and direction marks, and of bounded length. May be empty."""
    name = name.replace("\\", "/").rpartition("/")[2] or name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    return name if len(name) <= MAX_NAME_CHARACTERS else name[: MAX_NAME_CHARACTERS - 1] + "…"
