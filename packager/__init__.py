"""packager: an app with native engines becomes the smallest archive proved to load on its target.

The public names load on first use, so that ``import packager`` (and ``packager --help``) costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

_PUBLIC = {
    "Artifact": "packager.archive",
    "Bundle": "packager.plan",
    "Catalog": "packager.catalog",
    "Finding": "packager.audit",
    "Machine": "packager.machine",
    "Options": "packager.host",
    "PackagerError": "packager.errors",
    "Plan": "packager.plan",
    "Project": "packager.project",
    "Proof": "packager.prove",
    "Result": "packager.making",
    "audit_archive": "packager.audit.judge",
    "deliver": "packager.delivery",
    "load_catalog": "packager.catalog",
    "load_project": "packager.project",
    "make_plan": "packager.planning",
    "pack": "packager.archive.pack",
    "package": "packager.pipeline",
    # Not called `prove`: that is the room, and importing the room would hide the function.
    "prove_archive": "packager.prove.prover:prove",
    "real_host": "packager.host",
}

__all__ = [*_PUBLIC, "__version__"]

# The name is what type checkers know; importing it takes as long as starting Python.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from packager.archive import Artifact as Artifact
    from packager.archive.pack import pack as pack
    from packager.audit import Finding as Finding
    from packager.audit.judge import audit_archive as audit_archive
    from packager.catalog import Catalog as Catalog
    from packager.catalog import load_catalog as load_catalog
    from packager.delivery import deliver as deliver
    from packager.errors import PackagerError as PackagerError
    from packager.host import Options as Options
    from packager.host import real_host as real_host
    from packager.machine import Machine as Machine
    from packager.making import Result as Result
    from packager.pipeline import package as package
    from packager.plan import Bundle as Bundle
    from packager.plan import Plan as Plan
    from packager.planning import make_plan as make_plan
    from packager.project import Project as Project
    from packager.project import load_project as load_project
    from packager.prove import Proof as Proof
    from packager.prove.prover import prove as prove_archive  # noqa: F401


def __getattr__(name: str) -> object:
    """Import a public name from the room that owns it (PEP 562)."""
    if name in _PUBLIC:
        import importlib

        module, _, attribute = _PUBLIC[name].partition(":")
        return getattr(importlib.import_module(module), attribute or name)
    msg = f"module 'packager' has no attribute {name!r}"
    raise AttributeError(msg)
