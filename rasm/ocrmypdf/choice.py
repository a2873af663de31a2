"""The entry point: ``--ocr-engine rasm`` among OCRmyPDF's engines. It reads nothing unless it is asked for."""

from __future__ import annotations

from argparse import ArgumentParser

from ocrmypdf import PageContext, hookimpl
from ocrmypdf.pluginspec import OcrOptions
from PIL.Image import Image

from rasm.ocrmypdf.engine import RasmEngine, choose_renderer, without_own_text


@hookimpl
def add_options(parser: ArgumentParser) -> None:
    for action in parser._actions:  # argparse has no other way to add to an option's choices
        if action.dest == "ocr_engine" and action.choices is not None and "rasm" not in action.choices:
            action.choices = [*action.choices, "rasm"]


@hookimpl
def get_ocr_engine(options: OcrOptions | None) -> RasmEngine | None:
    return RasmEngine() if options is not None and options.ocr_engine == "rasm" else None


@hookimpl
def check_options(options: OcrOptions) -> None:
    if options.ocr_engine == "rasm":
        choose_renderer(options)


@hookimpl
def filter_ocr_image(page: PageContext, image: Image) -> Image | None:
    return without_own_text(page, image) if page.options.ocr_engine == "rasm" else None
