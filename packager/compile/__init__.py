"""Python modules → bytecode of the target's own Python, beside their sources: importing them compiles nothing."""

from __future__ import annotations
