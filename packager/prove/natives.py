"""Which native files of an unpacked bundle the target could load at all: those are opened once each in a proof."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from packager.core.errors import ArtifactError
from packager.inventory.elf import read_elf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.model.inventory import ElfFacts
    from packager.model.targets import Target

_CPYTHON = re.compile(r"\.cpython-(?P<version>\d+)[a-z]*(?:-[\w-]+)?\.so$")
# Prebuilds for hosts other than Node, by the conventions of prebuildify and node-gyp-build.
_OTHER_HOST = re.compile(r"(^|[/._-])(electron|node-webkit|nw)([/._-]|$)")


def native_files(root: Path, mount: str, target: Target) -> tuple[str, ...]:
    """Return the runtime paths of native files under a root that are meant for this target, sorted.

    Files for other systems are common and harmless (prebuilds); the audit speaks of them, a proof skips them.
    """
    return tuple(
        f"{mount}/{path.relative_to(root).as_posix()}"
        for path in _candidates(root, target)
        if (facts := _facts(path)) is not None and _suits(facts, target)
    )


def extension_modules(*roots: Path) -> tuple[str, ...]:
    """Return the paths of all Python extension modules, for whatever version and system, relative to their root."""
    return tuple(sorted(path.relative_to(root).as_posix() for root in roots for path in root.rglob("*.so")))


def _candidates(root: Path, target: Target) -> Iterator[Path]:
    if target.language not in ("nodejs", "python"):
        return
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            if target.language == "nodejs" and name.endswith(".node"):
                path = root / folder / name
                if not _OTHER_HOST.search(path.relative_to(root).as_posix()):
                    yield path
            elif target.language == "python" and _is_extension_module(name, target.language_version):
                yield root / folder / name


def _is_extension_module(name: str, version: str) -> bool:
    """Return whether Python would import this file: ``x.so``, ``x.abi3.so`` or one tagged for this very version.

    >>> _is_extension_module("_rust.abi3.so", "3.12"), _is_extension_module("libssl.so.3", "3.12")
    (True, False)
    """
    tagged = _CPYTHON.search(name)
    if tagged is not None:
        return tagged["version"] == version.replace(".", "")
    return name.endswith(".so") and not name.startswith("lib")


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
