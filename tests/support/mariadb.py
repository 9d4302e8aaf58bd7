"""A MariaDB server of the tests' own: on a free loopback port, in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "p@ss word"


def installed() -> bool:
    """Return whether Debian's mariadb-server and its client are there."""
    return all(shutil.which(name, path=_PATH) for name in ("mariadbd", "mariadb-install-db", "mariadb"))


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


@contextmanager
def server(folder: Path, max_connections: int, max_user_connections: int = 0) -> Iterator[str]:
    """Start a server with a user of its own and yield the URL of its database; it is ended at the end."""
    folder.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data, init = folder / "data", folder / "init.sql"
    init.write_text(
        "CREATE DATABASE app;\n"
        f"CREATE USER app@localhost IDENTIFIED BY '{PASSWORD}' WITH MAX_USER_CONNECTIONS {max_user_connections};\n"
        f"CREATE USER app@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' WITH MAX_USER_CONNECTIONS {max_user_connections};\n"
        "GRANT ALL ON app.* TO app@localhost;\n"  # one statement a line, says the server
        "GRANT ALL ON app.* TO app@'127.0.0.1';\n"
    )
    environment = {**os.environ, "PATH": _PATH}
    user = ["--user=root"] if os.geteuid() == 0 else []
    make = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    subprocess.run([*make, *user], check=True, capture_output=True, timeout=120, env=environment)
    command = [
        "mariadbd", "--no-defaults", *user, f"--datadir={data}", f"--socket={folder}/s", f"--port={port}",
        "--bind-address=127.0.0.1", f"--max-connections={max_connections}", f"--init-file={init}",
        f"--log-error={folder}/log", "--innodb-flush-log-at-trx-commit=0",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"mysql://app:p%40ss%20word@127.0.0.1:{port}/app"
    finally:
        process.terminate()
        process.wait(timeout=60)
