"""Apex Up."""
