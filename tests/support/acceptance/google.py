"""``google-cloud-functions``: the folder installed as Google's buildpack does, served by the functions framework."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from tests.support.acceptance.now import USERS
from tests.support.hosts import NO_DOWNLOAD, get, run, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.acceptance import Built

TOOL = "npm ci, gcp-build, functions-framework 4.0.0"


def accept(made: Built, scratch: Path) -> None:
    """Install in a clean folder as the buildpack does: everything, the script, then production only."""
    install(made, scratch)


def install(made: Built, scratch: Path) -> Path:
    """Return the folder as it stands on Google's side after their build; made once per scratch folder."""
    folder = scratch / "workspace"
    if folder.exists():
        return folder
    shutil.copytree(made.dist / "users", folder)
    run(["npm", "ci", "--ignore-scripts"], folder)
    run(["npm", "run", "gcp-build"], folder, NO_DOWNLOAD)
    run(["npm", "prune", "--omit=dev", "--ignore-scripts"], folder)
    assert (folder / "node_modules/.prisma/client/index.js").is_file(), "generated over there"
    assert (folder / "node_modules/.bin/functions-framework").exists()
    return folder


def answer(made: Built, scratch: Path) -> str:
    """Start the framework as Google does, and ask it."""
    folder = install(made, scratch)
    framework = str(folder / "node_modules/.bin/functions-framework")
    with serving([framework, "--target=users"], folder, DATABASE_URL=f"file:{scratch}/app.db") as address:
        users = json.loads(get(address)[1])
    assert users == USERS
    return f"200 {json.dumps(users[0]['email'])}"
