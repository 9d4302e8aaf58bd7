"""A zip or a folder → its `Materials`. Every file is read once, for its hash; nothing is unpacked or executed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.archive.read.reader import WEIGHED, open_archive
from packager.archive.tree import find
from packager.core.errors import ArtifactError
from packager.inventory.attribution import Attribution
from packager.inventory.formats import SNIFF_BYTES, sniff
from packager.sbom.declared import Declared, declared
from packager.sbom.materials import BomEntry, Materials, Native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from packager.model.inventory import Package

_LICENCE_FILE = re.compile(r"(?:^|/)(?:licen[cs]e|copying|notice|unlicense)[^/]*$", re.IGNORECASE)
_TEXT_MAX_BYTES = 4 << 20


def read_materials(
    path: Path, name: str = "", integrity: Mapping[str, str] | None = None, inlined: Iterable[tuple[Package, Path]] = ()
) -> Materials:
    """Return what a zip or folder is made of. Raises ArtifactError for what cannot be read.

    `integrity` maps folders of packages (``node_modules/a``), or ``name@version``, to what the lock file says of them;
    `inlined` are the packages whose code was joined into the bundle's own, each with the folder it was installed to.
    """
    materials = _read(path, name, integrity or {})
    there = {part.key for part in materials.parts}
    joined = {part.key: part for part in _inlined(inlined, integrity or {})}
    parts = [*materials.parts, *(part for key, part in joined.items() if key not in there)]
    return replace(materials, parts=tuple(sorted(parts, key=lambda part: part.key)))


def _read(path: Path, name: str, integrity: Mapping[str, str]) -> Materials:
    if path.is_dir():
        sources = {entry.path: entry.source for entry in find(path)}

        def open_file(name: str) -> Iterator[bytes]:
            try:
                with open(sources[name], "rb") as file:  # noqa: PTH123 (as many as the tree has files)
                    while piece := file.read(1 << 20):
                        yield piece
            except OSError as error:
                msg = f"cannot be read: {error.strerror or error}"
                raise ArtifactError(msg, where=str(sources[name]), fix="make it readable, or leave it out") from error

        files = _Files(sources, open_file)
        return _materials(name or path.resolve().name, files, files.digest(files.paths), integrity)
    with open_archive(path, limits=WEIGHED) as archive:
        members = {member.path: member for member in archive.members if not member.is_dir}
        files = _Files(members, lambda name: archive.pieces(members[name]))
        return _materials(name or path.name, files, _sha256(path), integrity)


def _inlined(packages: Iterable[tuple[Package, Path]], integrity: Mapping[str, str]) -> Iterator[BomEntry]:
    """Yield the packages whose code is in the bundle, by what their package.json on this machine says."""
    for package, folder in packages:

        def read(name: str, package: Package = package, folder: Path = folder) -> bytes | None:
            try:
                return (folder / name.removeprefix(f"{package.path}/")).read_bytes()
            except OSError:
                return None  # what a package does not say is unknown, and listed as that

        facts = declared(package, read)
        yield BomEntry(
            name=facts.name,
            version=facts.version,
            ecosystem=facts.ecosystem,
            contents={},
            licence=facts.licence,
            inlined=True,
            integrity=_locked((package.path,), facts.name, facts.version, integrity),
        )


class _Files:
    """The files of an artifact: hashed once each, texts kept where they are asked for."""

    def __init__(self, paths: Iterable[str], pieces: Callable[[str], Iterator[bytes]]) -> None:
        self.paths = sorted(paths, key=lambda path: path.encode("utf-8", "surrogateescape"))
        self._pieces = pieces
        self.natives: dict[str, Native] = {}
        self._sha256: dict[str, str] = {}
        for path in self.paths:
            self._read(path)

    def text(self, path: str) -> bytes | None:
        """Return a small file's content; None for one that is not there or is not a text written by hand."""
        if path not in self._sha256:
            return None
        content = b""
        for piece in self._pieces(path):
            content += piece
            if len(content) > _TEXT_MAX_BYTES:
                return None
        return content

    def digest(self, paths: Iterable[str], below: str = "") -> str:
        """Return the SHA-256 over path and SHA-256 of each file, in the order given; paths relative to `below`."""
        digest = hashlib.sha256()
        for path in paths:
            digest.update(f"{self._sha256[path]}  {path.removeprefix(below)}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _read(self, path: str) -> None:
        digest, head, size = hashlib.sha256(), b"", 0
        for piece in self._pieces(path):
            if len(head) < SNIFF_BYTES:
                head += piece[:SNIFF_BYTES]
            digest.update(piece)
            size += len(piece)
        self._sha256[path] = digest.hexdigest()
        if sniff(head[:SNIFF_BYTES]) in ("elf", "macho", "pe"):
            self.natives[path] = Native(path, digest.hexdigest(), size)


def _materials(name: str, files: _Files, sha256: str, integrity: Mapping[str, str]) -> Materials:
    package_of = Attribution(files.paths, files.text)
    grouped: dict[str, tuple[Package, list[str]]] = {}
    own: list[str] = []
    for path in files.paths:
        package = package_of(path)
        if package is None or not package.path:
            own.append(path)
        else:
            grouped.setdefault(package.path, (package, []))[1].append(path)
    found = {folder: declared(package, files.text) for folder, (package, _) in grouped.items()}
    keys = {folder: _key(package, found[folder]) for folder, (package, _) in grouped.items()}
    copies: dict[str, list[str]] = {}
    for folder in sorted(grouped):
        copies.setdefault(keys[folder], []).append(folder)
    parts = tuple(_part(folders, grouped, found, keys, files, integrity) for _, folders in sorted(copies.items()))
    root = declared(None, files.text)
    return Materials(
        name=name,
        sha256=sha256,
        parts=parts,
        own_natives=tuple(files.natives[path] for path in own if path in files.natives),
        version=root.version,
        licence=root.licence,
        needs=_resolved("", root, keys),
    )


def _part(
    folders: list[str],
    grouped: Mapping[str, tuple[Package, list[str]]],
    found: Mapping[str, Declared],
    keys: Mapping[str, str],
    files: _Files,
    integrity: Mapping[str, str],
) -> BomEntry:
    """Return the copies of one package as one part."""
    package, facts = grouped[folders[0]][0], found[folders[0]]
    paths = [path for folder in folders for path in grouped[folder][1]]
    needs = {key for folder in folders for key in _resolved(folder, found[folder], keys)}
    name, version = facts.name or package.name, facts.version or package.version
    return BomEntry(
        name=name,
        version=version,
        ecosystem=facts.ecosystem,
        contents={folder: files.digest(grouped[folder][1], f"{folder}/") for folder in folders},
        licence=facts.licence,
        licence_files=tuple(path for path in paths if _LICENCE_FILE.search(path)),
        needs=tuple(sorted(needs - {keys[folders[0]]})),
        natives=tuple(files.natives[path] for path in paths if path in files.natives),
        integrity=_locked(map(_as_installed, folders), name, version, integrity),
    )


def _locked(folders: Iterable[str], name: str, version: str, integrity: Mapping[str, str]) -> str:
    """Return what the lock file says of a package, by one of its folders or by name@version; "" if it says nothing."""
    return next((text for folder in folders if (text := integrity.get(folder))), integrity.get(f"{name}@{version}", ""))


def _key(package: Package, facts: Declared) -> str:
    return f"{facts.ecosystem or 'generated'}:{facts.name or package.name}@{facts.version or package.version}"


def _resolved(folder: str, facts: Declared, keys: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of what a package needs and the artifact has, found as Node and Python find it."""
    found: set[str] = set()
    for need in facts.needs:
        if facts.ecosystem == "pypi":
            found.update(key for key in keys.values() if key.startswith(f"pypi:{need}@"))
        elif (place := _as_node_does(folder, need, keys)) is not None:
            found.add(keys[place])
    return tuple(sorted(found))


def _as_node_does(folder: str, name: str, keys: Mapping[str, str]) -> str | None:
    base = folder
    while True:
        place = f"{base}/node_modules/{name}" if base else f"node_modules/{name}"
        if base.rpartition("/")[2] != "node_modules" and place in keys:
            return place
        if not base:
            # A layer's packages lie in nodejs/node_modules, which no folder of its own is above.
            return next((found for found in (f"nodejs/node_modules/{name}",) if found in keys), None)
        base = base.rpartition("/")[0]


def _as_installed(folder: str) -> str:
    """Return a package's folder as the project has it: in a layer it lies deeper."""
    return folder[folder.index("node_modules/") :] if "node_modules/" in folder else folder


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
