"""A folder without packager.yaml → `Project`: what can be detected need not be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.languages.registry import LANGUAGES
from packager.model.project import BundleSpec, Project
from packager.project.entries import detect_handler
from packager.project.files import language_of
from packager.project.hostfiles import detect_hosts
from packager.project.names import bundle_name
from packager.project.spelling import check_spelling

if TYPE_CHECKING:
    from pathlib import Path


def detect_project(root: Path, target: str = "") -> Project:
    """Return the project a host's own configuration describes, else one bundle for the target, else for AWS Lambda.

    Raises ConfigError where nothing is recognised, or two hosts are.
    """
    origin, specs = detect_hosts(root, target)
    if specs:
        for spec in specs:
            check_spelling(spec, f"{origin}: {spec.name}".removesuffix(": "))
        return Project(root=root, bundles=specs, notes=(f"no packager.yaml: read from {origin}",))
    language = language_of(root)
    if not language:
        msg = "there is no packager.yaml, package.json, requirements.txt, pyproject.toml or bootstrap"
        raise ConfigError(msg, where=str(root), fix="give the folder of the project, or run `packager init`")
    google = target.startswith("google-cloud-functions")
    served = LANGUAGES[language].framework_handler(root) if google else None
    if target not in ("", "aws-lambda") and served is None:
        spec = BundleSpec(name=bundle_name(root), target=target)
        return Project(root=root, bundles=(spec,), notes=(f"no packager.yaml: {language} project for {target}",))
    handler = detect_handler(root, language) if served is None else served
    if not handler:
        tried = ", ".join(LANGUAGES[language].usual_handlers)
        msg = f"no handler was found (looked for an exported `handler` in {tried})"
        raise ConfigError(
            msg, where=str(root), fix="run `packager init` and name it in packager.yaml: bundles.NAME.handler"
        )
    spec = BundleSpec(name=bundle_name(root), target=target or "aws-lambda", handler=handler)
    return Project(
        root=root, bundles=(spec,), notes=(f"no packager.yaml: {language} project, handler {handler} detected",)
    )
