"""Installed groups of packages, and the same trees as a trim level leaves them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.pipeline.folder import judge_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.model.plan import TrimLevel
    from packager.model.selection import Selection
    from packager.model.targets import Language

_INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps", "--loglevel=error")
_PIP = ("-m", "pip", "install", "--quiet", "--no-compile", "--only-binary=:all:", "--target", ".")


def install(folder: Path, language: Language, wanted: Sequence[str]) -> Path:
    """Return the folder of a group, installed on first use; a changed list is installed and looked at again."""
    mark, text = folder.with_suffix(".installed"), json.dumps(wanted)
    if mark.exists() and mark.read_text() == text:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder.parent / "outcomes" / folder.name, ignore_errors=True)
    folder.mkdir(parents=True)
    if language == "nodejs":
        (folder / "package.json").write_text(json.dumps({"name": folder.name, "version": "1.0.0", "private": True}))
        # Without code of its own it is not known how the packages are loaded, and no twin would go.
        (folder / "index.js").write_text("exports.handler = async () => 1\n")
        command = [*_INSTALL, *wanted]
    else:
        command = [sys.executable, *_PIP, *wanted]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    mark.write_text(text)
    return folder


def trimmed(folder: Path, language: Language, level: TrimLevel) -> tuple[Path, Selection]:
    """Return a tree of hard links to what a trim level keeps, and the verdict. For Lambda on x86_64."""
    catalog = load_catalog()
    runtime = catalog.host("aws-lambda").default_runtimes[language]
    selection = judge_folder(folder, catalog.target("aws-lambda", runtime, "x86_64"), catalog, trim=level)
    tree = folder.with_name(f"{folder.name}-{level}")
    shutil.rmtree(tree, ignore_errors=True)
    for choice in selection.kept:
        place = tree / choice.file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if choice.file.source:
            os.link(folder.resolve() / choice.file.source, place)
    return tree, selection


def size_of(selection: Selection, folder: str) -> tuple[int, int]:
    """Return the bytes of a package before and after; "" is the whole tree."""
    inside = [choice for choice in selection.choices if choice.file.path.startswith(folder)]
    return sum(c.file.size_bytes for c in inside), sum(c.file.size_bytes for c in inside if c.kept)
