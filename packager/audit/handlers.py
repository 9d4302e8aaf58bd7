"""Is the handler where the runtime looks for it, and of the module kind its name and package.json promise? Pure.

Only what the text itself shows is said; loading it is for the proof.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packager.audit.scene import Place, Scene
    from packager.model.targets import Target

_NODE_ENDINGS = ("", ".js", ".mjs", ".cjs")
"""In the order of the runtime's loader. Source: aws-lambda-nodejs-runtime-interface-client, UserFunction.js."""
_SOURCES = (".ts", ".mts", ".cts", ".tsx", ".jsx")
_NODE_FINDS_ESM = 22
"""From this major version on, Node itself looks whether a file without "type" is an ES module."""
COMMENTS = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
_ESM = re.compile(
    r"^\s*(?:import\s*(?:[\w*{]|[\"'])|export\s+(?:const|let|var|async|function|class|default|\{|\*))", re.MULTILINE
)
_CJS = re.compile(r"^\s*(?:module\.exports\b|exports\.\w+\s*=|(?:const|let|var)\s[^=\n]+=\s*require\()", re.MULTILINE)
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


def check_handler(scene: Scene) -> Iterator[Finding]:
    """Report a handler that is not there (HND001), of the wrong kind (HND002), without the export (HND003)."""
    target = scene.target
    if not scene.handler or target.kind == "layer" or target.language == "provided":
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
    text = _text(place)
    if target.language == "nodejs" and text:
        yield from _module_kind(place, text, scene)
    if (
        text
        and exported
        and not re.search(rf"(?<![\w$]){re.escape(export.split('.')[0])}(?![\w$])", text)
        and not _PASSED_ON.search(text)
    ):
        yield place.finding("HND003", f"does not mention {export!r}, the handler it should export")


def _split(handler: str, target: Target) -> tuple[str, str]:
    """Return (file without ending, export). Node splits behind the last slash at the first dot, Python at the last."""
    folder, slash, name = handler.rpartition("/")
    first, _, rest = name.partition(".") if target.language == "nodejs" else name.rpartition(".")
    return (folder + slash + first, rest) if first else ("", "")


def _candidates(handler: str, target: Target) -> Iterator[str]:
    """Yield the files the runtime tries, in its order."""
    stem, _ = _split(handler, target)
    stem = posixpath.normpath(stem) if stem else ""
    if target.language == "nodejs":
        yield from (stem + ending for ending in _NODE_ENDINGS)
    elif target.language == "python":
        module = stem.replace(".", "/")
        yield from (f"{module}/__init__.py", f"{module}.py", f"{module}.pyc")


def _find(scene: Scene) -> Place | None:
    """Return the file that holds the handler; layers may hold it by an absolute path, or on Python's search path."""
    target = scene.target
    roots = [target.system.function_root]
    if target.language == "python":
        roots.append(f"{target.system.layer_root}/{target.layer_paths.packages}")
    for candidate in _candidates(scene.handler, target):
        for root in roots:
            place = scene.by_path.get(posixpath.join(root, candidate))
            if place is not None:
                return place
    return None


def _missing(stem: str, scene: Scene) -> str:
    """Return what is said about a handler's file that is not there, with what is there instead."""
    message = f"the handler's file {stem} ({', '.join(_endings(scene.target))}) is not in it"
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


def _endings(target: Target) -> tuple[str, ...]:
    return _NODE_ENDINGS[1:] if target.language == "nodejs" else (".py", "/__init__.py")


def _module_kind(place: Place, text: str, scene: Scene) -> Iterator[Finding]:
    code = COMMENTS.sub("", text)
    esm, cjs = _ESM.search(code) is not None, _CJS.search(code) is not None
    kind, why = _declared(place)
    if esm and kind == "commonjs":
        found = why == "" and int(scene.target.language_version or 0) >= _NODE_FINDS_ESM
        message = f"has import or export statements, but {why or 'nothing says'} that it is an ES module"
        if why:
            message = f"has import or export statements, but {why} makes it CommonJS"
        yield place.finding("HND002", message, severity="warning" if found else "error")
    elif cjs and not esm and kind == "module":
        yield place.finding("HND002", f"uses require and module.exports, but {why} makes it an ES module")


def _declared(place: Place) -> tuple[str, str]:
    """Return which kind of module a file is, and what says so; CommonJS and "" where nothing does."""
    path = place.file.path
    if path.endswith((".mjs", ".cjs")):
        return ("module" if path.endswith(".mjs") else "commonjs"), f"its ending .{path.rpartition('.')[2]}"
    folder = posixpath.dirname(path)
    while True:
        name = posixpath.join(folder, "package.json")
        text = place.mount.inventory.texts.get(name)
        if text is not None:
            try:
                data = json.loads(text)
            except ValueError:
                data = {}
            kind = data.get("type") if isinstance(data, dict) else None
            return ("module" if kind == "module" else "commonjs"), (f'"type": "{kind}" of {name}' if kind else "")
        if not folder:
            return "commonjs", ""
        folder = posixpath.dirname(folder)


def _text(place: Place) -> str:
    return place.mount.inventory.texts.get(place.file.path, "")


def _about(scene: Scene, code: str, message: str) -> Finding:
    row = CODES[code]
    name = next((mount.name for mount in scene.mounts if mount.judged), "")
    return Finding(code, row.severity, name or scene.handler, message, row.fix)
