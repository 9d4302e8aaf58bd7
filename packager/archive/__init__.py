"""The archive before and after it exists: entries, layout, artifact. Zip in, zip out; nothing else here."""

from __future__ import annotations

from packager.glance.codec import DEFAULT_LEVEL as DEFAULT_LEVEL
from packager.glance.codec import LEVELS as LEVELS
