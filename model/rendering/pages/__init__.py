"""Whole pages to train and try with: documents of many kinds, drawn by a browser, with exact labels.

Where it stands: beside ``model/rendering/lines.py``, at the beginning of the training way. ``python -m model.rendering.pages`` writes
pages; ``python -m model.finder`` learns from them to find lines.

    kinds/     one function a kind of document: HTML that says what each of its parts is
    browser    HTML -> two pictures and the places of all words, by Chromium
    measure    those -> labels: lines, blocks, tables, rules, gutters, pictures
    labels     the labels as dataclasses, and their JSON
    documents  labels -> ``rasm.document.Page``, for ALTO and PAGE XML
    degrade    a drawn page -> what a scanner, a telephone or a fax makes of it, labels included
    writing    all that, to files, by several processes
    simple     pages without a browser, set by ``model/rendering/lines.py``: what quick tests use

docs/page-data.md tells how to use it, and the format of the labels.
"""
