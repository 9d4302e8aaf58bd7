"""The entry point of a custom runtime, as far as it can be judged before it is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.archive.read.reader import WEIGHED, open_archive
from packager.model.findings import Finding
from packager.model.proof import Proof

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def look_at_bootstrap(artifact: Path, layers: Sequence[Path]) -> Proof | None:
    """Return why a custom runtime cannot be started; None if its ``bootstrap`` can: the function's, else a layer's."""
    for path in (artifact, *reversed(layers)):
        with open_archive(path, limits=WEIGHED) as archive:
            for member in archive.members:
                if member.path != "bootstrap":
                    continue
                with archive.open(member) as stream:
                    start = stream.read(4)
                if start != b"\x7fELF" and not start.startswith(b"#!"):
                    message = "is neither an ELF program nor a script with `#!`"
                    return _refused(f"{path.name}!bootstrap", message, "put the compiled program there")
                if member.mode is not None and not member.mode & 0o001:
                    message = "is not executable for all users"
                    return _refused(f"{path.name}!bootstrap", message, "give it mode 0755; `packager pack` does")
                return None
    message = "has no bootstrap, the program that a custom runtime starts"
    return _refused(artifact.name, message, "put an executable `bootstrap` at the root of the zip or of a layer")


def _refused(subject: str, message: str, fix: str) -> Proof:
    finding = Finding("RUN018", "error", subject, message, fix)
    return Proof("failed", "", "", f"{subject} {message}", (finding,))
