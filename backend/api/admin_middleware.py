"""Django's sessions, accounts and messages, for the admin alone: no other request pays for them. And how often one may try to log in."""

from collections.abc import Callable
from math import ceil

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from backend.api.access import AddressThrottle
from backend.api.errors import TooManyRequests, error_reply

ADMIN = "/admin/"
LOGIN = "/admin/login/"


def bounded_logins(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Passwords cannot be tried one after the other: RASM_RATE_ADMIN_LOGINS of one address, in one process."""
    throttle = AddressThrottle(settings.RASM.rate_admin_logins)

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info != LOGIN or throttle.allow_request(request):
            return get_response(request)
        reply = error_reply(TooManyRequests("too many tries to log in from this address: wait as long as Retry-After says"))
        reply["Retry-After"] = str(ceil(throttle.wait() or 1))
        return reply

    return middleware


class _ForAdmin(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(ADMIN):
            return super().__call__(request)  # type: ignore[return-value]
        return self.get_response(request)  # type: ignore[return-value]


class Sessions(_ForAdmin, SessionMiddleware):
    pass


class Authentication(_ForAdmin, AuthenticationMiddleware):
    pass


class Messages(_ForAdmin, MessageMiddleware):
    pass
