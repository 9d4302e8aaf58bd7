"""The zip to be published and what the manifest beside it says. Reads the zip's directory only, unpacks nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packager.archive.read.reader import open_archive
from packager.core.errors import ArtifactError
from packager.model.publishing import FinishedZip

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK_BYTES = 1 << 20
_MANIFEST_FIX = "build again, or move the file away and give options instead"


@dataclass(frozen=True)
class ZipDescription:
    """What the manifest says of a zip; empty fields where it is silent or absent."""

    bundle: str = ""
    target: str = ""
    kind: str = ""
    """``function`` or ``layer``."""
    runtime: str = ""
    arch: str = ""
    handler: str = ""
    layers: tuple[tuple[str, str], ...] = ()
    """(name, SHA-256 in hex) of each layer a function was built to stand on."""


def code_sha256(sha256: str) -> str:
    """Return a SHA-256 in hex as AWS shows it; raises ArtifactError if it is none."""
    try:
        return base64.b64encode(bytes.fromhex(sha256)).decode("ascii")
    except ValueError as error:
        msg = f"is not a SHA-256 in hex:{sha256!r}"
        raise ArtifactError(msg, where="manifest", fix=_MANIFEST_FIX) from error


def read_package(path: Path) -> FinishedZip:
    """Return the zip's sizes and hash. Raises ArtifactError if it is absent or not a zip."""
    where = str(path)
    if path.is_dir():
        zips = ", ".join(sorted(str(zip_path) for zip_path in path.glob("*.zip")))
        msg = "is a folder; one zip is published at a time"
        raise ArtifactError(msg, where=where, fix=f"name one of: {zips}" if zips else "run `packager build` first")
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except FileNotFoundError as error:
        msg = "does not exist"
        raise ArtifactError(msg, where=where, fix="run `packager build` first, or check the path") from error
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise ArtifactError(msg, where=where) from error
    with open_archive(path) as archive:
        unzipped, entries = archive.size_bytes, len(archive.members)
    return FinishedZip(
        path=path,
        zipped_bytes=size,
        unzipped_bytes=unzipped,
        entries=entries,
        sha256=digest.hexdigest(),
    )


def read_description(package: FinishedZip) -> ZipDescription:
    """Return what ``<stem>.manifest.json`` beside the zip says, or an empty description if there is none.

    Raises ArtifactError if the manifest cannot be read or speaks of other bytes.
    """
    path = package.path.with_name(f"{package.path.stem}.manifest.json")
    where = str(path)
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ZipDescription()  # another tool's zip: options say what the manifest would
    except (OSError, ValueError) as error:
        msg = f"cannot be read: {error}"
        raise ArtifactError(msg, where=where, fix=_MANIFEST_FIX) from error
    if not isinstance(document, dict) or document.get("version") != 1:
        msg = "is not a manifest of version 1"
        raise ArtifactError(msg, where=where, fix=_MANIFEST_FIX)
    artifact = document.get("artifact")
    stated = _text(artifact, "sha256")
    if stated and stated != package.sha256:
        msg = f"belongs to another zip: it gives SHA-256 {stated[:12]}…, {package.path.name} has {package.sha256[:12]}…"
        raise ArtifactError(msg, where=where, fix="build again, so that zip and manifest belong together")
    return ZipDescription(
        bundle=_text(document, "bundle"),
        target=_text(document, "target"),
        kind=_text(document, "kind"),
        runtime=_text(document, "runtime"),
        arch=_text(document, "arch"),
        handler=_text(document, "handler"),
        layers=_layers(document.get("layers")),
    )


def _layers(rows: Any) -> tuple[tuple[str, str], ...]:
    """Return the layers of a manifest; a layer given as a file is called by the file's stem."""
    if not isinstance(rows, list):
        return ()
    return tuple((_text(row, "name").removesuffix(".zip"), _text(row, "sha256")) for row in rows)


def _text(document: Any, key: str) -> str:
    """Return a string of a JSON object, empty if it is not there or something else."""
    value = document.get(key, "") if isinstance(document, dict) else ""
    return value if isinstance(value, str) else ""
