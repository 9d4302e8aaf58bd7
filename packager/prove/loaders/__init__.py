"""Programs that run inside the target's runtime. Nothing here is imported by packager itself."""

from __future__ import annotations
