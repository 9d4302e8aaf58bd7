"""Fuzzing led by coverage, for hours if need be: ``python -m tests.property.coverage_fuzz elf|zip [options]``.

Options are libFuzzer's. Needs atheris from PyPI, which has wheels for Linux. Whatever the bytes are, the answer is a
verdict or an ArtifactError: everything else is a crash, whose input libFuzzer keeps in the current folder. It stops at
ten seconds on one input, too, and at 400 MB: 200 MB more than the interpreter and its instruments have.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["packager"]):
    from packager.audit.judge import audit, audit_archive
    from packager.core.errors import ArtifactError
    from packager.inventory.archive import examine
    from packager.model.findings import Mounted
    from packager.model.inventory import File, Inventory

from tests.property.test_audit_fuzz import ARCHIVE
from tests.support.elfs import write_elf
from tests.support.mounts import target

ON = target()
SEED = write_elf(needed=("libc.so.6", "libx.so"), versions={"libc.so.6": ("GLIBC_2.17",)}, runpath="$ORIGIN/lib")


def one_elf(data: bytes) -> None:
    """Judge the bytes as a library of a function."""
    file = examine(File("lib/x.so", len(data)), data[:4096], lambda: io.BytesIO(data))
    audit([Mounted("/var/task", Inventory((file,)), "")], ON)


def one_zip(data: bytes) -> None:
    """Judge the bytes as a function's archive."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as archive:
        archive.write(data)
        archive.flush()
        try:
            audit_archive(Path(archive.name), [], ON, handler="index.handler")
        except ArtifactError:
            return


def main() -> None:
    """Fuzz what the first word names, from one good input of its kind."""
    kind, *options = sys.argv[1:]
    target_of, seed = {"elf": (one_elf, SEED), "zip": (one_zip, ARCHIVE)}[kind]
    with tempfile.TemporaryDirectory() as corpus:
        Path(corpus, "seed").write_bytes(seed)
        limits = ["-rss_limit_mb=400", "-timeout=10", "-max_len=65536"]
        atheris.Setup([sys.argv[0], *limits, *options, corpus], target_of)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
