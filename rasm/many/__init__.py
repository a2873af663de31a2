"""``rasm read-many``: archives of any size, on all cores of this machine or of a cluster, by Ray.

Where it stands: above ``rasm/results.py``, which makes results of one file. ``sources.py`` finds documents, ``reading.py`` is what each
process does, ``run.py`` gives out the work and sees to what fails, ``target.py`` and ``tables.py`` write, ``report.py`` tells.
It needs the extra ``cluster``; nothing else of Rasm does.
"""
