"""Packages that a host's runtime brings along, got from a registry to stand for them in a proof."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING

from packager.core.cache_areas import TOOLS
from packager.core.cache_dir import CacheDir
from packager.core.units import format_timeout
from packager.model.proof import CannotProve
from packager.toolchains.node import find_node, this_machine
from packager.toolchains.npm_tools import node_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LOWEST_NODE = 18
_TIMEOUT_SECONDS = 300.0


def node_packages(wanted: Mapping[str, str], version: str, cache: Path, *, fetch: bool = True) -> Path:
    """Return a folder with a ``node_modules`` that holds these packages (name → range) and all they need.

    Kept in the cache: what was got once for a major `version` of Node is what the next proof takes. No install script
    is run. Without `fetch` only npm's own cache is asked. Raises CannotProve where npm cannot get them.
    """
    text = json.dumps(sorted(wanted.items()))
    here = this_machine()
    name = f"runtime-{hashlib.sha256(text.encode()).hexdigest()[:16]}-{here.system}-{here.arch}-node{version}"
    area = CacheDir(cache).area(TOOLS)
    kept = area.get(name)
    if kept is not None:
        return kept
    try:
        with area.making(name) as made:
            manifest = {"name": "runtime", "version": "1.0.0", "private": True, "dependencies": dict(wanted)}
            (made / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
            _install(made, version, cache, fetch=fetch)
            made.chmod(0o755)
    except OSError as error:
        msg = f"the cache cannot be written: {error.strerror or error}"
        raise CannotProve(msg) from error
    return area.place(name)


def _install(folder: Path, version: str, cache: Path, *, fetch: bool) -> None:
    node = find_node(str(max(int(version), _LOWEST_NODE)), cache)
    network = "--prefer-offline" if fetch else "--offline"
    options = ("--ignore-scripts", "--omit=dev", "--omit=peer", "--no-audit", "--no-fund", "--no-package-lock", network)
    try:
        done = subprocess.run(
            (str(node.bin_dir / "npm"), "install", *options),
            cwd=folder,
            env={**node_environment(node), "npm_config_update_notifier": "false"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"npm did not end within {format_timeout(_TIMEOUT_SECONDS)}"
        raise CannotProve(msg) from error
    if done.returncode != 0:
        msg = "npm could not get the packages that the runtime brings along"
        raise CannotProve(msg)
