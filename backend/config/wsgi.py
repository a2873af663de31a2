"""The WSGI application, for the production server and for ``runserver``.

Importing it begins to load the model, once in each process. It loads beside the server's start, so that ``/health/live``
answers at once and ``/health/ready`` when the model has read its first line.
"""

import threading

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from backend.reading.engines import warm_up  # noqa: E402  (needs the settings that the line above has loaded)

threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
