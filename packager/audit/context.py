"""Everything an audit looks at: artifacts where the runtime mounts them, and the target they are to run on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.audit.binaries.loader import Link
    from packager.model.findings import Mounted, Severity
    from packager.model.inventory import File
    from packager.model.targets import Target

_OBJECT_FILES = (".o", ".a", ".obj", ".lib")


@dataclass(frozen=True)
class MountedFile:
    """A file where the runtime will see it."""

    mount: Mounted
    file: File

    @property
    def path(self) -> str:
        """Return the absolute path at run time, such as ``/var/task/lib/libx.so.1``."""
        return f"{self.mount.root}/{self.file.path}"

    @property
    def folder(self) -> str:
        """Return what the loader puts for ``$ORIGIN``."""
        return self.path.rpartition("/")[0]

    @property
    def subject(self) -> str:
        """Return what findings call the file."""
        return f"{self.mount.name}!{self.file.path}" if self.mount.name else self.file.path

    def finding(self, code: str, message: str, fix: str = "", severity: Severity | None = None) -> Finding:
        """Return a finding about this file, by default with its code's severity and fix."""
        package = self.file.package
        named = f"{package.name}@{package.version}" if package and package.version else package.name if package else ""
        row = CODES[code]
        return Finding(code, severity or row.severity, self.subject, message, fix or row.fix, named)


class AuditContext:
    """The artifacts of one run-time file system, and indexes over them."""

    def __init__(
        self,
        mounts: Sequence[Mounted],
        target: Target,
        environment: Sequence[tuple[str, str]] = (),
        *,
        handler: str = "",
        whole: bool = False,
    ) -> None:
        self.mounts = tuple(mounts)
        self.target = target
        self.environment = tuple(environment)
        """The function's own variables."""
        self.handler = handler
        """FILE.EXPORT in the host's notation; empty where it is not known."""
        self.whole = whole
        """Whether the mounts are whole artifacts: what is not in them is missing."""

    @cached_property
    def by_path(self) -> dict[str, MountedFile]:
        """Return every file by its path at run time; where two mounts have it, the later one wins, as with layers."""
        return {place.path: place for mount in self.mounts for place in _places(mount)}

    @cached_property
    def _links(self) -> dict[str, str]:
        """Return the links by their path at run time, and where they really lead."""
        return {
            f"{mount.root}/{link}": f"{mount.root}/{target}"
            for mount in self.mounts
            for link, target in mount.inventory.links.items()
        }

    def at(self, path: str) -> MountedFile | None:
        """Return the file at a path at run time, links to folders on the way followed; None if there is none."""
        found = self.by_path.get(path)
        if found is not None or not self._links:
            return found
        parts = path.split("/")
        for _ in range(len(parts)):
            ends = [end for end in range(2, len(parts)) if "/".join(parts[:end]) in self._links]
            if not ends:
                return None
            parts = [*self._links["/".join(parts[: ends[0]])].split("/"), *parts[ends[0] :]]
            if found := self.by_path.get("/".join(parts)):
                return found
        return None

    @cached_property
    def judged(self) -> tuple[MountedFile, ...]:
        """Return the files that findings may be about."""
        return tuple(place for mount in self.mounts if mount.judged for place in _places(mount))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Return how every needed library resolves on the target."""
        from packager.audit.binaries.loader import links

        return links(self)

    @cached_property
    def natives(self) -> tuple[MountedFile, ...]:
        """Return the judged files that hold (or pose as) native code a loader may meet; no object files."""
        return tuple(place for place in self.judged if _is_native(place.file))


def _places(mount: Mounted) -> list[MountedFile]:
    return [MountedFile(mount, file) for file in mount.inventory.files]


def _is_native(file: File) -> bool:
    if file.unreadable:
        return True
    if file.path.endswith(_OBJECT_FILES):
        return False
    if file.elf is not None:
        return file.elf.type in ("executable", "shared")
    return file.format in ("macho", "pe")
