"""Which native files of an unpacked bundle the target could load at all: those are opened once each in a proof."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import ArtifactError
from packager.inventory.builds import idle_builds, unserved_builds
from packager.inventory.elf import read_elf
from packager.languages.registry import LANGUAGES
from packager.model.inventory import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.inventory import ElfFacts
    from packager.model.targets import Target


def native_files(root: Path, mount: str, target: Target) -> tuple[str, ...]:
    """Return the runtime paths of native files under a root that are meant for this target, sorted.

    Files for other systems and other versions of Node are common and harmless (prebuilds); the audit speaks of them, a
    proof skips them. Where no build of an addon is for this Node, one of them is opened and says so.
    """
    files = [
        File(path.relative_to(root).as_posix(), 0, format="elf", elf=facts)
        for path in _candidates(root, target)
        if (facts := _facts(path)) is not None and _suits(facts, target)
    ]
    skipped = idle_builds(files, target).keys() | unserved_builds(files, target).keys()
    return tuple(f"{mount}/{file.path}" for file in files if file.path not in skipped)


def extension_modules(target: Target, *roots: Path) -> tuple[str, ...]:
    """Return the paths of all extension modules, for whatever version and system, relative to their root."""
    suffix = LANGUAGES[target.language].extension_suffix
    if not suffix:
        return ()
    return tuple(sorted(path.relative_to(root).as_posix() for root in roots for path in root.rglob(f"*{suffix}")))


def _candidates(root: Path, target: Target) -> Iterator[Path]:
    opens_native = LANGUAGES[target.language].opens_native
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        inner = "" if folder == str(root) else f"{os.path.relpath(folder, root)}/"
        for name in sorted(names):
            if opens_native(f"{inner}{name}", target.language_version):
                yield Path(folder, name)


def _facts(path: Path) -> ElfFacts | None:
    """Return the ELF facts of a file; None for what is not readable as one: the audit reports that."""
    try:
        with path.open("rb") as stream:
            return read_elf(stream) if stream.read(4) == b"\x7fELF" and not stream.seek(0) else None
    except (ArtifactError, PermissionError):
        return None


def _suits(facts: ElfFacts, target: Target) -> bool:
    """Return whether machine and libc are the target's. musl's and Android's is called ``libc.so``, glibc's never."""
    if facts.machine != target.arch or facts.bits != 64:
        return False
    foreign = any(name == "libc.so" or name.startswith(("libc.musl", "ld-musl")) for name in facts.needed)
    return not foreign if target.baseline.libc == "glibc" else "libc.so.6" not in facts.needed
