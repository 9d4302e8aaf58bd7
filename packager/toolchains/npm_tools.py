"""Tools that run on Node, fetched by npm at the versions of a lock file of ours and kept in the cache.

The lock file names every package with its integrity, and no registry: npm asks the user's and checks what it gets. Made
again by ``npm install --package-lock-only --omit-lockfile-registry-resolved NAME@VERSION`` in an empty folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packager.core.cache_areas import TOOLS
from packager.core.cache_dir import CacheDir
from packager.core.errors import EnvironmentFault
from packager.core.masking import Mask
from packager.toolchains.causes import explain
from packager.toolchains.environment import clean_environment
from packager.toolchains.node import find_node, this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.toolchains.node import Toolchain


@dataclass(frozen=True)
class NpmTools:
    """Tools that run on Node, in a cache folder."""

    cache: Path
    fetch: bool = True
    """Whether the registry may be asked; else what is in neither cache, ours nor npm's, is not to be had."""

    def node(self, major: str, lowest: int) -> Toolchain:
        """Return the target's Node if the tools run on it, else the lowest that will do."""
        wanted = max(int(major), lowest) if major.isdigit() else lowest
        return _node(str(wanted), self.cache, os.environ.get("PATH", ""))

    def folder(self, name: str, lock: Path, node: Toolchain) -> Path:
        """Return a folder with the tool's ``node_modules``, see `tool_folder`."""
        return tool_folder(name, lock, self.cache, node, fetch=self.fetch)


def tool_folder(name: str, lock: Path, cache: Path, node: Toolchain, *, fetch: bool = True) -> Path:
    """Return a folder with the tool's ``node_modules``, as its lock file has them, for this machine.

    Fetched the first time; the folder appears complete, by renaming. No install script is run. Raises
    EnvironmentFault where npm cannot get it; without `fetch` only npm's own cache is asked.
    """
    content = lock.read_bytes()
    here = this_machine()
    version = hashlib.sha256(content).hexdigest()[:16]
    kept = CacheDir(cache).area(TOOLS)
    key = f"{name}-{version}-{here.system}-{here.arch}-{here.libc or 'any'}"
    folder = kept.get(key)
    if folder is not None:
        return folder
    folder = kept.place(key)
    try:
        with kept.making(key) as made:
            (made / "package-lock.json").write_bytes(content)
            (made / "package.json").write_text(json.dumps(json.loads(content)["packages"][""]), encoding="utf-8")
            _install(name, made, node, fetch=fetch)
            made.chmod(0o755)
    except OSError as error:
        msg = f"the cache cannot be written: {error.strerror or error}"
        fix = "free some space, or name another folder: --cache"
        raise EnvironmentFault(msg, where=str(folder.parent), fix=fix) from error
    return folder


@lru_cache(maxsize=8)
def _node(major: str, cache: Path, path: str) -> Toolchain:
    # Asking this machine's Node and npm for their versions takes a second, and one bundle runs tools several times.
    return find_node(major, cache)


def node_environment(node: Toolchain) -> dict[str, str]:
    """Return the environment tools run in: the user's, cleaned, with this Node in front."""
    environment: Mapping[str, str] = clean_environment(os.environ)
    path = os.pathsep.join((str(node.bin_dir), environment.get("PATH", os.defpath)))
    bundle = os.environ.get("PACKAGER_CA_BUNDLE")
    trusted = {"NODE_EXTRA_CA_CERTS": bundle, "npm_config_cafile": bundle} if bundle else {}
    return {**environment, **trusted, "PATH": path}


def run_script(
    script: Path, tool: Path, node: Toolchain, request: Mapping[str, Any], folder: Path, seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a script of ours that uses a tool, in a folder: the request goes in as JSON, what it says is returned.

    Raises subprocess.TimeoutExpired; what a failure means the caller knows.
    """
    return subprocess.run(
        (str(node.bin_dir / "node"), str(script), str(tool)),
        input=json.dumps(request),
        env=node_environment(node),
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )


def _install(name: str, folder: Path, node: Toolchain, *, fetch: bool) -> None:
    """Run ``npm ci``; raises EnvironmentFault with npm's own words."""
    network = "--prefer-offline" if fetch else "--offline"
    command = (str(node.bin_dir / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", network)
    done = subprocess.run(
        command,
        cwd=folder,
        env=node_environment(node),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    output = Mask(os.environ)(done.stdout + done.stderr)
    if not fetch:
        msg = "is not in the cache, and with --offline nothing is fetched"
        raise EnvironmentFault(msg, where=name, fix="build once without --offline, with the same --cache")
    cause = explain(output)
    said = cause.message if cause else "; ".join(output.strip().splitlines()[-3:])
    fix = cause.fix if cause else "let npm reach a registry, or choose trim: strict"
    msg = f"npm could not fetch it: {said}"
    raise EnvironmentFault(msg, where=name, fix=fix)
