"""``zeit-now``: the folder before Now's own builder, the function behind an HTTP server."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from tests.support.hosts import HANDLER_SERVER, NO_DOWNLOAD, get, npm_tool, run, serving, unzipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.acceptance import Built

TOOL = "@now/node 1.8.5 build()"
USERS = [{"email": "ada@example.com", "name": "Ada"}]
BUILD = """
const { build } = require('@now/node'), { glob } = require('@now/build-utils'), fs = require('fs')
;(async () => {
  const folder = process.argv[1]
  const [{ src, config }] = JSON.parse(fs.readFileSync(`${folder}/now.json`)).builds
  const files = await glob('**', folder)
  const { output } = await build({ files, entrypoint: src, workPath: folder, config, meta: {} })
  console.log(JSON.stringify({ size: output.zipBuffer.length }))
})().catch((error) => { console.error(error); process.exit(1) })
"""


def accept(made: Built, scratch: Path) -> None:
    """Build the delivered folder as Now did: install, ``now-build``, pack the entry.

    1.8.5 knows no syntax after 2019, so what it traces is not asked; that it runs our build script and packs our
    entry is.
    """
    tool = npm_tool("@now/node@1.8.5", "@now/build-utils@2.7.0")
    folder = scratch / "web"
    shutil.copytree(made.dist / "web", folder)
    done = run(["node", "-e", BUILD, str(folder)], tool, NO_DOWNLOAD)
    assert "now-build" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["size"] > 0
    assert (folder / "node_modules/.prisma/client/index.js").is_file(), "generated over there"


def answer(made: Built, scratch: Path) -> str:
    """Serve the zip's entry."""
    function = unzipped(made.dist / "web.zip", scratch / "function")
    database = f"file:{scratch}/app.db"
    with serving(
        ["node", "-e", HANDLER_SERVER, str(function / "index.js")], function, DATABASE_URL=database
    ) as address:
        users = json.loads(get(address)[1])
    assert users == USERS
    return f"200 {json.dumps(users[0]['email'])}"
