"""Native files of other systems: recognised by their contents, dropped only where the target's own twin is there.

Dropping the only binary of a package because it is foreign would hide the mistake from the audit, so it stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.inventory.builds import idle_builds
from packager.inventory.builds import suits as suits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.inventory import File
    from packager.model.targets import Target

# Words that name a system in package, folder and file names: npm's @scope/name-linux-x64-musl as well as prebuilds/….
_TOKENS = re.compile(
    r"(?<![a-z0-9])(?:linuxmusl|linux|darwin|macos|osx|win32|windows|win|freebsd|openbsd|netbsd|sunos|android|alpine|wasm32|wasi"
    r"|ios|simulator"
    r"|x64|x86_64|x86|ia32|amd64|arm64|aarch64|armv6|armv7|armv8|arm|ppc64le|ppc64|s390x|riscv64|loong64|mips64el|universal"
    r"|musl|gnu|glibc|libc|gnueabihf|musleabihf|eabihf|eabi|msvc|debian|rhel|openssl|manylinux\w*|musllinux\w*"
    r"|node|napi|v?\d+(?:\.(?:\d+|x))*)(?![a-z0-9])"
)


def family(path: str) -> str:
    """Return a path with the words that name systems left out: equal for twins of one native file.

    >>> family("node_modules/@libsql/linux-x64-gnu/index.node") == family(
    ...     "node_modules/@libsql/linux-x64-musl/index.node"
    ... )
    True
    >>> family("prebuilds/linux-x64/a.bare") == family("prebuilds/ios-arm64-simulator/a.bare")
    True
    >>> family("prebuilds/linux-x64/bcrypt.glibc.node") == family("prebuilds/darwin-arm64/bcrypt.node")
    True
    """
    path = re.sub(r"\.(?:dylib|dll|exe|so)(?=\.|$)", "", path.lower())
    return re.sub(r"[-_.+]+(?=[-_.+/]|$)|(?<=/)[-_.+]+", "", _TOKENS.sub("", path))


def native(file: File) -> bool:
    """Return whether a file is machine code of any system."""
    return file.format in ("elf", "macho", "pe")


def foreign_files(files: Iterable[File], target: Target) -> dict[str, str]:
    """Return path → reason for the native files whose suited twin is among `files`; another Node's count."""
    natives = [file for file in files if native(file)]
    served = {family(file.path): file.path for file in natives if suits(file, target)}
    idle = {
        path: f"built for {what}; {twin} is the target's" for path, (what, twin) in idle_builds(natives, target).items()
    }
    return idle | {
        file.path: f"for another system; {served[family(file.path)]} is the target's"
        for file in natives
        if not suits(file, target) and family(file.path) in served
    }


def foreign_packages(files: Iterable[File], target: Target) -> dict[str, str]:
    """Return package folder → reason for packages that hold nothing native but foreign twins."""
    files = tuple(files)
    foreign = foreign_files(files, target)
    verdicts: dict[str, str] = {}
    spared: set[str] = set()
    for file in files:
        if file.package is None or not file.package.path or not native(file):
            continue
        if file.path in foreign:
            verdicts.setdefault(file.package.path, foreign[file.path])
        else:
            spared.add(file.package.path)
    # A package that carries prebuilds of many systems keeps its own code; one made for a system goes as a whole.
    return {
        folder: reason
        for folder, reason in verdicts.items()
        if folder not in spared and family(folder) != folder.lower()
    }
