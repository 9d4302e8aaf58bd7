"""Running a plan for the command line and showing what came of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from packager.catalog.current import load_catalog
from packager.cli.console import Steps, print_row, stdout
from packager.cli.plain import hanging, plain, width
from packager.cli.request import planned
from packager.cli.summary import print_summary
from packager.cli.why import verdict_line, verdict_row
from packager.core.errors import EXIT_FINDINGS, EXIT_FINE, UsageError
from packager.core.signals import interrupting
from packager.core.units import format_size
from packager.delivery.deliver import deliver
from packager.delivery.manifest import manifest
from packager.delivery.placing import check_writable
from packager.pipeline.run import Result, package, selections
from packager.pipeline.tools import real_tools

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.options import BuildOptions
    from packager.model.plan import Bundle, Plan
    from packager.model.project import Project
    from packager.model.selection import Choice
    from packager.model.tools import Tools

_ASIDES = ("engine: ",)
"""Begins notes that only say what was recognised: `packager plan` and ``-v`` show them."""


def show_plan(project: Project, options: BuildOptions, as_json: bool) -> int:
    """Print the plan; 0."""
    plan = planned(project, options, load_catalog())
    if as_json:
        print(json.dumps({"version": 1, "ok": True, "plan": plan_json(plan)}, indent=1))
        return EXIT_FINE
    console = stdout()
    for note in plan.notes:
        console.print(hanging("- ", plain(note), width()))
    for index, job in enumerate(plan.jobs, start=1):
        image = f" in {job.image or job.platform.image}" if job.builder == "docker" else " on this machine"
        console.print()
        title = f"{job.builder} builder{image}, for {job.platform.title} {job.arch}"
        console.print(hanging(f"job {index}: ", title, width()))
        manager = f"{job.manager} with {job.lock_file}" if job.manager else "nothing to install"
        print_row(console, "install", manager, indent=9)
        for line in job.generate:
            print_row(console, "generate", line, indent=9)
    for bundle in plan.bundles:
        console.print()
        console.print(hanging(f"{bundle.name}: ", f"{bundle.kind} for {bundle.target.title}", width()))
        for label, text in _bundle_rows(bundle, plan):
            print_row(console, label, text, indent=9)
    return EXIT_FINE


def _bundle_rows(bundle: Bundle, plan: Plan) -> list[tuple[str, str]]:
    limit = bundle.budget.zipped
    rows = [
        ("job", str(plan.jobs.index(bundle.job) + 1)),
        ("system", f"{bundle.target.baseline.title}, glibc {'.'.join(map(str, bundle.target.baseline.glibc))}"),
        ("handler", bundle.handler),
        ("packages", " ".join(bundle.packages)),
        ("include", " ".join(bundle.include)),
        ("trim", f"{bundle.trim}, with bytecode" if bundle.compile else bundle.trim),
        ("external", " ".join(bundle.external)),
        ("layers", " ".join([*bundle.layers, *(path.name for path in bundle.layer_files)])),
        ("budget", f"{format_size(limit)} zipped" if limit else ""),
    ]
    return [(label, text) for label, text in rows if text]


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return a plan for ``--json``."""
    return {
        "notes": list(plan.notes),
        "jobs": [
            {
                "builder": job.builder,
                "image": (job.image or job.platform.image) if job.builder == "docker" else "",
                "platform": job.platform.name,
                "arch": job.arch,
                "manager": job.manager,
                "lock_file": job.lock_file,
                "generate": list(job.generate),
                "engines": [engine.name for engine in job.engines],
                "binary_targets": [
                    {"client": client, "binary_target": wanted} for client, wanted in job.binary_targets
                ],
                "engine_files": [
                    {"file": file.file, "binary_target": file.binary_target, "commit": file.commit}
                    for file in job.engine_files
                ],
            }
            for job in plan.jobs
        ],
        "bundles": [
            {
                "name": bundle.name,
                "kind": bundle.kind,
                "target": bundle.target.name,
                "runtime": bundle.target.runtime,
                "arch": bundle.target.arch,
                "baseline": bundle.target.baseline.name,
                "job": plan.jobs.index(bundle.job),
                "handler": bundle.handler,
                "layers": [*bundle.layers, *(path.name for path in bundle.layer_files)],
                "trim": bundle.trim,
                "compile": bundle.compile,
                "budget_bytes": bundle.budget.zipped,
            }
            for bundle in plan.bundles
        ],
    }


def explain(project: Project, options: BuildOptions, path: str, verbosity: int, as_json: bool) -> int:
    """Print why a file or folder is kept or dropped in each bundle; 0."""
    catalog = load_catalog()
    plan = planned(project, options, catalog)
    wanted = path.removeprefix("./").rstrip("/")
    rows: list[tuple[str, Choice]] = []
    tools = _tools(options)
    with Steps(verbosity) as steps, selections(plan, catalog, tools, options, steps) as chosen:
        for bundle, selection in chosen:
            found = selection.choices if wanted in ("", ".") else selection.why(wanted)
            rows += [(bundle.name, choice) for choice in found]
    if not rows:
        msg = f"the built project has no file or folder {path!r}"
        raise UsageError(msg, where="--why", fix="give a path relative to the project, such as node_modules/sharp")
    if as_json:
        why = [{"bundle": name, **verdict_row(choice)} for name, choice in rows]
        print(json.dumps({"version": 1, "ok": True, "why": why}, indent=1))
        return EXIT_FINE
    console = stdout()
    for name, choice in rows:
        console.print(f"{name}: {verdict_line(choice)}")
    return EXIT_FINE


def run_build(project: Project, options: BuildOptions, verbosity: int, as_json: bool) -> int:
    """Run the plan, deliver if nothing says no, print the summary; 0 or 1."""
    catalog = load_catalog()
    start = time.monotonic()
    plan = planned(project, options, catalog)
    check_writable(options.out)
    with Steps(verbosity) as steps:
        for note in plan.notes:
            if verbosity >= 1 or not note.startswith(_ASIDES):
                steps.note(note)
        with package(plan, catalog, _tools(options), options, steps) as results:
            ok = all(result.ok for result in results)
            with interrupting(f"some files of {options.out} may be new, each is complete; build again"):
                paths = deliver(results, options.out, sbom=options.sbom) if ok else {}
            seconds = time.monotonic() - start
            if as_json:
                print(json.dumps(_document(plan, results, paths, seconds), indent=1))
            elif verbosity >= 0 or not ok:
                print_summary(stdout(), results, paths, seconds, verbose=verbosity >= 1)
    return EXIT_FINE if ok else EXIT_FINDINGS


def _tools(options: BuildOptions) -> Tools:
    return real_tools(options.cache, fresh=options.fresh, fetch=not options.offline)


def _document(plan: Plan, results: list[Result], paths: dict[str, Path], seconds: float) -> dict[str, Any]:
    bundles = []
    for result in results:
        document = manifest(result, results)
        del document["version"], document["files"]
        path = paths.get(result.bundle.name)
        bundles.append(
            {
                **document,
                "ok": result.ok,
                "path": str(path) if path else None,
                "fit": result.fit.to_json() if result.fit else None,
                "seconds": dict(result.seconds),
            }
        )
    ok = all(result.ok for result in results)
    return {"version": 1, "ok": ok, "plan": plan_json(plan), "bundles": bundles, "seconds": seconds}
