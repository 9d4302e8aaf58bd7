"""What the catalog's YAML says, as frozen records. Sizes are bytes, versions are tuples of numbers."""

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
    """Key of ``packager.providers.PROVIDERS``: ``aws_lambda``."""
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
class BinaryTargets:
    """The names a generator has for the systems its engines are built for. Source: ``catalog/binary_targets``."""

    name: str
    """Of this vocabulary: ``prisma`` or ``photon-platforms``."""
    title: str
    by_system: tuple[tuple[tuple[str, str, str], str], ...]
    """((family, OpenSSL, architecture) → name): (("rhel", "10", "x86_64"), "rhel-openssl-1.0.x")."""
    families: tuple[tuple[str, str], ...]
    """Folder in ``dockerfiles/`` or libc → family: ("amazonlinux", "rhel")."""
    known: tuple[str, ...]
    """Every name the generator accepts, ``native`` included."""
    deprecated: tuple[tuple[str, str], ...]
    """(old name, what to write instead)."""
    setting: str
    """The key in the schema's generator block: ``binaryTargets``."""
    source: str
    checked: str


@dataclass(frozen=True)
class NativeEngine:
    """The native file a generated client opens or starts at run time."""

    kind: Literal["library", "executable"]
    file: str
    """Its name beside the client; ``{binary_target}`` is filled in."""
    folder: str
    """Where it lies, relative to the client's folder: empty, or ``runtime`` for Photon."""
    override: str
    """Variable that names it, at generation and at run time."""
    download: str
    """Its file on the mirror, without ``.gz``; empty where nothing can be downloaded in advance."""
    cached: str
    """Its name in the generator's own cache."""
    channel: str
    """Folder of the mirror: ``all_commits`` or ``master``."""
    mirrors: tuple[str, ...]
    """Variables that name another mirror, the strongest first."""
    base: str
    """The mirror's address if none is named."""
    commit_package: str
    """The package whose version ends in the engine's commit."""
    runs_to_generate: bool
    """Whether generating runs an engine of the build machine: then the target's cannot stand for it elsewhere."""


@dataclass(frozen=True)
class EngineRule:
    """One trimming rule of an engine, for the files of one package."""

    package: str
    """Package name, or a glob such as ``@libsql/*``; ``{client}`` is the folder of the generated client. Of Python the
    folder that is imported: ``numpy``."""
    drop: tuple[str, ...]
    """Globs relative to the package folder; ``**`` crosses folders. Empty: nothing is dropped."""
    keep: tuple[str, ...]
    """Globs that are kept although `drop` matches."""
    reason: str
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(fact of the schema, values it may have): ("generator", ("prisma-client-js",)). An absent fact is ""."""
    twin: str = ""
    """A glob relative to the package folder: nothing is dropped unless a file matches, lest the only engine go."""


@dataclass(frozen=True)
class Engine:
    """A generator or family of native packages: how to recognise it, run its generator, and trim it."""

    name: str
    title: str
    packages: tuple[str, ...]
    """Any of these packages (installed or locked) says the engine is there."""
    since: Version
    """Lowest version of that package this file speaks of; () is any."""
    before: Version
    """First version this file no longer speaks of; () is none."""
    generate: str
    """The command that generates, "" where there is nothing to generate."""
    environment: tuple[tuple[str, str], ...]
    """Set while generating. ``{any_file}`` stands for the path of some existing executable."""
    schema: tuple[str, ...]
    """Where its schema is looked for, in order, relative to the project."""
    build_only: tuple[str, ...]
    """Packages that only building needs: left out with all that only they depend on."""
    rules: tuple[EngineRule, ...] = field(default=())
    family: str = ""
    """Generations of one generator share it; a client has exactly one of them, the first that holds."""
    prerelease: Literal["any", "only", "never"] = "any"
    """Which versions with a suffix (2.0.0-preview019) this file speaks of."""
    suffixes: tuple[str, ...] = ()
    """Globs of those suffixes: ``beta.[123]``; empty means any."""
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """As in `EngineRule`: facts of the schema and of the generator's environment."""
    client: str = ""
    """Folder the client is generated into unless the schema says otherwise."""
    native: NativeEngine | None = None
    """None: WebAssembly, or not a generator at all."""
    binary_targets: BinaryTargets | None = None
    companions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(package, packages it needs although its package.json does not say so): @prisma/client and .prisma/client."""
    language: Language = "nodejs"
    """Whose packages it speaks of: there is a duckdb for Node and one for Python."""
    siblings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(package, what its native files open beside it): ("numpy", ("numpy.libs",)). ``{system}`` stands for the same
    part of a name on both sides: ("@img/sharp-{system}", ("@img/sharp-libvips-{system}",))."""
    source: str = ""
