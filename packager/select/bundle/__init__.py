"""Entry files → one file each, by esbuild: what code can be joined is, native and declared packages stay outside."""

from __future__ import annotations
