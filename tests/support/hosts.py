"""Hosts' own tools, installed at test time from the registry's ordinary client, and servers to ask."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HANDLER_SERVER = """
const http = require('node:http')
const loaded = require(process.argv[1])
http.createServer(loaded.default ?? loaded).listen(Number(process.env.PORT), '127.0.0.1')
"""
# Generating runs no engine, but the CLI fetches one for migrations unless it is named.
NO_DOWNLOAD = {"PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true"}


def tools_folder() -> Path:
    """Return where tools are kept: between runs where PACKAGER_TEST_DOWNLOADS says so, else in the cache of this run.

    Fixtures of modules may be the first to ask for that cache.
    """
    if kept := os.environ.get("PACKAGER_TEST_DOWNLOADS"):
        return Path(kept) / "tools"
    if "PACKAGER_TEST_CACHE" not in os.environ:
        os.environ["PACKAGER_TEST_CACHE"] = folder = tempfile.mkdtemp(prefix="packager-test-cache-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(os.environ["PACKAGER_TEST_CACHE"]) / "tools"


def npm_tool(*specs: str) -> Path:
    """Return a folder whose node_modules holds these packages; installed once per test cache."""
    name = hashlib.sha256(" ".join(specs).encode()).hexdigest()[:12]
    folder = tools_folder() / name
    if not (folder / ".done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}")
        run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *specs], folder)
        (folder / ".done").touch()
    return folder


def python_tools(*specs: str) -> Path:
    """Return the bin folder of an environment with these packages of PyPI; made once per test cache."""
    name = hashlib.sha256(" ".join(specs).encode()).hexdigest()[:12]
    folder = tools_folder() / f"python-{name}"
    if not (folder / ".done").exists():
        run([sys.executable, "-m", "venv", "--clear", str(folder)], Path.cwd())
        run([str(folder / "bin/pip"), "install", "-q", "--disable-pip-version-check", *specs], folder)
        (folder / ".done").touch()
    return folder / "bin"


def run(
    command: list[str], folder: Path, environment: Mapping[str, str] | None = None, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; a failure shows what it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done


def free_port() -> int:
    """Return a port on which no process listens at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def serving(command: list[str], folder: Path, seconds: float = 30, **environment: str) -> Iterator[str]:
    """Start a command with PORT, as hosts do, and yield its address once something listens there."""
    port = free_port()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                msg = f"nothing listens on PORT: {process.communicate()[0][-4000:]}"
                raise AssertionError(msg)
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.communicate(timeout=10)


def get(address: str, document: str | None = None) -> tuple[str, bytes]:
    """Return content type and body; with a JSON document it is a POST."""
    data = None if document is None else document.encode()
    request = urllib.request.Request(address, data, {} if data is None else {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["content-type"], answer.read()


def unzipped(path: Path, into: Path) -> Path:
    """Return a folder with a zip's content."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(into)
    return into


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def folder_digests(folder: Path) -> dict[str, str]:
    """Return path → SHA-256 of every file below a folder."""
    return {path.relative_to(folder).as_posix(): digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
