"""Where the bytes of an artifact go, and what sets two of them apart: facts for people, no verdict."""

from __future__ import annotations
