"""Zip in, zip out; nothing else here."""
