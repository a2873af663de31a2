"""The service: ``api.py`` takes requests, ``services.py`` reads the images, ``schemas.py`` says what comes back."""
