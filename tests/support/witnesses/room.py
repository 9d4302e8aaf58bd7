"""A place like a host's: the archive read-only in /var/task, layers in /opt, a /tmp of its own, the host's user.

It is a mount namespace of Linux; without root, user namespaces must be allowed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

USER = "993"
# $1 is a folder with what becomes /var and /opt; then pairs of a source and its place below it, up to "--".
_SETUP = """set -e
room=$1; shift
while [ "$1" != -- ]; do
  mount --bind "$1" "$room/$2"; mount -o remount,bind,ro "$room/$2"; shift 2
done
shift
mount --rbind "$room/var" /var; mount --rbind "$room/opt" /opt; mount -t tmpfs -o mode=1777 tmp /tmp
cd /var/task; exec "$@"
"""


@dataclass(frozen=True)
class Room:
    """What lies where: sources on this machine by their place."""

    folder: Path
    """An empty folder for the places themselves."""
    task: Path
    """The unpacked archive."""
    client: Path
    """What becomes /var/witness."""
    layers: Path | None = None
    """The unpacked layers, merged."""
    program: Path | None = None
    """What becomes /var/lang/bin/node."""
    runtime: Path | None = None
    """What becomes /var/runtime/node_modules."""
    scripts: Path | None = None
    """What becomes /var/scripts."""

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a command in there, in a process group of its own."""
        pairs = []
        for source, place in (
            (self.task, "var/task"), (self.client, "var/witness"), (self.layers, "opt"),
            (self.program, "var/lang/bin/node"),
            (self.runtime, "var/runtime/node_modules"), (self.scripts, "var/scripts"),
        ):  # fmt: skip
            target = self.folder / place
            is_file = source is not None and source.is_file()
            (target.parent if is_file else target).mkdir(parents=True, exist_ok=True)
            if is_file:
                target.touch()
            if source is not None:
                pairs += [str(source), place]
        root = os.getuid() == 0
        who = [] if root else ["--user", "--map-root-user"]
        drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if root else []
        setup = ["unshare", *who, "--mount", "--propagation", "private", "sh", "-c", _SETUP, "sh", str(self.folder)]
        return subprocess.Popen(
            [*setup, *pairs, "--", *drop, *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def unpack(archive: Path, into: Path) -> Path:
    """Unpack a zip as Lambda does, with its modes and links; a folder is taken as it is. Returns where it lies."""
    if archive.is_dir():
        return archive
    into.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as members:
        empty = not members.namelist()
    if not empty:
        subprocess.run(["unzip", "-qo", str(archive), "-d", str(into)], check=True, stdin=subprocess.DEVNULL)
    return into


def possible() -> bool:
    """Return whether this machine can make such a place."""
    if shutil.which("unshare") is None or shutil.which("unzip") is None:
        return False
    who = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    return subprocess.run(["unshare", *who, "--mount", "true"], check=False, capture_output=True).returncode == 0
