"""A project folder → what its configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.project import Project


CONFIG_NAMES = ("packager.yaml", "packager.yml")


def load_project(folder: Path, target: str = "", config: Path | None = None) -> Project:
    """Return the project of a folder. Raises ConfigError pointing at file and key.

    `config` is read in place of the folder's own packager.yaml. The target helps where all has to be detected.
    """
    root = folder.resolve()
    if not root.is_dir():
        what = "is a file, not a project folder" if root.exists() else "no such folder"
        raise UsageError(what, where=str(folder), fix="give the folder that holds package.json or requirements.txt")
    from packager.core.document import read_yaml
    from packager.project.config import parse_project

    if config is not None:
        return parse_project(read_yaml(config), root, config.name)
    for name in CONFIG_NAMES:
        path = root / name
        if path.is_file():
            return parse_project(read_yaml(path), root, name)
    from packager.project.detect import detect_project

    return detect_project(root, target)
