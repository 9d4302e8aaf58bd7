"""Rules of the recognised engines: data from the catalog, applied to files of packages and of generated clients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from packager.engines.generations import holds
from packager.model.selection import Choice
from packager.select.trim.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.model.clients import Client
    from packager.model.generators import Engine, EngineRule
    from packager.model.inventory import File

CLIENT = "{client}"
_FACTS = ("cpu", "provider", "compiler", "module", "binary_target")


@dataclass(frozen=True)
class _Voice:
    """One set of rules with one set of facts: an engine, or an engine for one client."""

    engine: str
    rules: tuple[EngineRule, ...]
    client: str
    """Folder of the client these facts are about; empty for engines without clients."""


def linked_folders(clients: Iterable[Client], files: Iterable[File]) -> dict[str, str]:
    """Return folder → client's folder for every other path by which a client's files are reached.

    A workspace's package is a link in node_modules, which an archive holds as a folder of its own.
    """
    own = tuple(client.folder for client in clients if client.folder and not client.installed)
    files = tuple(files) if own else ()
    inside = {
        file.source: (folder, file.path[len(folder) + 1 :])
        for file in files
        for folder in own
        if file.source and file.path.startswith(f"{folder}/")
    }
    found: dict[str, str] = {}
    for file in files:
        folder, inner = inside.get(file.source, ("", "")) if file.source else ("", "")
        if folder and file.path != f"{folder}/{inner}" and file.path.endswith(f"/{inner}"):
            found[file.path[: -len(inner) - 1]] = folder
    return found


class EngineRules:
    """The rules that hold for a job. A file that several clients share is dropped when none of them needs it."""

    def __init__(
        self,
        engines: Iterable[Engine],
        clients: Iterable[Client],
        paths: Iterable[str] = (),
        cpu: str = "",
        linked: Mapping[str, str] | None = None,
        only_linked: Iterable[str] = (),
    ) -> None:
        """Take the paths of the tree, in which twins are looked for, and Node's name of the target's processor.

        `linked` are other paths to clients' folders, see `linked_folders`; folders in `only_linked` are reached by
        those alone, so that they themselves go.
        """
        clients = tuple(clients)
        self._gone = {folder: link for link, folder in (linked or {}).items() if folder in tuple(only_linked)}
        clients += tuple(
            replace(client, folder=link)
            for link, folder in (linked or {}).items()
            for client in clients
            if client.folder == folder
        )
        own = {"cpu": cpu}
        voices = [_voice(client.engine, {**own, **client.facts}, client.folder) for client in clients if client.engine]
        spoken = {client.engine.name for client in clients if client.engine}
        voices += [_voice(engine, own, engine.client) for engine in engines if engine.name not in spoken]
        present = frozenset(paths)
        self._clients = [voice for voice in voices if voice.client]
        self._voices = voices
        self._twins = {
            (voice.client, rule.twin): any(
                compiled(rule.twin).match(path[len(voice.client) + 1 :])
                for path in present
                if path.startswith(f"{voice.client}/")
            )
            for voice in voices
            for rule in voice.rules
            if rule.twin
        }

    def client_of(self, path: str) -> str:
        """Return the folder of the generated client a file belongs to, the innermost; empty for any other file."""
        return max(
            (voice.client for voice in self._clients if path.startswith(f"{voice.client}/")), key=len, default=""
        )

    def choice(self, file: File, folder: str, package: str = "") -> Choice | None:
        """Return the drop the rules ask for; None if none speaks of this file.

        `folder` is its package's, and `package` what rules call that where no package.json says so: a Python module.
        """
        name = package or (file.package.name if file.package and folder else "")
        inner = file.path[len(folder) + 1 :]
        client = self.client_of(file.path)
        if link := self._gone.get(client):
            return Choice(file, False, "link", f"{link} is the same folder, by which code imports the client")
        drops = []
        for voice in self._voices:
            if client and voice.client == client:
                rule = self._speaking(voice, CLIENT, file.path[len(client) + 1 :])
                # The client's own folder is its own business: no other voice is asked.
                return Choice(file, False, f"engine:{voice.engine}", rule.reason) if rule else None
            if not name or not any(_about(rule, name) for rule in voice.rules):
                continue
            rule = self._speaking(voice, name, inner)
            if rule is None:
                return None
            drops.append(Choice(file, False, f"engine:{voice.engine}", rule.reason))
        return drops[0] if drops else None

    def _speaking(self, voice: _Voice, package: str, inner: str) -> EngineRule | None:
        """Return the rule that drops a file of a package, or of the client for `CLIENT`."""
        for rule in voice.rules:
            if not _about(rule, package):
                continue
            if rule.twin and not self._twins[voice.client, rule.twin]:
                continue
            if _matches(inner, rule.drop) and not _matches(inner, rule.keep):
                return rule
        return None


def _voice(engine: Engine, facts: Mapping[str, str], client: str) -> _Voice:
    rules = tuple(
        msgspec.structs.replace(
            rule,
            drop=tuple(_fill(pattern, facts) for pattern in rule.drop),
            keep=tuple(_fill(pattern, facts) for pattern in rule.keep),
            twin=_fill(rule.twin, facts),
            reason=rule.reason.replace("{binary_target}", facts.get("binary_target", "the target")),
        )
        for rule in engine.rules
        if holds(rule.when, facts)
    )
    return _Voice(engine.name, rules, client)


def _about(rule: EngineRule, package: str) -> bool:
    return rule.package == package or (
        "*" in rule.package and package != CLIENT and bool(compiled(rule.package).match(package))
    )


def _matches(inner: str, patterns: tuple[str, ...]) -> bool:
    return any(compiled(pattern).match(inner) for pattern in patterns)


def _fill(pattern: str, facts: Mapping[str, str]) -> str:
    """Return the pattern with facts put in; what is not known could be anything."""
    for key in _FACTS:
        pattern = pattern.replace("{" + key + "}", facts.get(key) or "*")
    return pattern
