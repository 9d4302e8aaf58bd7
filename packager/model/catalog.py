"""Everything the catalog holds, as one value."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from packager.model.generators import Engine
    from packager.model.targets import Arch, Baseline, HostRecord, Platform, Target


@dataclass(frozen=True)
class Catalog:
    """Everything in ``packager/catalog``, loaded and cross-checked."""

    baselines: dict[str, Baseline]
    platforms: dict[str, Platform]
    hosts: dict[str, HostRecord]
    engines: tuple[Engine, ...]

    @property
    def target_names(self) -> tuple[str, ...]:
        """Return every target name users may type."""
        return tuple(name for host in self.hosts.values() for name in host.kinds)

    def host(self, target_name: str) -> HostRecord:
        """Return the host that offers a target; raises ConfigError with a guess for an unknown name."""
        for host in self.hosts.values():
            if target_name in host.kinds:
                return host
        msg = f"unknown target {target_name!r}{_guess(target_name, self.target_names)}"
        raise ConfigError(msg, fix=f"use one of: {', '.join(self.target_names)} (see `packager targets`)")

    def target(self, name: str, runtime: str, arch: Arch) -> Target:
        """Return one target; raises ConfigError for an unknown name, runtime or architecture."""
        from packager.model.targets import LayerPaths, Target

        host = self.host(name)
        found = host.runtimes.get(runtime)
        if found is None:
            msg = f"{name} has no runtime {runtime!r}{_guess(runtime, host.runtimes)}"
            raise ConfigError(msg, fix=f"use one of: {', '.join(host.runtimes)}")
        if arch not in host.arches:
            msg = f"{name} has no architecture {arch!r}"
            raise ConfigError(msg, fix=f"use one of: {', '.join(host.arches)}")
        offered = host.kinds[name]
        platform = self.platforms[found.platform]
        return Target(
            name=name,
            provider=host.provider,
            kind=offered.kind,
            runtime=runtime,
            arch=arch,
            language=found.language,
            language_version=found.version,
            baseline=self.baselines[platform.baseline],
            platform=platform,
            image=found.image,
            budget=offered.budget,
            layer_paths=LayerPaths(packages=host.layer_paths[found.language]),
            system=host.system.started(found.language, runtime, found.version),
            status=found.status,
            until=found.until,
            source=host.source,
            checked=host.checked,
            launcher=offered.launcher,
            block_create=found.block_create,
            block_update=found.block_update,
            callbacks=found.callbacks,
        )

    def layer_of(self, target: Target) -> Target | None:
        """Return what a layer beneath a function of this target is; None where the host has no layers."""
        kinds = self.host(target.name).kinds
        name = next((name for name, offered in kinds.items() if offered.kind == "layer"), "")
        return self.target(name, target.runtime, target.arch) if name else None


def _guess(word: str, known: object) -> str:
    """Return ", did you mean …?" for a likely misprint, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)  # type: ignore[call-overload]
    return f", did you mean {close[0]!r}?" if close else ""
