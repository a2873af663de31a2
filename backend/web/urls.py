"""The page's address."""

from django.urls import path

from backend.web.views import page

urlpatterns = [path("", page, name="page")]
