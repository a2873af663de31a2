"""The tables of jobs are another app's from here on."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("ocr", "0002_jobs"), ("jobs", "0001_initial")]

    operations: ClassVar[list[object]] = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name) for name in ("JobPage", "JobPart", "JobChunk", "JobFile", "Job")]
        ),
    ]
