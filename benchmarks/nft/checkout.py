"""A checkout of vercel/nft, laid out as a project whose functions are its integration scripts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPTS = "test/integration"
NFT = "out/node-file-trace.js"
_TAKEN = ("node_modules", "out", "test/fixtures", SCRIPTS)
_APART = {"sharp-pnpm.js": "its test installs another sharp with pnpm 8, for itself alone"}
"""Scripts whose test needs more than the checkout → why they are not run."""


class NoCheckout(Exception):
    """The folder is no checkout that scripts can be run in; the text says what is missing, and the way out."""


@dataclass(frozen=True)
class Script:
    """One integration script."""

    file: str
    """Its name in test/integration: ``express.js``."""

    @property
    def path(self) -> str:
        """Return its path in the project."""
        return f"{SCRIPTS}/{self.file}"

    @property
    def stem(self) -> str:
        """Return its name without ending, as bundle names may be."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.file.rpartition(".")[0])

    @property
    def expected(self) -> int:
        """Return the exit code that nft's test wants of it."""
        return 1 if self.file.endswith("failure.js") else 0

    @property
    def handler(self) -> str:
        """Return the handler of the function that loads it."""
        return f"{SCRIPTS}/on_{self.stem}.handler"

    @property
    def function(self) -> tuple[str, str]:
        """Return name and text of the file of that function: a script exports no handler."""
        if self.file.endswith(".mjs"):
            return f"on_{self.stem}.mjs", f"import './{self.file}';\nexport const handler = async () => 'loaded';\n"
        return f"on_{self.stem}.js", f"require('./{self.file}');\nexports.handler = async () => 'loaded';\n"

    @property
    def apart(self) -> str:
        """Return why it is not run at all; empty for all but a few."""
        return _APART.get(self.file, "")


def scripts_of(checkout: Path, only: str = "") -> list[Script]:
    """Return the scripts, sorted; with `only`, that one (with or without its ending). Raises NoCheckout."""
    folder = checkout / SCRIPTS
    names = sorted(path.name for path in folder.glob("*.*js")) if folder.is_dir() else []
    if not names:
        msg = f"{checkout} is no checkout of vercel/nft: it has no scripts in {SCRIPTS}"
        raise NoCheckout(msg)
    found = [name for name in names if not only or only in (name, name.rpartition(".")[0])]
    if not found:
        msg = f"there is no script {only!r} in {SCRIPTS}; it has {', '.join(names)}"
        raise NoCheckout(msg)
    return [Script(name) for name in found]


def commit_of(checkout: Path) -> str:
    """Return the commit that is checked out; empty where git does not know."""
    done = subprocess.run(
        ("git", "-C", str(checkout), "rev-parse", "--show-prefix", "HEAD"), capture_output=True, text=True, check=False
    )
    prefix, _, commit = done.stdout.partition("\n")
    return commit.strip() if done.returncode == 0 and not prefix else ""


def lay_out(checkout: Path, project: Path) -> None:
    """Make a project of the checkout, which is not changed: its files are linked, or copied from another disk.

    What the scripts need is declared as development's there; here it is what the functions need. Raises NoCheckout.
    """
    for needed, command in (("node_modules", "npm install --ignore-scripts"), (NFT, "npm run build")):
        if not (checkout / needed).exists():
            msg = f"{checkout} has no {needed}; run `{command}` there"
            raise NoCheckout(msg)
    package = json.loads((checkout / "package.json").read_text(encoding="utf-8"))
    project.mkdir(parents=True)
    for folder in _TAKEN:
        if (checkout / folder).is_dir():
            shutil.copytree(checkout / folder, project / folder, symlinks=True, copy_function=_linked)
    needs = {**package.pop("devDependencies", {}), **package.get("dependencies", {})}
    text = json.dumps({**package, "dependencies": needs}, indent=1)
    (project / "package.json").write_text(text, encoding="utf-8")
    for script in scripts_of(checkout):
        name, source = script.function
        (project / SCRIPTS / name).write_text(source, encoding="utf-8")


def copied(project: Path, files: list[str], into: Path) -> int:
    """Copy files of a project, links as links; return the bytes of the former."""
    return sum(_copy(project, file, into) for file in _whole(files))


def _whole(files: list[str]) -> Iterator[str]:
    """Yield what lies in the project: nft also names what it found above."""
    return (file for file in files if not file.startswith("../"))


def _copy(project: Path, file: str, into: Path) -> int:
    source, target = project / file, into / file
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return 0
    if source.is_dir():
        target.mkdir(exist_ok=True)
        return 0
    shutil.copy2(source, target)
    return source.stat().st_size


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
