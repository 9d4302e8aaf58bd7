"""Entries → a zip, the same bytes every time."""
