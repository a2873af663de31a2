"""The parts of jobs are the queue, where django-tasks had one beside them. And the tables get names of this app's."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("jobs", "0001_initial"), ("ocr", "0003_jobs_move_out")]

    operations: ClassVar[list[object]] = [
        *(migrations.AlterModelTable(name, table=None) for name in ("job", "jobfile", "jobchunk", "jobpage", "jobpart")),
        migrations.RenameIndex("job", new_name="jobs_job_key_id_9c4b7f_idx", old_name="ocr_job_key_id_f8bbd2_idx"),
        migrations.RemoveIndex("jobpart", "ocr_jobpart_done_fc9b99_idx"),
        migrations.RemoveField("jobpart", "task"),
        migrations.RemoveField("jobpart", "looked_at"),
        migrations.AddField(
            "jobpart", "priority", models.IntegerField(default=0, help_text="The highest is taken first; of the same, the oldest.")
        ),
        migrations.AddIndex("jobpart", models.Index(fields=["done", "-priority", "id"], name="jobs_jobpar_done_002a5d_idx")),
        migrations.RunSQL("DROP TABLE IF EXISTS django_tasks_database_dbtaskresult", migrations.RunSQL.noop),
    ]
