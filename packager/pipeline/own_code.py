"""A bundle with what its trace has joined → its own code as it will lie on the host, and what that lacks there."""

from __future__ import annotations

import json
import re
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

from packager.audit.code.late import OwnCode, late_findings, left_out, unanswered
from packager.audit.code.preloads import WRAPPER, absent, check_preloads, entry_of, preloads
from packager.audit.code.resolving import Ground
from packager.core.errors import ConfigError
from packager.hosts.registry import HOSTS
from packager.languages.registry import LANGUAGES
from packager.model.proof import Wanted
from packager.select.trace.entries import entry_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from packager.model.contents import Contents
    from packager.model.findings import Finding
    from packager.model.plan import Bundle
    from packager.model.results import Placed, Result, Scanned
    from packager.model.stages import TraceInputs
    from packager.model.tracing import View

_OTHER_RESOLUTION = re.compile(r"--(?:experimental-)?loader\b|--experimental-specifier-resolution")

_FIRST_TO_REQUIRE_MODULES = 20
_NO_REQUIRE_MODULE = "--no-experimental-require-module"


def own_code_lacks(
    result: Result, traced: TraceInputs, view: View, layers: Sequence[Result], shown: str
) -> tuple[list[Finding], tuple[Wanted, ...]]:
    """Return a finding for everything that own code or a variable asks for and that is not there; and what code lacks.

    Nothing for layers. Of languages whose code is not followed, only what the variables name.
    """
    bundle, target = result.bundle, result.bundle.target
    language = LANGUAGES[target.language]
    if bundle.kind == "layer" or language.bootstrap:
        return [], ()
    sources = _Sources(bundle, result.scanned)
    sources.add_function(result.placed)
    bundled = bundle.trim == "bundle" and view.reached is not None
    outputs = "\n".join(sources.text_in_function(path) for path in sorted({*view.renamed.values()}))
    if bundled:
        sources.add_joined(view)
    sources.add_layers(layers)
    # An empty NODE_PATH counts as none in the bootstrap, which then sets its own.
    own = {name: value for name, value in bundle.environment if value or name != "NODE_PATH"}
    environment = {**dict(target.system.environment), **own}
    ground = sources.ground(environment.get("NODE_PATH", ""), bundled=bundled)
    wrapped = "LAMBDA_TASK_ROOT" in environment
    started = [*preloads(environment, wrapped=wrapped, node=language.traceable)]
    findings = [*check_preloads(started, ground, bundle.layer_arns, shown)]
    lost = tuple(Wanted(name, "") for name in absent(started, ground))
    if not language.traceable:
        return findings, lost
    preloaded = [entry_of(name, manner, ground) for variable, name, manner in started if variable != WRAPPER]
    place, root = HOSTS[target.provider].place, target.system.function_root
    code = OwnCode(
        shown=shown,
        ground=ground,
        entries=(*sources.entries(traced), *(path for path in preloaded if path)),
        development=_development(result.scanned),
        dropped={
            f"{root}/{place(bundle, choice.file.path)}": f"rule {choice.rule}: {choice.reason}"
            for choice in result.selection.dropped
        },
        unseen_layers=bundle.layer_arns,
        runtime=f"{target.name} {target.runtime}",
        hooked=_OTHER_RESOLUTION.search(environment.get("NODE_OPTIONS", "")) is not None,
        left=(lambda name: _is_named(outputs, name)) if bundled else (lambda _: True),
        stays=lambda name: _is_quoted(outputs, name),
    )
    missing, unread = unanswered(code)
    wanted = tuple(
        Wanted(one.ask.name, one.file[len(root) + 1 :])
        for one in missing
        if one.severity != "note" and left_out(code, one)
    )
    return [*findings, *late_findings(code, missing, unread)], (*lost, *wanted)


def _requires_modules(bundle: Bundle) -> bool:
    """Return whether `require` takes ES modules there: Node 20.19 and later do, unless the host switches it off."""
    version, system = bundle.target.language_version, bundle.target.system
    flags = {flag.flag for flag in system.flags_of(dict(bundle.environment))}
    return not (version.isdigit() and int(version) < _FIRST_TO_REQUIRE_MODULES) and _NO_REQUIRE_MODULE not in flags


def _is_named(outputs: str, name: str) -> bool:
    return name.startswith(".") or _is_quoted(outputs, name)


def _is_quoted(outputs: str, name: str) -> bool:
    return any(f"{quote}{name}{quote}" in outputs for quote in "\"'`")


def _development(scanned: Scanned) -> frozenset[str]:
    """Return the packages that the project's own package.json names for development alone."""
    file = scanned.inventory.by_path.get("package.json")
    try:
        data: Any = json.loads(scanned.contents.read(file)) if file is not None else {}
    except (OSError, ValueError, RecursionError):
        data = {}
    tables = [data.get(key) if isinstance(data, dict) else None for key in ("devDependencies", "dependencies")]
    development, needed = (frozenset(table) if isinstance(table, dict) else frozenset() for table in tables)
    return development - needed


class _Sources:
    """The files of a function and its layers by their paths at run time, and how each is read."""

    def __init__(self, bundle: Bundle, scanned: Scanned) -> None:
        self._bundle = bundle
        self._scanned = scanned
        self._readers: dict[str, Callable[[], bytes]] = {}

    def add_function(self, placed: Sequence[Placed]) -> None:
        """Add what is packed."""
        self._add_placed(self._bundle.target.system.function_root, placed, self._scanned.contents)

    def text_in_function(self, path: str) -> str:
        """Return the text of a file of the tree where it is packed; empty for one that is not."""
        place = HOSTS[self._bundle.target.provider].place
        return self.text(f"{self._bundle.target.system.function_root}/{place(self._bundle, path)}") or ""

    def add_joined(self, view: View) -> None:
        """Put what code was joined from in the place of what came of it; of a package that is in use, all of it."""
        root, place = self._bundle.target.system.function_root, HOSTS[self._bundle.target.provider].place
        known = self._scanned.inventory.by_path
        joined = {*view.inlined, *view.renamed}
        used = {known[path].package for path in joined if path in known}
        for path in joined - known.keys():
            self._readers[f"{root}/{place(self._bundle, path)}"] = bytes
        for file in self._scanned.inventory.files:
            whole = file.package is not None and file.package.path and file.package in used
            if file.path in joined or whole:
                self._readers[f"{root}/{place(self._bundle, file.path)}"] = partial(self._scanned.contents.read, file)

    def add_layers(self, layers: Sequence[Result]) -> None:
        """Add what the layers beneath hold, those of this build and finished ones."""
        root = self._bundle.target.system.layer_root
        for layer in layers:
            self._add_placed(root, layer.placed, layer.scanned.contents)
        for path in self._bundle.layer_files:
            for name in _members(path):
                self._readers[f"{root}/{name}"] = partial(_member, path, name)

    def _add_placed(self, root: str, placed: Sequence[Placed], contents: Contents) -> None:
        for item in placed:
            given = item.content
            reader = partial(contents.read, item.choice.file) if given is None else partial(bytes, given)
            self._readers[f"{root}/{item.path}"] = reader

    def text(self, path: str) -> str | None:
        """Return the text of a file by its path at run time; None for one that is not there or cannot be read."""
        reader = self._readers.get(path)
        try:
            return reader().decode("utf-8", "replace").removeprefix("\ufeff") if reader is not None else None
        except (OSError, KeyError, zipfile.BadZipFile):
            return None

    def ground(self, node_path: str, *, bundled: bool) -> Ground:
        """Return the files, as code finds them."""
        system, version = self._bundle.target.system, self._bundle.target.language_version
        return Ground(
            files=frozenset(self._readers),
            read=self.text,
            roots=(system.function_root, system.layer_root),
            node_path=tuple(folder for folder in node_path.split(":") if folder.startswith("/")),
            brought=system.brought,
            bundled=bundled,
            requires_modules=_requires_modules(self._bundle),
            node=int(version) if version.isdigit() else 0,
        )

    def entries(self, traced: TraceInputs) -> tuple[str, ...]:
        """Return where the host starts, as far as it is there."""
        place, root = HOSTS[self._bundle.target.provider].place, self._bundle.target.system.function_root
        try:
            found = [f"{root}/{place(self._bundle, path)}" for path in entry_files(traced)]
        except ConfigError:  # the audit says so
            found = []
        return tuple(path for path in found if path in self._readers)


def _members(path: Path) -> list[str]:
    """Return the files of a zip; none where it is not a zip, which the audit refuses."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [name for name in archive.namelist() if not name.endswith("/")]
    except (OSError, zipfile.BadZipFile):
        return []


def _member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)
