"""`ArtifactContents` → one HTML file that needs nothing else: no server, no network, no script from anywhere."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from packager.report.summary import duplicates_of, packages_of

if TYPE_CHECKING:
    from packager.report.difference import Difference
    from packager.report.summary import ArtifactContents

_DUPLICATES_SHOWN = 200
_FILES_SHOWN = 500
_NATIVE = (".node", ".so", ".dylib", ".dll", ".exe")
_CODE = (".js", ".cjs", ".mjs", ".py", ".json", ".wasm")
_SPARE = (".map", ".d.ts", ".d.cts", ".d.mts", ".ts", ".md", ".pyi", ".h", ".txt")
_KINDS = ("native", "code", "spare", "other")


def page(
    contents: ArtifactContents, difference: Difference | None = None, other: ArtifactContents | None = None
) -> str:
    """Return the page. The same contents give the same text."""
    folder = resources.files("packager.report") / "page"
    html, css, script = ((folder / f"report.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    # "<" is the only letter by which text inside a script element could end it.
    data = json.dumps(document(contents, difference, other), ensure_ascii=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c")
    for mark, text in (("/*css*/", css), ("/*script*/", script), ("/*data*/", data)):
        html = html.replace(mark, text, 1)
    return html


def document(
    contents: ArtifactContents, difference: Difference | None, other: ArtifactContents | None
) -> dict[str, Any]:
    """Return what the page's script draws."""
    return {
        "name": contents.name,
        "zipped": contents.zipped_bytes,
        "size": contents.size_bytes,
        "files": len(contents.items),
        "facts": [[key, value] for key, value in contents.facts.items()],
        "findings": list(contents.findings),
        "kinds": list(_KINDS),
        "tree": _tree(contents),
        "packages": [
            [share.name, share.version, share.folder, share.files, share.size_bytes, share.compressed_bytes,
             share.reason]
            for share in packages_of(contents)
        ],
        "duplicates": [
            [items[0].size_bytes, items[0].compressed_bytes, [item.path for item in items]]
            for items in duplicates_of(contents)[:_DUPLICATES_SHOWN]
        ],
        "difference": _difference(difference, other) if difference and other else None,
    }  # fmt: skip


def kind_of(path: str) -> str:
    """Return what a file is for, by its name: the colours of the map.

    >>> [kind_of(path) for path in ("a.so.1", "a.js", "a.d.ts", "LICENSE")]
    ['native', 'code', 'spare', 'other']
    """
    name = path.rpartition("/")[2].lower()
    if name.endswith(_NATIVE) or ".so." in name:
        return "native"
    if name.endswith(_SPARE):
        return "spare"
    return "code" if name.endswith(_CODE) else "other"


def _tree(contents: ArtifactContents) -> list[Any]:
    """Return folders as [name, children] and files as [name, size, compressed, kind]."""
    root: list[Any] = [contents.name, []]
    folders: dict[str, list[Any]] = {"": root}
    for item in contents.items:
        parent, _, name = item.path.rpartition("/")
        _folder(folders, parent)[1].append(
            [name, item.size_bytes, item.compressed_bytes, _KINDS.index(kind_of(item.path))]
        )
    return root


def _folder(folders: dict[str, list[Any]], path: str) -> list[Any]:
    """Return a folder of the tree; it and those above it are made when they are first asked for."""
    missing = []
    while path not in folders:
        missing.append(path)
        path = path.rpartition("/")[0]
    for deeper in reversed(missing):
        made: list[Any] = [deeper.rpartition("/")[2], []]
        folders[path][1].append(made)
        folders[deeper] = made
        path = deeper
    return folders[path]


def _difference(difference: Difference, other: ArtifactContents) -> dict[str, Any]:
    rows: list[tuple[str, str, int, int]] = [
        *(("added", item.path, 0, item.size_bytes) for item in difference.added),
        *(("removed", item.path, item.size_bytes, 0) for item in difference.removed),
        *(("changed", new.path, old.size_bytes, new.size_bytes) for old, new in difference.changed),
    ]
    rows.sort(key=lambda row: (-abs(row[3] - row[2]), row[1]))
    return {
        "name": other.name,
        "zipped": other.zipped_bytes,
        "size": other.size_bytes,
        "counts": [len(difference.added), len(difference.removed), len(difference.changed)],
        "packages": [[p.folder, p.before, p.after, p.size_bytes, p.compressed_bytes] for p in difference.packages],
        "files": rows[:_FILES_SHOWN],
    }
