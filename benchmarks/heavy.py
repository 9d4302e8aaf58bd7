"""The peers that are large, slow to install or want the network: measured when they are asked for by name.

None of them does quite what the others do: zip-it-and-ship-it is told to include every file, SAM and Vercel leave a
folder and no zip. What is compared is what a user waits for; the size is that of what is left.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("zip-it-and-ship-it", "sam build", "vercel build")
_NPM = {"zip-it-and-ship-it": "@netlify/zip-it-and-ship-it@14.7.1", "vercel build": "vercel@48.12.1"}
_SAM = "aws-sam-cli==1.170.0"
_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: index.handler, Runtime: nodejs20.x}
"""


def install(name: str, work: Path) -> None:
    """Install one of these peers."""
    folder = _home(name, work)
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if name == "sam build":
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        subprocess.run([folder / "venv/bin/pip", "install", "--quiet", _SAM], check=True)
    else:
        (folder / "package.json").write_text("{}")
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", _NPM[name]]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    if name == "zip-it-and-ship-it":
        shutil.copy(Path(__file__).parent / "zisi.mjs", folder / "run.mjs")
    (folder / "done").touch()


def command(name: str, work: Path) -> tuple[tuple[str, ...], Path]:
    """Return the command, to be run in `prepared`'s folder, and what it leaves."""
    home, project = _home(name, work), work / "out" / name.replace(" ", "-")
    if name == "zip-it-and-ship-it":
        return ("node", str(home / "run.mjs"), str(project)), project / "dist" / "api.zip"
    if name == "sam build":
        sam = str(home / "venv" / "bin" / "sam")
        return (sam, "build", "--no-beta-features", "--template", "template.yaml"), project / ".aws-sam" / "build"
    return (str(home / "node_modules" / ".bin" / "vercel"), "build", "--yes"), project / ".vercel" / "output"


def prepared(name: str, tree: Path, work: Path) -> tuple[Path, Callable[[], None]]:
    """Return where the command runs, and what lays a copy of the tree out there, as a project of that peer."""
    project = work / "out" / name.replace(" ", "-")

    def prepare() -> None:
        shutil.rmtree(project, ignore_errors=True)
        app = project / "functions" / "api" if name == "zip-it-and-ship-it" else project
        # Links, not copies: making sixteen thousand files would leave the disk busy while others are timed.
        shutil.copytree(tree, app, copy_function=os.link)
        if name == "sam build":
            (project / "template.yaml").write_text(_TEMPLATE)
        elif name == "vercel build":
            (app / "serverless.yml").unlink(missing_ok=True)
            (project / "api").mkdir()
            (project / "index.js").rename(project / "api" / "index.js")
            (project / "vercel.json").write_text(json.dumps({"functions": {"api/index.js": {"includeFiles": "**"}}}))
            (project / ".vercel").mkdir()
            settings = {"projectId": "bench", "orgId": "bench", "settings": {"installCommand": "true"}}
            (project / ".vercel" / "project.json").write_text(json.dumps(settings))

    return project, prepare


def _home(name: str, work: Path) -> Path:
    return work / "peers" / name.split(" ", maxsplit=1)[0]
