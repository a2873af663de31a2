"""Strings: characters and their classes, logical order, normalisation, profiles, error rates."""
