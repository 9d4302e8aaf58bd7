"""Several builds of one addon in a package: which of them serve here, and which lie idle beside those? Pure.

Packages ship an addon once per version of Node (``bin/linux-x64-node-9``, ``dd_pprof.node.abi108.node``,
``uws_linux_57.node``), for other programs (``electron.napi.node``) and once more for older systems
(``glibc-147-Release``). Their own loaders pick by name, or try one after the other. A build that cannot be loaded here
is idle if its path says for what it is and another one serves; what is called nothing but ``build/Release/x.node`` is
what its package loads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.catalog.node_releases import node_release
from packager.inventory.limits import too_new
from packager.inventory.systems import libc_of, operating_system
from packager.languages.registry import LANGUAGES
from packager.model.packages import package_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.inventory import ElfFacts, File
    from packager.model.targets import Target

_WORD = re.compile(
    r"(?:linux(?:musl)?|darwin|macos|osx|mac|win(?:32|64|dows)?|alpine|android|debian|(?:free|open|net)bsd|x64|x86_64|amd64|"
    r"ia32|x86|arm64|aarch64|arm(?:v[678])?|ppc64(?:le)?|s390x|glibc|gnu|musl|libc|msvc|node(?:-v?\d[\d.]*)?|napi(?:-v\d+)?|"
    r"iojs|electron(?:-v?\d[\d.]*)?|nw|node-webkit|abi\d+|uv\d*|unknown|v?\d[\d.]*)"
)
_SAYS = re.compile(rf"(?<![A-Za-z0-9]){_WORD.pattern}(?![A-Za-z0-9])")
_SYSTEM = re.compile(r"(?<![A-Za-z0-9])(?:linux(?:musl)?|darwin|win32|windows|freebsd|android)(?![A-Za-z0-9])")
_COMPILED = re.compile(r"(?:^|/)build/(?:Release|Debug)/[^/]+$")
_ABI = re.compile(r"(?<![A-Za-z0-9])abi(\d+)(?![A-Za-z0-9])")
"""Names that node-gyp-build takes at their word, and before those of Node-API."""


def suits(file: File, target: Target) -> bool:
    """Return whether a native file is for the target's machine, system and libc at all; versions are another matter."""
    if file.format in ("macho", "pe"):
        return False
    elf = file.elf
    if elf is None:
        return True
    if elf.machine != target.arch or operating_system(elf) != "linux":
        return False
    libc = libc_of(elf) or ("glibc" if "ld-linux" in elf.interpreter else "")
    return libc in ("", target.baseline.libc)


def refused(elf: ElfFacts, target: Target) -> str:
    """Return for what else a binary of the right kind was built, as far as the file says it; empty if it loads.

    Such as "NODE_MODULE_VERSION 57" or "a newer system (GLIBC_2.38)".
    """
    if fault := LANGUAGES[target.language].addon_fault(elf, target.language_version):
        return f"NODE_MODULE_VERSION {elf.node_modules}" if fault[0] == "ABI013" else f"Node-API {elf.node_api}"
    newer = too_new(elf, target.baseline)
    return f"a newer system ({newer})" if newer else ""


def idle_builds(files: Iterable[File], target: Target) -> dict[str, tuple[str, str]]:
    """Return path → (for what it was built, the build that serves in its place) of addons that nothing loads here."""
    return {
        file.path: (refused(file.elf, target), served)
        for group in build_groups(files, target)
        for file in group
        if file.elf and (served := _served_by(file, group, target))
    }


def unserved_builds(files: Iterable[File], target: Target) -> dict[str, str]:
    """Return path → for what it was built, of addons of which no build serves; the nearest one is left out."""
    found: dict[str, str] = {}
    for group in build_groups(files, target):
        if all(named_for_one(file.path) and not serves(file, target) for file in group):
            nearest = max(group, key=lambda file: (file.elf.node_modules if file.elf else 0, file.path))
            found.update({each.path: refused(each.elf, target) for each in group if each.elf and each is not nearest})
    return {path: what for path, what in found.items() if what}


def build_groups(files: Iterable[File], target: Target) -> list[list[File]]:
    """Return the addons for the target's kind of system, those of one package together."""
    groups: dict[str, list[File]] = {}
    opens = LANGUAGES[target.language].opens_native
    for file in files:
        if not file.path.endswith(".node") or file.elf is None or not suits(file, target):
            continue
        if opens(file.path, target.language_version) or named_for_one(file.path):
            groups.setdefault(_owner(file.path), []).append(file)
    return list(groups.values())


def serves(file: File, target: Target) -> bool:
    """Return whether an addon of the right kind loads here, as far as the file says it."""
    opens = LANGUAGES[target.language].opens_native(file.path, target.language_version)
    return opens and file.elf is not None and not file.unreadable and not refused(file.elf, target)


def named_for_one(path: str) -> bool:
    """Return whether a path says for which system or version a build is.

    >>> named_for_one("node_modules/a/bin/linux-x64-node-9/a.node"), named_for_one("build/Release/a.node")
    (True, False)
    """
    folder = package_folder(path)
    name = folder.rpartition("node_modules/")[2]
    inner = path.removeprefix(f"{folder}/")[: -len(".node")]
    return bool(_SAYS.search(inner) or _SYSTEM.search(name))


def _served_by(file: File, group: list[File], target: Target) -> str:
    """Return the build that loads in place of one that does not; empty if it loads, or none does."""
    if serves(file, target) or not named_for_one(file.path):
        return ""
    own = _stem(file.path)
    release = node_release(target.language_version)
    number = str(release.modules) if release else "-"
    preferred = number in _ABI.findall(file.path)
    twins = [
        other.path
        for other in group
        if (_stem(other.path) in (own, "") or not own or _COMPILED.search(other.path))
        and serves(other, target)
        and (_ABI.search(other.path) or not preferred)
    ]
    majors = rf"(?<![0-9]){number}(?![0-9])|node-v?{target.language_version}(?![0-9])"
    return max(twins, key=lambda path: (bool(re.search(majors, path)), path), default="")


def _owner(path: str) -> str:
    """Return the package of an addon; one that is made for a system is called as its siblings are.

    >>> _owner("node_modules/@lmdb/lmdb-linux-x64/node.abi115.glibc.node")
    'node_modules/@lmdb/lmdb'
    """
    folder = package_folder(path)
    before, slash, name = folder.rpartition("node_modules/")
    return before + slash + (_bare(name) if _SYSTEM.search(name) else name)


def _stem(path: str) -> str:
    """Return what an addon is called besides words for systems and versions.

    >>> _stem("prebuilds/linux-x64/dd_pprof.musl.node.abi131.node"), _stem("uws_linux_57.node"), _stem("node.napi.node")
    ('dd_pprof', 'uws', '')
    """
    return _bare(path.rpartition("/")[2].removesuffix(".node"))


def _bare(text: str) -> str:
    words = [word for word in re.split(r"[-.+]|_(?=x64|linux|darwin|win32|arm64|v?\d+(?:$|[-._]))", text) if word]
    return "-".join(word for word in words if not _WORD.fullmatch(word))
