"""What the catalog's YAML says of generators and packages with native parts, as frozen records."""

from __future__ import annotations

from typing import Literal

from packager.model.records import CatalogRecord, Conditions, DottedVersion, Pairs, Sourced
from packager.model.targets import Language  # noqa: TC001 (msgspec reads it)


class BinaryTargets(Sourced, frozen=True):
    """The names a generator has for the systems its engines are built for. One file of ``catalog/binary_targets``."""

    name: str
    """Of this vocabulary: ``prisma`` or ``photon-platforms``."""
    title: str
    by_system: Pairs[str, Pairs[str, str]]
    """(family/OpenSSL, (architecture, name)): ("rhel/10", (("x86_64", "rhel-openssl-1.0.x"),))."""
    families: Pairs[str, str]
    """Folder in ``dockerfiles/`` or libc → family: ("amazonlinux", "rhel")."""
    known: tuple[str, ...]
    """Every name the generator accepts, ``native`` included."""
    setting: str
    """The key in the schema's generator block: ``binaryTargets``."""
    deprecated: Pairs[str, str] = Pairs()
    """(old name, what to write instead)."""

    def named(self, family: str, openssl: str, arch: str) -> str:
        """Return the generator's name for a system; empty if it has none."""
        return dict(dict(self.by_system).get(f"{family}/{openssl}", ())).get(arch, "")


class NativeEngine(CatalogRecord, frozen=True):
    """The native file a generated client opens or starts at run time."""

    kind: Literal["library", "executable"]
    file: str
    """Its name beside the client; ``{binary_target}`` is filled in."""
    override: str
    """Variable that names it, at generation and at run time."""
    binary_targets: BinaryTargets
    """The vocabulary ``{binary_target}`` is a word of. In the file its name, for which it is put when that is read."""
    folder: str = ""
    """Where it lies, relative to the client's folder: empty, or ``runtime`` for Photon."""
    download: str = ""
    """Its file on the mirror, without ``.gz``; empty where nothing can be downloaded in advance."""
    cached: str = ""
    """Its name in the generator's own cache."""
    channel: str = ""
    """Folder of the mirror: ``all_commits`` or ``master``."""
    mirrors: tuple[str, ...] = ()
    """Variables that name another mirror, the strongest first."""
    base: str = ""
    """The mirror's address if none is named."""
    commit_package: str = ""
    """The package whose version ends in the engine's commit."""
    runs_to_generate: bool = False
    """Whether generating runs an engine of the build machine: then the target's cannot stand for it elsewhere."""


class EngineRule(CatalogRecord, frozen=True):
    """One trimming rule of an engine, for the files of one package."""

    package: str
    """Package name, or a glob such as ``@libsql/*``; ``{client}`` is the folder of the generated client. Of Python the
    folder that is imported: ``numpy``."""
    reason: str
    drop: tuple[str, ...] = ()
    """Globs relative to the package folder; ``**`` crosses folders. Empty: nothing is dropped."""
    keep: tuple[str, ...] = ()
    """Globs that are kept although `drop` matches."""
    when: Conditions = Conditions()
    """(fact of the schema, values it may have): ("generator", ("prisma-client-js",)). An absent fact is ""."""
    twin: str = ""
    """A glob relative to the package folder: nothing is dropped unless a file matches, so the only engine stays."""


class Engine(CatalogRecord, frozen=True):
    """A generator or family of native packages: how to recognise it, run its generator, and trim it.

    One file of ``catalog/engines``.
    """

    name: str
    title: str
    packages: tuple[str, ...]
    """Any of these packages (installed or locked) says the engine is there."""
    source: str
    """Where it was seen, or is written."""
    since: DottedVersion = DottedVersion()
    """Lowest version of that package this file speaks of; () is any."""
    before: DottedVersion = DottedVersion()
    """First version this file no longer speaks of; () is none."""
    generate: str = ""
    """The command that generates, "" where there is nothing to generate."""
    environment: Pairs[str, str] = Pairs()
    """Set while generating. ``{any_file}`` stands for the path of some existing executable."""
    schema: tuple[str, ...] = ()
    """Where its schema is looked for, in order, relative to the project."""
    build_only: tuple[str, ...] = ()
    """Packages that only building needs: left out with all that only they depend on."""
    rules: tuple[EngineRule, ...] = ()
    family: str = ""
    """Generations of one generator share it; a client has exactly one of them, the first that holds."""
    prerelease: Literal["any", "only", "never"] = "any"
    """Which versions with a suffix (2.0.0-preview019) this file speaks of."""
    suffixes: tuple[str, ...] = ()
    """Globs of those suffixes: ``beta.[123]``; empty means any."""
    when: Conditions = Conditions()
    """As in `EngineRule`: facts of the schema and of the generator's environment."""
    client: str = ""
    """Folder the client is generated into unless the schema says otherwise."""
    native: NativeEngine | None = None
    """None: WebAssembly, or not a generator at all."""
    companions: Pairs[str, tuple[str, ...]] = Pairs()
    """(package, packages it needs although its package.json does not say so): @prisma/client and .prisma/client."""
    language: Language = "nodejs"
    """Whose packages it speaks of: there is a duckdb for Node and one for Python."""
    siblings: Pairs[str, tuple[str, ...]] = Pairs()
    """(package, what its native files open beside it): ("numpy", ("numpy.libs",)). ``{system}`` stands for the same
    part of a name on both sides: ("@img/sharp-{system}", ("@img/sharp-libvips-{system}",))."""

    @property
    def binary_targets(self) -> BinaryTargets | None:
        """Return the vocabulary of its native engine; None where it has none."""
        return self.native.binary_targets if self.native else None
