#!/usr/bin/env python
"""Django's command line: ``runserver``, ``migrate``, ``check``, ``apikey``, ``jobs``, ``export_openapi_schema`` and the rest."""

import os
import sys
from pathlib import Path

# run as a file, Python looks for modules beside it, and the packages lie a folder higher: the one place that needs this
sys.path[0] = str(Path(__file__).resolve().parents[1])


def main() -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as e:
        print(f"manage.py: {e}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
