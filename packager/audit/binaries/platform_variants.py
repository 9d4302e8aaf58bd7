"""Variants of one binary for several systems: which of them counts here? Pure.

Packages ship variants as sibling packages (``@libsql/linux-x64-gnu``, ``@img/sharp-darwin-arm64``), folders
(``prebuilds/linux-arm64/…``, ``bin/napi-v6/darwin/x64/…``) or files (``bcrypt.musl.node``). Their own loaders pick one
by platform, so the others are never loaded and no fault, as long as one is right. If none is, the nearest one stands
for the fault, and one finding is enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.audit.binaries.abi import misfit
from packager.core.units import format_size
from packager.inventory.builds import idle_builds, unserved_builds
from packager.inventory.systems import libc_of, operating_system

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packager.audit.context import AuditContext, MountedFile
    from packager.model.findings import Finding

_SYSTEMS = re.compile(
    r"linux(musl)?|darwin|macos|osx|mac|win(32|64|dows)?|(free|open|net)bsd|sunos|android|aix|alpine|debian|rhel|openharmony"
)
_PROCESSORS = re.compile(
    r"64|32|x64|amd64|x86(_64)?|ia32|i[36]86|386|arm64|aarch64|arm(v[678][al]?|hf)?|ppc64(le)?|s390x|riscv64|loong(arch)?64|"
    r"mips64el|universal2?|win_amd64"
)
_VARIANTS = re.compile(r"glibc|gnu(eabi(hf)?)?|musl(eabi(hf)?)?|msvc|eabi|openssl(-.+)?")
_NEUTRAL = re.compile(r"node|napi|electron|unknown|abi3|v?\d+|abi\d+|cp\d+|cpython|static|[0-9]+\.[0-9.x]+x?")
_WORDS = re.compile(r"x86_64|win_amd64|openssl-[0-9]+\.[0-9]+\.x|[A-Za-z0-9]+")
_STORE = re.compile(r"node_modules/\.[^/]+/[^/]+?@(\d[^/_(]*)[^/]*/node_modules/")
"""Where pnpm and Bun put a package: under its own name, which names the system, and its version."""
_FOREIGN_ONLY = re.compile(r"\.(exe|dll|dylib)$|\.app/")
"""Helpers that packages ship for the one system that can use them; nothing on Linux would load them."""


def _platform_words(name: str) -> tuple[bool, bool, bool, str]:
    """Return whether a name has a system, a processor, nothing but such words; and what is left of it."""
    words = _WORDS.findall(name)
    system = processor = False
    rest: list[str] = []
    other = False
    for word in words:
        lower = word.lower()
        if _SYSTEMS.fullmatch(lower):
            system = True
        elif _PROCESSORS.fullmatch(lower):
            processor = True
        elif not _VARIANTS.fullmatch(lower):
            other = other or _NEUTRAL.fullmatch(lower) is None
            rest.append(word)
    return system, processor, not other, "-".join(rest)


def family_of(path: str) -> str:
    """Return what all variants of a binary share; empty for a file that is not a variant.

    >>> family_of("node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64.node")
    'node_modules/@img/sharp-*'
    >>> family_of("node_modules/bcrypt/prebuilds/linux-arm64/bcrypt.musl.node")
    'node_modules/bcrypt/prebuilds/*'
    >>> family_of("app/_x.cpython-312-x86_64-linux-gnu.so")
    'app/_x'
    >>> family_of("node_modules/bcrypt/build/Release/bcrypt_lib.node")
    ''
    """
    *folders, name = _STORE.sub(r"node_modules/.store@\1/node_modules/", path).split("/")
    start = len(folders) - folders[::-1].index("node_modules") if "node_modules" in folders else 0
    for position in range(start, len(folders)):
        system, processor, only, rest = _platform_words(folders[position])
        package = start and position <= start + 1 and (position == start or folders[start].startswith("@"))
        if (system and processor) if package else (only and (system or processor)):
            before = "/".join(folders[:position])
            return f"{before}/{rest + '-' if rest and package else ''}*".lstrip("/")
    system, processor, _, _ = _platform_words(name)
    variant = any(_VARIANTS.fullmatch(word) for word in re.split(r"[-_.]", name.lower()))
    if not (system or processor or variant):
        return ""
    stem = re.split(r"\.(?:cpython-|cp\d|abi3|so|node|pyd|dll|dylib|exe)", name)[0]
    rest = _platform_words(stem)[3].lower().removeprefix("lib").replace("_", "-") if stem != name else name
    if ".cpython-" in name or ".abi3." in name:
        rest = stem
    return "/".join([*folders, rest])


_OF_OTHERS = {"ABI002", "ABI012", "ABI013"}
"""What is wrong with a build for another Node or a newer system, and nothing else."""


@dataclass(frozen=True)
class _Member:
    place: MountedFile
    built_for: str
    nearness: tuple[bool, bool, bool]


def excuse(scene: AuditContext, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings, with those about variants that are never loaded turned into one note per family: ABI010."""
    families: dict[tuple[str, str], list[MountedFile]] = {}
    for place in scene.natives:
        families.setdefault((place.mount.name, family_of(place.file.path)), []).append(place)
    at_fault = {finding.subject for finding in findings if finding.severity == "error"}
    excused: set[str] = set()
    for (_, family), places in families.items():
        groups = [places] if family else [[place] for place in places]
        for group in groups:
            idle = list(_idle(group, family, scene, at_fault))
            if idle:
                excused.update(member.place.subject for member in idle)
                yield _note(idle)
    for idle in _idle_builds(scene, findings, excused):
        excused.update(member.place.subject for member in idle)
        yield _note(idle)
    yield from (finding for finding in findings if finding.subject not in excused)


def _idle_builds(scene: AuditContext, findings: Sequence[Finding], excused: set[str]) -> Iterator[list[_Member]]:
    """Yield, package by package, the addons built for another Node or system that lie beside one that serves.

    Where none serves, the nearest stands for the fault of all.
    """
    codes: dict[str, set[str]] = {}
    for finding in findings:
        if finding.severity == "error":
            codes.setdefault(finding.subject, set()).add(finding.code)
    for mount in scene.mounts:
        places = {place.file.path: place for place in scene.natives if place.mount is mount}
        files = [place.file for place in places.values() if place.subject not in excused]
        built_for = {path: what for path, (what, _) in idle_builds(files, scene.target).items()}
        built_for |= unserved_builds(files, scene.target)
        groups: dict[str, list[_Member]] = {}
        for path, what in built_for.items():
            place = places[path]
            if codes.get(place.subject, set()) <= _OF_OTHERS:
                package = place.file.package.path if place.file.package else ""
                groups.setdefault(package, []).append(_Member(place, what, (True, True, True)))
        yield from groups.values()


def _idle(places: list[MountedFile], family: str, scene: AuditContext, at_fault: set[str]) -> Iterator[_Member]:
    """Yield the members that are never loaded here."""
    foreign = [member for place in places if (member := _foreign(place, scene))]
    names = {member.place.subject for member in foreign}
    right = [place for place in places if place.subject not in names and not place.file.unreadable]
    if right:
        # Engines are picked by OpenSSL too: one that fails is idle beside one that loads.
        failing = [place for place in right if place.subject in at_fault and "openssl-" in place.file.path]
        if len(failing) < len(right):
            yield from (_Member(place, "another OpenSSL", (True, True, True)) for place in failing)
        yield from foreign
    elif foreign and (_has_own_build(places, scene) or all(_for_others(member, family) for member in foreign)):
        yield from foreign
    elif len(foreign) > 1:
        best = max(member.nearness for member in foreign)
        yield from (member for member in foreign if member.nearness != best)


def _foreign(place: MountedFile, scene: AuditContext) -> _Member | None:
    fault = misfit(place.file, scene.target)
    if fault is None or fault.code == "ABI004":
        return None
    elf = place.file.elf
    if elf is None:
        return _Member(place, fault.built_for, (False, scene.target.arch in _arch_words(place.file.path), False))
    linux = operating_system(elf) == "linux"
    return _Member(
        place,
        fault.built_for,
        (linux, elf.machine == scene.target.arch, libc_of(elf) in ("", scene.target.baseline.libc)),
    )


def _arch_words(path: str) -> set[str]:
    words = {word.lower() for word in _WORDS.findall(path)}
    titles = {"x64": "x86_64", "amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
    return {title for word, title in titles.items() if word in words}


def _has_own_build(places: list[MountedFile], scene: AuditContext) -> bool:
    """Return whether the package has an addon outside the family that fits: compiled in build/Release, say."""
    package = places[0].file.package
    if package is None or not package.path:
        return False
    return any(
        other.file.package == package
        and other.file.path.endswith(".node")
        and other.mount is places[0].mount
        and other not in places
        and not other.file.unreadable
        and misfit(other.file, scene.target) is None
        for other in scene.natives
    )


def _for_others(member: _Member, family: str) -> bool:
    """Return whether a binary was never meant for Linux, so that having no variant for it is not a fault."""
    package = member.place.file.package
    if family.endswith("*"):
        return False
    if _FOREIGN_ONLY.search(member.place.file.path):
        return True
    return package is not None and bool(package.os) and "linux" not in package.os


def _note(idle: list[_Member]) -> Finding:
    size = format_size(sum(member.place.file.size_bytes for member in idle))
    built_for = ", ".join(sorted({member.built_for for member in idle}))
    first = idle[0].place
    if len(idle) == 1:
        return first.finding("ABI010", f"is for {built_for} and never loaded here ({size})")
    names = sorted(member.place.file.path for member in idle)
    message = f"and {len(names) - 1} other variants are for {built_for}: never loaded here ({size} together)"
    place = min((member.place for member in idle), key=lambda place: place.file.path)
    return place.finding("ABI010", message)
