"""A built tree → inventory: one walk, packages attributed, facts of every native file."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.tree import find
from packager.archive.write.sources import is_link
from packager.core.errors import ArtifactError
from packager.inventory.elf import read_elf
from packager.inventory.formats import SNIFF_BYTES, sniff
from packager.inventory.packages import read_packages
from packager.model.inventory import File, Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.model.packages import PackageGraph

# Reading the first bytes of 16,000 files costs more than walking them. What is packed is sniffed again by the writer
# and judged by the audit whatever its name; here only files that are named like machine code are looked into.
_NATIVE_NAME = re.compile(
    r"(?:\.(?:node|bare|so|dylib|dll|exe|bin)(?:\.[0-9.]+)?|\.so\.[0-9][^/]*|(?:^|/)[^/.]+|(?:^|/)[^/]*engine-[^/]*)$"
)


def scan_tree(
    root: Path, companions: Mapping[str, tuple[str, ...]], generated: Iterable[str] = (), *, keep_links: bool = False
) -> tuple[Inventory, PackageGraph]:
    """Return every file of a tree, and its package graph. Nothing is executed, nothing is written.

    `generated` are folders of clients, see `read_packages`. With `keep_links`, links to packages are edges of the graph
    and each package is there once; else they are followed.

    Raises ArtifactError for links that leave the tree, cycles, names that cannot be archived and unreadable files.
    """
    try:
        entries = {entry.path: entry.source for entry in find(root, keep_links=keep_links)}
    except ArtifactError as error:
        raise _relative(error, root.resolve()) from error
    sources = {path: Path(str(source)) for path, source in entries.items() if not is_link(source)}
    links = {path: linked_to(path, str(source)[1:]) for path, source in entries.items() if is_link(source)}
    graph = read_packages(root, sources, companions, generated, links)
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


def linked_to(path: str, leads: str) -> str:
    """Return the path a relative link leads to.

    >>> linked_to("node_modules/.pnpm/a@1/node_modules/b", "../../b@2/node_modules/b")
    'node_modules/.pnpm/b@2/node_modules/b'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), leads))


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
