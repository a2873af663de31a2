"""Addresses. The API brings its own (``/api/…`` and ``/health/…``); what Django refuses by itself is answered in its shape."""

from django.urls import path
from ocr.api import api

urlpatterns = [path("", api.urls)]

handler400 = "ocr.errors.bad_request"
handler403 = "ocr.errors.forbidden"
handler404 = "ocr.errors.not_found"
handler500 = "ocr.errors.internal_error"
