"""packager: an app with native engines becomes the smallest archive proved to load on its target.

The public names load on first use, so that ``import packager`` (and ``packager --help``) costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

_PUBLIC = {
    "Artifact": "packager.model.archives",
    "Bundle": "packager.model.plan",
    "Catalog": "packager.model.catalog",
    "Finding": "packager.model.findings",
    "Machine": "packager.model.machine",
    "Options": "packager.model.options:BuildOptions",
    "PackagerError": "packager.core.errors",
    "Plan": "packager.model.plan",
    "Project": "packager.model.project",
    "Proof": "packager.model.proof",
    "Result": "packager.model.results",
    "audit_archive": "packager.audit.judge",
    "deliver": "packager.delivery.deliver",
    "load_catalog": "packager.catalog.current",
    "load_project": "packager.project.loading",
    "make_plan": "packager.planning.planner",
    "pack": "packager.archive.pack",
    "package": "packager.pipeline.run",
    # Not called `prove`: that is the room, and importing the room would hide the function.
    "prove_archive": "packager.prove.prover:prove",
    "real_host": "packager.pipeline.tools",
}

__all__ = [*_PUBLIC, "__version__"]

# The name is what type checkers know; importing it takes as long as starting Python.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from packager.archive.pack import pack as pack
    from packager.audit.judge import audit_archive as audit_archive
    from packager.catalog.current import load_catalog as load_catalog
    from packager.core.errors import PackagerError as PackagerError
    from packager.delivery.deliver import deliver as deliver
    from packager.model.archives import Artifact as Artifact
    from packager.model.catalog import Catalog as Catalog
    from packager.model.findings import Finding as Finding
    from packager.model.machine import Machine as Machine
    from packager.model.options import BuildOptions as Options  # noqa: F401
    from packager.model.plan import Bundle as Bundle
    from packager.model.plan import Plan as Plan
    from packager.model.project import Project as Project
    from packager.model.proof import Proof as Proof
    from packager.model.results import Result as Result
    from packager.pipeline.run import package as package
    from packager.pipeline.tools import real_host as real_host
    from packager.planning.planner import make_plan as make_plan
    from packager.project.loading import load_project as load_project
    from packager.prove.prover import prove as prove_archive  # noqa: F401


def __getattr__(name: str) -> object:
    """Import a public name from the room that owns it (PEP 562)."""
    if name in _PUBLIC:
        import importlib

        module, _, attribute = _PUBLIC[name].partition(":")
        return getattr(importlib.import_module(module), attribute or name)
    msg = f"module 'packager' has no attribute {name!r}"
    raise AttributeError(msg)
