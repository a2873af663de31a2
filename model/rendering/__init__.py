"""Rendered lines and pages: texts, fonts, and how a line is set."""
