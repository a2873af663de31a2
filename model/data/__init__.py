"""Pairs of images and texts, arrays of them, and batches."""
