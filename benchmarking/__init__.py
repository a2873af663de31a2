"""Measuring speed and memory: what ``python -m benchmarking`` is made of.

Where it stands: beside ``evaluation/``, whose datasets, engines and turns it uses. Nothing here is imported while serving.

    machine.py      what it ran on: CPU, versions, commit; the memory of a process
    reader.py       lines a second against Tesseract; latency; start-up
    arithmetic.py   the machine's measured peak, a model's operations, and what share of the peak it reaches
    training.py     lines a second of train.py
    service.py      the service under an outside load generator
    tables.py       all results -> docs/benchmarks.md
"""
