from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "backend.keys"
    label = "ocr"  # as up to 0.8.0, when jobs were in it too: the tables of keys and the admin's addresses keep their names
    verbose_name = "API keys"
