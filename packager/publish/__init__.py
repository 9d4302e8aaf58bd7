"""Artifact → a destination: what is the same for all. The zip and its manifest, limits, regions in their order."""

from __future__ import annotations
