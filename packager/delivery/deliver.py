"""Results → files in the output folder: archives, manifests, bills of materials, folders for the hosts' own tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.results import Result


def deliver(results: list[Result], out: Path, *, sbom: bool = False) -> dict[str, Path]:
    """Put artifacts and manifests into the output folder, each complete or not at all; returns bundle → zip.

    Hosts whose own tool deploys from a folder get that folder, too; with `sbom`, each bundle gets its bill of
    materials. What an earlier build put beside an archive and this one does not is removed: it tells of another
    archive. Raises EnvironmentFault where the output folder cannot be written, ConfigError for a host's
    configuration that cannot be merged or was edited there.
    """
    from packager.delivery.manifest import manifest_text
    from packager.delivery.placing import place_files, remove_others
    from packager.delivery.shipping import deliver_shipments, shipments_of
    from packager.project.outputs import MAPS_SUFFIX, SBOM_SUFFIX

    shipments = shipments_of(results)
    files: dict[str, Path | str] = {}
    for result in results:
        files[f"{result.bundle.name}.zip"] = result.artifact.path
        files[f"{result.bundle.name}.manifest.json"] = manifest_text(result, results)
        if sbom:
            files[f"{result.bundle.name}{SBOM_SUFFIX}"] = _bill_of_materials(result)
        files.update(
            {
                f"{result.bundle.name}{MAPS_SUFFIX}/{path}": result.scanned.contents.path(source)
                for path, source in result.maps.items()
            }
        )
    deliver_shipments(results, shipments, out)
    place_files(files, out)
    for result in results:
        own = (f"{result.bundle.name}{SBOM_SUFFIX}", f"{result.bundle.name}{MAPS_SUFFIX}")
        remove_others(out, own, files)
    return {result.bundle.name: out / f"{result.bundle.name}.zip" for result in results}


def _bill_of_materials(result: Result) -> str:
    from packager.package_managers.registry import PACKAGE_MANAGERS
    from packager.sbom.cyclonedx import cyclonedx_text
    from packager.sbom.reading import read_materials

    job = result.bundle.job
    integrity = PACKAGE_MANAGERS[job.manager].integrity(job.source / job.lock_file) if job.manager is not None else {}
    inlined = {
        choice.file.package.path: choice.file.package
        for choice in result.selection.dropped
        if choice.rule == "bundled" and choice.file.package and choice.file.package.path
    }
    root = result.scanned.tree.root
    joined = [(package, root / folder) for folder, package in sorted(inlined.items())]
    return cyclonedx_text(read_materials(result.artifact.path, result.bundle.name, integrity, joined))
