"""Measuring engines on datasets with known text: what ``python -m evaluation`` and ``python -m benchmarking`` are made of.

Where it stands: the end of the training way. Nothing here is imported while serving.

    datasets.py      folders of pairs, prepared arrays and pages -> Sample
    engines.py       Rasm, a checkpoint, a file of predictions: Sample -> EngineReading; tesseract.py the same for Tesseract
    timing.py        engines take turns on the same samples -> readings and seconds
    alignment.py     truth and reading side by side -> errors by class, diacritics, confusions
    infix.py         letters, where a label leaves out what is printed around it
    words.py         words that come back, in any order and in theirs
    calibration.py   confidences against what was right
    statistics.py    bootstrap intervals, the permutation test
    scoring.py       all figures of one engine; comparison.py those of two, in pairs
    report.py        one HTML file

    outlines.py, textless.py   for scripts: outlines of lines compared; pictures without text
"""
