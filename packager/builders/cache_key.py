"""What the result of a job depends on, as one key.

What counts is what goes in: the source files, the job, the environment of its commands, and the tools or the image.
The app's own code is not part of it where nothing but package managers and known generators run: they do not read it,
so an edit of it costs no install. Only jobs whose lock file fixes what is installed take part.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from packager import __version__
from packager.builders.source import link_target, source_files
from packager.package_managers.registry import PACKAGE_MANAGERS

if TYPE_CHECKING:
    from packager.model.plan import Job

_FORMAT = 2
_LIFECYCLE = frozenset({"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"})
_CODE = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".css", ".html", ".md")
_SCHEMA_OPTION = re.compile(r" --schema=\S+")


def settled(job: Job) -> bool:
    """Return whether two runs of a job must give the same: nothing is resolved, and there is something to save."""
    if job.manager is not None:
        return PACKAGE_MANAGERS[job.manager].reproducible(job)
    return bool(job.generate)


def key_of(job: Job, identity: str) -> str:
    """Return the key of a job made by tools, image and environment of that `identity`: equal keys, equal results."""
    # Where the project lies, how long it may take and whether the network may be used change no result; what is
    # ignored is not among the files.
    environment = tuple((name, value) for name, value in job.environment if name != "npm_config_offline")
    plain = replace(job, source=Path(), timeout_seconds=0.0, ignore=(), environment=environment)
    unread = _reads_no_code(job)
    said = msgspec.json.encode(plain, enc_hook=str, order="deterministic")
    digest = hashlib.sha256(f"{_FORMAT}\0{__version__}\0{identity}\0".encode() + said)
    for relative, path in source_files(job):
        if unread and _is_code(relative):
            continue
        digest.update(f"\0{relative}\0".encode("utf-8", "surrogateescape"))
        if path.is_symlink():
            digest.update(f"link {link_target(job, relative)}".encode("utf-8", "surrogateescape"))
            continue
        try:
            content = hashlib.sha256(path.read_bytes()).digest()
        except OSError:
            # The copy will say what is wrong with it.
            content = os.urandom(16)
        digest.update(b"x" if path.stat().st_mode & stat.S_IXUSR else b"-")
        digest.update(content)
    return digest.hexdigest()


def _reads_no_code(job: Job) -> bool:
    """Return whether installing and generating look at manifests, schemas and settings only, not at the app's code.

    Not so where the user's own commands or scripts run, where an addon of the project's is compiled, or where parts of
    the project are installed as packages.
    """
    generators = {engine.generate for engine in job.engines}
    if any(_SCHEMA_OPTION.sub("", line) not in generators for line in job.generate):
        return False
    names = [relative for relative, _ in source_files(job)]
    if "binding.gyp" in names or sum(name.rpartition("/")[2] == "package.json" for name in names) > 1:
        return False
    try:
        package = json.loads((job.source / "package.json").read_bytes())
    except (OSError, ValueError):
        return False
    scripts = package.get("scripts", {}) if isinstance(package, dict) else None
    return isinstance(scripts, dict) and not _LIFECYCLE.intersection(scripts)


def _is_code(relative: str) -> bool:
    """Return whether a file is the app's own code; what lies at the top or is called config may be settings."""
    folder, _, name = relative.rpartition("/")
    return bool(folder) and name.endswith(_CODE) and "config" not in name and not relative.startswith(".")
