"""The project of an era on disk, what stands for its engine, and its plan."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.core.resources import default_cache
from packager.model.machine import Machine
from packager.model.options import BuildOptions
from packager.package_managers.pnpm import PNPM
from packager.planning.planner import make_plan
from packager.project.loading import load_project
from tests.eras.era import STANDIN
from tests.support.elfs import write_elf
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.plan import Plan
    from tests.eras.era import Era

BULLSEYE = "packager-test/node:20-bullseye"
_LOCKS = {
    "npm": ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"],
    "pnpm": ["npx", "--yes", PNPM, "install", "--lockfile-only"],
}


def make_project(era: Era, root: Path, scratch: Path) -> dict[str, str]:
    """Write the app below `root` with its lock file; returns variables that name its engine."""
    app = write_tree(root / "app", era.project())
    subprocess.run(_LOCKS[era.manager], cwd=app, check=True, capture_output=True)
    if era.engine != "real":
        return apart(scratch)
    _libraries(app / "lib")
    return {"PRISMA_QUERY_ENGINE_LIBRARY": str(_real_engine(era, root, scratch))}


def apart(scratch: Path) -> dict[str, str]:
    """Return variables that keep generators out of the user's home.

    Where they fetch for themselves, they keep what they got, and here that is a stand-in under an engine's name.
    """
    home = scratch / "home"
    home.mkdir(parents=True, exist_ok=True)
    own = Path.home()
    npm = {"npm_config_userconfig": str(own / ".npmrc"), "npm_config_cache": str(own / ".npm")}
    kept = {name: os.environ.get(name, value) for name, value in npm.items()}
    return {"HOME": str(home), "PACKAGER_CACHE": str(default_cache()), **kept}


def plan_for(era: Era, app: Path, variables: Mapping[str, str]) -> Plan:
    """Return the plan: on this machine, except that a real engine needs the system it was made for."""
    override = tuple((key, value) for key, value in variables.items() if key.startswith("PRISMA_QUERY"))
    if era.engine != "real":
        return make_plan(
            load_project(app), load_catalog(), Machine(), BuildOptions(builder="local", engine_variables=override)
        )
    wishes = BuildOptions(builder="docker", image=BULLSEYE, engine_variables=override)
    plan = make_plan(load_project(app), load_catalog(), Machine(), wishes)
    # Generating loads this engine: Debian's copies of its OpenSSL are among the app's own files.
    (job,) = plan.jobs
    moved = replace(job, environment=(*job.environment, ("LD_LIBRARY_PATH", "/var/task/lib")))
    return replace(plan, jobs=(moved,), bundles=tuple(replace(bundle, job=moved) for bundle in plan.bundles))


def engine_file(file: str) -> bytes:
    """Return what the mirror has for a file: a library made for the test, or the stand-in program."""
    return write_elf(needed=("libc.so.6",), symtab=100_000) if file.endswith(".node") else STANDIN.encode()


def _real_engine(era: Era, root: Path, scratch: Path) -> Path:
    """Return the Rust engine that was left in a published package, fetched by the ordinary client."""
    version = era.development["@prisma/internals"]
    kept = scratch / f"engine-{version}.node"
    if not kept.exists():
        inner = "package/dist/libquery_engine-debian-openssl-1.1.x.so.node"
        pack = ["npm", "pack", f"@prisma/internals@{version}", "--pack-destination", str(root)]
        subprocess.run(pack, cwd=root, check=True, capture_output=True)
        (archive,) = root.glob("prisma-internals-*.tgz")
        subprocess.run(["tar", "xzf", str(archive), "-C", str(root), inner], check=True)
        (root / inner).replace(kept)
    return kept


def _libraries(folder: Path) -> None:
    """Put Debian 11's OpenSSL beside the app: the engine was linked with it, and no Lambda has it."""
    folder.mkdir()
    name = subprocess.run(["docker", "create", BULLSEYE], check=True, capture_output=True, text=True).stdout.strip()
    try:
        for library in ("libssl.so.1.1", "libcrypto.so.1.1"):
            source = f"{name}:/usr/lib/x86_64-linux-gnu/{library}"
            subprocess.run(["docker", "cp", "-L", source, str(folder)], check=True, capture_output=True)
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=False, capture_output=True)
