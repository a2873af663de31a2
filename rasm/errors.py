"""Every error Rasm raises on purpose: one tree, so that a caller can catch as much or as little as it wants.

``code`` is stable and meant for programs; the message is for people and says what to do. The scripts print it on
one line and exit with 2; the service maps it to a typed reply (the shape of httpx's ``_exceptions.py``).
"""


class RasmError(Exception):
    """Base of all. ``code`` identifies the kind of error for programs."""

    code = "rasm_error"


class ImageError(RasmError):
    """An image cannot be used."""

    code = "bad_image"


class EmptyImage(ImageError):
    """No bytes at all."""

    code = "empty_file"


class UnsupportedImage(ImageError):
    """The bytes are not one of the formats Rasm decodes."""

    code = "unsupported_format"


class UnreadableImage(ImageError):
    """A known format whose bytes are truncated or broken."""

    code = "unreadable_image"


class ImageTooLarge(ImageError):
    """More pixels than the limit, or a side too long. Raised before any pixel is decoded."""

    code = "image_too_large"


class ImageTooSmall(ImageError):
    """Too few pixels to hold a letter."""

    code = "image_too_small"


class SeveralPages(ImageError):
    """A file with more than one page or frame where one line is wanted."""

    code = "several_pages"


class EncryptedDocument(ImageError):
    """A PDF that cannot be opened without its password."""

    code = "encrypted_document"


class NoPages(ImageError):
    """A PDF or TIFF without a single page."""

    code = "no_pages"


class NoSuchPage(ImageError):
    """A page is asked for that the file does not have."""

    code = "no_such_page"


class TooManyPages(ImageError):
    """A PDF or TIFF with more pages than the limit."""

    code = "too_many_pages"


class TooComplex(ImageError):
    """A PDF that takes more time or memory to draw than a page may."""

    code = "too_complex"


class LineTooLong(ImageError):
    """A line image that is wider than the model reads, at the model's height."""

    code = "line_too_long"


class CharsetError(RasmError):
    """Text has characters outside the charset."""

    code = "outside_charset"


class LogicalOrderError(RasmError):
    """Text does not come back the same from logical -> visual -> logical order."""

    code = "order_not_reversible"


class TextError(RasmError):
    """A label cannot be used: missing, empty, not UTF-8 or several lines."""

    code = "bad_text"


class ConfigError(RasmError):
    """An option is unknown, of the wrong type, or contradicts another."""

    code = "bad_option"


class DatasetError(RasmError):
    """A dataset, or prepared arrays, are missing, broken or made with other settings."""

    code = "bad_dataset"


class CheckpointError(RasmError):
    """A checkpoint is missing, broken, or does not match what is asked of it."""

    code = "bad_checkpoint"


class ModelFileError(RasmError):
    """An ONNX file is missing, broken, or lacks Rasm's metadata."""

    code = "bad_model"


class WorkerEnded(RasmError):
    """A process that reads was ended from outside, as the system does where memory is short."""

    code = "worker_ended"


class TargetFailed(RasmError):
    """Results cannot be written, as where the disk is full or a store refuses."""

    code = "target_failed"


class ExportError(RasmError):
    """The exported network differs from PyTorch's."""

    code = "export_failed"
