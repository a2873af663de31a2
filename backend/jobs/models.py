"""What the service keeps of jobs: their files and results, and the work that is left of them."""

import uuid
from typing import ClassVar

from django.db import models

from backend.keys.models import ApiKey


class Job(models.Model):
    """Files that are read by workers, page by page, and their results for as long as they are kept."""

    class State(models.TextChoices):
        RECEIVING = "receiving"  # not shown to anyone yet
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (State.RECEIVING, State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.CASCADE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVING)
    mode = models.CharField(max_length=10)
    text_layer = models.CharField(max_length=10)  # what the API calls pdf_text; of jobs of 0.10.0 "use" or "ignore"
    least_confidence = models.FloatField(default=0.7)  # that of 0.9.0, whose jobs have none
    password = models.CharField(max_length=200, blank=True)  # of 0.10.0, whose files were kept encrypted
    model = models.CharField(max_length=200)
    model_version = models.CharField(max_length=100)
    pages = models.PositiveIntegerField(default=0)
    bytes = models.BigIntegerField(default=0, help_text="Of the files and of what was read.")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-created",)
        indexes: ClassVar = [models.Index(fields=["key", "state"])]

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class JobFile(models.Model):
    """One file of a job. ``error_code``: why it cannot be read at all."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="files")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=300)
    pages = models.PositiveIntegerField(null=True)
    chosen = models.TextField(blank=True, help_text='Which of them are read, as "1-3,7"; all if empty.')
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="one_file_a_number")]


class JobChunk(models.Model):
    """A piece of a file: as it was sent, or of the searchable PDF that was made of it."""

    file = models.ForeignKey(JobFile, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "kind", "number"], name="one_chunk_a_number")]


class JobPart(models.Model):
    """A piece of work for one worker: some pages to read, or a searchable PDF to write. This table is the queue.

    What is not done and not leased waits for a worker. A worker holds a part until ``lease``, and longer as it gets on with it.
    When the lease has run out, the worker is taken for dead, and the part waits again.
    """

    class Kind(models.TextChoices):
        READ = "read"
        PDF = "pdf"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    file = models.ForeignKey(JobFile, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    priority = models.IntegerField(default=0, help_text="The highest is taken first; of the same, the oldest.")
    done = models.BooleanField(default=False)
    failed = models.BooleanField(default=False)
    worker = models.CharField(max_length=64, blank=True)
    lease = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Workers that have had it since it last got on.")

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [models.Index(fields=["done", "-priority", "id"])]
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "kind", "first"], name="one_part_a_place")]


class JobPage(models.Model):
    """What was read on one page: ``data`` is packed JSON (see ``store.py``); empty if there is an error instead."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE)
    file = models.ForeignKey(JobFile, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    data = models.BinaryField()
    warnings = models.CharField(max_length=200, blank=True, help_text="The codes of its warnings, parted by spaces.")
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering = ("file__number", "number")
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "number"], name="one_page_a_number")]
