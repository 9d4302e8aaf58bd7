"""Is the handler where the runtime looks for it, and of the module kind its name and package.json promise? Pure.

Only what the text itself shows is said; loading it is for the proof.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.languages.registry import LANGUAGES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packager.audit.context import AuditContext, MountedFile
    from packager.model.languages import HandlerFault
    from packager.model.targets import Target

_SOURCES = (".ts", ".mts", ".cts", ".tsx", ".jsx")
_PASSED_ON = re.compile(r"require\(|\bexport\s*\*|__exportStar|Object\.assign\(|import\s*\*|\bfrom\b")


def handler_texts(handler: str, target: Target) -> Callable[[str], bool]:
    """Return which files' contents `check_handler` will want to see."""
    candidates = set(_candidates(handler, target))
    folder = posixpath.dirname(handler)
    manifests = {"package.json"}
    while folder:
        manifests.add(f"{folder}/package.json")
        folder = posixpath.dirname(folder)
    return lambda path: bool(handler) and (path in candidates or path in manifests)


def check_handler(scene: AuditContext) -> Iterator[Finding]:
    """Report a handler that is not there (HND001), of the wrong kind (HND002), without the export (HND003)."""
    target = scene.target
    if not scene.handler or target.kind == "layer" or LANGUAGES[target.language].bootstrap:
        return
    stem, export = _split(scene.handler, target)
    exported = target.launcher == "handler"  # other hosts serve a file, by its default export or by starting it
    if not stem or (exported and not export):
        yield _about(scene, "HND001", f"the handler {scene.handler!r} is not of the form FILE.EXPORT")
        return
    place = _find(scene)
    if place is None:
        yield _about(scene, "HND001", _missing(stem, scene))
        return
    texts = place.mount.inventory.texts
    text = texts.get(place.file.path, "")
    if text and (fault := _fault(place, scene)):
        yield place.finding("HND002", fault.message, severity=fault.severity)
    if (
        text
        and exported
        and not re.search(rf"(?<![\w$]){re.escape(export.split('.')[0])}(?![\w$])", text)
        and not _PASSED_ON.search(text)
    ):
        yield place.finding("HND003", f"does not mention {export!r}, the handler it should export")


def _fault(place: MountedFile, scene: AuditContext) -> HandlerFault | None:
    target = scene.target
    texts, flags = place.mount.inventory.texts, target.system.flags_of(dict(scene.environment))
    return LANGUAGES[target.language].handler_fault(place.file.path, texts, target.language_version, flags)


def _candidates(handler: str, target: Target) -> tuple[str, ...]:
    """Return the files the runtime tries, in its order."""
    language = LANGUAGES[target.language]
    return language.handler_files(_split(handler, target)[0])


def _split(handler: str, target: Target) -> tuple[str, str]:
    """Return (file, export). Hosts that call modules name a file with all of its dots: ``api/[...a].default``."""
    if target.launcher == "module" and handler.endswith(".default"):
        return handler.removesuffix(".default"), "default"
    return LANGUAGES[target.language].split_handler(handler)


def _find(scene: AuditContext) -> MountedFile | None:
    """Return the file that holds the handler; layers may hold it by an absolute path, or among their packages."""
    target = scene.target
    roots = [target.system.function_root]
    if LANGUAGES[target.language].handlers_in_layers:
        roots.append(f"{target.system.layer_root}/{target.layer_paths.packages}")
    for candidate in _candidates(scene.handler, target):
        for root in roots:
            place = scene.at(posixpath.join(root, candidate))
            if place is not None:
                return place
    return None


def _missing(stem: str, scene: AuditContext) -> str:
    """Return what is said about a handler's file that is not there, with what is there instead."""
    message = f"the handler's file {stem} ({', '.join(LANGUAGES[scene.target.language].handler_endings)}) is not in it"
    paths = [place.file.path for place in scene.judged if place.file.package is None]
    wanted = {candidate.lower() for candidate in _candidates(scene.handler, scene.target)}
    for path in paths:
        if path.lower() in wanted:
            return f"{message}; there is {path}, and Linux minds upper and lower case"
    for path in paths:
        if path.startswith(stem) and path.removeprefix(stem) in _SOURCES:
            return f"{message}; there is {path}, which has not been compiled to JavaScript"
    for path in paths:
        top, _, rest = path.partition("/")
        if rest.lower() in wanted:
            return f"{message}; there is {path}: the archive has a folder {top}/ around everything"
    return message


def _about(scene: AuditContext, code: str, message: str) -> Finding:
    row = CODES[code]
    name = next((mount.name for mount in scene.mounts if mount.judged), "")
    return Finding(code, row.severity, name or scene.handler, message, row.fix)
