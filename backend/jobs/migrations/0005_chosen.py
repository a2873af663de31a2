"""Of a job's file some pages may be chosen."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("jobs", "0004_unread")]

    operations: ClassVar[list[object]] = [
        migrations.AddField(
            "jobfile",
            "chosen",
            models.TextField(blank=True, default="", help_text='Which of them are read, as "1-3,7"; all if empty.'),
            preserve_default=False,
        ),
    ]
