"""Job → tree on disk: install, generate, keep production dependencies only."""

from __future__ import annotations
