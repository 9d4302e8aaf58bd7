"""``up.json`` and ``.upignore`` for Apex Up.

Source: apex/up 66dbf6d: config.go (fields), and the order of ignore rules in its zip step, last match wins.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packager.core.document import read_text
from packager.core.errors import ConfigError
from packager.core.jsontext import read_json, write_json
from packager.core.merge import Merge
from packager.core.unused import unused_keys
from packager.hosts.source_folder import only_one
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packager.core.unused import UsedKeys
    from packager.model.configs import Order
    from packager.model.plan import Bundle

FILE = "up.json"
TITLE: str = "Apex Up"
TARGETS: tuple[str, ...] = ("up",)
FILES: tuple[str, ...] = (FILE,)
LAYERS_ALONE: bool = False
IGNORE = ".upignore"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,99}")
MARK = "# packager:"
_USED: UsedKeys = {"name": True, "type": True, "lambda": {"runtime": True}, "proxy": {"command": True}}


def read(root: Path) -> ForeignConfig | None:
    """Return up.json as one server, nothing for a static site; None where there is no up.json."""
    text = read_text(root, FILE)
    if text is None:
        return None
    data = read_json(text, FILE)
    if data.get("type") == "static":
        return ForeignConfig(FILE, (), unused_keys(data, {"type": True}))
    words = str((data.get("proxy") or {}).get("command", "")).split()
    src = (words[1],) if len(words) == 2 and words[0] == "node" else ()
    runtime = str((data.get("lambda") or {}).get("runtime", ""))
    spec = BundleSpec(str(data.get("name") or ""), "up", runtime=runtime, src=src)
    return ForeignConfig(FILE, (spec,), unused_keys(data, _USED, () if src else ("proxy.command",)))


def write(order: Order) -> dict[str, str]:
    """Return up.json and .upignore. Raises ConfigError for more than one bundle: Up deploys one server per folder."""
    files = {}
    for bundle in only_one(order, "Up deploys one server per folder, these are several"):
        files[FILE] = up_json(order, bundle)
        files[IGNORE] = ignore_text(order.read(IGNORE), ())
    return files


def up_json(order: Order, bundle: Bundle) -> str:
    """Return up.json with the runtime, the command that listens on PORT, and enough memory for an engine to start."""
    text = order.read(FILE)
    data = read_json(text, FILE)
    name = str(data.get("name") or up_name(bundle.name))
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is not a valid Up name: use lowercase letters, digits and dashes, starting with a letter"
        raise ConfigError(msg, where=f"{FILE}: name", fix="rename it")
    merge = Merge(FILE, order.force)
    wanted: dict[str, Any] = {
        "name": name,
        "lambda": {"memory": 512},
        "proxy": {"command": f"node {bundle.entries[0]}"},
    }
    merge.default(data, wanted)
    merge.require(merge.section(data, "lambda"), {"runtime": bundle.target.runtime}, "lambda")
    merge.finish()
    return write_json(data, text) if merge.changed or text is None else text


def up_name(name: str) -> str:
    """Return a bundle's name as Up takes it.

    >>> up_name("My_App.v2")
    'my-app-v2'
    """
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "app"


def ignore_text(text: str | None, paths: Iterable[str]) -> str:
    """Return .upignore with rules that bring back what Up drops by default and the bundle needs.

    Up drops every name with a leading dot, at any depth outside node_modules, and files called ``up`` and ``gin-bin``.
    """
    lines = (text or "").splitlines()
    own = [f"!{rule}" for rule in sorted(_hidden(paths))]
    # The project's own folder is no good to send: packager's output, caches and what it trims.
    missing = [rule for rule in own if rule not in lines]
    if not missing and text is not None:
        return text
    if MARK not in "\n".join(lines):
        lines += [f"{MARK} dropped by default, needed all the same"]
    return "\n".join([*lines, *missing]) + "\n"


def _hidden(paths: Iterable[str]) -> set[str]:
    found = set()
    for path in paths:
        if path.startswith("node_modules/"):
            continue
        parts = path.split("/")
        for depth, part in enumerate(parts):
            if part.startswith(".") or part in ("up", "gin-bin"):
                whole = "/".join(parts[: depth + 1])
                found.add(f"/{whole}" if depth == len(parts) - 1 else f"/{whole}/**")
                if depth < len(parts) - 1:
                    found.add(f"/{whole}")
    return found
