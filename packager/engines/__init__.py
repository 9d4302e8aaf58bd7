"""Native engines and their generators: which generation a project uses, which binary its target needs, getting it.

The generations themselves are data (``catalog/engines``); this room applies them to a project and to a target.
"""

from __future__ import annotations
