"""The hosting services: places in the archive, what lies beside it for a host's own tool, its configuration. Pure.

A host is a folder here, its YAML in the catalog and its line in ``registry.py``; one more line for a configuration.
"""

from __future__ import annotations
