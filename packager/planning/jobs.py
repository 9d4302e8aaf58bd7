"""What is installed and generated for a bundle, where, and with which engines at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.model.plan import BuilderName, Job
from packager.planning.supply import at_hand, generate_lines, plan_supply
from packager.project.outputs import own_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.machine import Machine
    from packager.model.options import BuildOptions
    from packager.model.project import Project, Survey
    from packager.model.targets import Target


def make_job(
    facts: Survey, target: Target, project: Project, options: BuildOptions, machine: Machine
) -> tuple[Job, tuple[str, ...]]:
    """Return the job for a folder and a target, and why it is as it is, one line each.

    Raises ConfigError where the schema does not name the engine that the target needs.
    """
    generate = project.generate
    lines = generate_lines(facts) if generate.command is None else generate.command
    environment = {key: value for engine in facts.engines for key, value in engine.environment}
    environment.update(generate.environment)
    if options.offline:
        environment["npm_config_offline"] = "true"
    given = {**dict(options.engine_variables), **generate.environment}
    supply = plan_supply(facts, target, given=given, fix=options.fix_schema)
    job = Job(
        source=facts.root,
        builder="local",
        platform=target.platform,
        arch=target.arch,
        libc=target.platform.libc,
        language=target.language,
        language_version=target.language_version,
        manager=facts.manager,
        lock_file=facts.lock_file,
        engines=facts.engines,
        generate=lines if facts.root == project.root else (),
        environment=tuple(sorted(environment.items())),
        timeout_seconds=generate.timeout_seconds,
        image=options.image or project.image,
        ignore=own_outputs(facts.root, _inside(options.out, project.root)),
        binary_targets=supply.binary_targets,
        rewritten=supply.rewritten,
    )
    builder, why = _builder(job, options.builder or project.builder, machine)
    job = replace(job, builder=builder)
    files, notes = at_hand(supply.files, all_of_them=job.builder == "docker" or options.offline)
    environment.update((file.native.override, f"{{engines}}/{file.file}") for file in files)
    job = replace(job, engine_files=files, environment=tuple(sorted(environment.items())))
    return job, (*supply.notes, *why, *notes)


def _builder(job: Job, wish: str, machine: Machine) -> tuple[BuilderName, tuple[str, ...]]:
    """Return the builder, and where it was not chosen by the user, why it is this one."""
    if wish in ("local", "host"):
        return "local", ()
    if wish == "docker":
        return "docker", ()
    image = job.image or job.platform.image
    if machine.docker_problem:
        more = "(`packager doctor` shows what was tried)"
        return "local", (f"builder: local, since docker cannot be used: {machine.docker_problem} {more}",)
    if problem := machine.image_problem(image, job.arch):
        more = "(name another with --image)"
        return "local", (f"builder: local, since docker cannot be used: image {image}: {problem} {more}",)
    return "docker", (f"builder: docker with image {image} ({machine.docker})",)


def _inside(out: Path, root: Path) -> str:
    """Return the output folder relative to the project, whose source it must not become; empty if it lies elsewhere."""
    real = (root / out).resolve()
    return real.relative_to(root).as_posix() if real.is_relative_to(root) and real != root else ""
