"""Adding to mappings that belong to the user: what is missing comes in, what contradicts is a conflict. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from packager.core.errors import ConfigError


@dataclass
class Merge:
    """One file's merge: the conflicts met, and whether anything changed."""

    file: str
    force: bool = False
    changed: bool = False
    conflicts: list[tuple[str, Any, Any]] = field(default_factory=list)
    """(path of the key, what is there, what is needed)."""

    def require(self, into: MutableMapping[str, Any], wanted: Mapping[str, Any], at: str = "") -> None:
        """See to it that the mapping holds all these values: mappings are entered, other values must agree."""
        for key, value in wanted.items():
            path = f"{at}.{key}" if at else key
            if key not in into or into[key] is None:
                into[key] = value
                self.changed = True
            elif isinstance(value, Mapping) and isinstance(into[key], MutableMapping):
                self.require(into[key], value, path)
            elif into[key] != value:
                if self.force:
                    into[key] = value
                    self.changed = True
                else:
                    self.conflicts.append((path, into[key], value))

    def default(self, into: MutableMapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """Add what is missing; a value of the user's stays whatever it is, unless it is a mapping: that is entered."""
        for key, value in wanted.items():
            if key not in into or into[key] is None:
                into[key] = value
                self.changed = True
            elif isinstance(value, Mapping) and isinstance(into[key], MutableMapping):
                self.default(into[key], value)

    def section(self, into: MutableMapping[str, Any], key: str) -> MutableMapping[str, Any]:
        """Return a mapping below a key, made where there is none. Raises ConfigError if something else is there."""
        if key not in into or into[key] is None:
            into[key] = {}
            self.changed = True
        found = into[key]
        if not isinstance(found, MutableMapping):
            kind = "an unresolved variable" if isinstance(found, str) and "${" in found else "no mapping"
            msg = f"is {kind} ({str(found)[:60]}), so nothing can be added to it"
            fix = "write the mapping in this file, or use the plugin: packager emit serverless --plugin"
            raise ConfigError(msg, where=f"{self.file}: {key}", fix=fix if "${" in str(found) else "make it a mapping")
        return found

    def finish(self) -> None:
        """Raise ConfigError with a diff if anything contradicts."""
        if not self.conflicts:
            return
        before = [f"{path}: {_shown(theirs)}" for path, theirs, _ in self.conflicts]
        after = [f"{path}: {_shown(ours)}" for path, _, ours in self.conflicts]
        diff = "\n".join(difflib.unified_diff(before, after, self.file, f"{self.file} as needed", lineterm="", n=0))
        msg = f"was edited by hand and says something else\n{diff}"
        raise ConfigError(msg, where=self.file, fix="change it by hand, or accept all of the above with --force")


def _shown(value: Any) -> str:
    import json

    try:
        return json.dumps(value, default=str)
    except TypeError:
        return str(value)
