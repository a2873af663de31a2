"""Multipart bodies -> fields and files, with nothing lost on the way.

Where it stands: Django's upload handler, which is asked before Django parses a body itself. Django drops, without a word,
files whose names are empty, ``..``, end in a slash or are not UTF-8, and takes a body that breaks off for a whole one.
Here ``multipart`` parses (strictly: what is malformed is refused), every part with a file name is a file, and what is
above a limit is counted and not kept.
"""

import io
import tempfile
import unicodedata
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from backend.api.limits import most_bytes

MAX_HEADER_BYTES = 16_384  # of one part: a file's name may have 4,096 characters of four bytes
MAX_NAME_CHARACTERS = 255
MEMORY_BYTES = 2**18  # of one file; larger ones wait on the disk


class StrictMultipart(FileUploadHandler):
    """Parses the whole body, so that no other handler and not Django's own parser is asked."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: bytes, encoding: str | None = None
    ) -> tuple[QueryDict, MultiValueDict]:
        """Raises MultiPartParserError, TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig."""
        fields, files = QueryDict(mutable=True, encoding="utf-8"), MultiValueDict()
        parser = PushMultipartParser(boundary, content_length, MAX_HEADER_BYTES, header_charset="latin-1", strict=True)
        _, most = most_bytes(self.request.path_info)
        most_files, most_fields = settings.RASM.max_files, settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        most_field_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        parts: list[_Part] = []
        field_count = file_count = field_bytes = 0
        try:
            for event in parser.parse_blocking(input_data.read):
                if isinstance(event, MultipartSegment):
                    part = _Part(event, most)  # what follows is of it, until None
                    parts.append(part)
                    file_count += part.is_file
                    field_count += not part.is_file
                    if file_count > most_files:
                        raise TooManyFilesSent
                    if field_count > most_fields:
                        raise TooManyFieldsSent
                elif event:
                    part.write(event)
                    field_bytes += 0 if part.is_file else len(event)
                    if field_bytes > most_field_bytes:
                        raise RequestDataTooBig
                elif part.is_file:
                    files.appendlist(part.field, part.upload())
                else:
                    fields.appendlist(part.field, part.text())
        except Exception as e:
            for part in parts:
                part.file.close()
            if isinstance(e, MultipartError):
                raise MultiPartParserError(str(e)) from e
            raise
        fields._mutable = False
        return fields, files


class _Part:
    """One part of the body."""

    def __init__(self, segment: MultipartSegment, most_bytes: int) -> None:
        self.field = _decoded(segment.name or "")
        self.name = _file_name(segment)
        self.is_file = self.name is not None
        self.content_type = segment.content_type
        self.size = 0
        self.file: IO[bytes] = io.BytesIO()  # closed by Django, with its upload
        self._most_bytes = most_bytes

    def write(self, chunk: bytes | bytearray) -> None:
        self.size += len(chunk)
        if self.size > self._most_bytes:
            if self.is_file:
                self.file.truncate(0)  # it is too large to be read: its size is all that is wanted of it
            return
        if self.size > MEMORY_BYTES and isinstance(self.file, io.BytesIO):  # cheaper than a SpooledTemporaryFile for each field
            on_disk = tempfile.TemporaryFile()  # noqa: SIM115
            on_disk.write(self.file.getbuffer())
            self.file = on_disk
        self.file.write(chunk)

    def upload(self) -> UploadedFile:
        self.file.seek(0)
        upload = UploadedFile(self.file, "upload", content_type=self.content_type, size=self.size)
        upload._name = tidy_name(self.name or "")  # Django's own setter takes out what is no file name; this one is shown, never opened
        return upload

    def text(self) -> str:
        self.file.seek(0)
        with self.file as file:
            return file.read().decode(errors="replace")


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
