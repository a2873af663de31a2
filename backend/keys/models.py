"""API keys, kept as hashes. A key is 32 random bytes, so that its SHA-256 is enough: there is nothing to guess that a slow hash would
have to slow down."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from backend.keys.used import Uses

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
        if found is not None:
            now, last = timezone.now(), _uses.last(found.pk) or found.last_used
            if last is None or abs(now - last) > _NOTED_EVERY:  # either way: clocks jump
                _uses.note(found.pk, now)
        return found


def _write_use(pk: int, at: datetime) -> None:
    ApiKey.objects.filter(pk=pk).update(last_used=at)


_uses = Uses(_write_use)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
