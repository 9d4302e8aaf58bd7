"""A PostgreSQL cluster of the tests' own: on a free loopback port, in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def programs() -> Path | None:
    """Return the folder with ``initdb`` and ``pg_ctl``; None where PostgreSQL is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True)
    found = str(debian[0]) if debian else shutil.which("pg_ctl")
    return Path(found).parent if found and shutil.which("psql") else None


@contextmanager
def cluster(folder: Path, max_connections: int = 60) -> Iterator[str]:
    """Start a server and yield the URL of its database; it is stopped and removed at the end.

    PostgreSQL refuses to run as root: then it runs as the user postgres, which Debian's package makes.
    The folder is then one that no process closes to others meanwhile, as each run of pytest does with its own.
    """
    bin_folder = programs()
    if bin_folder is None:
        msg = "PostgreSQL is not installed"
        raise RuntimeError(msg)
    data = folder / "data"
    folder.mkdir(parents=True)
    as_postgres = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    if as_postgres:
        shutil.chown(folder, "postgres")
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)  # a temporary folder that postgres has to pass through

    def run(program: str, *arguments: str) -> None:
        argv: Sequence[str] = [*as_postgres, str(bin_folder / program), *arguments]
        subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120, cwd=folder)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run("initdb", "--pgdata", str(data), "--username", "app", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"{options} -N {max_connections}", "start")
    try:
        yield f"postgresql://app@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
