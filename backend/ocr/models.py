"""What the service keeps in its database: API keys, as hashes, and jobs with their files and results."""

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

PREFIX = "rasm_"
SHOWN = len(PREFIX) + 6  # characters of a key that are kept, so that people can tell their keys apart
_NOTED_EVERY = timedelta(minutes=1)  # when a key was last used, to spare the database a write for each request


class ApiKey(models.Model):
    """One key that may use the API. The key itself is shown once, when it is made, and cannot be had again."""

    name = models.CharField(max_length=100, unique=True, help_text="Who or what uses it.")
    start = models.CharField("begins with", max_length=SHOWN, editable=False)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True, editable=False)
    revoked = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ("created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    def renew(self) -> str:
        """Give this row a new key, which is returned. Not saved yet."""
        key = PREFIX + secrets.token_urlsafe(32)
        self.start, self.hash = key[:SHOWN], _hash(key)
        return key

    def revoke(self) -> None:
        """Refuse it from now on."""
        if self.revoked is None:
            self.revoked = timezone.now()
            self.save(update_fields=["revoked"])

    @classmethod
    def find(cls, key: str) -> "ApiKey | None":
        """The row of a key that may be used."""
        found = cls.objects.filter(hash=_hash(key), revoked=None).first()
        if found is not None and (found.last_used is None or timezone.now() - found.last_used > _NOTED_EVERY):
            cls.objects.filter(pk=found.pk).update(last_used=timezone.now())
        return found


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


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
    text_layer = models.CharField(max_length=10)
    password = models.CharField(max_length=200, blank=True)
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
    """A piece of work for one worker: some pages to read, or a searchable PDF to write.

    A worker holds a part until ``lease``, and longer as it gets on with it. Whose worker has died is given to another one.
    """

    class Kind(models.TextChoices):
        READ = "read"
        PDF = "pdf"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    file = models.ForeignKey(JobFile, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    done = models.BooleanField(default=False)
    failed = models.BooleanField(default=False)
    worker = models.CharField(max_length=64, blank=True)
    lease = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Workers that have had it since it last got on.")
    task = models.CharField(max_length=64, blank=True, help_text="Its task, by Django's task interface.")
    looked_at = models.DateTimeField(help_text="When its task was put into the queue, or was last seen there.")

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [models.Index(fields=["done", "lease"])]
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "kind", "first"], name="one_part_a_place")]


class JobPage(models.Model):
    """What was read on one page: ``data`` is packed JSON (see ``job_store.py``); empty if there is an error instead."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE)
    file = models.ForeignKey(JobFile, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    data = models.BinaryField()
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering = ("file__number", "number")
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "number"], name="one_page_a_number")]
