"""A case as a project of files, and as a plain tree: what `npm ci --omit=dev` leaves beside the code."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.proofbed.case import Case

NPM = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--silent")
_KEPT = ("kind", "name", "truth", "pause", "joined", "proved", "told", "levels")
"""Fields that no file of the project depends on."""


class NotInstalled(Exception):
    """The package manager refused."""


def project(case: Case, work: Path) -> Path:
    """Return the project's folder with its lock file, without packager.yaml; made once per content."""
    folder = _place(case, work, "project")
    if (folder.parent / "project.done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder, case)
    if not case.python and case.command == "build":
        (folder / "package.json").write_text(json.dumps(_package_json(case, folder)), encoding="utf-8")
        if case.dependencies or case.development or case.packages:
            _run(["npm", "install", "--package-lock-only", *NPM], folder)
            _cut_lock(folder / "package-lock.json", case.missing_in_lock)
    (folder.parent / "project.done").touch()
    return folder


def plain(case: Case, work: Path) -> Path:
    """Return the app as the package manager lays it out, production only, with what its layers carry; made once."""
    folder = _place(case, work, "plain")
    if not (folder.parent / "plain.done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(project(case, work), folder, symlinks=True)
        if (folder / "package-lock.json").exists():
            _run(["npm", "ci", "--omit=dev", *NPM], folder)
        if "scripts" in case.manifest and case.manifest["scripts"].get("postinstall"):
            subprocess.run(["npm", "run", "--silent", "postinstall"], cwd=folder, check=False, capture_output=True)
        if (folder / "requirements.txt").exists():
            pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
            _run([*pip, "--target", str(folder), "-r", "requirements.txt"], folder)
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
        folder.chmod(0o755)
        (folder.parent / "plain.done").touch()
    return folder


def configure(case: Case, folder: Path, levels: Sequence[str]) -> None:
    """Write packager.yaml with one bundle per level, named after it."""
    layers = {
        name: {"target": "aws-lambda-layer", "runtime": case.runtime, **what} for name, what in case.layers.items()
    }
    bundles = {level: _bundle(case, level) for level in levels}
    text = yaml.safe_dump({"version": 1, "bundles": {**layers, **bundles}}, sort_keys=False)
    (folder / "packager.yaml").write_text(text, encoding="utf-8")


def before(case: Case) -> Case | None:
    """Return the case as it was built before, if it was."""
    return replace(case, **case.first) if case.first else None


def _bundle(case: Case, level: str) -> dict[str, Any]:
    found: dict[str, Any] = {"target": case.target, "runtime": case.runtime, "trim": level}
    if "src" not in case.settings:
        found["handler"] = case.handler
    if case.layers:
        found["layers"] = list(case.layers)
    if case.environment:
        found["environment"] = dict(case.environment)
    if case.event is not None and case.told:
        found["proof"] = {"events": [{"event": case.event}]}
    return {**found, **case.settings}


def _place(case: Case, work: Path, what: str) -> Path:
    content = {name: value for name, value in asdict(case).items() if name not in _KEPT}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    folder = work / "cases" / f"{case.kind}-{case.name}-{digest}" / what
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def _write(folder: Path, case: Case) -> None:
    for path, text in case.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755 if path.endswith(".sh") else 0o644)
    for path, target in case.links.items():
        link = folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)


def _package_json(case: Case, folder: Path) -> dict[str, Any]:
    own = {name: _tar(folder / "vendor" / f"{name}-1.0.0.tgz", name, files) for name, files in case.packages.items()}
    found: dict[str, Any] = {"name": "app", "version": "1.0.0", "private": True, **case.manifest}
    if own or case.dependencies:
        found["dependencies"] = {**own, **case.dependencies}
    if case.development:
        found["devDependencies"] = dict(case.development)
    return found


def _tar(path: Path, name: str, files: Mapping[str, str]) -> str:
    """Write a package as npm packs one; return how package.json names it."""
    more = json.loads(files.get("package.json", "{}"))
    manifest = json.dumps({"name": name, "version": "1.0.0", **more})
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for member, text in {**files, "package.json": manifest}.items():
            info = tarfile.TarInfo(f"package/{member}")
            info.size, info.mode = len(text.encode()), 0o644
            tar.addfile(info, io.BytesIO(text.encode()))
    return f"file:vendor/{path.name}"


def _cut_lock(path: Path, names: Sequence[str]) -> None:
    """Take packages out of a lock file, as one lacks them that npm wrote on another system (npm/cli issue 4828)."""
    if not names:
        return
    lock = json.loads(path.read_text(encoding="utf-8"))
    for name in names:
        for place in [place for place in lock["packages"] if place.endswith(f"node_modules/{name}")]:
            del lock["packages"][place]
    path.write_text(json.dumps(lock, indent=2), encoding="utf-8")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        msg = f"{' '.join(command)} in {folder}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise NotInstalled(msg)
