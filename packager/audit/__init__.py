"""Judging what is there: facts in, findings out. Nothing in this room opens a file or runs anything."""

from __future__ import annotations
