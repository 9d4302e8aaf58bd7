"""Results → files in the output folder: archives, manifests, bills of materials, folders for the hosts' own tools."""

from __future__ import annotations
