"""Is a browser there for the code that starts one? Some packages fetch theirs into the user's home. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from packager.catalog.browsers import browsers
from packager.catalog.finding_codes.registry import CODES
from packager.languages.registry import LANGUAGES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packager.audit.context import AuditContext, MountedFile
    from packager.catalog.browsers import FetchedBrowser

_BROWSER = re.compile(
    r"(?:google-)?chrom(?:e|ium)(?:-browser|-headless-shell)?(?:[-.][\w.]*)?|(?:chrome-)?headless[-_]shell|"
    r"firefox(?:-bin)?|MiniBrowser|pw_run\.sh|chromedriver|geckodriver"
)
_PACKED = (".br", ".gz", ".xz", ".zst", ".zip")
_BROWSER_MIN_BYTES = 4 << 20
_BROUGHT = re.compile(
    r"executablePath|executable_path|browserWSEndpoint|browserURL|connectOverCDP|connect_over_cdp|wsEndpoint|"
    r"\bchannel\s*[:=]|\.usingServer\("
)
"""Own code names a browser of its own, or one on another machine."""
_COMMENTS = re.compile(r"/\*.*?\*/|^\s*(?://|#)[^\n]*", re.DOTALL | re.MULTILINE)
_ASKS = r"""(?:\brequire(?:\.resolve)?\s*\(\s*|\bfrom\s*|\bimport\s*\(?\s*)["'](?:{0})(?:/[^"']*)?["']"""
_ASKS_PYTHON = r"(?m)^\s*(?:from|import)\s+(?:{0})\b"


def check_browsers(scene: AuditContext) -> Iterator[Finding]:
    """Report packages that expect a browser in the user's home where the bundle and its layers have none: PKG005.

    An error where the code of the handler asks for the package itself, a warning where another package may.
    """
    if not scene.whole or scene.target.kind == "layer" or not any(mount.judged for mount in scene.mounts):
        return
    known = browsers()
    there = {place.file.package.name for place in scene.by_path.values() if place.file.package}
    there |= {name for mount in scene.mounts for name in mount.inventory.joined}
    wanted = {
        name: fetched
        for fetched in known.fetching
        for name in fetched.packages
        if name in there and fetched.language == scene.target.language
    }
    if not wanted or there.intersection(known.carrying) or any(map(_is_browser, scene.by_path.values())):
        return
    own = _own_texts(scene)
    brought = any(_BROUGHT.search(text) or _asks(known.core, text, scene) for text in own.values())
    for name, fetched in wanted.items():
        if not _named(scene, fetched):
            yield _finding(scene, name, fetched, own, brought=brought)


def _own_texts(scene: AuditContext) -> dict[str, str]:
    """Return the own code that the handler's file reaches by relative names, by its path; all of it without a handler.

    Of joined code, the own files that were joined.
    """
    language = LANGUAGES[scene.target.language]
    texts = {path: text for mount in scene.mounts if mount.judged for path, text in mount.inventory.texts.items()}
    stem = language.split_handler(scene.handler)[0] if scene.handler else ""
    ahead = [path for path in language.handler_files(stem) if path in texts] if stem else list(texts)
    found = {path: text for mount in scene.mounts for path, text in mount.inventory.joined_texts.items()}
    while ahead:
        path = ahead.pop()
        if path in found:
            continue
        found[path] = texts[path]
        for name in language.relative_imports(texts[path]):
            base = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            ahead += [each for each in language.import_candidates(base) if each in texts]
    return found


def _named(scene: AuditContext, fetched: FetchedBrowser) -> bool:
    """Return whether the function's variables name a browser that is there."""
    own = dict(scene.environment)
    return any(own.get(name) and scene.at(own[name]) is not None for name in fetched.executable)


def _asks(names: tuple[str, ...], text: str, scene: AuditContext) -> bool:
    """Return whether code asks for one of these packages."""
    pattern = _ASKS if LANGUAGES[scene.target.language].package_layout == "folders" else _ASKS_PYTHON
    return re.search(pattern.format("|".join(map(re.escape, names))), _COMMENTS.sub("", text)) is not None


def _finding(
    scene: AuditContext, name: str, fetched: FetchedBrowser, own: Mapping[str, str], *, brought: bool
) -> Finding:
    asking = sorted(path for path, text in own.items() if _asks((name,), text, scene))
    variables = [key for key, value in scene.environment if value and key in (*fetched.executable, *fetched.folder)]
    mount = next(mount.name for mount in scene.mounts if mount.judged)
    who = f"starts {fetched.browser} with {name}" if asking else f"holds {name}, which starts {fetched.browser}"
    message = f"{who} out of {fetched.cache}: that is empty on the host, and neither the bundle nor a layer has one"
    if variables:
        message += f"; what {' and '.join(variables)} may name is not checked"
    certain = asking and scene.handler and not brought and not variables
    return Finding(
        code="PKG005",
        severity=CODES["PKG005"].severity if certain else "warning",
        subject=f"{mount}!{asking[0]}" if asking else mount,
        message=message,
        fix=f"use {fetched.instead}, or attach a layer with a browser and name it",
        package=name,
    )


def _is_browser(place: MountedFile) -> bool:
    file = place.file
    name = file.path.rpartition("/")[2]
    packed = next((name.removesuffix(ending) for ending in _PACKED if name.endswith(ending)), name)
    if not _BROWSER.fullmatch(packed.removesuffix(".tar")):
        return False
    return file.size_bytes >= _BROWSER_MIN_BYTES or (file.elf is not None and file.elf.type == "executable")
