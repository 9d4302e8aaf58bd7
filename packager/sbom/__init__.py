"""What an artifact is made of: packages, versions, licences, native files, of what is really in it."""

from __future__ import annotations
