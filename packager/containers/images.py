"""Images of our own, named by what they are built from."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from packager.model.containers import BuildArguments
    from packager.model.targets import Arch


def content_tag(arguments: BuildArguments, base_id: str, arch: Arch) -> str:
    """Return ``packager/<family>:<16 hex digits>`` for everything that decides what the image holds.

    The family is the name of the Dockerfile's folder. `base_id` is the base image's id: a tag that moved
    gives a new name.
    """
    digest = hashlib.sha256()
    parts: list[tuple[str, bytes]] = [
        ("dockerfile", _dockerfile(arguments)),
        ("base", base_id.encode()),
        ("arch", arch.encode()),
        *((f"argument {name}", value.encode()) for name, value in sorted(arguments.arguments)),
        *((f"file {name}", content) for name, content in sorted(arguments.files)),
    ]
    for label, content in parts:
        digest.update(f"{label} {len(content)}\n".encode())  # lengths, so that no two lists run together
        digest.update(content)
    return f"packager/{arguments.dockerfile.parent.name}:{digest.hexdigest()[:16]}"


def build_context(arguments: BuildArguments) -> bytes:
    """Return the tar the engine builds from: the Dockerfile and the named files, nothing else of this machine."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in (("Dockerfile", _dockerfile(arguments)), *arguments.files):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _dockerfile(arguments: BuildArguments) -> bytes:
    try:
        return arguments.dockerfile.read_bytes()
    except OSError as error:
        msg = f"cannot read it: {error.strerror}"
        raise ConfigError(msg, where=str(arguments.dockerfile)) from error
