"""Inventory × bundle → selection: each file kept or dropped exactly once, with the rule and the reason."""

from __future__ import annotations
