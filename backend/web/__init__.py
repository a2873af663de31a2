"""The page at /: a front end of the API for people. It reads nothing itself; its script calls ``/api/v1/ocr``."""
