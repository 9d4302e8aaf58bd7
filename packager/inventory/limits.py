"""What a system's own libraries offer to a binary that asks for symbol versions. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.model.targets import Version, parse_version

if TYPE_CHECKING:
    from packager.model.inventory import ElfFacts, SymbolVersion
    from packager.model.targets import Baseline

_NUMBERED = re.compile(r"(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)")
_C_LIBRARY = re.compile(
    r"(ld-linux.*|ld64|lib(c|m|mvec|dl|rt|pthread|util|resolv|nsl|anl|BrokenLocale|thread_db|nss_.*))\.so\.\d+"
)
_GLIBC_FEATURES: dict[str, Version] = {
    "GLIBC_ABI_DT_RELR": (2, 36),
    "GLIBC_ABI_GNU_TLS": (2, 42),
    "GLIBC_ABI_GNU2_TLS": (2, 42),
}
"""Versions that stand for an ability of the loader. Source: glibc NEWS for 2.36 and 2.42."""
_GCC_BY_GLIBCXX: tuple[tuple[Version, Version], ...] = (
    ((3, 4, 33), (14, 0, 0)),
    ((3, 4, 31), (13, 0, 0)),
    ((3, 4, 30), (12, 0, 0)),
    ((3, 4, 22), (7, 0, 0)),
    ((3, 4, 19), (4, 8, 0)),
)
"""libstdc++ and libgcc_s come from one GCC: lowest GLIBCXX version of a release → the newest GCC_ version its libgcc_s
has. Source: libstdc++ manual, "ABI Policy and Guidelines"; libgcc's version scripts."""


def limit_of(need: SymbolVersion, baseline: Baseline) -> tuple[Version, Version, str] | None:
    """Return the version asked, the highest one the system has, and of which library; None if no library limits it."""
    if _C_LIBRARY.fullmatch(need.soname):
        if need.version in _GLIBC_FEATURES:
            return _GLIBC_FEATURES[need.version], baseline.glibc, "glibc"
        found = _NUMBERED.fullmatch(need.version)
        return (parse_version(found[2]), baseline.glibc, "glibc") if found and found[1] == "GLIBC" else None
    if need.soname == "libgcc_s.so.1":
        found = _NUMBERED.fullmatch(need.version)
        offered = next((gcc for glibcxx, gcc in _GCC_BY_GLIBCXX if baseline.glibcxx >= glibcxx), ())
        return (parse_version(found[2]), offered, "GCC") if found and found[1] == "GCC" and offered else None
    if need.soname == "libstdc++.so.6":
        found = _NUMBERED.fullmatch(need.version)
        if found and found[1] in ("GLIBCXX", "CXXABI"):
            offered = baseline.glibcxx if found[1] == "GLIBCXX" else baseline.cxxabi
            return parse_version(found[2]), offered, found[1]
    family, _, number = need.version.partition("_")
    for name, offered in baseline.versions:
        # OPENSSL_1_1_1 and the like are of a library with another soname: LIB001 has the say there.
        if name == family and re.fullmatch(r"\d+(\.\d+)*", number):
            return parse_version(number), offered, need.soname
    return None


def too_new(elf: ElfFacts, baseline: Baseline) -> str:
    """Return the newest symbol version a binary asks of the system and does not get, such as GLIBC_2.38; or ""."""
    missing = [
        (need.version.startswith("GLIBC_"), limit[0], need.version)
        for need in elf.versions_needed
        if not need.weak and (limit := limit_of(need, baseline)) is not None and limit[0] > limit[1]
    ]
    return max(missing)[2] if missing else ""
