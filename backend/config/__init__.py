"""The Django project: its settings, its addresses, and how a production server runs it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the repository, or what an image has of it
