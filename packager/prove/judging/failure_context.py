"""Where a failure happened: what a bundle's paths are called, and what was left out of it. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.targets import RuntimeFlag


@dataclass(frozen=True)
class FailureContext:
    """What the judge knows of the place a failure happened in."""

    artifact: str
    """What messages call the artifact: the name of its zip."""
    task_root: str
    layer_root: str
    layers: tuple[str, ...] = ()
    """Names of the layers' zips, in order."""
    layer_packages: frozenset[str] = frozenset()
    """Packages found in the layers' ``nodejs/node_modules``."""
    dropped: Mapping[str, str] | None = None
    """Path in the artifact → reason, for files that trimming left out."""

    runtime: str = "this runtime"
    """What messages call the runtime: ``aws-lambda nodejs24.x``."""
    flags: tuple[RuntimeFlag, ...] = ()
    """Options that the interpreter was started with, as the host does."""
    imports_layers: bool = False
    """Whether the host's ``import`` finds packages of layers, as ``require`` does."""
    extensions: tuple[str, ...] = ()
    """Paths of Python extension modules that are there, for whatever version."""

    def other_build(self, module: str) -> str:
        """Return the path of an extension module built for another Python or system; empty if there is none."""
        wanted = module.replace(".", "/")
        for path in self.extensions:
            folder, _, name = path.rpartition("/")
            if f"/{folder}/{name.split('.')[0]}".endswith(f"/{wanted}"):
                return path
        return ""

    def flag(self, feature: str) -> RuntimeFlag | None:
        """Return the option that switches a feature off, such as ``require-module``; None where nothing does."""
        return next((flag for flag in self.flags if flag.flag.endswith(feature)), None)

    def place(self, path: str) -> str:
        """Return a runtime path as findings name it: "api.zip!src/a.js"."""
        path = path.removeprefix("file://")
        if path.startswith(f"{self.task_root}/"):
            return f"{self.artifact}!{path[len(self.task_root) + 1 :]}"
        if path.startswith(f"{self.layer_root}/"):
            holder = self.layers[0] if len(self.layers) == 1 else "layers"
            return f"{holder}!{path[len(self.layer_root) + 1 :]}"
        return f"{self.artifact}!{path}" if path else self.artifact

    def why_dropped(self, wanted: str, asking: str) -> str:
        """Return "; PATH was left out: REASON" if trimming dropped what is missed; empty if it did not."""
        if wanted.startswith("."):
            wanted = posixpath.normpath(posixpath.join(posixpath.dirname(asking), wanted))
        for root in (self.task_root, f"{self.layer_root}/nodejs"):
            wanted = wanted.removeprefix(f"{root}/")
        for path, reason in (self.dropped or {}).items():
            # Node finds a/b as a/b.js, a/b.json, a/b/index.js, and a package by its name.
            stem = path.removesuffix("/index.js").removesuffix("/package.json")
            if {path, stem, posixpath.splitext(path)[0]} & {wanted, f"node_modules/{wanted}"}:
                return f"; {path} was left out: {reason}"
        return ""
