"""YAML → catalog: every file in a folder is loaded, validated, named like its file, and cross-checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import yaml

from packager.catalog.files import (
    BaselineFile,
    BinaryTargetsFile,
    EngineFile,
    HostFile,
    NativeFile,
    PlatformFile,
    When,
)
from packager.core.errors import CatalogError
from packager.model.catalog import Catalog
from packager.model.generators import BinaryTargets, Engine, EngineRule, NativeEngine
from packager.model.targets import Baseline, Budget, Host, LayerPaths, Platform, Runtime, RuntimeSystem, parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# libyaml is ten times quicker; the pure loader gives the same values where PyYAML was built without it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_T = TypeVar("_T", bound=msgspec.Struct)


def load(folder: Path) -> Catalog:
    """Return the catalog of a folder. Raises CatalogError naming file and key."""
    baselines = {path.stem: _baseline(path, raw) for path, raw in _files(folder / "baselines", BaselineFile)}
    platforms = {path.stem: _platform(path, raw, baselines) for path, raw in _files(folder / "platforms", PlatformFile)}
    hosts = {path.stem: _host(path, raw, platforms) for path, raw in _files(folder / "targets", HostFile)}
    vocabularies = {
        path.stem: _binary_targets(path, raw) for path, raw in _files(folder / "binary_targets", BinaryTargetsFile)
    }
    engines = tuple(_engine(path, raw, vocabularies) for path, raw in _files(folder / "engines", EngineFile))
    return Catalog(baselines=baselines, platforms=platforms, hosts=hosts, engines=engines)


def _files(folder: Path, type_: type[_T]) -> Iterator[tuple[Path, _T]]:
    for path in sorted(folder.glob("*.yaml")):
        try:
            # Dates and versions stay text: BaseLoader-like behaviour is wanted for them, so YAML dates are undone.
            data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
            raw = msgspec.convert(_dates_as_text(data), type_)
        except yaml.YAMLError as error:
            raise CatalogError(str(error), where=str(path)) from error
        except msgspec.ValidationError as error:
            raise CatalogError(str(error), where=str(path)) from error
        name = getattr(raw, "name", path.stem)
        if name != path.stem:
            msg = f"name is {name!r}, the file is called {path.stem!r}"
            raise CatalogError(msg, where=f"{path}: name")
        yield path, raw


def _dates_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _version(path: Path, key: str, text: str) -> tuple[int, ...]:
    try:
        return parse_version(text) if text else ()
    except ValueError as error:
        msg = f"{text!r} is not a dotted version"
        raise CatalogError(msg, where=f"{path}: {key}") from error


def _baseline(path: Path, raw: BaselineFile) -> Baseline:
    overlap = set(raw.sonames) & (set(raw.sonames_absent) | set(raw.sonames_image_only))
    if overlap:
        msg = f"both there and not: {', '.join(sorted(overlap))}"
        raise CatalogError(msg, where=f"{path}: sonames")
    if (raw.libc == "glibc") != bool(raw.glibc):
        msg = "a glibc system, and no other, has a glibc version"
        raise CatalogError(msg, where=f"{path}: glibc")
    return Baseline(
        name=raw.name,
        title=raw.title,
        libc=raw.libc,
        glibc=_version(path, "glibc", raw.glibc),
        glibcxx=_version(path, "glibcxx", raw.glibcxx),
        cxxabi=_version(path, "cxxabi", raw.cxxabi),
        openssl=raw.openssl,
        versions=tuple((family, _version(path, f"versions.{family}", text)) for family, text in raw.versions.items()),
        sonames=frozenset(raw.sonames),
        sonames_image_only=frozenset(raw.sonames_image_only),
        sonames_absent=frozenset(raw.sonames_absent),
        x86_64_only=frozenset(raw.x86_64_only),
        source=raw.source,
        checked=raw.checked,
    )


def _platform(path: Path, raw: PlatformFile, baselines: dict[str, Baseline]) -> Platform:
    if raw.baseline not in baselines:
        msg = f"no baseline {raw.baseline!r}"
        raise CatalogError(msg, where=f"{path}: baseline")
    if baselines[raw.baseline].libc != raw.libc:
        msg = f"{raw.libc} here, {baselines[raw.baseline].libc} in baseline {raw.baseline!r}"
        raise CatalogError(msg, where=f"{path}: libc")
    return Platform(**msgspec.structs.asdict(raw))


def _host(path: Path, raw: HostFile, platforms: dict[str, Platform]) -> Host:
    for name, runtime in raw.runtimes.items():
        if runtime.platform not in platforms:
            msg = f"no platform {runtime.platform!r}"
            raise CatalogError(msg, where=f"{path}: runtimes.{name}.platform")
        if runtime.language not in raw.layer_paths:
            msg = f"no layer path for {runtime.language!r}"
            raise CatalogError(msg, where=f"{path}: layer_paths")
    for language, name in raw.default_runtimes.items():
        if name not in raw.runtimes or raw.runtimes[name].language != language:
            msg = f"no {language} runtime {name!r}"
            raise CatalogError(msg, where=f"{path}: default_runtimes.{language}")
    system = raw.system
    return Host(
        provider=raw.provider,
        title=raw.title,
        kinds={name: (kind.kind, Budget(**msgspec.structs.asdict(kind.budget))) for name, kind in raw.kinds.items()},
        runtimes={
            name: Runtime(name=name, **msgspec.structs.asdict(runtime)) for name, runtime in raw.runtimes.items()
        },
        arches=raw.arches,
        default_runtimes={str(language): name for language, name in raw.default_runtimes.items()},
        layer_paths={language: LayerPaths(packages=where) for language, where in raw.layer_paths.items()},
        system=RuntimeSystem(
            function_root=system.function_root,
            layer_root=system.layer_root,
            library_path=system.library_path,
            environment=tuple(system.environment.items()),
            user_id=system.user_id,
            writable=system.writable,
            brought=system.brought,
        ),
        language_environment={
            language: tuple(variables.items()) for language, variables in system.language_environment.items()
        },
        source=raw.source,
        checked=raw.checked,
        launchers={name: kind.launcher for name, kind in raw.kinds.items()},
        notes={name: kind.notes for name, kind in raw.kinds.items() if kind.notes},
    )


def _binary_targets(path: Path, raw: BinaryTargetsFile) -> BinaryTargets:
    rows = []
    for system, by_arch in raw.by_system.items():
        family, _, openssl = system.partition("/")
        if family not in raw.families.values():
            msg = f"no family {family!r}"
            raise CatalogError(msg, where=f"{path}: by_system.{system}")
        for arch, name in by_arch.items():
            if name not in raw.known:
                msg = f"{name!r} is not among the known names"
                raise CatalogError(msg, where=f"{path}: by_system.{system}.{arch}")
            rows.append(((family, openssl, arch), name))
    return BinaryTargets(
        name=raw.name,
        title=raw.title,
        by_system=tuple(rows),
        families=tuple(raw.families.items()),
        known=raw.known,
        deprecated=tuple(raw.deprecated.items()),
        setting=raw.setting,
        source=raw.source,
        checked=raw.checked,
    )


def _engine(path: Path, raw: EngineFile, vocabularies: dict[str, BinaryTargets]) -> Engine:
    if raw.native and raw.native.binary_targets not in vocabularies:
        msg = f"no such file in catalog/binary_targets: {raw.native.binary_targets!r}"
        raise CatalogError(msg, where=f"{path}: native.binary_targets")
    return Engine(
        name=raw.name,
        title=raw.title,
        packages=raw.packages,
        since=_version(path, "since", raw.since),
        before=_version(path, "before", raw.before),
        generate=raw.generate,
        environment=tuple(raw.environment.items()),
        schema=raw.schema,
        build_only=raw.build_only,
        rules=tuple(
            EngineRule(
                package=rule.package,
                drop=rule.drop,
                keep=rule.keep,
                reason=rule.reason,
                when=_when(rule.when),
                twin=rule.twin,
            )
            for rule in raw.rules
        ),
        family=raw.family,
        prerelease=raw.prerelease,
        when=_when(raw.when),
        client=raw.client,
        native=_native(raw.native) if raw.native else None,
        binary_targets=vocabularies[raw.native.binary_targets] if raw.native else None,
        companions=tuple(raw.companions.items()),
        suffixes=raw.suffixes,
        language=raw.language,
        siblings=tuple(raw.siblings.items()),
        source=raw.source,
    )


def _native(raw: NativeFile) -> NativeEngine:
    fields = msgspec.structs.asdict(raw)
    del fields["binary_targets"]
    return NativeEngine(**fields)


def _when(raw: When) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((key, (values,) if isinstance(values, str) else tuple(values)) for key, values in raw.items()))
