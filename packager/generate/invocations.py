"""Job → the commands that install, generate and prune: the same list for every builder.

An invocation's argv starts with a program looked up on PATH (``npm``, ``node``, ``npx``, ``sh``, ``python3``). Values of
its environment may hold ``{any_file}`` and ``{engines}``, see `fill`. Nothing here asks the machine; what depends on it
is an argument.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError
from packager.model.builds import PYTHON_PACKAGES_DIR, Invocation
from packager.package_managers.production import development_packages, development_specs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.plan import Job
    from packager.model.targets import Arch, Version

__all__ = ["ANY_FILE", "PYTHON_PACKAGES_DIR", "fill", "invocations_for"]

ANY_FILE = "{any_file}"
ENGINES = "{engines}"
_NODE_CPU: dict[Arch, str] = {"x86_64": "x64", "arm64": "arm64"}
_WHEEL_CPU: dict[Arch, str] = {"x86_64": "x86_64", "arm64": "aarch64"}

PNPM = "pnpm@10.34.8"
"""First fetched by npx, then taken from npm's cache. 10.14 brought --os, --cpu and --libc."""

# What package managers' own pruning leaves is in `production`. Their records of what they installed go too: they would
# no longer be true, and hold dates and paths of the machine; so does the cache folder generators write to.
#
# What is removed lies in the tree, whatever its name says and wherever links lead: real paths are compared, and of a
# link only the link itself goes. Node 12 has no fs.rmSync, and its rmdir is not what later ones have.
_PRUNE_COMMON = """\
const fs = require("fs"), path = require("path");
const root = fs.realpathSync.native(".");
const real = (name) => { try { return fs.realpathSync.native(name); } catch (error) { return null; } };
const within = (folder) => folder !== null && (folder === root || folder.startsWith(root + path.sep));
const list = (folder) => within(real(folder)) ? fs.readdirSync(folder) : [];
const erase = fs.rmSync ? (name) => fs.rmSync(name, { recursive: true, force: true }) : (name) => {
  if (!fs.lstatSync(name).isDirectory()) return fs.unlinkSync(name);
  for (const below of fs.readdirSync(name)) erase(path.join(name, below));
  fs.rmdirSync(name);
};
const remove = (name) => {
  const parent = real(path.dirname(path.resolve(name)));
  if (parent === null) return;
  const place = path.join(parent, path.basename(path.resolve(name)));
  if (!within(parent)) return console.error("outside the project, left as it is: " + name);
  try { fs.lstatSync(place); } catch (error) { return; }
  erase(place);
};
const tidy = (folder) => {
  const bin = path.join(folder, ".bin");
  for (const name of list(bin)) if (!fs.existsSync(path.join(bin, name))) remove(path.join(bin, name));
  for (const name of list(folder)) {
    const empty = name === ".bin" || name.startsWith("@");
    if (!empty) continue;
    const below = path.join(folder, name), place = real(below);
    if (place === null || (within(place) && list(below).length === 0)) remove(below);
  }
};
for (const name of [".package-lock.json", ".modules.yaml", ".pnpm", ".pnpm-workspace-state-v1.json", ".cache"])
  remove(path.join("node_modules", name));
"""
_PRUNE_PATHS = (
    _PRUNE_COMMON
    + """\
const paths = process.argv.slice(1);
paths.forEach(remove);
new Set(["node_modules", ...paths.map((name) => name.replace(/(.*node_modules)[/].*/, "$1"))]).forEach(tidy);
"""
)
_PRUNE_SPECS = (
    _PRUNE_COMMON
    + """\
const specs = new Set(process.argv.slice(1)), seen = new Map();
const visit = (folder) => {
  // Links between members of a workspace may lead in a circle.
  if (!within(real(folder)) || seen.has(real(folder))) return;
  seen.set(real(folder), folder);
  for (const name of list(folder)) {
    const below = path.join(folder, name);
    if (name.startsWith("@")) visit(below);
    if (!within(real(below)) || !fs.existsSync(path.join(below, "package.json"))) continue;
    const facts = JSON.parse(fs.readFileSync(path.join(below, "package.json")));
    if (specs.has(facts.name + "@" + facts.version)) remove(below);
    else visit(path.join(below, "node_modules"));
  }
};
visit("node_modules");
// Once everything is gone: a package visited early may link to the program of one that went late.
[...seen.values()].reverse().forEach(tidy);
"""
)

# A project may hold types.py, enum.py or a folder pip: with it on the module path these take the place of the standard
# library and of pip itself. -I keeps it out, and PYTHONPATH and the user's own packages too (-P, which would not, comes
# with 3.11): a pip that is found only by way of these is named by a variable. Its folder goes behind the standard
# library and before other packages, where Python would have it.
_ISOLATED = ("python3", "-I", "-B")
_RUN_PIP = r"""
import os, runpy, sys
folder = os.environ.pop("PACKAGER_PIP", "")
if folder:
    others = [number for number, path in enumerate(sys.path) if path.endswith("-packages")]
    sys.path.insert(others[0] if others else len(sys.path), folder)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
PIP_VARIABLE = "PACKAGER_PIP"
"""Names the folder that holds the package pip, for those that run it; without it the interpreter's own is taken."""

# pip starts the scripts it makes with the path of the Python that ran it, and records their hashes.
_PIP_TIDY = r"""
import pathlib, re, sys
root = pathlib.Path(sys.argv[1])
first = re.compile(rb"\A#!(?:/bin/sh\n'''exec' )?[^\n]*python[^\n]*\n(?:' '''\n)?")
for script in root.glob("bin/*"):
    text = script.read_bytes()
    if first.match(text):
        script.write_bytes(first.sub(b"#!/usr/bin/env python3\n", text))
for record in root.glob("*.dist-info/RECORD"):
    text = record.read_bytes()
    record.write_bytes(re.sub(rb"(?m)^((?:[.][.]/)+bin/[^,]*),[^,]*,[^,\r\n]*", rb"\1,,", text))
"""


def invocations_for(job: Job, *, run_scripts: bool = True) -> tuple[Invocation, ...]:
    """Return the commands of a job, in order. Reads the project's lock file.

    `run_scripts` is whether the packages' install scripts may run: only where the machine they run on is of the
    target's architecture and libc, since they build or fetch for the machine they find. Raises ConfigError for a
    package manager that is recognised but not supported.
    """
    invocations: list[Invocation] = []
    if job.manager == "npm":
        invocations.append(_npm_install(job, run_scripts))
    elif job.manager == "pnpm":
        invocations.append(_pnpm_install(job, run_scripts))
    elif job.manager == "pip":
        invocations += (_pip_install(job), Invocation("install", (*_ISOLATED, "-c", _PIP_TIDY, PYTHON_PACKAGES_DIR)))
    elif job.manager is not None:
        msg = f"{job.manager} is recognised, but cannot be run here"
        raise ConfigError(msg, where=job.lock_file, fix="use npm or pnpm: run `npm install` and keep package-lock.json")
    # sh, as npm's own scripts; the project's own commands come first, as in `npm run`.
    environment = _environment(job)
    for line in job.generate:
        command = f'export PATH="$PWD/node_modules/.bin:$PATH"; {line}'
        invocations.append(Invocation("generate", ("sh", "-c", command), environment, line=line))
    if job.manager == "npm":
        unneeded = development_packages(job.source, job.lock_file)
        invocations.append(Invocation("prune", ("node", "-e", _PRUNE_PATHS, "--", *unneeded)))
    elif job.manager == "pnpm":
        unneeded = development_specs(job.source, job.lock_file)
        invocations.append(Invocation("prune", ("node", "-e", _PRUNE_SPECS, "--", *unneeded)))
    return tuple(invocations)


def fill(pairs: Iterable[tuple[str, str]], any_file: str, engines: str = "") -> dict[str, str]:
    """Return an invocation's environment with its placeholders replaced.

    ``{any_file}`` is the path of some existing executable, ``{engines}`` the folder of the job's engine files.

    >>> fill([("PRISMA_SCHEMA_ENGINE_BINARY", "{any_file}")], "/bin/true")
    {'PRISMA_SCHEMA_ENGINE_BINARY': '/bin/true'}
    """
    return {name: value.replace(ANY_FILE, any_file).replace(ENGINES, engines) for name, value in pairs}


def _npm_install(job: Job, run_scripts: bool) -> Invocation:
    argv = ("npm", "ci", *_npm_platform(job), "--include=dev", "--include=optional", "--no-audit", "--no-fund")
    if not run_scripts:
        argv = (*argv, "--ignore-scripts")
    return Invocation("install", argv, _environment(job))


def _npm_platform(job: Job) -> tuple[str, ...]:
    return ("--os=linux", f"--cpu={_NODE_CPU[job.arch]}", f"--libc={job.libc}")


def _environment(job: Job) -> tuple[tuple[str, str], ...]:
    """Return what selects the target in the tools that install scripts call, then the job's own.

    prebuild-install and node-gyp-build read npm_config_platform, _arch and _libc; node-pre-gyp reads
    npm_config_target_platform, _target_arch and _target_libc (their rc.js, node-gyp-build.js and versioning.js).
    """
    if job.language != "nodejs":
        return job.environment
    cpu = _NODE_CPU[job.arch]
    return (
        ("npm_config_platform", "linux"),
        ("npm_config_arch", cpu),
        ("npm_config_target_platform", "linux"),
        ("npm_config_target_arch", cpu),
        ("npm_config_target_libc", job.libc),
        *job.environment,
    )


def _pnpm_install(job: Job, run_scripts: bool) -> Invocation:
    """Return pnpm's install in the hoisted layout, which has no links: what lies there is what Node finds anywhere."""
    argv = ("npx", "--yes", PNPM, "install", "--frozen-lockfile", "--config.node-linker=hoisted", *_npm_platform(job))
    argv = (
        *argv,
        "--config.package-import-method=copy",
        "--config.confirm-modules-purge=false",
        "--reporter=append-only",
    )
    if not run_scripts:
        argv = (*argv, "--ignore-scripts")
    # The project may pin another pnpm: that one may be too old for --os and would be fetched again.
    pinned = (("npm_config_manage_package_manager_versions", "false"), ("npm_config_package_manager_strict", "false"))
    return Invocation("install", argv, (*_environment(job), *pinned))


def _pip_install(job: Job) -> Invocation:
    """Return pip's install of wheels for the target into `PYTHON_PACKAGES_DIR`.

    Where the builder's image has the target's own Python, docker lets that one choose and build what has no wheel.
    """
    pip = [*_ISOLATED[1:], "-c", _RUN_PIP]
    common = ["install", "--target", PYTHON_PACKAGES_DIR, "--no-compile", "--no-input"]
    common += ["--disable-pip-version-check", "--root-user-action=ignore", "-r", job.lock_file]
    version = job.language_version
    wheels = [*common, "--only-binary=:all:", "--implementation", "cp", "--python-version", version]
    for tag in _wheel_platforms(job):
        wheels += ["--platform", tag]
    line = shlex.join(["python3", "-I", "-m", "pip", *wheels])
    if job.builder == "local":
        return Invocation("install", ("python3", *pip, *wheels), job.environment, line=line)
    own = f"python{version}"
    has_pip = f"{shlex.join([own, *pip])} --version >/dev/null 2>&1"
    script = f'if {has_pip}; then exec {own} "$@"; else {shlex.join(["python3", *pip, *wheels])}; fi'
    return Invocation("install", ("sh", "-c", script, "pip", *pip, *common), job.environment, line=line)


def _wheel_platforms(job: Job) -> list[str]:
    """Return the platform tags of wheels that load on the job's userland, the newest first, as pip prefers them.

    Source: PEP 600 (manylinux_X_Y and the older names it gives a meaning to), PEP 656 (musllinux).
    """
    cpu = _WHEEL_CPU[job.arch]
    if job.libc == "musl":
        return [f"musllinux_1_{minor}_{cpu}" for minor in (2, 1)]
    glibc: Version = load_catalog().baselines[job.platform.baseline].glibc
    lowest = 5 if job.arch == "x86_64" else 17
    older = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    tags: list[str] = []
    for minor in range(glibc[1], lowest - 1, -1):
        tags.append(f"manylinux_2_{minor}_{cpu}")
        if minor in older:
            tags.append(f"{older[minor]}_{cpu}")
    return tags
