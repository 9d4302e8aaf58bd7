"""What can be wrong with a binary itself, and with what it needs: ABI, EXE, LIB."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

ROWS = (
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
        "Binaries for other systems or other versions of Node lie beside one for the target, or in a package that says "
        "it is for another system. They do no harm and only take space.",
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
)
