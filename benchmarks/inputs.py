"""The trees that are packed, installed from npm and PyPI with exact versions of what is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NODE_FAT = {
    "@aws-sdk/client-dynamodb": "3.1162.0", "@aws-sdk/client-s3": "3.1169.0", "@aws-sdk/client-sqs": "3.1169.0",
    "@aws-sdk/lib-dynamodb": "3.1162.0", "@libsql/client": "0.18.0", "@prisma/client": "6.19.3", "axios": "1.21.1",
    "date-fns": "4.4.0", "express": "5.3.0", "graphql": "16.15.0", "lodash": "4.18.1", "moment": "2.31.0",
    "rxjs": "7.8.2", "sharp": "0.35.5", "uuid": "14.0.3", "zod": "4.6.7",
}  # fmt: skip
NODE_SMALL = {"express": "5.3.0", "lodash": "4.18.1", "moment": "2.31.0"}
PYTHON = ("numpy", "pandas", "cryptography", "psycopg2-binary")
HANDLER = "exports.handler = async () => ({ statusCode: 200 })\n"
SERVERLESS = """\
service: bench
frameworkVersion: "3"
provider: {name: aws, runtime: nodejs18.x}
package: {excludeDevDependencies: false}
functions: {api: {handler: index.handler}}
"""


def install(name: str, work: Path) -> Path:
    """Return the folder of an input, ``node-fat``, ``node-small`` or ``python``; made on first use."""
    folder = work / "inputs" / name
    done = work / "inputs" / f"{name}.done"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    if name == "python":
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--target", ".", *PYTHON]
    else:
        wanted = NODE_FAT if name == "node-fat" else NODE_SMALL
        package = {"name": name, "version": "1.0.0", "private": True, "dependencies": wanted}
        (folder / "package.json").write_text(json.dumps(package))
        (folder / "index.js").write_text(HANDLER)
        (folder / "serverless.yml").write_text(SERVERLESS)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for link in (path for path in folder.rglob("*") if path.is_symlink()):
        link.unlink()  # node_modules/.bin: tools treat links differently, and that is not what is measured
    done.touch()
    return folder
