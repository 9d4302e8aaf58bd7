"""A host's or tool's own configuration → bundles: a folder that has one needs no packager.yaml."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.hosts.registry import CONFIG_FORMATS
from packager.project.names import bundle_name

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import ConfigFormat, ForeignConfig
    from packager.model.project import BundleSpec


def detect_hosts(root: Path, target: str) -> tuple[str, tuple[BundleSpec, ...]]:
    """Return (file and what people call its format, bundles) of the configuration in a folder.

    ("", ()) if there is none for the target. Raises ConfigError where two hosts are configured and the target does not
    choose, or a file cannot be read.
    """
    found = [(each, said) for each in CONFIG_FORMATS.values() if (said := _read(each, root, target)) and said.specs]
    if len(found) > 1:
        names = " and ".join(_title(*each) for each in found)
        targets = list(dict.fromkeys(each.TARGETS[0] for each, _ in found))
        fix = " or ".join(f"--target {name}" for name in targets) if len(targets) > 1 else "write a packager.yaml"
        choose = "; choose one with --target" if len(targets) > 1 else ""
        msg = f"several host configurations found: {names}{choose}"
        raise ConfigError(msg, where=str(root), fix=f"pass {fix}" if len(targets) > 1 else fix)
    for each, said in found:
        specs = (spec if spec.name else replace(spec, name=bundle_name(root)) for spec in said.specs)
        return _title(each, said), tuple(specs)
    return "", ()


def _read(config_format: ConfigFormat, root: Path, target: str) -> ForeignConfig | None:
    return config_format.read(root) if target in ("", config_format.TARGETS[0]) else None


def _title(config_format: ConfigFormat, said: ForeignConfig) -> str:
    return f"{said.file} ({config_format.TITLE})"
