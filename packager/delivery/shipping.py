"""Folders for the hosts' own tools: put beside the zips, each complete or not at all, with no edits lost."""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packager.archive.read.reader import open_archive
from packager.archive.read.unpack import unpack
from packager.core.atomic import made_aside
from packager.core.document import read_text
from packager.core.errors import ArtifactError, ConfigError
from packager.delivery.placing import check_writable, fault
from packager.hosts.registry import ship
from packager.model.results import Made
from packager.project.outputs import SHIPMENT_RECORD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packager.model.results import Result, Shipment

_RECORD = SHIPMENT_RECORD
"""In each folder: SHA-256 of the texts we wrote, by which an edit of the user's is told."""


def shipments_of(results: Sequence[Result]) -> dict[str, Shipment]:
    """Return folder → shipment for all results. Raises ConfigError for configuration that cannot be merged."""
    return ship([_made(result) for result in results])


def deliver_shipments(results: Sequence[Result], shipments: Mapping[str, Shipment], out: Path) -> dict[str, Path]:
    """Write every shipment into the output folder; returns folder name → path.

    Raises ConfigError with a diff for a text there that was edited by hand, EnvironmentFault for a full disk.
    """
    archives = {result.bundle.name: result.artifact.path for result in results}
    for name, shipment in shipments.items():
        _refuse_edited(out / name, shipment)
    for name, shipment in shipments.items():
        try:
            _place(out / name, shipment, archives)
        except OSError as error:
            raise fault(out, error) from error
    return {name: out / name for name in shipments}


def _made(result: Result) -> Made:
    root = result.bundle.job.source
    sources, own = {}, set()
    for choice in result.selection.choices:
        file = choice.file
        if not file.source or (choice.rule in ("secret", "leftover") and not choice.kept):
            continue
        sources[file.path] = result.scanned.contents.path(file.source)
        if not (file.package and file.package.path) and not file.path.startswith("node_modules/"):
            own.add(file.path)

    def read(name: str) -> str | None:
        return read_text(root, name)

    return Made(
        bundle=result.bundle,
        paths=tuple(item.path for item in result.placed),
        zipped_bytes=result.artifact.zipped_bytes,
        read=read,
        sources=sources,
        own=frozenset(own),
    )


def _refuse_edited(folder: Path, shipment: Shipment) -> None:
    if not folder.exists():
        return
    record = _read_record(folder)
    if record is None:
        msg = "exists already and was not written by packager"
        raise ConfigError(msg, where=str(folder), fix="move it away, or choose another folder with --out")
    for path, text in shipment.files.items():
        there = folder / path
        if not isinstance(text, str) or not there.is_file():
            continue
        content = there.read_bytes()
        if content == text.encode() or record.get(path) == hashlib.sha256(content).hexdigest():
            continue
        old = content.decode("utf-8", errors="replace").splitlines(True)
        diff = "".join(difflib.unified_diff(old, text.splitlines(True), path, f"{path} as needed", n=1))
        msg = f"was edited by hand\n{diff.rstrip()}"
        fix = f"make the change in the project's own {path}, which is merged, and remove {folder.name}/"
        raise ConfigError(msg, where=str(there), fix=fix)


def _read_record(folder: Path) -> dict[str, Any] | None:
    try:
        data = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Not our folder: the caller refuses it.
        return None
    return data.get("texts") if isinstance(data, dict) else None


def _place(folder: Path, shipment: Shipment, archives: Mapping[str, Path]) -> None:
    """Build the folder beside its place, then let it take the place of the old one."""
    check_writable(folder.parent)
    with made_aside(folder, replaces=True) as new:
        for bundle, inside in shipment.unpacked:
            with open_archive(archives[bundle]) as archive:
                unpack(archive, new / inside)
        for bundle, path in shipment.zips:
            _copy(archives[bundle], _target(new, path))
        texts = {}
        for path, content in shipment.files.items():
            target = _target(new, path)
            if isinstance(content, str):
                target.write_bytes(content.encode())
                texts[path] = hashlib.sha256(content.encode()).hexdigest()
            else:
                _copy(content, target)
        (new / _RECORD).write_text(json.dumps({"version": 1, "texts": texts}, indent=1, sort_keys=True) + "\n")


def _target(root: Path, path: str) -> Path:
    target = root / path
    if root not in target.parents or ".." in PurePosixPath(path).parts:
        raise ArtifactError("leads outside its folder", where=path)  # noqa: EM101
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _copy(source: Path, target: Path) -> None:
    """Copy a file with one of two modes: the others depend on the umask of the build."""
    shutil.copyfile(source, target)
    target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
