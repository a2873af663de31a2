"""Addresses: the API brings its own (``/api/…``, ``/ocr``, ``/health/…``, ``/metrics``), the page for people is at ``/``, the admin
at ``/admin/``. What Django refuses by itself is answered in the API's shape."""

from django.contrib import admin
from django.urls import include, path
from ocr.api import api

# the admin last, since addresses are tried one after the other, and it is asked for least
urlpatterns = [path("", include("web.urls")), path("", api.urls), path("admin/", admin.site.urls)]

handler400 = "ocr.errors.bad_request"
handler403 = "ocr.errors.forbidden"
handler404 = "ocr.errors.not_found"
handler500 = "ocr.errors.internal_error"
