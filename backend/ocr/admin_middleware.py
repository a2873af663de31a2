"""Django's sessions, accounts and messages, for the admin alone: no other request pays for them."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

ADMIN = "/admin/"


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
