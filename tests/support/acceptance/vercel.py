"""``vercel``: our Build Output beside that of ``vercel build``, both against the schema; a function behind a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.build_output import check_build_output, functions_of
from tests.support.cli import sample
from tests.support.hosts import HANDLER_SERVER, folder_digests, get, npm_tool, run, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.acceptance import Built

TOOL = "vercel 50.44.0 build, schema"
OUTPUT = "site/.vercel/output"
SETTINGS = {"projectId": "prj_x", "orgId": "org_x", "settings": {"framework": None, "nodeVersion": "22.x"}}


def accept(made: Built, scratch: Path) -> None:
    """Have Vercel's own tool build the same project: functions, settings and static files must be the same."""
    ours = made.dist / OUTPUT
    check_build_output(ours)
    tool = npm_tool("vercel@50.44.0")
    yardstick = sample("vercel", scratch)
    (yardstick / ".vercel").mkdir()
    (yardstick / ".vercel/project.json").write_text(json.dumps(SETTINGS))
    run(["npm", "ci", "--ignore-scripts"], yardstick)
    run([str(tool / "node_modules/.bin/vercel"), "build", "--yes", "--token", "x"], yardstick)
    theirs = yardstick / ".vercel/output"
    check_build_output(theirs)
    assert functions_of(ours) == functions_of(theirs)
    for path in functions_of(ours):
        mine = json.loads((ours / path / ".vc-config.json").read_text())
        reference = json.loads((theirs / path / ".vc-config.json").read_text())
        assert mine.items() <= reference.items(), (mine, reference)
    assert folder_digests(ours / "static") == folder_digests(theirs / "static")


def answer(made: Built, scratch: Path) -> str:
    """Serve the thumbnail function from its folder."""
    function = made.dist / OUTPUT / "functions/api/thumbnail.func"
    entry = json.loads((function / ".vc-config.json").read_text())["handler"]
    with serving(["node", "-e", HANDLER_SERVER, str(function / entry)], function) as address:
        kind, body = get(f"{address}/api/thumbnail?colour=%23ff0000")
    assert (kind, body[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    return f"200 {kind}, {len(body)} bytes"
