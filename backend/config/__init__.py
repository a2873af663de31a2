"""The Django project: settings, addresses and the WSGI application.

Every way into the service (manage.py, the production server, the tests) imports this package first, so this is the one
place that makes ``model``, which lies beside ``backend/``, importable, and that says where the settings are.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
