"""What 0.8.0 had not finished goes on in the order that it had."""

from typing import Any, ClassVar

from django.db import migrations

URGENT = 1  # as in store.py


def give_priorities(apps: Any, schema_editor: Any) -> None:
    parts = apps.get_model("jobs", "JobPart").objects
    parts.filter(kind="pdf").update(priority=URGENT)
    number, job = 0, None
    for pk, job_id in parts.filter(kind="read").order_by("job_id", "id").values_list("pk", "job_id").iterator():
        number, job = (number + 1 if job_id == job else 0), job_id
        parts.filter(pk=pk).update(priority=-number)


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("jobs", "0002_one_queue")]

    operations: ClassVar[list[object]] = [migrations.RunPython(give_priorities, migrations.RunPython.noop)]
