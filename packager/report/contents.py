"""A zip or a folder → `ArtifactContents`. Nothing is unpacked; of a zip only directory and package files are read."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from packager.archive.reader import WEIGHED, open_archive
from packager.archive.tree import find
from packager.core.errors import ArtifactError
from packager.inventory.attribution import Attribution
from packager.report.paths import shortest_paths
from packager.report.summary import ArtifactContents, PackedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PACKAGE_FILE_MAX_BYTES = 4 << 20
_FACTS = ("bundle", "kind", "target", "runtime", "arch", "handler")


def read_contents(path: Path) -> ArtifactContents:
    """Return what a zip or folder holds, with what the manifest beside it says. Raises ArtifactError if unreadable."""
    manifest = _manifest(path)
    reasons = {str(row.get("path")): str(row.get("reason", "")) for row in _records(manifest.get("files"))}
    findings = ({str(key): str(value) for key, value in row.items()} for row in _records(manifest.get("findings")))
    return ArtifactContents(
        name=path.resolve().name,
        zipped_bytes=0 if path.is_dir() else path.stat().st_size,
        items=tuple(sorted(_items(path, reasons), key=lambda item: item.path)),
        facts=_facts(manifest),
        findings=tuple(findings),
    )


def _items(path: Path, reasons: dict[str, str]) -> Iterator[PackedFile]:
    return _of_folder(path, reasons) if path.is_dir() else _of_archive(path, reasons)


def _of_archive(path: Path, reasons: dict[str, str]) -> Iterator[PackedFile]:
    with open_archive(path, limits=WEIGHED) as archive:
        members = {member.path: member for member in archive.members if not member.is_dir}

        def read(name: str) -> bytes | None:
            member = members[name]
            try:
                return archive.read(member) if member.size_bytes <= _PACKAGE_FILE_MAX_BYTES else None
            except ArtifactError:
                return None  # damaged: its package keeps the folder's name

        attribute = _attribution(members, read, reasons)
        for name, member in members.items():
            package, folder = attribute(name)
            yield PackedFile(
                path=name,
                size_bytes=member.size_bytes,
                compressed_bytes=member.compressed_bytes,
                crc=member.crc,
                package=package,
                folder=folder,
                reason=reasons.get(name) or reasons.get(folder, ""),
            )


def _of_folder(path: Path, reasons: dict[str, str]) -> Iterator[PackedFile]:
    sources = {entry.path: str(entry.source) for entry in find(path)}

    def content(name: str) -> bytes:
        try:
            with open(sources[name], "rb") as file:  # noqa: PTH123 (as many as the tree has files)
                return file.read()
        except OSError as error:
            msg = f"cannot be read: {error.strerror or error}"
            raise ArtifactError(msg, where=sources[name], fix="make it readable, or leave it out") from error

    def read(name: str) -> bytes | None:
        with suppress(ArtifactError):  # the walk below meets it, too
            return content(name)
        return None

    attribute = _attribution(sources, read, reasons)
    for name in sources:
        data = content(name)
        package, folder = attribute(name)
        reason = reasons.get(name) or reasons.get(folder, "")
        yield PackedFile(name, len(data), len(data), zlib.crc32(data), package, folder, reason)


def _attribution(
    paths: dict[str, Any], read: Callable[[str], bytes | None], reasons: dict[str, str]
) -> Callable[[str], tuple[str, str]]:
    """Return a function that gives a path's (package as ``name@version``, its folder).

    Where no manifest gives `reasons`, those that the packages' own package.json give are added, by folder.
    """
    package_of = Attribution(paths, read)
    if not reasons:
        found = {package.path: package for path in paths if (package := package_of(path)) is not None and package.path}
        reasons.update(shortest_paths(found.values(), lambda name: read(name) if name in paths else None))

    def attribute(path: str) -> tuple[str, str]:
        package = package_of(path)
        if package is None or not package.path:
            return "", ""
        return (f"{package.name}@{package.version}" if package.version else package.name), package.path

    return attribute


def _manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of ``api.zip``, ``api.manifest.json`` next to it; {} if there is none or it is not ours."""
    try:
        data = json.loads(path.with_name(path.name.removesuffix(".zip") + ".manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # the artifact speaks for itself; only reasons are missing
    return data if isinstance(data, dict) and data.get("version") == 1 else {}


def _facts(manifest: dict[str, Any]) -> dict[str, str]:
    facts = {key: str(manifest[key]) for key in _FACTS if manifest.get(key)}
    proof = manifest.get("proof")
    if isinstance(proof, dict) and proof.get("status"):
        facts["proof"] = ": ".join(str(proof[key]) for key in ("status", "detail") if proof.get(key))
    return facts


def _records(rows: object) -> list[dict[str, Any]]:
    """Return the objects of a list; what is none comes from a manifest that was edited, and says nothing."""
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
