"""YAML → catalog: every file in a folder is read into its record, named like its file, cross-checked and linked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from packager.catalog.reading import read_data, read_record, to_record
from packager.core.errors import CatalogError
from packager.model.catalog import Catalog
from packager.model.generators import BinaryTargets, Engine
from packager.model.records import CatalogRecord
from packager.model.targets import Baseline, HostRecord, Platform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_T = TypeVar("_T", bound=CatalogRecord)


def load(folder: Path) -> Catalog:
    """Return the catalog of a folder. Raises CatalogError naming file and key."""
    baselines = _records(folder / "baselines", Baseline)
    platforms = _records(folder / "platforms", Platform)
    hosts = _records(folder / "targets", HostRecord)
    vocabularies = _records(folder / "binary_targets", BinaryTargets)
    for path, baseline in baselines.items():
        _check_baseline(path, baseline)
    for path, platform in platforms.items():
        _check_platform(path, platform, _by_name(baselines))
    for path, host in hosts.items():
        _check_host(path, host, _by_name(platforms))
    for path, vocabulary in vocabularies.items():
        _check_binary_targets(path, vocabulary)
    engines = tuple(_engine(path, _by_name(vocabularies)) for path in sorted((folder / "engines").glob("*.yaml")))
    return Catalog(baselines=_by_name(baselines), platforms=_by_name(platforms), hosts=_by_name(hosts), engines=engines)


def _records(folder: Path, type_: type[_T]) -> dict[Path, _T]:
    return {path: _named(path, read_record(path, type_)) for path in sorted(folder.glob("*.yaml"))}


def _by_name(records: Mapping[Path, _T]) -> dict[str, _T]:
    return {path.stem: record for path, record in records.items()}


def _named(path: Path, record: _T) -> _T:
    name = getattr(record, "name", path.stem)
    if name != path.stem:
        msg = f"name is {name!r}, the file is called {path.stem!r}"
        raise CatalogError(msg, where=f"{path}: name")
    return record


def _check_baseline(path: Path, baseline: Baseline) -> None:
    overlap = baseline.sonames & (baseline.sonames_absent | baseline.sonames_image_only)
    if overlap:
        msg = f"are listed both as present and as missing: {', '.join(sorted(overlap))}"
        raise CatalogError(msg, where=f"{path}: sonames")
    if (baseline.libc == "glibc") != bool(baseline.glibc):
        msg = "only a glibc system has a glibc version, and it must have one"
        raise CatalogError(msg, where=f"{path}: glibc")


def _check_platform(path: Path, platform: Platform, baselines: Mapping[str, Baseline]) -> None:
    if platform.baseline not in baselines:
        msg = f"there is no baseline {platform.baseline!r}"
        raise CatalogError(msg, where=f"{path}: baseline")
    if baselines[platform.baseline].libc != platform.libc:
        msg = f"is {platform.libc} here, but {baselines[platform.baseline].libc} in baseline {platform.baseline!r}"
        raise CatalogError(msg, where=f"{path}: libc")


def _check_host(path: Path, host: HostRecord, platforms: Mapping[str, Platform]) -> None:
    for name, offered in host.kinds.items():
        if offered.budget.zipped_by_user:
            msg = "belongs to a user's budget, not to a host's limits"
            raise CatalogError(msg, where=f"{path}: kinds.{name}.budget.zipped_by_user")
    for name, runtime in host.runtimes.items():
        if runtime.platform not in platforms:
            msg = f"there is no platform {runtime.platform!r}"
            raise CatalogError(msg, where=f"{path}: runtimes.{name}.platform")
        if runtime.language not in host.layer_paths:
            msg = f"there is no layer path for {runtime.language!r}"
            raise CatalogError(msg, where=f"{path}: layer_paths")
    for language, name in host.default_runtimes.items():
        if name not in host.runtimes or host.runtimes[name].language != language:
            msg = f"there is no {language} runtime {name!r}"
            raise CatalogError(msg, where=f"{path}: default_runtimes.{language}")


def _check_binary_targets(path: Path, vocabulary: BinaryTargets) -> None:
    families = {family for _, family in vocabulary.families}
    for system, by_arch in vocabulary.by_system:
        family = system.partition("/")[0]
        if family not in families:
            msg = f"there is no family {family!r}"
            raise CatalogError(msg, where=f"{path}: by_system.{system}")
        for arch, name in by_arch:
            if name not in vocabulary.known:
                msg = f"{name!r} is not among the known names"
                raise CatalogError(msg, where=f"{path}: by_system.{system}.{arch}")


def _engine(path: Path, vocabularies: Mapping[str, BinaryTargets]) -> Engine:
    return _named(path, to_record(path, _linked(path, read_data(path), vocabularies), Engine))


def _linked(path: Path, data: Any, vocabularies: Mapping[str, BinaryTargets]) -> Any:
    """Return an engine's file with the vocabulary of its native part in place of the name."""
    native = data.get("native") if isinstance(data, dict) else None
    if not isinstance(native, dict):
        return data
    name = native.get("binary_targets")
    if not isinstance(name, str) or name not in vocabularies:
        msg = f"catalog/binary_targets has no file {name!r}"
        raise CatalogError(msg, where=f"{path}: native.binary_targets")
    return {**data, "native": {**native, "binary_targets": vocabularies[name]}}
