"""Addresses: the API brings its own (``/api/…``, ``/ocr``, ``/health/…``, ``/metrics``), the page for people is at ``/``, the admin
at ``/admin/``. What Django refuses by itself is answered in the API's shape."""

from django.contrib import admin
from django.urls import include, path

from backend.api.app import api

# the admin last, since addresses are tried one after the other, and it is asked for least
urlpatterns = [path("", include("backend.web.urls")), path("", api.urls), path("admin/", admin.site.urls)]

handler400 = "backend.api.errors.bad_request"
handler403 = "backend.api.errors.forbidden"
handler404 = "backend.api.errors.not_found"
handler500 = "backend.api.errors.internal_error"
