"""What the text of a JavaScript file shows: its kind of module, and the files it asks for. Pure."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from packager.model.languages import HandlerFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packager.model.targets import RuntimeFlag

_FINDS_ESM = 20
"""From a release of this major version on (20.19), Node itself looks whether a file without "type" is an ES module."""
_COMMENTS = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
_TEMPLATES = re.compile(r"`(?:[^`\\]|\\.)*`", re.DOTALL)
"""Texts of several lines, whose lines may begin like a statement."""
_ESM = re.compile(
    r"^\s*(?:import\s*(?:[\w*{]|[\"'])|export\s+(?:const|let|var|async|function|class|default|\{|\*))", re.MULTILINE
)
_CJS = re.compile(r"^\s*(?:module\.exports\b|exports\.\w+\s*=|(?:const|let|var)\s[^=\n]+=\s*require\()", re.MULTILINE)
_SOURCES = (".js", ".cjs", ".mjs")
_TRIED = ("", ".js", ".json", ".node", ".mjs", ".cjs", "/index.js", "/index.json", "/package.json")
"""What Node makes of a name, and one spelling of it is enough. Source: Node manual, "Modules: All together"."""
_ASKED = re.compile(r"""(?:\brequire\s*\(|\bfrom|\bimport\s*\(?)\s*["'](?P<name>\.{1,2}/[^"'\n]+)["']""")


def handler_fault(
    path: str, texts: Mapping[str, str], version: str, flags: Sequence[RuntimeFlag]
) -> HandlerFault | None:
    """Return why a file is not of the module kind that its name and package.json promise.

    `flags`: the options that the host starts Node with. One of them may keep it from finding out by itself.
    """
    code = _TEMPLATES.sub("``", _COMMENTS.sub("", texts[path]))
    esm, cjs = _ESM.search(code) is not None, _CJS.search(code) is not None
    kind, why = _declared(path, texts)
    if esm and kind == "commonjs":
        if why:
            return HandlerFault(f"has import or export statements, but {why} makes it CommonJS", "error")
        message = "has import or export statements, but neither its name nor package.json makes it an ES module"
        flag = next((flag for flag in flags if flag.flag.endswith("detect-module")), None)
        if flag is not None and flag.sure:
            return HandlerFault(f"{message}, and the host starts Node with {flag.flag}", "error")
        return HandlerFault(message, "warning" if int(version or 0) >= _FINDS_ESM else "error")
    if cjs and not esm and kind == "module":
        return HandlerFault(f"uses require and module.exports, but {why} makes it an ES module", "error")
    return None


def _declared(path: str, texts: Mapping[str, str]) -> tuple[str, str]:
    """Return which kind of module a file is, and what says so; CommonJS and "" where nothing does."""
    if path.endswith((".mjs", ".cjs")):
        return ("module" if path.endswith(".mjs") else "commonjs"), f"its ending .{path.rpartition('.')[2]}"
    folder = posixpath.dirname(path)
    while True:
        name = posixpath.join(folder, "package.json")
        text = texts.get(name)
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


def is_own_source(path: str) -> bool:
    """Return whether a file is JavaScript of the function itself."""
    return path.endswith(_SOURCES) and "node_modules/" not in path


def relative_imports(text: str) -> Iterable[str]:
    """Return the relative names that ``require`` and ``import`` spell out, each once."""
    return dict.fromkeys(match["name"] for match in _ASKED.finditer(_COMMENTS.sub("", text)))


def import_candidates(path: str) -> tuple[str, ...]:
    """Return every file that Node could take for a path."""
    return tuple(path + ending for ending in _TRIED)
