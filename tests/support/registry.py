"""Packages of npm and PyPI as the registries have them: fetched once per test run, unpacked, never installed or run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path


def _folder(*what: str) -> Path:
    """Return where something fetched is kept: one place for all tests of a run, kept between runs where CI says so."""
    root = Path(os.environ.get("PACKAGER_TEST_DOWNLOADS") or os.environ["PACKAGER_TEST_CACHE"]) / "registry"
    return root / hashlib.sha256("\n".join(what).encode()).hexdigest()[:16]


def _fetch(kind: str, command: list[str], *what: str) -> Path:
    """Return the one file a package manager downloads, which it does in a folder of its own."""
    folder = _folder(kind, *what)
    if not folder.exists():
        scratch = folder.with_name(f"{folder.name}.{os.getpid()}")
        scratch.mkdir(parents=True)
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        scratch.rename(folder)
    (file,) = (each for each in folder.iterdir() if each.is_file())
    return file


def npm_package(spec: str, into: Path) -> Path:
    """Return the folder of an npm package (``bcrypt@~6.0.0``), unpacked to ``into/node_modules/<name>``."""
    archive = _fetch("npm", ["npm", "pack", spec, "--silent", "--ignore-scripts"], spec)
    folder = into / "node_modules" / spec.rpartition("@")[0]
    if not folder.exists():
        folder.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            for member in tar:
                # npm leaves out the first folder, whatever it is called.
                name = member.name.partition("/")[2]
                source = tar.extractfile(member) if member.isfile() else None
                if source is None or ".." in name.split("/"):
                    continue
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as target:
                    shutil.copyfileobj(source, target)
                place.chmod(0o755 if member.mode & 0o100 else 0o644)
    return folder


def wheel(spec: str, platform: str, python: str = "3.12") -> Path:
    """Return a wheel of PyPI (``numpy~=2.5.5``) for one of the platform tags (joined by "+"), as it was downloaded."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:",
        *(f"--platform={tag}" for tag in platform.split("+")), f"--python-version={python}", "--dest=.", spec,
    ]  # fmt: skip
    return _fetch("pip", command, spec, platform, python)


def unpacked(file: Path, into: Path) -> Path:
    """Return a folder with what a wheel holds, as pip lays it out for a function."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(into)
    return into
