"""Project × survey × catalog × machine → plan. Decides everything, does nothing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError, UsageError
from packager.languages.registry import LANGUAGES
from packager.model.options import BuildOptions
from packager.model.plan import TRACED, Bundle, Plan
from packager.planning.jobs import make_job
from packager.planning.layers import check_layers, layers_beneath
from packager.planning.lock_parts import check_parts
from packager.planning.runtimes import runtime_notice
from packager.planning.sources import Sources
from packager.planning.starts import start_of
from packager.project.files import sign_of
from packager.project.recipes import find_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.catalog import Catalog
    from packager.model.machine import Machine
    from packager.model.plan import TrimLevel
    from packager.model.project import BundleSpec, Project
    from packager.model.targets import Arch, Budget, HostRecord, Target


def make_plan(project: Project, catalog: Catalog, machine: Machine, options: BuildOptions | None = None) -> Plan:
    """Return what will be built. Raises ConfigError for what cannot be."""
    return _Planner(project, catalog, machine, options or BuildOptions()).plan()


class _Planner:
    """One planning run: surveys are made once per folder, notes gathered as things are decided."""

    def __init__(self, project: Project, catalog: Catalog, machine: Machine, options: BuildOptions) -> None:
        self.project = project
        self.catalog = catalog
        self.machine = machine
        self.options = options
        self.notes: list[str] = list(project.notes)
        self.sources = Sources(project, catalog, self.notes)

    def plan(self) -> Plan:
        """Return the plan, layers first."""
        bundles = [self._bundle(spec, arch) for spec in self.project.bundles for arch in spec.arches]
        _check_names(bundles)
        check_layers(bundles)
        ordered = sorted(bundles, key=lambda bundle: bundle.kind != "layer")
        jobs = tuple(dict.fromkeys(bundle.job for bundle in ordered))
        self.notes.extend(check_parts(jobs))
        return Plan(self.project.root, jobs, tuple(ordered), tuple(dict.fromkeys(self.notes)))

    def _bundle(self, spec: BundleSpec, arch: Arch) -> Bundle:
        where = f"{self.project.config_file or 'the project'}: bundles.{spec.name}"
        with _at(f"{where}.target"):
            host = self.catalog.host(spec.target)
        recipe = None
        if spec.recipe:
            with _at(f"{where}.recipe"):
                recipe = find_recipe(spec.recipe, self.project.root)
        source = self.sources.folder(spec, recipe, where)
        language = recipe.language if recipe else self.sources.survey(source).language
        runtime = spec.runtime or host.default_runtimes.get(language, "")
        if not runtime:
            sign = (language, "") if recipe else sign_of(source)
            raise _no_runtime(spec, host, sign, where, self.catalog)
        target = self._target(spec, runtime, arch, where)
        self.notes.extend(host.kinds[spec.target].notes)
        facts = self.sources.survey(source, target.language)
        LANGUAGES[target.language].check_project(source)
        handler, entries = start_of(spec, target, source, where, self.project)
        layers, layer_files, layer_arns = layers_beneath(spec, arch, where, self.project)
        job, notes = make_job(facts, target, self.project, self.options, self.machine)
        self.notes.extend(notes)
        job = replace(job, development=source == self.project.root and self._joins())
        return Bundle(
            name=spec.name if len(spec.arches) == 1 else f"{spec.name}-{arch}",
            kind=target.kind,
            target=target,
            job=job,
            budget=_narrow(target.budget, spec.budget_bytes),
            handler=handler,
            entries=entries,
            include=_include(spec),
            packages=spec.packages or (recipe.packages if recipe else ()),
            recipe=recipe.name if recipe else "",
            layers=layers,
            layer_files=layer_files,
            layer_arns=layer_arns,
            configured=spec.name,
            environment=tuple(sorted(spec.environment.items())),
            proof=spec.proof,
            strip=spec.strip,
            compile=self._compile(spec, target, where),
            trim=self._trim(spec, target),
            external=spec.external,
            silence=tuple((silence.code, silence.path, silence.reason) for silence in spec.silence),
        )

    def _joins(self) -> bool:
        """Return whether code of the project's own tree is joined by some bundle: all bundles share that tree."""
        return any(spec.trim == "bundle" and not spec.recipe for spec in self.project.bundles)

    def _target(self, spec: BundleSpec, runtime: str, arch: Arch, where: str) -> Target:
        with _at(f"{where}.runtime"):
            target = self.catalog.target(spec.target, runtime, arch)
        if (text := runtime_notice(target)) is not None:
            self.notes.append(f"{spec.name}: {text}")
        return target

    def _trim(self, spec: BundleSpec, target: Target) -> TrimLevel:
        """Return the level, or the highest below it that needs no code to start from."""
        if spec.trim in TRACED and (target.kind == "layer" or not LANGUAGES[target.language].traceable):
            why = "a layer has no entry to trace from" if target.kind == "layer" else "only Node's code is traced"
            self.notes.append(f"{spec.name}: trim: strict is used in place of {spec.trim}, because {why}")
            return "strict"
        return spec.trim

    def _compile(self, spec: BundleSpec, target: Target, where: str) -> bool:
        """Return whether modules are compiled; raises ConfigError where nothing would ever read what came of it."""
        if not spec.compile:
            return False
        if not LANGUAGES[target.language].compilable:
            msg = f"only Python modules can be compiled, and {target.runtime} does not run Python"
            fix = "remove it, or set it on a bundle with a Python runtime"
            raise ConfigError(msg, where=f"{where}.compile", fix=fix)
        if spec.environment.get("PYTHONPYCACHEPREFIX"):
            msg = "makes Python look for bytecode in a folder of its own, not beside the modules"
            fix = "remove it, or remove compile: true"
            raise ConfigError(msg, where=f"{where}.environment.PYTHONPYCACHEPREFIX", fix=fix)
        self.notes.append(f"{spec.name}: bytecode of Python {target.language_version} is put beside the modules")
        return True


def _include(spec: BundleSpec) -> tuple[str, ...]:
    """Return the patterns for own files; the file with the proof's variables is left out, whatever they say."""
    return (*spec.include, f"!{spec.proof.env_file}") if spec.proof.env_file else spec.include


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Point the error of a look-up at the key that asked for it: a wrong name there is one of the configuration."""
    try:
        yield
    except (ConfigError, UsageError) as error:
        if error.where:
            raise
        raise ConfigError(error.message, where=where, fix=error.fix) from error


def _no_runtime(spec: BundleSpec, host: HostRecord, sign: tuple[str, str], where: str, catalog: Catalog) -> ConfigError:
    """Return the error for a project in a language the host has no runtime for, or in one that cannot be told.

    `sign` is the language and the file that speaks of it, if any does.
    """
    language, file = sign
    if not language or LANGUAGES[language].bootstrap:
        return ConfigError("no runtime is named, and the project does not determine one", where=f"{where}.runtime")
    fitting = (other for other in catalog.hosts.values() if language in other.default_runtimes)
    names = ", ".join(name for other in fitting for name in other.kinds)
    supported = " and ".join(host.default_runtimes)
    msg = f"{spec.target} is supported for {supported} projects only, but this is a {language} project"
    fix = f"use one of the targets for {language}: {names}"
    return ConfigError(f"{msg} ({file})" if file else msg, where=f"{where}.target", fix=fix)


def _check_names(bundles: list[Bundle]) -> None:
    """Refuse two bundles that would be one file in the output folder: macOS and Windows ignore case."""
    seen: dict[str, Bundle] = {}
    for bundle in bundles:
        first = seen.setdefault(bundle.name.lower(), bundle)
        if first is not bundle:
            msg = f"{first.name} and {bundle.name} would be written to the same file"
            raise ConfigError(msg, where=f"bundles.{bundle.name}", fix="name one of them differently")


def _narrow(budget: Budget, wanted_bytes: int | None) -> Budget:
    """Return the limits with the user's own budget, which is about the zip, laid over them."""
    if wanted_bytes is None:
        return budget
    return budget.of_user(wanted_bytes)
