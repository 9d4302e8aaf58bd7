"""Job → the commands that install, generate and prune: the same list for every builder.

An invocation's argv starts with a program looked up on PATH (``npm``, ``node``, ``npx``, ``sh``, ``python3``). Values
of its environment may hold ``{any_file}`` and ``{engines}``, see `fill`. Nothing here asks the machine; what depends on
it is an argument.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.builders.own_scripts import AFTER, BEFORE, own_scripts
from packager.languages.registry import LANGUAGES
from packager.model.builds import Invocation
from packager.package_managers.registry import PACKAGE_MANAGERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.plan import Job

ANY_FILE = "{any_file}"
ENGINES = "{engines}"


def invocations_for(job: Job, *, run_scripts: bool = True) -> tuple[Invocation, ...]:
    """Return the commands of a job, in order. Reads the project's lock file.

    `run_scripts` is whether the packages' install scripts may run: only where the machine they run on is of the
    target's architecture and libc, since they build or fetch for the machine they find; elsewhere the project's own
    ones are run that are JavaScript. Raises ConfigError for a lock file that cannot be used, and for an own script
    that cannot be run.
    """
    plugin = PACKAGE_MANAGERS[job.manager] if job.manager is not None else None
    environment = _environment(job)
    invocations: list[Invocation] = []
    if plugin is not None:
        before, after = ((), ()) if run_scripts else (own_scripts(job, BEFORE), own_scripts(job, AFTER))
        for one in (*before, *plugin.install(job, run_scripts=run_scripts), *after):
            invocations.append(replace(one, environment=(*environment, *one.environment)))
    # sh, as npm's own scripts; the project's own commands come first, as in `npm run`.
    for line in job.generate:
        command = f'export PATH="$PWD/node_modules/.bin:$PATH"; {line}'
        invocations.append(Invocation("generate", ("sh", "-c", command), environment, line=line))
    if plugin is not None:
        invocations += plugin.prune(job)
    return tuple(invocations)


def fill(pairs: Iterable[tuple[str, str]], any_file: str, engines: str = "") -> dict[str, str]:
    """Return an invocation's environment with its placeholders replaced.

    ``{any_file}`` is the path of some existing executable, ``{engines}`` the folder of the job's engine files.

    >>> fill([("PRISMA_SCHEMA_ENGINE_BINARY", "{any_file}")], "/bin/true")
    {'PRISMA_SCHEMA_ENGINE_BINARY': '/bin/true'}
    """
    return {name: value.replace(ANY_FILE, any_file).replace(ENGINES, engines) for name, value in pairs}


def _environment(job: Job) -> tuple[tuple[str, str], ...]:
    """Return what selects the target in the tools that install scripts call, then the job's own."""
    return (*LANGUAGES[job.language].build_environment(job.arch, job.libc), *job.environment)
