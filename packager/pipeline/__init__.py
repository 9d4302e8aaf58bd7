"""A job's tree → bundles, made and judged: one archive each, with its findings and its proof."""

from __future__ import annotations
