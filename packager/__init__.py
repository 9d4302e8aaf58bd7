"""packager: an app with native engines becomes the smallest archive proved to load on its target.

The public names load on first use, so that ``import packager`` (and ``packager --help``) costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PUBLIC = {
    "Artifact": "packager.archive",
    "Bundle": "packager.plan",
    "Catalog": "packager.catalog",
    "Finding": "packager.audit",
    "Plan": "packager.plan",
    "Project": "packager.project",
    "PackagerError": "packager.errors",
    "Result": "packager.pipeline",
    "audit_archive": "packager.audit.judge",
    "load_catalog": "packager.catalog",
    "load_project": "packager.project",
    "make_plan": "packager.plan",
    "pack": "packager.archive.pack",
    "package": "packager.pipeline",
    "prove": "packager.prove",
}

__all__ = [*_PUBLIC, "__version__"]

if TYPE_CHECKING:
    from packager.archive import Artifact as Artifact
    from packager.audit import Finding as Finding
    from packager.catalog import Catalog as Catalog
    from packager.catalog import load_catalog as load_catalog
    from packager.errors import PackagerError as PackagerError
    from packager.plan import Bundle as Bundle
    from packager.plan import Plan as Plan


def __getattr__(name: str) -> object:
    """Import a public name from the room that owns it (PEP 562)."""
    if name in _PUBLIC:
        import importlib

        return getattr(importlib.import_module(_PUBLIC[name]), name)
    msg = f"module 'packager' has no attribute {name!r}"
    raise AttributeError(msg)
