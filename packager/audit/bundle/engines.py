"""Engines of generated clients: one for the target, where the client looks, executable, and whole. Pure."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.core.units import format_size
from packager.engines.clients import ENGINE_FILE, LEFTOVER, OVERRIDES
from packager.engines.targets import binary_target
from packager.model.engine_facts import Override
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext, MountedFile
    from packager.model.engine_facts import ClientFacts
    from packager.model.findings import Mounted

_COPIES = ("node_modules/prisma/", "node_modules/@prisma/engines/", "node_modules/@prisma/cli/")
_ORDINARY = "node_modules/.prisma/client"


def check_engines(scene: AuditContext) -> Iterator[Finding]:
    """Yield findings about the native engines of generated clients, and about files that pose as such."""
    wanted = _wanted(scene)
    for mount in scene.mounts:
        if not mount.judged:
            continue
        yield from _leftovers(mount, scene)
        homes = {client.folder for client in mount.engines.clients}
        for client in mount.engines.clients:
            if client.generated and client.kind in ("library", "binary"):
                yield from _engine_of(client, mount, scene, wanted)
        yield from _copies(mount, scene, homes)


def check_clients(scene: AuditContext) -> Iterator[Finding]:
    """Yield findings about generated clients themselves: there, whole, in one place, of today's schema."""
    for mount in scene.mounts:
        if not mount.judged:
            continue
        ready = [client for other in scene.mounts for client in other.engines.clients if client.generated]
        for client in mount.engines.clients:
            if not client.generated:
                # With an output of its own, the stub at the usual place is left over and not imported.
                if not ready:
                    yield _about(mount, f"{client.folder}/index.js", "ENG006", "the client was never generated")
                continue
            yield from _parts(client, mount, scene)
            yield from _age(client, mount, scene)
        yield from _split(mount, scene)


def check_overrides(scene: AuditContext) -> Iterator[Finding]:
    """Yield a finding for every variable that names an engine which is not there."""
    kinds = {client.kind for mount in scene.mounts for client in mount.engines.clients}
    if not kinds & {"library", "binary"}:
        return  # later generations ignore the variables
    name = next((mount.name for mount in scene.mounts if mount.judged), "")
    given = [
        Override("function environment", key, value) for key, value in scene.environment if key in OVERRIDES and value
    ]
    for mount in scene.mounts:
        if mount.judged:
            given += mount.engines.overrides
    for override in given:
        path = posixpath.normpath(posixpath.join(scene.target.system.function_root, override.value))
        if scene.at(path) is None:
            message = f"{override.variable} names {override.value}, which is not in the artifact; nothing else is tried"
            homes = sorted(place.path for place in scene.by_path.values() if ENGINE_FILE.search(place.file.path))
            fix = f"set it to {homes[0]}, or remove it" if homes else CODES["ENG005"].fix
            subject = (
                override.where if " " in override.where else f"{name}!{override.where}" if name else override.where
            )
            yield Finding("ENG005", "error", subject, message, fix)


def _wanted(scene: AuditContext) -> tuple[str, ...]:
    """Return the names engines for this target have, in every generation's words."""
    from packager.catalog.current import load_catalog

    words = {engine.binary_targets for engine in load_catalog().engines if engine.binary_targets}
    return tuple(sorted({name for names in words if (name := binary_target(names, scene.target))}))


def _engine_of(client: ClientFacts, mount: Mounted, scene: AuditContext, wanted: tuple[str, ...]) -> Iterator[Finding]:
    base = f"{mount.root}/{client.folder}"
    places = [
        place
        for folder in (base, f"{base}/runtime")
        for path, place in scene.by_path.items()
        if path.startswith(f"{folder}/") and "/" not in path[len(folder) + 1 :] and _is_engine(path)
    ]
    right = [place for place in places if _is_for(place, wanted)]
    title = wanted[0] if wanted else scene.target.title
    if not places and not _overridden(scene):
        message = f"there is no engine beside the client; {scene.target.baseline.title} needs the one for {title}"
        yield _about(mount, client.folder, "ENG001", message, _generate_for(title))
    elif not right and not _overridden(scene):
        there = ", ".join(sorted(_target_of(place) for place in places))
        message = f"has no engine for {title}, which {scene.target.baseline.title} needs, but one for {there}"
        yield _about(mount, client.folder, "ENG002", message, _generate_for(title))
    for place in right:
        if place.file.size_bytes == 0 or place.file.unreadable or (place.file.format not in ("elf", "script")):
            what = "empty" if place.file.size_bytes == 0 else place.file.unreadable or "neither a program nor a library"
            yield place.finding("ENG012", f"the engine is {what}")
        elif client.kind == "binary" and place.file.mode is not None and not place.file.mode & 0o111:
            yield place.finding("ENG004", "the engine is a program, but it is not executable")
    others = [place for place in places if place not in right]
    if right and others:
        size = sum(place.file.size_bytes for place in others)
        there = ", ".join(sorted(_target_of(place) for place in others))
        message = f"has {len(places)} engines, {len(others)} of them for other systems ({there}): {format_size(size)}"
        yield _about(mount, client.folder, "ENG003", message)
    if places and scene.at(f"{base}/schema.prisma") is None and not _overridden(scene):
        yield _about(
            mount, client.folder, "ENG009", "schema.prisma is not beside the client, which finds its files by it"
        )


def _copies(mount: Mounted, scene: AuditContext, homes: set[str]) -> Iterator[Finding]:
    """Yield findings about engines no client opens: copies the generator keeps for itself."""
    copies = [
        place
        for place in scene.judged
        if place.mount is mount and _is_engine(place.path) and any(part in f"/{place.file.path}" for part in _COPIES)
    ]
    if copies and homes:
        size = sum(place.file.size_bytes for place in copies)
        first = min(copies, key=lambda place: place.file.path)
        more = f" and {len(copies) - 1} more" if len(copies) > 1 else ""
        yield first.finding("ENG003", f"is a copy{more} that only the generator opens: {format_size(size)}")


def _leftovers(mount: Mounted, scene: AuditContext) -> Iterator[Finding]:
    for place in scene.judged:
        if place.mount is mount and LEFTOVER.search(place.file.path):
            yield place.finding("ENG011", f"left by an aborted generate ({format_size(place.file.size_bytes)})")


def _parts(client: ClientFacts, mount: Mounted, scene: AuditContext) -> Iterator[Finding]:
    """Yield findings about modules a client imports or reads that are not there."""
    base = f"{mount.root}/{client.folder}"
    if client.kind == "compiler" and client.runtime == "client":
        inside = [path for path in scene.by_path if path.startswith(f"{base}/query_compiler")]
        if not any(path.endswith((".wasm", ".wasm-base64.js")) for path in inside):
            yield _about(mount, client.folder, "ENG010", "its query compiler (query_compiler*.wasm) is not there")
    if not client.runtime or client.folder.rpartition("/")[2] != "client" or not client.folder.endswith(_ORDINARY):
        return
    root = f"{mount.root}/{client.folder.removesuffix('.prisma/client')}@prisma/client"
    module = f"{root}/runtime/{client.runtime}.js"
    if scene.at(f"{root}/package.json") is not None and scene.at(module) is None:
        message = f"@prisma/client/runtime/{client.runtime}.js, which it imports, is missing"
        yield _about(mount, client.folder, "ENG010", message)


def _age(client: ClientFacts, mount: Mounted, scene: AuditContext) -> Iterator[Finding]:
    digests = dict(mount.engines.schemas)
    several = len([other for other in mount.engines.clients if other.generated]) > 1
    if not client.schema or not digests or several or client.schema in digests.values():
        return
    path = min(digests, key=lambda path: (path != "prisma/schema.prisma", path))
    yield _about(mount, client.folder, "ENG007", f"was generated from another schema than {path}")


def _split(mount: Mounted, scene: AuditContext) -> Iterator[Finding]:
    """Yield a finding if the generated client and its package are in different artifacts: neither finds the other."""
    for client in mount.engines.clients:
        if not client.generated or not client.folder.endswith(_ORDINARY):
            continue
        beside = f"{mount.root}/{client.folder.removesuffix('.prisma/client')}@prisma/client/package.json"
        if scene.at(beside) is not None:
            continue
        elsewhere = sorted(path for path in scene.by_path if path.endswith("node_modules/@prisma/client/package.json"))
        where = elsewhere[0].removesuffix("/package.json") if elsewhere else ""
        message = f"@prisma/client is in {where}" if where else "@prisma/client is missing"
        yield _about(mount, client.folder, "ENG008", f"{message}: neither finds the other at run time")
    if any(_is_whole(client, mount, scene) for client in mount.engines.clients):
        return  # another path to the package is a link to it, as pnpm makes them
    package = [place for place in scene.judged if place.mount is mount and place.file.path.endswith(f"{_PACKAGE}")]
    for place in package:
        beside = f"{place.folder.removesuffix('@prisma/client')}.prisma/client"
        elsewhere = [
            f"{other.root}/{client.folder}"
            for other in scene.mounts
            for client in other.engines.clients
            if client.generated and client.folder.endswith(_ORDINARY) and f"{other.root}/{client.folder}" != beside
        ]
        if elsewhere and scene.at(f"{beside}/index.js") is None:
            yield place.finding("ENG008", f"the generated client is in {elsewhere[0]}: neither finds the other")


def _is_whole(client: ClientFacts, mount: Mounted, scene: AuditContext) -> bool:
    """Return whether a generated client and its package lie in one node_modules."""
    home = f"{mount.root}/{client.folder.removesuffix('.prisma/client')}"
    return (
        client.generated
        and client.folder.endswith(_ORDINARY)
        and scene.at(f"{home}@prisma/client/package.json") is not None
    )


_PACKAGE = "node_modules/@prisma/client/package.json"


def _about(mount: Mounted, path: str, code: str, message: str, fix: str = "") -> Finding:
    row = CODES[code]
    return Finding(code, row.severity, f"{mount.name}!{path}" if mount.name else path, message, fix or row.fix)


def _overridden(scene: AuditContext) -> bool:
    return any(key in OVERRIDES for key, value in scene.environment if value)


def _is_engine(path: str) -> bool:
    return bool(ENGINE_FILE.search(path)) and not LEFTOVER.search(path)


def _is_for(place: MountedFile, wanted: tuple[str, ...]) -> bool:
    return _target_of(place) in wanted


def _target_of(place: MountedFile) -> str:
    """Return the binary target in an engine's name.

    ``libquery_engine-rhel-openssl-3.0.x.so.node`` and ``query-engine-rhel-openssl-3.0.x`` are for the same.
    """
    name = place.file.path.rpartition("/")[2]
    stem = name.partition("engine-")[2]
    for suffix in (".so.node", ".dylib.node", ".dll.node", ".exe"):
        stem = stem.removesuffix(suffix)
    return stem


def _generate_for(wanted: str) -> str:
    return (
        f'write binaryTargets = ["native", "{wanted}"] into the schema\'s generator block and generate again, '
        "or build with `packager build --fix-schema`"
    )
