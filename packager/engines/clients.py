"""What an artifact says of the clients in it: read from the generated code's own configuration, nothing is executed."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from packager.model.engine_facts import ClientFacts, EngineFacts, EngineKind, Override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


OVERRIDES = ("PRISMA_QUERY_ENGINE_LIBRARY", "PRISMA_QUERY_ENGINE_BINARY")
ENGINE_FILE = re.compile(r"(?:^|/)(?:lib)?query[-_]engine-[^/]+$")
"""Every native engine's name, of any system and generation; WebAssembly engines are called query_engine_bg."""
LEFTOVER = re.compile(r"query[-_]engine-[^/]+\.tmp[0-9]+$")

_HOMES = re.compile(r"(?:^|/)node_modules/(?:\.prisma/client|@prisma/photon|@generated/photon)/index\.js$")
_STUB = re.compile(rb"did not initialize yet")
_GENERATED = re.compile(rb"getPrismaClient|getPhoton|\bclass Photon\b|PrismaClient = ")
_ENGINE_TYPE = re.compile(rb"[\"']?engineType[\"']?\s*:\s*[\"'](\w+)")
_RUNTIME = re.compile(rb"runtime[/.](library|binary|client|wasm|edge)\b")
_VERSION = re.compile(rb"[\"']?(?:clientVersion|version)[\"']?\s*:\s*[\"']([^\"']+)")
_TARGETS = re.compile(rb"[\"']?binaryTargets[\"']?\s*:\s*\[(.*?)\]", re.DOTALL)
_WORD = re.compile(rb"[\"']((?:native|darwin|windows|[a-z]+-[a-z0-9.-]+))[\"']")
_NO_ENGINE = re.compile(rb"[\"']?copyEngine[\"']?\s*:\s*false")
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=\s*[\"']?([^\"'\n#]*)", re.MULTILINE)
_HEAD_BYTES = 2 << 20


def engine_facts(paths: Iterable[str], read: Callable[[str], bytes | None]) -> EngineFacts:
    """Return the facts of an artifact, given its paths and how to read one (None if that cannot be)."""
    known = frozenset(paths)
    clients = tuple(client for folder in sorted(_folders(known)) if (client := _client(folder, known, read)))
    if not clients and not any(ENGINE_FILE.search(path) for path in known):
        return EngineFacts()
    own = {f"{client.folder}/schema.prisma" for client in clients}
    schemas = [
        (path, _digest(read(path)))
        for path in sorted(known)
        if path.endswith(".prisma") and path not in own and "node_modules/" not in path
    ]
    overrides = [
        Override(path, name, value.strip())
        for path in sorted(known)
        if re.search(r"(?:^|/)\.env(?:\.[\w.]+)?$", path) and "node_modules/" not in path
        for name, value in _ASSIGNMENT.findall((read(path) or b"").decode("utf-8", "replace"))
        if name in OVERRIDES and value.strip()
    ]
    return EngineFacts(clients, tuple(schemas), tuple(overrides))


def read_engine_facts(path: Path, names: Iterable[str]) -> EngineFacts:
    """Return the facts of a zip or folder whose file names are known; opens it only if they speak of a client."""
    from packager.inventory.archive import is_archive

    names = tuple(names)
    if not any(_HOMES.search(name) or ENGINE_FILE.search(name) or name.endswith(".prisma") for name in names):
        return EngineFacts()
    if path.is_dir():
        return engine_facts(names, lambda name: _of_file(path / name))
    if not is_archive(path):
        return EngineFacts()
    from packager.archive.read.reader import WEIGHED, open_archive
    from packager.core.errors import ArtifactError

    with open_archive(path, limits=WEIGHED) as archive:
        members = {member.path.lstrip("/"): member for member in archive.members if not member.is_dir}

        def read(name: str) -> bytes | None:
            member = members.get(name)
            if member is None or member.is_symlink or member.size_bytes > _HEAD_BYTES:
                return None
            try:
                return archive.read(member)
            except ArtifactError:
                return None  # the scan has said that this member is damaged

        return engine_facts(names, read)


def _of_file(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return None


def _folders(paths: frozenset[str]) -> set[str]:
    """Return folders that may hold a client: its usual places, and every folder with a schema or engine and code."""
    found = {path.rpartition("/")[0] for path in paths if _HOMES.search(path)}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name == "schema.prisma" or ENGINE_FILE.search(path):
            for candidate in (folder, folder.removesuffix("/runtime")):
                if candidate and f"{candidate}/index.js" in paths and not candidate.endswith("@prisma/engines"):
                    found.add(candidate)
    return found


def _client(folder: str, paths: frozenset[str], read: Callable[[str], bytes | None]) -> ClientFacts | None:
    code = read(f"{folder}/index.js")
    if code is None:
        return None
    if not _GENERATED.search(code) or (len(code) < 8192 and _STUB.search(code)):
        return ClientFacts(folder, False, "") if _STUB.search(code) else None
    version = _VERSION.search(code)
    runtime = _RUNTIME.search(code)
    schema = f"{folder}/schema.prisma"
    return ClientFacts(
        folder=folder,
        generated=True,
        kind=_kind(code, runtime[1].decode() if runtime else "", folder, paths),
        version=version[1].decode("utf-8", "replace") if version else "",
        targets=tuple(
            dict.fromkeys(
                word.decode() for block in _TARGETS.findall(code)[:1] for word in _WORD.findall(block) if word
            )
        ),
        schema=_digest(read(schema)) if schema in paths else "",
        runtime="" if f"{folder}/runtime/index.js" in paths or runtime is None else runtime[1].decode(),
    )


def _kind(code: bytes, runtime: str, folder: str, paths: frozenset[str]) -> EngineKind:
    if _NO_ENGINE.search(code):
        return "none"
    kinds: dict[str, EngineKind] = {"library": "library", "binary": "binary", "client": "compiler", "wasm": "compiler"}
    declared = _ENGINE_TYPE.search(code)
    kind = kinds.get(runtime) or (kinds.get(declared[1].decode(), "") if declared else "")
    if kind == "library" and f"{folder}/query_engine_bg.wasm" in paths and b"query_engine_bg.wasm" in code:
        return "compiler"
    if kind:
        return kind
    # Before the runtime was split in 5, and before engine types in 3: the version tells.
    version = _VERSION.search(code)
    if version and version[1][:2] in (b"3.", b"4."):
        return "library"
    return "binary"


def _digest(content: bytes | None) -> str:
    """Return a digest that formatting, comments and the list of engines do not change."""
    if content is None:
        return ""
    text = re.sub(rb"//[^\n]*", b"", content)
    text = re.sub(rb"(?:binaryTargets|platforms|engineType|output)\s*=\s*(?:\[[^\]]*\]|[^\n]*)", b"", text)
    return hashlib.sha256(b"".join(text.split())).hexdigest()
