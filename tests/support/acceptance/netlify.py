"""``netlify``: the zips before Netlify's own bundler, a Netlify event before the function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.cli import packager
from tests.support.hosts import digest, npm_tool, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.acceptance import Built

TOOL = "zip-it-and-ship-it 14.7.1, byte for byte"
BUNDLE = """
import('@netlify/zip-it-and-ship-it').then(async ({ zipFunctions }) => {
  const [from, to] = process.argv.slice(1)
  await zipFunctions([from], to, { manifest: `${to}/manifest.json` })
})
"""


def accept(made: Built, scratch: Path) -> None:
    """The bundler passes our zips on unchanged, and its manifest is ours but for its machine's paths and the time."""
    functions = made.dist / "netlify/functions"
    tool = npm_tool("@netlify/zip-it-and-ship-it@14.7.1")
    out = scratch / "out"
    out.mkdir()
    run(["node", "-e", BUNDLE, str(functions), str(out)], tool)
    names = ["count.zip", "report-background.zip"]
    assert sorted(path.name for path in out.glob("*.zip")) == names
    assert [digest(out / name) for name in names] == [digest(functions / name) for name in names]
    theirs = (out / "manifest.json").read_text().replace(str(functions), "functions").replace(str(out), "functions")
    document = json.loads((made.dist / "netlify/manifest.json").read_text())
    for function in document["functions"]:
        del function["runtimeVersion"]
    assert {**json.loads(theirs), "timestamp": 0} == document


def answer(made: Built, scratch: Path) -> str:
    """Call a function by the name Netlify calls it by."""
    ran = packager(
        "prove", made.dist / "functions.zip", "--handler", "count.handler",
        "--event", made.folder / "event.json", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.stdout + ran.stderr
    response = ran.json()["response"]
    assert json.loads(response["body"]) == {"visits": 1}
    return f"{response['statusCode']} {response['body']}"
