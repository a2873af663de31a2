"""Who may ask, and how often: API keys and rates, by Ninja's own means.

Keys are off on loopback and on elsewhere unless RASM_API_KEYS says otherwise. ``backend/keys`` keeps them; ``manage.py apikey`` and the
admin make, list and revoke them.

Rates are counted in each process (Django's local-memory cache): with several, each allows as much.
"""

import threading
import time
from itertools import count
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer
from ninja.throttling import BaseThrottle, SimpleRateThrottle

from backend.keys.models import ApiKey


class ApiKeyBearer(HttpBearer):
    """``Authorization: Bearer KEY``."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return ApiKey.find(token)


class ApiKeyHeader(APIKeyHeader):
    """``X-API-Key: KEY``."""

    param_name = "X-API-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey | None:
        return ApiKey.find(key) if key else None


KEY_WANTED = "send a valid API key, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"


def has_key(request: HttpRequest) -> bool:
    """Whether it may use the API, by its headers alone: asked before a large body is taken in. Raises DatabaseError."""
    return bool(not settings.RASM.api_keys or ApiKeyBearer()(request) or ApiKeyHeader()(request))


def anyone(request: HttpRequest) -> bool:
    """Where no key is asked for."""
    return True


def owner_of(request: HttpRequest) -> ApiKey | None:
    """The key that was sent, whose jobs the request may see; None where no key is asked for."""
    key = getattr(request, "auth", None)
    return key if isinstance(key, ApiKey) else None


class _Throttle(SimpleRateThrottle):
    """Of one operation. Ninja's keeps what it is looking at in itself: threads take turns, and each keeps how long it has to wait."""

    timer = time.monotonic  # a clock that is set back would have everybody wait
    _numbers = count()

    def __init__(self, rate: str) -> None:
        super().__init__(rate)
        self._number = next(self._numbers)  # the cache is common to all: without it, so would the counts be
        self._lock = threading.Lock()
        self._thread = threading.local()

    def allow_request(self, request: HttpRequest) -> bool:
        with self._lock:
            is_allowed = bool(super().allow_request(request))
            self._thread.wait_s = None if is_allowed else super().wait()
            return is_allowed

    def wait(self) -> float | None:
        """Seconds until this thread's last request would be allowed; None if it was."""
        return getattr(self._thread, "wait_s", None)

    def _key(self, scope: str, ident: Any) -> str:
        return self.cache_format % {"scope": f"{scope}_{self._number}", "ident": ident}


class AddressThrottle(_Throttle):
    """Of one address, whatever key it has."""

    def get_cache_key(self, request: HttpRequest) -> str:
        return self._key("address", self.get_ident(request))


class KeyThrottle(_Throttle):
    """Of one API key, wherever it is used."""

    def get_cache_key(self, request: HttpRequest) -> str | None:
        key: Any = getattr(request, "auth", None)
        return self._key("key", key.pk) if isinstance(key, ApiKey) else None


def throttles() -> list[BaseThrottle]:
    """Those that the settings ask for, made anew for each operation: to ask how far a job is leaves the right to read as it was."""
    asked = ((AddressThrottle, settings.RASM.rate_per_address), (KeyThrottle, settings.RASM.rate_per_key))
    return [throttle(rate) for throttle, rate in asked if rate]
