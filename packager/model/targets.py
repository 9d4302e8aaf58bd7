"""What the catalog's YAML says of hosts and systems, as frozen records. Sizes are bytes, versions tuples of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from packager.model.records import CatalogRecord, DottedVersion, Pairs, Sourced

if TYPE_CHECKING:
    from collections.abc import Mapping

Arch = Literal["x86_64", "arm64"]
Libc = Literal["glibc", "musl"]
Kind = Literal["function", "layer", "site"]
Language = Literal["nodejs", "python", "provided"]
Launcher = Literal["handler", "module", "server"]
"""How a host starts code: calls an exported handler, calls what a module exports, or waits for it to listen on PORT."""

Version = tuple[int, ...]
"""A dotted version as numbers: "2.34" is (2, 34)."""


def parse_version(text: str) -> Version:
    """Return the numbers of a dotted version; raises ValueError for anything else.

    >>> parse_version("3.4.29")
    (3, 4, 29)
    """
    return tuple(int(part) for part in text.split("."))


class Baseline(Sourced, frozen=True):
    """What a system offers to binaries: the yardstick of every ABI verdict. One file of ``catalog/baselines``."""

    name: str
    """Such as ``lambda-al2023`` or ``debian-12``."""
    title: str
    """For people: "Amazon Linux 2023"."""
    libc: Libc
    glibc: DottedVersion = DottedVersion()
    """Highest GLIBC_ symbol version offered; () on musl."""
    glibcxx: DottedVersion = DottedVersion()
    """Highest GLIBCXX_ of the system's libstdc++; () if there is none."""
    cxxabi: DottedVersion = DottedVersion()
    openssl: tuple[str, ...] = ()
    """libssl soname suffixes the system has: ("3",), ("1.1",), ("10",)."""
    sonames: frozenset[str] = frozenset()
    """Libraries that are surely there at run time. Contains the names of both architectures' dynamic linkers."""
    sonames_image_only: frozenset[str] = frozenset()
    """Seen in the public image but not proved to be in the real runtime: a warning."""
    sonames_absent: frozenset[str] = frozenset()
    """Known to be missing: the message can say so for certain."""
    x86_64_only: frozenset[str] = frozenset()
    """Members of `sonames` that arm64 lacks."""
    versions: Pairs[str, DottedVersion] = Pairs()
    """Highest symbol version by family, for libraries besides libc and libstdc++: ("ZLIB", (1, 2, 11))."""

    def has(self, soname: str, arch: Arch) -> bool:
        """Return whether this system surely offers the library on this architecture."""
        return soname in self.sonames and not (arch == "arm64" and soname in self.x86_64_only)


class Platform(Sourced, frozen=True):
    """A userland we can build in. One file of ``catalog/platforms``."""

    name: str
    """Such as ``amazonlinux2023`` or ``debian-bullseye``."""
    title: str
    family: str
    """The folder in ``dockerfiles/``: ``amazonlinux`` or ``debian``."""
    image: str
    """The official public base image, tag included."""
    digest: str
    """Pinned digest, "sha256:…"; empty where none could be looked up."""
    baseline: str
    """Name of the `Baseline` this userland has."""
    libc: Libc


class Budget(CatalogRecord, frozen=True):
    """Limits of a target in bytes; None where there is none. A bundle is too big when its size is > the limit."""

    zipped: int | None = None
    """Length of the zip for a direct upload."""
    unzipped: int | None = None
    """Sum of entry sizes of this artifact alone."""
    unzipped_with_layers: int | None = None
    """Sum of entry sizes of a function and all its layers."""
    layers: int | None = None
    """How many layers a function may have."""
    entries: int | None = None
    """How many entries an archive may have: 65,535 without zip64 records."""
    zipped_by_user: bool = False
    """Whether `zipped` is the user's own budget (always an error) rather than the host's direct-upload limit. Never in
    a file."""
    zipped_is_hard: bool = False
    """Whether there is no other way than a direct upload: then a larger zip is an error."""

    def of_user(self, zipped: int) -> Budget:
        """Return these limits with the user's own budget, which is about the zip, laid over them."""
        return msgspec.structs.replace(self, zipped=zipped, zipped_by_user=True)


class TargetKind(CatalogRecord, frozen=True):
    """One target of a host: what is shipped there, and within which limits."""

    kind: Kind
    budget: Budget
    launcher: Launcher = "handler"
    """How its code is started."""
    notes: tuple[str, ...] = ()
    """What everybody who aims at it should know, said once in the plan."""


class RuntimeFlag(CatalogRecord, frozen=True):
    """An option that a host gives the interpreter, and with which code that runs elsewhere may fail."""

    flag: str
    """``--no-experimental-require-module``."""
    lifted_by: str
    """The option that takes it back, where the function's own `variable` holds it."""
    versions: tuple[str, ...]
    """Versions of the language that are started with it."""
    variable: str = "NODE_OPTIONS"
    sure: bool = True
    """False: it is not known whether the host sets it. A proof then says yes only if the code works either way."""

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Return whether a function with these variables of its own is started with it."""
        return self.lifted_by not in environment.get(self.variable, "").split()


class RuntimeSystem(CatalogRecord, frozen=True):
    """How the runtime starts code: mount points, environment and options, as documented by the provider."""

    function_root: str
    """Where the function's zip is unpacked: ``/var/task``."""
    layer_root: str
    """Where layers are merged: ``/opt``."""
    library_path: tuple[str, ...]
    """LD_LIBRARY_PATH in order. System folders come first, so they shadow bundled copies."""
    environment: Pairs[str, str]
    """What the runtime sets before the handler loads. In the file with ``{runtime}`` and ``{version}``, which are
    filled in for a `Target`."""
    user_id: int
    writable: tuple[str, ...] = ("/tmp",)
    brought: tuple[str, ...] = ()
    """Globs of packages the runtime itself has, so that a bundle need not: ``@aws-sdk/*``, ``boto3``."""
    language_environment: Pairs[Language, Pairs[str, str]] = Pairs()
    """What is set for one language besides. Part of `environment`, and empty here, for a `Target`."""
    language_flags: Pairs[Language, tuple[RuntimeFlag, ...]] = Pairs()
    """Options that decide what code runs, of every version. Empty for a `Target`, which has its own in `flags`."""
    runtime_root: str = ""
    """Where the runtime has its own packages: ``/var/runtime``; empty where it has none that code could name."""
    language_stand_ins: Pairs[Language, Pairs[str, str]] = Pairs()
    """Language → `stand_ins`. Empty for a `Target`."""
    stand_ins: Pairs[str, str] = Pairs()
    """Glob of packages in `brought` → range of versions of the registry's that may stand for them in a proof. Never in
    a file."""
    import_variable: str = ""
    """Variable whose folders Node's ``import`` searches, too, as ``require`` does; empty: as plain Node it does not."""
    flags: tuple[RuntimeFlag, ...] = ()
    """The options that one runtime is started with. Never in a file."""

    def started(self, language: Language, runtime: str, version: str) -> RuntimeSystem:
        """Return the system as one runtime of a language has it."""
        extra = dict(self.language_environment).get(language, ())
        flags = tuple(flag for flag in dict(self.language_flags).get(language, ()) if version in flag.versions)
        environment = Pairs(
            (key, value.replace("{runtime}", runtime).replace("{version}", version))
            for key, value in (*self.environment, *extra)
        )
        return msgspec.structs.replace(
            self,
            environment=environment,
            flags=flags,
            stand_ins=dict(self.language_stand_ins).get(language, Pairs()),
            language_environment=Pairs(),
            language_flags=Pairs(),
            language_stand_ins=Pairs(),
        )

    def flags_of(self, environment: Mapping[str, str]) -> tuple[RuntimeFlag, ...]:
        """Return the options that a function with these variables of its own is started with."""
        return tuple(flag for flag in self.flags if flag.applies(environment))


class Runtime(CatalogRecord, frozen=True):
    """One runtime of a host. Its name, in the host's spelling, is the key it has there."""

    language: Language
    version: str
    """``22`` for nodejs22.x, ``3.12`` for python3.12, "" for custom runtimes."""
    platform: str
    """Name of the `Platform` to build in."""
    image: str
    """The official image to prove in."""
    status: Literal["supported", "deprecated", "gone", "check", "preview"]
    """``check`` where sources disagree on the date, ``preview`` where the host offers it for trials only."""
    until: str = ""
    """ISO date of (planned) deprecation; empty if not established."""
    block_create: str = ""
    """ISO date from which the host refuses to create functions on it; empty if not established."""
    block_update: str = ""
    """ISO date from which the host refuses to update functions on it; empty if not established."""
    callbacks: bool = True
    """Whether a handler of events may take a callback as its third parameter; else it is refused when loaded."""


class HostRecord(Sourced, frozen=True):
    """The target kinds and runtimes of a hosting service. One file of ``catalog/targets``."""

    provider: str
    """Key of ``packager.hosts.registry.HOSTS``: ``aws_lambda``."""
    title: str
    kinds: dict[str, TargetKind]
    """Target name → what it takes."""
    runtimes: dict[str, Runtime]
    """Name in the host's spelling → runtime."""
    arches: tuple[Arch, ...]
    default_runtimes: dict[str, str]
    """Language → the runtime taken when none is named."""
    layer_paths: dict[Language, str]
    """Language → where a layer has its packages, relative to its mount point."""
    system: RuntimeSystem


@dataclass(frozen=True)
class LayerPaths:
    """Where a layer puts things, relative to its mount point."""

    packages: str
    """``nodejs/node_modules`` or ``python``; empty for custom runtimes."""
    bin: str = "bin"
    lib: str = "lib"


@dataclass(frozen=True)
class Target:
    """Where a bundle runs: records of a host, a runtime and an architecture linked to one value. No file says it."""

    name: str
    """As users type it: ``aws-lambda``, ``aws-lambda-layer``."""
    provider: str
    """Key of ``packager.hosts.registry.HOSTS``: ``aws_lambda``."""
    kind: Kind
    runtime: str
    """In the provider's spelling: ``nodejs22.x``."""
    arch: Arch
    language: Language
    language_version: str
    """``22`` for nodejs22.x, ``3.12`` for python3.12, "" for custom runtimes."""
    baseline: Baseline
    platform: Platform
    """The userland to build in."""
    image: str
    """The official image to prove in."""
    budget: Budget
    layer_paths: LayerPaths
    system: RuntimeSystem
    status: str
    """``supported``, ``deprecated``, ``gone``, ``preview``, or ``check`` where sources disagree on the date."""
    until: str
    """ISO date of (planned) deprecation; empty if not established."""
    source: str
    checked: str
    launcher: Launcher = "handler"
    block_create: str = ""
    """ISO date from which the host refuses to create functions on this runtime; empty if not established."""
    block_update: str = ""
    """ISO date from which the host refuses to update functions on this runtime; empty if not established."""
    callbacks: bool = True
    """Whether a handler of events may take a callback as its third parameter; else it is refused when loaded."""

    @property
    def title(self) -> str:
        """Return what messages call it: "aws-lambda nodejs22.x x86_64"."""
        return f"{self.name} {self.runtime} {self.arch}"
