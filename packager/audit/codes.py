"""The codes of all findings: stable, documented, and what ``--explain`` prints.

A code never changes its meaning; a message may get better. Severities here are the usual ones: a few checks report the
same code more mildly where the loader would, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.audit import Severity


@dataclass(frozen=True)
class Code:
    """One row of the table."""

    code: str
    title: str
    severity: Severity
    meaning: str
    fix: str


_TABLE = (
    Code(
        "ABI001",
        "wrong machine",
        "error",
        "The binary is for another processor than the target's. The loader's own message is misleading: it says "
        "'cannot open shared object file' or 'Exec format error'.",
        "Install or build it for the target's architecture.",
    ),
    Code(
        "ABI002",
        "symbol version",
        "error",
        "The binary asks a library for a newer symbol version than the target has, such as GLIBC_2.38 where 2.34 is "
        "the highest. It was built on a newer system.",
        "Build it in the target's image (--builder docker) or take a prebuilt binary for an older system.",
    ),
    Code(
        "ABI003",
        "other libc",
        "error",
        "The binary is linked with another C library than the target has: musl (Alpine) or Bionic (Android) where the "
        "target has glibc, or the other way round.",
        "Install the variant for the target's C library.",
    ),
    Code(
        "ABI004",
        "interpreter",
        "error",
        "The program names a dynamic loader that the target does not have at that path: 'No such file or directory', "
        "though the program is there.",
        "Link it with the target's loader path, or statically.",
    ),
    Code(
        "ABI005",
        "other operating system or format",
        "error",
        "The ELF file is not for 64-bit little-endian Linux: a FreeBSD addon, a 32-bit or big-endian binary.",
        "Install or build it for 64-bit Linux.",
    ),
    Code(
        "ABI006",
        "misplaced segment",
        "error",
        "A segment's address and file offset do not match its alignment, so the loader refuses it ('ELF load command "
        "address/offset not page-aligned'). Strip does this to files that patchelf has rewritten.",
        "Use the file as it was before it was stripped.",
    ),
    Code(
        "ABI007",
        "built on macOS or Windows",
        "error",
        "The file is a Mach-O or PE binary: 'invalid ELF header'.",
        "Install or build the package for Linux.",
    ),
    Code(
        "ABI008",
        "unreadable binary",
        "error",
        "A native library is truncated or broken, or it is no native code at all: an empty file, a text, a Git LFS "
        "pointer.",
        "Install or fetch the file again.",
    ),
    Code(
        "ABI009",
        "executable stack",
        "warning",
        "The binary asks for an executable stack. glibc 2.41 and hardened systems refuse to load such a library.",
        "Assemble it with -z noexecstack.",
    ),
    Code(
        "ABI010",
        "never loaded here",
        "note",
        "Binaries for other systems lie beside one for the target, or in a package that says it is for another system. "
        "They do no harm and only take space.",
        "Leave them out; `packager build` does.",
    ),
    Code(
        "ABI011",
        "processor level",
        "warning",
        "The binary says it needs x86-64-v4 (AVX-512), which not every host machine of a serverless service has.",
        "Build it for x86-64-v2 or x86-64-v3.",
    ),
    Code(
        "PKG001",
        "not compiled",
        "error",
        "The package is compiled when it is installed (it has a binding.gyp), but nothing for the target came of it: "
        "its install script was not run for another architecture, or failed. A warning for optional dependencies.",
        "Build in the target's userland with --builder docker, or take a version that ships prebuilt binaries.",
    ),
    Code(
        "LIB001",
        "library missing",
        "error",
        "A needed library is neither in the target's system nor where the loader would look for it in the bundle.",
        "Bundle the library in lib/, or take a build that does not need it.",
    ),
    Code(
        "LIB002",
        "library not promised",
        "warning",
        "A needed library is in the public base image, but was not seen in the real runtime; it belongs to the image's "
        "package manager and may go.",
        "Bundle the library in lib/.",
    ),
    Code(
        "LIB003",
        "library shadowed",
        "warning",
        "A bundled library is never loaded: the system has one of the same name, and system folders are searched "
        "first.",
        "Leave it out. If its version matters, give its users a DT_RPATH of $ORIGIN/….",
    ),
    Code(
        "SIZE001",
        "zip too large",
        "error",
        "The zip is longer than your budget, or (as a warning) than the host takes in a direct upload.",
        "Leave out the largest files, or upload through S3.",
    ),
    Code(
        "SIZE002",
        "too large unpacked",
        "error",
        "The files are larger together than the host unpacks.",
        "Leave out the largest files or move a part into another function.",
    ),
    Code(
        "SIZE003",
        "too large with layers",
        "error",
        "Function and layers together are larger than the host unpacks.",
        "Leave out what is in both, or the largest files.",
    ),
    Code("SIZE004", "too many layers", "error", "The function has more layers than the host allows.", "Merge layers."),
    Code(
        "SIZE005",
        "too many entries",
        "error",
        "The archive has more entries than a zip without zip64 records can hold.",
        "Bundle the code, or leave out what is not needed.",
    ),
    Code(
        "ZIP001",
        "names differ only in case",
        "warning",
        "Two paths differ only in upper and lower case. Linux keeps both; whoever unpacks on macOS or Windows loses "
        "one.",
        "Rename one of them.",
    ),
)

CODES: dict[str, Code] = {row.code: row for row in _TABLE}
"""Every code this version can report."""


def explain(code: str) -> Code | None:
    """Return the row of a code, in any case of letters; None for an unknown one."""
    return CODES.get(code.upper())
