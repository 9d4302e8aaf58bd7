"""How each host wants it: where files go in the archive, and what lies beside it for the host's own tool. Pure."""

from __future__ import annotations
