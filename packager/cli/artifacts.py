"""An artifact named on the command line, and the target it is for: from the options, else from its manifest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from packager.catalog.arches import parse_arch
from packager.catalog.current import load_catalog
from packager.core.errors import ArtifactError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.targets import Target


def require_file(path: Path) -> None:
    """Raise ArtifactError unless something is there."""
    if not path.exists():
        msg = "there is no such file or folder"
        raise ArtifactError(msg, where=str(path), fix="name a zip, a folder or a binary")


def manifest_beside(path: Path) -> dict[str, Any]:
    """Return the manifest of ``api.zip``, ``api.manifest.json`` next to it; {} if there is none. Never raises."""
    beside = path.with_name(path.name.removesuffix(".zip") + ".manifest.json")
    try:
        data = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # A stranger's file of that name says nothing about the artifact, and the options can say all.
        return {}
    return data if isinstance(data, dict) and data.get("version") == 1 else {}


def target_of(path: Path, name: str, runtime: str, arch: str) -> Target:
    """Return the target to judge an artifact by; raises UsageError if the runtime is neither given nor known."""
    beside = manifest_beside(path)
    if not runtime and beside:
        name = str(beside.get("target") or name)
    runtime = runtime or str(beside.get("runtime", ""))
    if not runtime:
        host = load_catalog().host(name)
        msg = "no runtime is given, and no manifest beside it names one"
        raise UsageError(msg, where="--runtime", fix=f"give one of: {', '.join(host.runtimes)}")
    chosen = parse_arch(arch or str(beside.get("arch") or "x86_64"), "--arch")
    return load_catalog().target(name, runtime, chosen)
