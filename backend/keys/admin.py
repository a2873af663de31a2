"""API keys in Django's admin. A key is shown once, when it is made; afterwards it can only be revoked."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from backend.keys.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    list_display = ("name", "start", "created", "last_used", "revoked")
    fields = ("name", "start", "created", "last_used", "revoked")
    readonly_fields = ("start", "created", "last_used", "revoked")
    search_fields = ("name", "start")
    actions = ("revoke",)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm, change: bool) -> None:
        if not change:
            key = obj.renew()
            messages.warning(request, f"The key, shown only this once: {key}")
        super().save_model(request, obj, form, change)

    @admin.action(description="Revoke the chosen keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey, ApiKey]) -> None:
        for key in queryset:
            key.revoke()
        self.message_user(request, "Revoked.", messages.SUCCESS)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a revoked key stays listed, so that it is known who had one
