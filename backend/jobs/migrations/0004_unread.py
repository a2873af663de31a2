"""A job keeps how sure a line has to be, and each of its pages the codes of its warnings."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("jobs", "0003_priorities")]

    operations: ClassVar[list[object]] = [
        migrations.AddField("job", "least_confidence", models.FloatField(default=0.7)),
        migrations.AddField(
            "jobpage",
            "warnings",
            models.CharField(blank=True, help_text="The codes of its warnings, parted by spaces.", max_length=200),
        ),
    ]
