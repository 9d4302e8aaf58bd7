"""What the function's own code asks for, now or later: is it there? Pure.

The proof loads the code and sees what is asked for then; what a request asks for is seen here, in the text. Followed
are the names that code writes out, from the entries through all of the project's own code; packages are trusted to know
what they can do without.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packager.audit.code.asks import Ask, Asked, asked
from packager.audit.code.guards import RANK, milder
from packager.audit.code.refusals import refusal
from packager.audit.code.resolving import package_of
from packager.audit.code.syntax import dialect_of
from packager.catalog.finding_codes.registry import CODES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packager.audit.code.refusals import Refusal
    from packager.audit.code.resolving import Ground, Manner
    from packager.model.findings import Severity

_HOOKS = frozenset((
    "module-alias", "app-module-path", "tsconfig-paths", "require-hacker", "pirates", "esbuild-register",
    "ts-node", "tsx", "@babel/register", "@swc-node/register", "@swc/register", "sucrase", "jiti", "esm",
    "rewire", "proxyquire", "@esbuild-kit/cjs-loader",
))  # fmt: skip
"""Packages that, once loaded, change how names are found."""

_SELDOM: Mapping[Severity, str] = {
    "error": "",
    "warning": "; the line stands in a branch",
    "note": "; its failure is caught",
}


@dataclass(frozen=True)
class OwnCode:
    """A function's own code, and what may be known of what it lacks."""

    shown: str
    """What findings call the archive: ``dist/api.zip``."""
    ground: Ground
    entries: tuple[str, ...]
    """Where the host starts, by its paths at run time."""
    development: frozenset[str] = frozenset()
    """Packages that the project names for development only."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """File that trimming left out, by its path at run time → rule and reason."""
    unseen_layers: tuple[str, ...] = ()
    """Layers that lie elsewhere, by ARN: what they hold is not known."""
    hooked: bool = False
    """Whether the environment changes how names are found."""
    runtime: str = ""
    """What messages call the runtime: ``aws-lambda nodejs22.x``."""
    left: Callable[[str], bool] = lambda _: True
    """Returns whether a name is still asked for in the code that is packed: a bundler may have answered it."""
    stays: Callable[[str], bool] = lambda _: False
    """Returns whether a name is written out in what a bundler has made, so that Node will look for it."""


@dataclass(frozen=True)
class Unanswered:
    """Something that own code asks for and that is not there."""

    file: str
    """The file that asks, by its path at run time."""
    ask: Ask
    severity: Severity


def unanswered(code: OwnCode) -> tuple[list[Unanswered], list[tuple[str, str]]]:
    """Return what is not there, and (file, why) of own code that was not read."""
    levels = _reached(code)
    found: list[Unanswered] = []
    unread: list[tuple[str, str]] = []
    hooked = code.hooked or any(_hooks(_read(code, path)) for path in levels)
    for path, level in sorted(levels.items()):
        said = _read(code, path)
        if said.unread:
            unread.append((path, said.unread))
        for ask in said.asks:
            severity = milder(level, ask.weight)
            if said.joined and (severity != "error" or ask.kind == "read"):
                continue
            if (hooked and ask.kind != "read") or said.joined:
                severity = milder(severity, "warning")
            if not _is_there(code, path, ask) and code.left(ask.name):
                found.append(Unanswered(path, ask, severity))
    return found, unread


def late_findings(code: OwnCode, missing: list[Unanswered], unread: list[tuple[str, str]]) -> Iterator[Finding]:
    """Yield a finding for each: PKG002 for modules, PKG003 for files that are read, and what was not read."""
    root = code.ground.roots[0]
    for one in missing:
        name = posixpath.relpath(one.file, root)
        row = CODES["PKG003" if one.ask.kind == "read" else "PKG002"]
        severity, message, fix = _said(code, one, f"{name}:{one.ask.line}")
        yield Finding(row.code, severity, f"{code.shown}!{name}", message, "" if severity == "note" else fix or row.fix)
    for path, why in unread:
        name = posixpath.relpath(path, root)
        message = f"what it asks for was not checked: {why}"
        yield Finding("PKG002", "note", f"{code.shown}!{name}", message)


def _said(code: OwnCode, one: Unanswered, place: str) -> tuple[Severity, str, str]:
    """Return severity, message and fix; the fix is empty where the code's own holds."""
    ask, severity = one.ask, one.severity
    if ask.kind == "read":
        return severity, f"{place} reads {ask.name!r}, and the archive has no such file", ""
    asks = f"{place} asks for {ask.name!r}"
    seldom = _SELDOM[severity]
    if why_not := _refusal(code, one.file, ask):
        return severity, f"{place} {why_not.message}{seldom}", why_not.fix
    bare = not ask.name.startswith((".", "/", "#"))
    package = package_of(ask.name)
    if bare and package in code.development:
        message = f"{asks}, and {package} is a devDependency only, so that the archive has not got it"
        return severity, f"{message}{seldom}", f"add it to dependencies: npm install --save-prod {package}"
    if why := left_out(code, one):
        return severity, f"{asks}, which is left out of the archive ({why}){seldom}", ""
    if bare and code.unseen_layers:
        layers = ", ".join(code.unseen_layers)
        return milder(severity, "warning"), f"{asks}, which was not checked: it may lie in layer {layers}", ""
    if bare and code.ground.package_lies(ask.name, one.file):
        message = f"{asks}, and the package {package} that is there has no such file for {_verb(ask)}{seldom}"
        return severity, message, "see main and exports of its package.json, and build it first if they name a product"
    if ask.kind == "import" and ask.name.startswith(".") and (near := code.ground.find(ask.name, one.file, "require")):
        inner = posixpath.relpath(near, posixpath.dirname(one.file))
        fix = f"write the whole name: {inner if inner.startswith('.') else f'./{inner}'}"
        return severity, f"{asks}, and import takes names as they are, with their ending{seldom}", fix
    beneath = "the archive, its layers, the runtime or Node" if bare else "the archive or its layers"
    return severity, f"{asks}, which is not in {beneath}{seldom}", ""


def _verb(ask: Ask) -> str:
    return "require" if ask.kind == "require" else "import"


def left_out(code: OwnCode, one: Unanswered) -> str:
    """Return rule and reason of a file that trimming left out and the name means; empty if there is none."""
    name, ground = one.ask.name, code.ground
    if ground.find(name, one.file, _manner(one.ask)) is not None and one.ask.kind != "read":
        return ""  # there, and refused for what it is
    if name.startswith("."):
        bases = {posixpath.normpath(posixpath.join(posixpath.dirname(one.file), name))}
    else:
        inner = f"/node_modules/{name}"
        bases = {path[: path.index(inner) + len(inner)] for path in code.dropped if inner in path}
    for base in sorted(bases):
        for ending in ("", ".js", ".json", ".node", ".mjs", ".cjs", "/index.js", "/package.json"):
            if base + ending in code.dropped:
                return code.dropped[base + ending]
    return ""


def _is_there(code: OwnCode, path: str, ask: Ask) -> bool:
    ground = code.ground
    if ask.kind == "read":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), ask.name))
        inside = target.startswith(f"{ground.roots[0]}/")
        return not inside or target in ground.files or target in ground.folders
    if _refusal(code, path, ask):
        return False
    if ground.bundled and code.stays(ask.name):
        ground = replace(ground, bundled=False)  # the bundler has left it to Node, which looks as it always does
    found = ground.find(ask.name, path, _manner(ask))
    if found is None and ground.bundled and not ask.name.startswith((".", "/", "#")):
        return ground.package_lies(ask.name, path)  # the bundler has looked into it
    return found is not None


def _refusal(code: OwnCode, path: str, ask: Ask) -> Refusal | None:
    return refusal(ask, path, code.ground.find(ask.name, path, _manner(ask)), code.ground, code.runtime)


def _manner(ask: Ask) -> Manner:
    return "require" if ask.kind == "require" else "import"


def _reached(code: OwnCode) -> dict[str, Severity]:
    """Return own file → the gravest severity of the ways that lead to it."""
    levels: dict[str, Severity] = {}
    waiting: list[tuple[str, Severity]] = [(path, "error") for path in code.entries]
    while waiting:
        path, level = waiting.pop()
        if path in levels and RANK[levels[path]] >= RANK[level]:
            continue
        levels[path] = level
        for ask in _read(code, path).asks:
            if ask.kind == "read":
                continue
            found = code.ground.find(ask.name, path, _manner(ask))
            if found and _is_own(code, found):
                waiting.append((found, milder(level, ask.weight)))
    return levels


def _is_own(code: OwnCode, path: str) -> bool:
    inside = path.startswith(f"{code.ground.roots[0]}/")
    return inside and "/node_modules/" not in path and dialect_of(path) is not None


def _read(code: OwnCode, path: str) -> Asked:
    dialect = dialect_of(path)
    text = code.ground.read(path) if dialect is not None else None
    return asked(text, dialect) if text is not None and dialect is not None else Asked()


def _hooks(said: Asked) -> bool:
    return said.hooked or any(
        package_of(ask.name) in _HOOKS or ask.name in _HOOKS for ask in said.asks if ask.kind != "read"
    )
