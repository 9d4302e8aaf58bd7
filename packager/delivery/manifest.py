"""Results → the JSON record beside each artifact. No time stamps, no host paths: same inputs, same bytes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from packager import __version__
from packager.pipeline.fit.messages import notes_of
from packager.pipeline.weights import with_layers

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.results import Result

VERSION = 1


def manifest(result: Result, results: list[Result]) -> dict[str, Any]:
    """Return the document of one bundle; `results` are those of the same run, for the layers beneath it."""
    bundle, artifact, target = result.bundle, result.artifact, result.bundle.target
    job, tree, facts = bundle.job, result.scanned.tree, result.scanned.survey
    made = {other.bundle.name: other for other in results}
    members = {member.path: member for member in artifact.members}
    return {
        "version": VERSION,
        "tool": {"name": "packager", "version": __version__},
        "bundle": bundle.name,
        "kind": bundle.kind,
        "target": target.name,
        "runtime": target.runtime,
        "arch": target.arch,
        "baseline": target.baseline.name,
        "handler": bundle.handler,
        "recipe": bundle.recipe,
        "layers": [_layer(name, made[name], result) for name in bundle.layers if name in made]
        + [{"name": path.name, "sha256": _sha256(path)} for path in bundle.layer_files],
        "builder": {
            "name": tree.builder,
            "image": tree.image,
            "image_id": tree.image_id,
            "toolchain": dict(tree.toolchain),
        },
        "inputs": {
            "lock_file": job.lock_file,
            "lock_sha256": _sha256(job.source / job.lock_file) if job.lock_file else "",
            "schema": facts.schema_file,
            "schema_sha256": _sha256(job.source / facts.schema_file) if facts.schema_file else "",
            "engines": [engine.name for engine in job.engines],
            "generate": list(job.generate),
        },
        "artifact": {
            "path": f"{bundle.name}.zip",
            "zipped_bytes": artifact.zipped_bytes,
            "unzipped_bytes": artifact.unzipped_bytes,
            "sha256": artifact.sha256,
            "code_sha256": artifact.code_sha256,
            "codec": artifact.codec,
        },
        "budget": {
            "zipped_bytes": bundle.budget.zipped,
            "unzipped_bytes": bundle.budget.unzipped,
            "unzipped_with_layers_bytes": bundle.budget.unzipped_with_layers,
            "used_with_layers_bytes": with_layers(result, results),
        },
        "findings": [finding.to_json() for finding in result.findings],
        "proof": result.proof.to_json(),
        "notes": notes(result),
        "dropped_bytes": dict(sorted(result.selection.savings().items())),
        "stripped_bytes": dict(sorted(result.stripped.items())),
        "compiled": result.compiled.to_json() if result.compiled else None,
        "files": [
            {
                "path": placed.path,
                "size": members[placed.path].size_bytes,
                "compressed": members[placed.path].compressed_bytes,
                "sha256": members[placed.path].sha256,
                "package": _package(placed.choice.file.package),
                "rule": placed.choice.rule,
                "reason": placed.choice.reason,
            }
            for placed in result.placed
        ],
    }


def _layer(name: str, layer: Result, result: Result) -> dict[str, Any]:
    """Return the row of a layer; one that packager.yaml doesn't name, since ``--fit`` made it, says so."""
    fitted = result.fit is not None and name in result.fit.layers
    return {"name": name, "sha256": layer.artifact.sha256, **({"fitted": True} if fitted else {})}


def notes(result: Result) -> list[str]:
    """Return what a reader must know beyond the findings: secrets packed on request, what was left undone."""
    packed = [f"{choice.file.path}: {choice.reason}" for choice in result.selection.kept if choice.noted]
    fitted = notes_of(result.fit) if result.fit else ()
    compiled = result.compiled.notes() if result.compiled else ()
    return [*packed, *fitted, *compiled, *result.scanned.tree.notes]


def manifest_text(result: Result, results: list[Result]) -> str:
    """Return the document as it is written: indented, keys in a fixed order, a line break at the end."""
    return json.dumps(manifest(result, results), indent=1, ensure_ascii=False) + "\n"


def _package(package: Any) -> str:
    if package is None or not package.path:
        return ""
    return f"{package.name}@{package.version}" if package.version else str(package.name)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
