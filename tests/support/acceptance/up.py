"""``up``: the folder under Up's own ignore rules, the rest started with PORT as its proxy does."""

from __future__ import annotations

import json
import shutil
import zipfile
from typing import TYPE_CHECKING

import pathspec

from tests.support.hosts import folder_digests, get, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.acceptance import Built

TOOL = "Up's ignore rules, PORT"
# The order of apex/up 66dbf6d: its defaults, the user's file, then what it never gives up. Last match wins.
DEFAULTS = (".*", "!vendor", "!node_modules/**", "!.pypath/**")
NEVER = (
    "!main", "!server", "!_proxy.js", "!up.json", "!pom.xml", "!build.gradle", "!project.clj", "gin-bin", "up",
)  # fmt: skip


def accept(made: Built, scratch: Path) -> None:
    """Everything the audited zip holds survives the rules, and our own record does not."""
    kept = what_up_sends(made.dist / "server", scratch / "kept")
    with zipfile.ZipFile(made.dist / "server.zip") as archive:
        wanted = set(archive.namelist())
    assert wanted <= set(folder_digests(kept))
    assert not (kept / ".packager.json").exists()


def what_up_sends(folder: Path, into: Path) -> Path:
    """Return a copy of what Up puts into its zip."""
    lines = [*DEFAULTS, *(folder / ".upignore").read_text().splitlines(), *NEVER]
    rules = pathspec.GitIgnoreSpec.from_lines(lines)
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).as_posix()
        if path.is_file() and not rules.match_file(inside):
            (into / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, into / inside)
    return into


def answer(made: Built, scratch: Path) -> str:
    """Start the command of up.json with PORT, and ask it."""
    kept = what_up_sends(made.dist / "server", scratch / "kept")
    command = json.loads((kept / "up.json").read_text())["proxy"]["command"]
    with serving(command.split(), kept) as address:
        answered = json.loads(get(address)[1])
    assert answered["greeting"] == "hello from behind the proxy"
    return f"200 engine {answered['engine']}"
