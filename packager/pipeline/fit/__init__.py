"""A bundle over its limits: what would bring it under them, what each measure saves, and doing the cheapest of it."""

from __future__ import annotations
