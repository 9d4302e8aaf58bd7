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
        "ENG001",
        "no engine",
        "error",
        "A generated client opens a native engine, and there is none beside it: 'Query Engine could not be located'. "
        "Bundlers and file tracers do not see it, since it is opened by path.",
        "Generate for the target and pack the engine beside the client.",
    ),
    Code(
        "ENG002",
        "engine for another system",
        "error",
        "There are engines beside the client, but none for the system the target runs: 'was generated for X, but the "
        "actual deployment required Y'.",
        "Add the target's name to binaryTargets in the schema and generate again.",
    ),
    Code(
        "ENG003",
        "more engines than needed",
        "warning",
        "Engines for other systems, or the generator's own copies, are packed. Each takes 15 to 45 MB.",
        "Leave them out; `packager build` keeps the one the target needs.",
    ),
    Code(
        "ENG004",
        "engine not executable",
        "error",
        "The engine is a program the client starts, and its executable bit is missing: EACCES. Many zip tools lose it.",
        "Pack it with mode 755: `packager pack` sets it.",
    ),
    Code(
        "ENG005",
        "override to nowhere",
        "error",
        "PRISMA_QUERY_ENGINE_LIBRARY or PRISMA_QUERY_ENGINE_BINARY names a file that is not in the artifact. The "
        "client does not check it and tries nothing else.",
        "Remove the variable, or let it name the engine beside the client.",
    ),
    Code(
        "ENG006",
        "client not generated",
        "error",
        "The package holds the stub it was published with: '@prisma/client did not initialize yet'.",
        "Run `prisma generate` before packing; `packager build` does.",
    ),
    Code(
        "ENG007",
        "client older than the schema",
        "warning",
        "The client was generated from another schema than the one packed with it, as happens where node_modules is "
        "kept between builds.",
        "Generate again as a step of every build, not on install.",
    ),
    Code(
        "ENG008",
        "client and package apart",
        "error",
        "The generated .prisma/client and @prisma/client import each other, but lie in different artifacts: function "
        "and layer. Node looks for them side by side.",
        "Pack both into the layer, or both into the function.",
    ),
    Code(
        "ENG009",
        "no schema beside the engine",
        "warning",
        "The client tells its own folder by the schema.prisma in it; without it, it looks below the working directory.",
        "Pack schema.prisma beside the engine.",
    ),
    Code(
        "ENG010",
        "part of the client missing",
        "error",
        "A file the client imports or reads at start is not packed: its runtime module, or its WebAssembly compiler.",
        "Pack it; bundlers that inline the client must copy it beside the bundle.",
    ),
    Code(
        "ENG011",
        "left by an aborted generate",
        "warning",
        "An engine under a temporary name (.tmp and a process number). It matches patterns meant for engines, and "
        "nobody opens it.",
        "Delete it, or leave out *.tmp[0-9]*.",
    ),
    Code(
        "ENG012",
        "engine is none",
        "error",
        "The file with the engine's name holds something else: nothing, half a download, a page of HTML from a proxy.",
        "Delete it and the generator's cache (~/.cache/prisma), then generate again.",
    ),
    Code(
        "ABI012",
        "Node-API level",
        "error",
        "The addon declares a newer Node-API version than the runtime's Node offers. Node refuses it, or "
        "crashes when it calls what is not there.",
        "Take a release of the package for this version of Node, or a newer runtime.",
    ),
    Code(
        "ABI013",
        "other Node",
        "error",
        "The addon was compiled against the C++ interface of another major version of Node: 'was compiled "
        "against a different Node.js version using NODE_MODULE_VERSION'.",
        "Install or rebuild it with the runtime's version of Node.",
    ),
    Code(
        "ABI014",
        "other Python",
        "error",
        "The extension module's name carries the tag of another version of Python, so this one does not even "
        "look at it: 'No module named …'.",
        "Install the wheels of the runtime's version of Python.",
    ),
    Code(
        "ABI015",
        "wheel for another system",
        "error",
        "A package with native code was installed from a wheel whose tags name another Python, machine or system.",
        "Install the wheel for the target.",
    ),
    Code(
        "EXE001",
        "not executable",
        "warning",
        "A program lacks the execute bit for the runtime's user, or the archive keeps no modes: 'permission "
        "denied' when it is started. For a bootstrap this is an error.",
        "Make it 0755 before packing, or re-pack the archive: `packager pack` sets modes by content.",
    ),
    Code(
        "EXE002",
        "interpreter missing",
        "warning",
        "A script names an interpreter that the target has not got, or has Windows line ends, which become "
        "part of the interpreter's name. For a bootstrap this is an error.",
        "Name an interpreter of the target, such as /bin/sh, and use Unix line ends.",
    ),
    Code(
        "HND001",
        "handler missing",
        "error",
        "The file that the handler names is not where the runtime looks for it.",
        "Include the file, or correct the handler: FILE.EXPORT, relative to the archive's root.",
    ),
    Code(
        "HND002",
        "ES module or CommonJS",
        "error",
        "The handler's file is written as one kind of module and declared as the other, by its ending or by "
        "the nearest package.json.",
        'Name it .mjs or .cjs, or set "type" in package.json, and pack that file too.',
    ),
    Code(
        "HND003",
        "export not mentioned",
        "warning",
        "The handler's file never mentions the name it should export.",
        "Correct the handler: FILE.EXPORT.",
    ),
    Code(
        "HND004",
        "no bootstrap",
        "error",
        "A custom runtime starts a program called bootstrap at the root of the function or of a layer, and "
        "there is none.",
        "Put an executable `bootstrap` at the root of the zip.",
    ),
    Code(
        "LAY001",
        "layer folder nobody reads",
        "warning",
        "A folder at the root of a layer is none that a runtime, the loader or the shell looks into. It is an "
        "error if it holds packages that nothing will find.",
        "Use nodejs/node_modules, python, bin or lib.",
    ),
    Code(
        "LAY002",
        "layer folder of another version",
        "warning",
        "A folder of the layer is read by another version of the language's runtime only.",
        "Use the folder for all versions: nodejs/node_modules or python.",
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
        "SEC001",
        "named like a secret",
        "warning",
        "A file's name is one that usually holds credentials: .env, .npmrc, id_rsa, *.pem and others.",
        "Leave it out, and give the function its settings as environment variables.",
    ),
    Code(
        "SEC002",
        "secret",
        "error",
        "A file holds what by its form is a key, a token or a password. Whoever may read the function's code "
        "can read it.",
        "Remove it and replace the credential. If it must be there, accept it in packager.yaml (silence: "
        "code, exact path, reason).",
    ),
    Code(
        "SEC003",
        "possible secret",
        "warning",
        "A random-looking value is assigned to a name like token or secret.",
        "Read it at run time from the environment or a secret store.",
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
    Code(
        "ZIP002",
        "compression method",
        "error",
        "A member is compressed with a method that hosts do not unpack, such as the Deflate64 of Windows' Explorer.",
        "Re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP003",
        "encrypted",
        "error",
        "A member is encrypted; hosts have no password.",
        "Make the archive without a password.",
    ),
    Code(
        "ZIP004",
        "zip64",
        "warning",
        "The archive uses zip64 records, which are needed from 4 GiB or 65,535 entries on only, and which not "
        "every host reads.",
        "Re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP005",
        "stored with data descriptor",
        "note",
        "Stored members have their sizes behind their data. AWS reads that, some streaming readers refuse.",
        "Re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP006",
        "backslash in a name",
        "error",
        "Windows tools write folders with backslashes; Linux takes them for letters, so no folder comes of it.",
        "Re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP007",
        "unsafe name",
        "error",
        "A member's name is empty, absolute, has a .. segment, a NUL or bytes that are no UTF-8.",
        "Make the archive again from inside the folder, with relative names.",
    ),
    Code(
        "ZIP008",
        "duplicate name",
        "error",
        "A name is in the archive more than once; some readers take the first member, some the last.",
        "Make the archive anew instead of appending to it.",
    ),
    Code(
        "ZIP009",
        "no Unix modes",
        "warning",
        "The archive was made on DOS or Windows and says nothing about who may read or execute its files.",
        "Re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP010",
        "unreadable mode",
        "error",
        "A file's mode does not let others read it; the runtime runs as another user: 'EACCES: permission denied'.",
        "Use 0644 and 0755, or re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP011",
        "link leads out",
        "error",
        "A symbolic link points outside the archive: to nothing at run time, or to what is not yours.",
        "Put the file itself in its place.",
    ),
    Code(
        "ZIP012",
        "damaged member",
        "error",
        "A member cannot be read: cut off, a wrong checksum, or not where the directory says. Hosts refuse "
        "the whole archive.",
        "Make or download the archive again.",
    ),
    Code(
        "ZIP013",
        "contradicting headers",
        "error",
        "The directory and the header before a member's data disagree, so that readers see different files.",
        "Re-pack it from its source with an ordinary tool.",
    ),
    Code(
        "ZIP014",
        "hidden bytes",
        "warning",
        "There are bytes before, between or behind the members that no reader of the directory sees.",
        "Re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP015",
        "overlapping members",
        "error",
        "Two members share bytes of the archive, as in archive bombs.",
        "Do not use this archive.",
    ),
)

CODES: dict[str, Code] = {row.code: row for row in _TABLE}
"""Every code this version can report."""


def explain(code: str) -> Code | None:
    """Return the row of a code, in any case of letters; None for an unknown one."""
    return CODES.get(code.upper())
