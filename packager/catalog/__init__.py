"""What we know about the world: systems, platforms, targets, engines. Facts with source and date, no decisions."""

from __future__ import annotations
