"""The WSGI application, for the production server and for ``runserver``.

Importing it begins to load the model, once in each process. It loads beside the server's start, so that ``/health/live``
answers at once and ``/health/ready`` when the model has read its first line.
"""

import threading
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

django.setup(set_prefix=False)

from backend.reading import memory  # noqa: E402
from backend.reading.engines import warm_up  # noqa: E402  (needs the settings that the line above has loaded)


class Request(WSGIRequest):
    """Django's, which whatever headers can make: what its making raises passes by all middleware."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)
        except (ValueError, LookupError):  # a parameter in an encoding that nobody knows: it is taken for no form
            self.content_type = ""
            self.content_params: dict[str, str] = {}


class Handler(WSGIHandler):
    request_class = Request


memory.bound()
application = Handler()
threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
