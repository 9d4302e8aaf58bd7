"""A built tree → inventory: one walk, packages attributed, facts of every native file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.archive.tree import walk
from packager.core.errors import ArtifactError
from packager.inventory.elf import read_elf
from packager.inventory.formats import SNIFF_BYTES, sniff
from packager.inventory.packages import read_packages
from packager.model.inventory import File, Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packager.model.packages import PackageGraph

# Reading the first bytes of 16,000 files costs more than walking them. What is packed is sniffed again by the writer
# and judged by the audit whatever its name; here only files that are named like machine code are looked into.
_NATIVE_NAME = re.compile(
    r"(?:\.(?:node|bare|so|dylib|dll|exe|bin)(?:\.[0-9.]+)?|\.so\.[0-9][^/]*|(?:^|/)[^/.]+|(?:^|/)[^/]*engine-[^/]*)$"
)


def scan_tree(
    root: Path, companions: Mapping[str, tuple[str, ...]], generated: Iterable[str] = ()
) -> tuple[Inventory, PackageGraph]:
    """Return every file of a tree, and its package graph. Nothing is executed, nothing is written.

    `generated` are folders of clients, see `read_packages`.

    Raises ArtifactError for links that leave the tree, cycles, names that cannot be archived and unreadable files.
    """
    try:
        sources = dict(walk(root))
    except ArtifactError as error:
        raise _relative(error, root.resolve()) from error
    graph = read_packages(root, sources, companions, generated)
    base = f"{root.resolve()}/"
    files = []
    for path, source in sorted(sources.items(), key=lambda item: item[0].encode()):
        installed = graph.of(path)
        file = File(
            path=path,
            size_bytes=source.stat().st_size,
            source=str(source).removeprefix(base),
            package=installed.package if installed else None,
        )
        try:
            files.append(_with_facts(file, source) if _NATIVE_NAME.search(path) else file)
        except OSError as error:
            msg = f"cannot be read: {error.strerror or error}"
            raise ArtifactError(msg, where=path, fix="make it readable, or leave it out") from error
    return Inventory(tuple(files)), graph


def _with_facts(file: File, source: Path) -> File:
    with source.open("rb") as stream:
        kind = sniff(stream.read(SNIFF_BYTES))
        if kind != "elf":
            return replace(file, format=kind)
        try:
            stream.seek(0)
            return replace(file, format=kind, elf=read_elf(stream))
        except ArtifactError as error:
            # The audit turns it into a finding if the file is packed; a broken fixture of a package must not stop us.
            return replace(file, format=kind, unreadable=error.message)


def _relative(error: ArtifactError, root: Path) -> ArtifactError:
    """Return the error without the scratch folder, of which people know nothing."""
    message = error.message.replace(f"{root}/", "").replace(str(root), "the project's folder")
    return ArtifactError(message, where=error.where.removeprefix(f"{root}/"), fix=error.fix)
