"""Running what we made: the very zip, unpacked read-only in a clean root, its handler loaded."""

from __future__ import annotations
