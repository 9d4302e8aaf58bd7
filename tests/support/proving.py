"""Packs small bundles and proves them on this machine: what the tests of proofs share."""

from __future__ import annotations

import shutil
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.prove.prover import prove

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packager.model.proof import Proof
    from packager.model.targets import Target

Files = dict[str, str | bytes]


def make_zip(path: Path, files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> Path:
    """Write a zip whose members are 0644, or what `modes` says."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.create_system = 3
            member.external_attr = (0o100000 | (modes or {}).get(name, 0o644)) << 16
            archive.writestr(member, content)
    return path


def own_node_major() -> str:
    node = shutil.which("node")
    if node is None:
        return ""
    return (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip("v").split(".")[0]
    )


NODE = own_node_major()
needs_node = pytest.mark.skipif(
    f"nodejs{NODE}.x" not in load_catalog().host("aws-lambda").runtimes,
    reason=f"this machine's Node ({NODE or 'none'}) is not a Lambda runtime's",
)


def node_target(name: str = "aws-lambda") -> Target:
    return load_catalog().target(name, f"nodejs{NODE}.x", "x86_64")


def comes_to_an_end(words: str) -> bool:
    """Return whether no process with these words in its command line is left; the kernel may take a moment."""
    for _ in range(50):
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if not any(line.startswith(words) for line in listing.splitlines()):
            return True
        time.sleep(0.1)
    return False


class Bench:
    """Packs files and proves them on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prove(
        self,
        files: Mapping[str, str | bytes],
        *,
        handler: str = "index.handler",
        layers: Sequence[Mapping[str, str | bytes]] = (),
        modes: Mapping[str, int] | None = None,
        target: Target | None = None,
        event: object | None = None,
        timeout_seconds: float = 20,
        environment: Mapping[str, str] | None = None,
        dropped: Mapping[str, str] | None = None,
        packages: Sequence[str] = (),
        memory_bytes: int = 1 << 30,
        fetch: bool = True,
        entry: str = "",
    ) -> Proof:
        artifact = make_zip(self.folder / "api.zip", files, modes)
        zips = [make_zip(self.folder / f"layer{number}.zip", layer) for number, layer in enumerate(layers)]
        return prove(
            artifact,
            zips,
            target=target or node_target(),
            handler=handler,
            environment=environment or {},
            how="local",
            timeout_seconds=timeout_seconds,
            event=event,
            cache=self.folder / "cache",
            dropped=dropped,
            packages=packages,
            memory_bytes=memory_bytes,
            fetch=fetch,
            entry=entry,
        )
