"""What is installed and generated for a bundle, where, and with which engines at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.model.plan import BuilderName, Job
from packager.planning.supply import at_hand, generate_lines, plan_supply
from packager.project.outputs import own_outputs

if TYPE_CHECKING:
    from packager.model.machine import Machine
    from packager.model.project import Project, Survey
    from packager.model.targets import Target
    from packager.planning.planner import Wishes


def make_job(
    facts: Survey, target: Target, project: Project, wishes: Wishes, machine: Machine
) -> tuple[Job, tuple[str, ...]]:
    """Return the job for a folder and a target, and why it is as it is, one line each.

    Raises ConfigError where the schema does not name the engine that the target needs.
    """
    generate = project.generate
    lines = generate_lines(facts) if generate.command is None else generate.command
    environment = {key: value for engine in facts.engines for key, value in engine.environment}
    environment.update(generate.environment)
    if wishes.offline:
        environment["npm_config_offline"] = "true"
    given = {**dict(wishes.environment), **generate.environment}
    supply = plan_supply(facts, target, given=given, fix=wishes.fix_schema)
    job = Job(
        source=facts.root,
        builder="host",
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
        image=wishes.image or project.image,
        ignore=own_outputs(facts.root, wishes.out),
        binary_targets=supply.binary_targets,
        rewritten=supply.rewritten,
        offline=wishes.offline,
    )
    builder, why = _builder(job, wishes.builder or project.builder, machine)
    job = replace(job, builder=builder)
    files, notes = at_hand(supply.files, job)
    environment.update((file.native.override, f"{{engines}}/{file.file}") for file in files)
    job = replace(job, engine_files=files, environment=tuple(sorted(environment.items())))
    return job, (*supply.notes, *why, *notes)


def _builder(job: Job, wish: str, machine: Machine) -> tuple[BuilderName, tuple[str, ...]]:
    """Return the builder, and where nobody chose it, why it is this one."""
    if wish == "host":
        return "host", ()
    if wish == "docker":
        return "docker", ()
    image = job.image or job.platform.image
    problem = machine.docker_problem or machine.image_problem(image, job.arch)
    if problem:
        return "host", (f"builder: host, since docker cannot be used: {problem}",)
    return "docker", (f"builder: docker with image {image} ({machine.docker})",)
