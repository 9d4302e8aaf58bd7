"""Every file of a tree or an archive, with its facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Machine = Literal["x86_64", "arm64", "other"]


BinaryFormat = Literal["elf", "macho", "pe", "script", "other"]
"""``script`` starts with ``#!``; ``other`` is everything that is not native code."""


@dataclass(frozen=True)
class SymbolVersion:
    """One symbol version a binary asks of one library (.gnu.version_r)."""

    soname: str
    """The file it is asked from; the version alone says nothing."""
    version: str
    """Such as ``GLIBC_2.34``."""
    weak: bool = False
    """VER_FLG_WEAK: the loader only warns if it is missing."""
    symbols: tuple[str, ...] = ()
    """Names of the undefined symbols bound to it, sorted; may be empty."""


@dataclass(frozen=True)
class Segment:
    """A PT_LOAD program header."""

    offset: int
    vaddr: int
    filesz: int
    memsz: int
    align: int


@dataclass(frozen=True)
class ElfFacts:
    """What one ELF file says of itself. Never executed, only read."""

    machine: Machine
    machine_name: str
    """As the ELF header says it, e.g. ``EM_386``."""
    bits: int
    little_endian: bool
    os_abi: str
    """``ELFOSABI_SYSV``, ``ELFOSABI_LINUX``, ``ELFOSABI_FREEBSD``, …"""
    type: Literal["executable", "shared", "relocatable", "core", "other"]
    interpreter: str
    """PT_INTERP; empty for libraries and static programs."""
    soname: str
    needed: tuple[str, ...]
    """DT_NEEDED in order; empty for a static binary."""
    rpath: tuple[str, ...]
    """DT_RPATH split at colons."""
    runpath: tuple[str, ...]
    """DT_RUNPATH split at colons."""
    versions_needed: tuple[SymbolVersion, ...]
    versions_defined: tuple[str, ...]
    """Names in .gnu.version_d."""
    loads: tuple[Segment, ...]
    executable_stack: bool
    build_id: str
    """Hex of NT_GNU_BUILD_ID; empty if none."""
    has_symbols: bool
    """Whether .symtab or .debug_* sections are there: worth stripping."""
    trailing_bytes: int
    """Bytes after the last section or segment: data that was appended. Such a file is never stripped."""
    isa_needed: tuple[str, ...] = ()
    """x86 ISA levels of the GNU property note, such as ``x86-64-v3``."""
    stack_note: bool = True
    """Whether there is a PT_GNU_STACK header: without one, the loader assumes an executable stack."""
    node_api: int = 0
    """Node-API version an addon declares for itself; 0 if it declares none or is not an addon."""
    node_modules: int = 0
    """NODE_MODULE_VERSION an addon is tied to (``node_register_module_v127``); 0 if to none."""

    @property
    def dynamic(self) -> bool:
        """Return whether the dynamic loader has anything to do with it."""
        return bool(self.needed or self.interpreter)


@dataclass(frozen=True)
class Package:
    """An installed package a file belongs to."""

    name: str
    version: str
    path: str
    """Folder relative to the tree, POSIX; empty for the project itself."""
    os: tuple[str, ...] = ()
    """What package.json restricts it to (``os``), such as ("darwin",); empty for no restriction."""
    tags: tuple[str, ...] = ()
    """What a wheel says it is for (``WHEEL``, Tag), such as ("cp312-cp312-manylinux_2_28_x86_64",)."""


@dataclass(frozen=True)
class Secret:
    """Something in a file's content that looks like a secret. The value itself is kept nowhere."""

    kind: str
    """For people: "AWS access key"."""
    line: int
    """Counted from 1."""
    masked: str
    """The first characters, enough to find it again: ``AKIA***``."""
    certain: bool = True
    """Whether its form says that it is one; False for what only its name and randomness suggest."""
    of_package: bool = False
    """Whether it stands in code of an installed package that was joined into the file."""


@dataclass(frozen=True)
class File:
    """One file, by the path it has (or will have) in its tree or archive."""

    path: str
    """Relative, POSIX, no leading slash."""
    size_bytes: int
    format: BinaryFormat = "other"
    elf: ElfFacts | None = None
    unreadable: str = ""
    """Why a file that poses as a binary could not be read (truncated, broken tables); empty if all is well."""
    source: str = ""
    """Where its bytes lie, see `packager.model.contents`; empty for members of an archive."""
    package: Package | None = None
    mode: int | None = None
    """Unix permission bits where known."""
    sha256: str = ""
    """Hex; empty where the file has not been read yet."""
    shebang: str = ""
    """First line of a script behind ``#!``, as it stands there: a carriage return at its end included."""
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True)
class Inventory:
    """Every file of one tree or archive, sorted by path."""

    files: tuple[File, ...]
    faults: tuple[Fault, ...] = ()
    """Of an archive; a folder has none."""
    texts: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Contents of the few files that were asked for when scanning: handlers and their package.json."""
    links: dict[str, str] = field(default_factory=dict, repr=False)
    """Symbolic link, to a file or folder inside → its real path."""
    joined: tuple[str, ...] = ()
    """Names of the packages whose code was joined into files of the archive, as far as source maps say it."""
    joined_texts: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Own files that were joined, by the path in the source map → what they said."""

    @cached_property
    def by_path(self) -> dict[str, File]:
        """Return the files by path."""
        return {file.path: file for file in self.files}

    @property
    def size_bytes(self) -> int:
        """Return the sum of all file sizes."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True)
class Fault:
    """Something an archive says of a member that hosts or readers may trip over."""

    kind: str
    path: str
    """The member's name as it is written; empty for the archive as a whole."""
    detail: str = ""
    """What the kind leaves open, for people."""
