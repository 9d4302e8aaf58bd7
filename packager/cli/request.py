"""Command-line words → project, plan and options, at once; the same for build, plan and layer build."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import UsageError
from packager.core.resources import default_cache
from packager.core.units import parse_size
from packager.glance.codec import LEVELS
from packager.model.options import Options, ProveMode

if TYPE_CHECKING:
    from packager.model.catalog import Catalog
    from packager.model.plan import Plan, TrimLevel
    from packager.model.project import Project


@dataclass(frozen=True)
class Request:
    """What was typed."""

    out: Path
    target: str = ""
    runtime: str = ""
    arch: tuple[str, ...] = ()
    builder: str | None = None
    image: str = ""
    fix_schema: bool = False
    offline: bool = False
    bundle: tuple[str, ...] = ()
    timeout: float | None = None
    cache: Path | None = None
    jobs: int | None = None
    compress: str = "default"
    budget: str | None = None
    no_prove: bool = False
    require_proof: bool = False
    prove_image: str = ""
    trim: TrimLevel | None = None
    fresh: bool = False
    fit: bool = False
    sbom: bool = False

    def options(self, project: Project) -> Options:
        """Return the options of a run."""
        if self.no_prove and self.require_proof:
            msg = "--no-prove and --require-proof exclude each other"
            raise UsageError(msg, fix="give one of them")
        prove: ProveMode = "skip" if self.no_prove else "require" if self.require_proof else "auto"
        return Options(
            out=self._out(project),
            cache=self.cache or default_cache(),
            level=LEVELS[self.compress],
            jobs=self.jobs,
            fresh=self.fresh,
            prove=prove,
            prove_image=self.prove_image or project.prove_image,
            fit=self.fit,
        )

    out_given: bool = False
    """Whether --out was typed: then it is relative to where the user stands, else to the project."""

    def _out(self, project: Project) -> Path:
        """Return the output folder: below the user's feet if typed, else below the project."""
        return (Path.cwd() if self.out_given else project.root) / self.out

    def plan(self, project: Project, catalog: Catalog) -> tuple[Project, Plan]:
        """Return the project with the options laid over it, and its plan."""
        from packager.catalog.arches import parse_arch
        from packager.machine import look
        from packager.model.machine import Machine
        from packager.planning.planner import Wishes, make_plan
        from packager.project.options import override, select

        project = override(
            select(project, self.bundle),
            target=self.target,
            runtime=self.runtime,
            arches=tuple(dict.fromkeys(parse_arch(text, "--arch") for text in self.arch)),
            budget_bytes=parse_size(self.budget) if self.budget else None,
            timeout_seconds=self.timeout,
            trim=self.trim,
        )
        wish = self.builder or project.builder
        machine = look() if wish == "auto" else Machine()
        variables = sorted({engine.native.override for engine in catalog.engines if engine.native})
        wishes = Wishes(
            builder=wish,
            image=self.image,
            out=_inside(self._out(project), project.root),
            fix_schema=self.fix_schema,
            offline=self.offline,
            environment=tuple((name, os.environ[name]) for name in variables if os.environ.get(name)),
        )
        return project, make_plan(project, catalog, machine, wishes)


def _inside(out: Path, root: Path) -> str:
    """Return the output folder relative to the project, whose source it must not become; empty if it lies elsewhere."""
    real = out.resolve()
    return real.relative_to(root).as_posix() if real.is_relative_to(root) and real != root else ""
