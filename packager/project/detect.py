"""A folder without packager.yaml → `Project`: what can be detected need not be written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.model.project import BundleSpec, Project
from packager.package_managers.package_json import read_package_json
from packager.project.entries import NODE_ENTRIES, PYTHON_ENTRIES, detect_handler
from packager.project.files import language_of
from packager.project.hostfiles import detect_hosts
from packager.project.names import bundle_name

if TYPE_CHECKING:
    from pathlib import Path


def _framework_target(root: Path) -> str:
    """Return what package.json has the functions framework serve: ``index.hello`` for ``--target=hello``."""
    data = read_package_json(root)
    found = re.search(r"functions-framework\b.*--target[= ](\w+)", str((data.get("scripts") or {}).get("start", "")))
    main = str(data.get("main") or "index.js").removeprefix("./")
    return f"{main.rpartition('.')[0] or main}.{found[1]}" if found else ""


def detect_project(root: Path, target: str = "") -> Project:
    """Return the project a host's own configuration describes, else one bundle for the target, else for AWS Lambda.

    Raises ConfigError where nothing is recognised, or two hosts are.
    """
    origin, specs = detect_hosts(root, target)
    if specs:
        return Project(root=root, bundles=specs, notes=(f"no packager.yaml: read from {origin}",))
    language = language_of(root)
    if not language:
        msg = "neither packager.yaml nor package.json, requirements.txt, pyproject.toml or bootstrap is here"
        raise ConfigError(
            msg, where=str(root), fix="point packager at the project's own folder, or run `packager init`"
        )
    google = target.startswith("google-cloud-functions") and language == "nodejs"
    if target not in ("", "aws-lambda") and not google:
        spec = BundleSpec(name=bundle_name(root), target=target)
        return Project(root=root, bundles=(spec,), notes=(f"no packager.yaml: {language} project for {target}",))
    handler = _framework_target(root) if google else detect_handler(root, language)
    if not handler:
        tried = ", ".join(PYTHON_ENTRIES if language == "python" else NODE_ENTRIES)
        msg = f"no handler found (looked for an exported `handler` in {tried})"
        raise ConfigError(
            msg, where=str(root), fix="run `packager init` and name it in packager.yaml: bundles.NAME.handler"
        )
    spec = BundleSpec(name=bundle_name(root), target=target or "aws-lambda", handler=handler)
    return Project(
        root=root, bundles=(spec,), notes=(f"no packager.yaml: {language} project, handler {handler} detected",)
    )
