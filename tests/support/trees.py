"""Trees from a dict: path → bytes or text becomes files on disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Content = bytes | str


def write_tree(root: Path, files: Mapping[str, Content], links: Mapping[str, str] | None = None) -> Path:
    """Write files and links (path → what the link says) below a folder, and return the folder."""
    root.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    for path, text in (links or {}).items():
        link = root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(text)
    return root


def snapshot(root: Path) -> dict[str, bytes]:
    """Return every file below a folder, links unresolved: what a run must leave as it was."""
    return {
        path.relative_to(root).as_posix(): str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def package_json(name: str = "app", version: str = "1.0.0", **fields: Any) -> str:
    """Return the text of a package.json."""
    return json.dumps({"name": name, "version": version, **fields})


def lock_json(package: Mapping[str, Any], installed: Mapping[str, str]) -> str:
    """Return a package-lock.json that agrees with a package.json. `installed` is name → version at the top."""
    root = {key: package[key] for key in ("name", "version", "dependencies", "devDependencies") if key in package}
    entries: dict[str, Any] = {"": root}
    entries.update({f"node_modules/{name}": {"version": version} for name, version in installed.items()})
    return json.dumps({"name": package.get("name", "app"), "lockfileVersion": 3, "packages": entries})
