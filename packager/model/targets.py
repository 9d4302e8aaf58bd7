"""What the catalog's YAML says of hosts and systems, as frozen records. Sizes are bytes, versions tuples of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

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


@dataclass(frozen=True)
class Baseline:
    """What a system offers to binaries: the yardstick of every ABI verdict."""

    name: str
    """Such as ``lambda-al2023`` or ``debian-12``."""
    title: str
    """For people: "Amazon Linux 2023"."""
    libc: Libc
    glibc: Version
    """Highest GLIBC_ symbol version offered; () on musl."""
    glibcxx: Version
    """Highest GLIBCXX_ of the system's libstdc++; () if there is none."""
    cxxabi: Version
    openssl: tuple[str, ...]
    """libssl soname suffixes the system has: ("3",), ("1.1",), ("10",)."""
    sonames: frozenset[str]
    """Libraries that are surely there at run time. Contains the names of both architectures' dynamic linkers."""
    sonames_image_only: frozenset[str]
    """Seen in the public image but not proved to be in the real runtime: a warning."""
    sonames_absent: frozenset[str]
    """Known to be missing: the message can say so for certain."""
    x86_64_only: frozenset[str]
    """Members of `sonames` that arm64 lacks."""
    source: str
    checked: str
    versions: tuple[tuple[str, Version], ...] = ()
    """Highest symbol version by family, for libraries besides libc and libstdc++: ("ZLIB", (1, 2, 11))."""

    def has(self, soname: str, arch: Arch) -> bool:
        """Return whether this system surely offers the library on this architecture."""
        return soname in self.sonames and not (arch == "arm64" and soname in self.x86_64_only)


@dataclass(frozen=True)
class Platform:
    """A userland we can build in."""

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
    source: str
    checked: str


@dataclass(frozen=True)
class Budget:
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
    """Whether `zipped` is the user's own budget (always an error) rather than the host's direct-upload limit."""
    zipped_is_hard: bool = False
    """Whether there is no other way than a direct upload: then a larger zip is an error."""


@dataclass(frozen=True)
class LayerPaths:
    """Where a layer puts things, relative to its mount point."""

    packages: str
    """``nodejs/node_modules`` or ``python``; empty for custom runtimes."""
    bin: str = "bin"
    lib: str = "lib"


@dataclass(frozen=True)
class RuntimeSystem:
    """How the runtime starts code: mount points and environment, as documented by the provider."""

    function_root: str
    """Where the function's zip is unpacked: ``/var/task``."""
    layer_root: str
    """Where layers are merged: ``/opt``."""
    library_path: tuple[str, ...]
    """LD_LIBRARY_PATH in order. System folders come first, so they shadow bundled copies."""
    environment: tuple[tuple[str, str], ...]
    """What the runtime sets before the handler loads; ``{major}`` is already filled in."""
    user_id: int
    writable: tuple[str, ...] = ("/tmp",)
    brought: tuple[str, ...] = ()
    """Globs of packages the runtime itself has, so that a bundle need not: ``@aws-sdk/*``, ``boto3``."""


@dataclass(frozen=True)
class Target:
    """Where a bundle runs: provider, runtime and architecture, with its baseline and limits."""

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
    """``supported``, ``deprecated``, ``gone``, or ``check`` where sources disagree on the date."""
    until: str
    """ISO date of (planned) deprecation; empty if not established."""
    source: str
    checked: str
    launcher: Launcher = "handler"

    @property
    def title(self) -> str:
        """Return what messages call it: "aws-lambda nodejs22.x x86_64"."""
        return f"{self.name} {self.runtime} {self.arch}"


@dataclass(frozen=True)
class Runtime:
    """One runtime of a host, in the host's spelling."""

    name: str
    language: str
    version: str
    platform: str
    image: str
    status: str
    until: str


@dataclass(frozen=True)
class Host:
    """One file of ``catalog/targets``: the target kinds and runtimes of a hosting service."""

    provider: str
    title: str
    kinds: dict[str, tuple[str, Budget]]
    """Target name → (kind, limits)."""
    runtimes: dict[str, Runtime]
    arches: tuple[Arch, ...]
    default_runtimes: dict[str, str]
    """Language → the runtime taken when none is named."""
    layer_paths: dict[str, LayerPaths]
    system: RuntimeSystem
    language_environment: dict[str, tuple[tuple[str, str], ...]]
    source: str
    checked: str
    launchers: dict[str, str] = field(default_factory=dict)
    """Target name → how its code is started."""
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Target name → what everybody who aims at it should know, said once in the plan."""
