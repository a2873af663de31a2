"""The tables of jobs, which up to 0.8.0 were those of the app "ocr": taken over with all that is in them."""

import uuid
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = [("ocr", "0002_jobs")]

    operations: ClassVar[list[object]] = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Job",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("receiving", "Receiving"),
                                    ("queued", "Queued"),
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="receiving",
                                max_length=10,
                            ),
                        ),
                        ("mode", models.CharField(max_length=10)),
                        ("text_layer", models.CharField(max_length=10)),
                        ("password", models.CharField(blank=True, max_length=200)),
                        ("model", models.CharField(max_length=200)),
                        ("model_version", models.CharField(max_length=100)),
                        ("pages", models.PositiveIntegerField(default=0)),
                        ("bytes", models.BigIntegerField(default=0, help_text="Of the files and of what was read.")),
                        ("created", models.DateTimeField(auto_now_add=True)),
                        ("started", models.DateTimeField(null=True)),
                        ("finished", models.DateTimeField(null=True)),
                        ("expires", models.DateTimeField(db_index=True)),
                        ("key", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="ocr.apikey")),
                    ],
                    options={
                        "db_table": "ocr_job",
                        "ordering": ("-created",),
                    },
                ),
                migrations.CreateModel(
                    name="JobFile",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("number", models.PositiveIntegerField()),
                        ("name", models.CharField(max_length=300)),
                        ("pages", models.PositiveIntegerField(null=True)),
                        ("error_code", models.CharField(blank=True, max_length=50)),
                        ("error_message", models.TextField(blank=True)),
                        ("job", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="files", to="jobs.job")),
                    ],
                    options={
                        "db_table": "ocr_jobfile",
                        "ordering": ("number",),
                    },
                ),
                migrations.CreateModel(
                    name="JobChunk",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("kind", models.CharField(max_length=10)),
                        ("number", models.PositiveIntegerField()),
                        ("data", models.BinaryField()),
                        ("file", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="jobs.jobfile")),
                    ],
                    options={
                        "db_table": "ocr_jobchunk",
                        "ordering": ("number",),
                    },
                ),
                migrations.CreateModel(
                    name="JobPage",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("number", models.PositiveIntegerField()),
                        ("data", models.BinaryField()),
                        ("error_code", models.CharField(blank=True, max_length=50)),
                        ("error_message", models.TextField(blank=True)),
                        ("file", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="jobs.jobfile")),
                        ("job", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="jobs.job")),
                    ],
                    options={
                        "db_table": "ocr_jobpage",
                        "ordering": ("file__number", "number"),
                    },
                ),
                migrations.CreateModel(
                    name="JobPart",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("kind", models.CharField(choices=[("read", "Read"), ("pdf", "Pdf")], max_length=10)),
                        ("first", models.PositiveIntegerField()),
                        ("last", models.PositiveIntegerField()),
                        ("done", models.BooleanField(default=False)),
                        ("failed", models.BooleanField(default=False)),
                        ("worker", models.CharField(blank=True, max_length=64)),
                        ("lease", models.DateTimeField(null=True)),
                        ("attempts", models.PositiveIntegerField(default=0, help_text="Workers that have had it since it last got on.")),
                        ("task", models.CharField(blank=True, help_text="Its task, by Django's task interface.", max_length=64)),
                        ("looked_at", models.DateTimeField(help_text="When its task was put into the queue, or was last seen there.")),
                        ("file", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="jobs.jobfile")),
                        ("job", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="jobs.job")),
                    ],
                    options={
                        "db_table": "ocr_jobpart",
                        "ordering": ("id",),
                    },
                ),
                migrations.AddIndex(
                    model_name="job",
                    index=models.Index(fields=["key", "state"], name="ocr_job_key_id_f8bbd2_idx"),
                ),
                migrations.AddConstraint(
                    model_name="jobfile",
                    constraint=models.UniqueConstraint(fields=("job", "number"), name="one_file_a_number"),
                ),
                migrations.AddConstraint(
                    model_name="jobchunk",
                    constraint=models.UniqueConstraint(fields=("file", "kind", "number"), name="one_chunk_a_number"),
                ),
                migrations.AddConstraint(
                    model_name="jobpage",
                    constraint=models.UniqueConstraint(fields=("file", "number"), name="one_page_a_number"),
                ),
                migrations.AddIndex(
                    model_name="jobpart",
                    index=models.Index(fields=["done", "lease"], name="ocr_jobpart_done_fc9b99_idx"),
                ),
                migrations.AddConstraint(
                    model_name="jobpart",
                    constraint=models.UniqueConstraint(fields=("file", "kind", "first"), name="one_part_a_place"),
                ),
            ]
        ),
    ]
