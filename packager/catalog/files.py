"""The shape of the catalog's files, key by key. What is no key here is refused by msgspec when a file is read."""

from __future__ import annotations

from typing import Literal

import msgspec

from packager.model.targets import Arch, Kind, Language, Launcher, Libc  # noqa: TC001 (msgspec reads them)


class BaselineFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str
    libc: Libc
    source: str
    checked: str
    glibc: str = ""
    glibcxx: str = ""
    cxxabi: str = ""
    openssl: tuple[str, ...] = ()
    versions: dict[str, str] = {}
    x86_64_only: tuple[str, ...] = ()
    sonames: tuple[str, ...] = ()
    sonames_image_only: tuple[str, ...] = ()
    sonames_absent: tuple[str, ...] = ()


class PlatformFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str
    family: str
    image: str
    digest: str
    baseline: str
    libc: Libc
    source: str
    checked: str


class BudgetFile(msgspec.Struct, forbid_unknown_fields=True):
    zipped: int | None = None
    unzipped: int | None = None
    unzipped_with_layers: int | None = None
    layers: int | None = None
    entries: int | None = None
    zipped_is_hard: bool = False


class KindFile(msgspec.Struct, forbid_unknown_fields=True):
    kind: Kind
    budget: BudgetFile
    launcher: Launcher = "handler"
    notes: tuple[str, ...] = ()


class SystemFile(msgspec.Struct, forbid_unknown_fields=True):
    function_root: str
    layer_root: str
    library_path: tuple[str, ...]
    environment: dict[str, str]
    user_id: int
    language_environment: dict[Language, dict[str, str]] = {}
    writable: tuple[str, ...] = ("/tmp",)
    brought: tuple[str, ...] = ()


class RuntimeFile(msgspec.Struct, forbid_unknown_fields=True):
    language: Language
    version: str
    platform: str
    image: str
    status: Literal["supported", "deprecated", "gone", "check"]
    until: str = ""


class HostFile(msgspec.Struct, forbid_unknown_fields=True):
    provider: str
    title: str
    kinds: dict[str, KindFile]
    layer_paths: dict[Language, str]
    system: SystemFile
    runtimes: dict[str, RuntimeFile]
    arches: tuple[Arch, ...]
    default_runtimes: dict[Language, str]
    source: str
    checked: str


class BinaryTargetsFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str
    by_system: dict[str, dict[str, str]]
    families: dict[str, str]
    known: tuple[str, ...]
    setting: str
    source: str
    checked: str
    deprecated: dict[str, str] = {}


class NativeFile(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal["library", "executable"]
    file: str
    override: str
    binary_targets: str
    folder: str = ""
    download: str = ""
    cached: str = ""
    channel: str = ""
    mirrors: tuple[str, ...] = ()
    base: str = ""
    commit_package: str = ""
    runs_to_generate: bool = False


When = dict[str, str | tuple[str, ...]]


class RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    package: str
    reason: str
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    when: When = {}
    twin: str = ""


class EngineFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str
    packages: tuple[str, ...]
    source: str
    family: str = ""
    since: str = ""
    before: str = ""
    prerelease: Literal["any", "only", "never"] = "any"
    when: When = {}
    generate: str = ""
    environment: dict[str, str] = {}
    schema: tuple[str, ...] = ()
    client: str = ""
    native: NativeFile | None = None
    build_only: tuple[str, ...] = ()
    rules: tuple[RuleFile, ...] = ()
    companions: dict[str, tuple[str, ...]] = {}
    suffixes: tuple[str, ...] = ()
    language: Language = "nodejs"
    siblings: dict[str, tuple[str, ...]] = {}
