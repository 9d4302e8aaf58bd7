"""``package.json`` and ``.gcloudignore`` for Google Cloud Functions, where packages are installed on their side.

Source: Google's pages on Node.js dependencies and runtimes (2026 copies); prisma/prisma-examples 7408f5640^.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError
from packager.core.jsontext import read_json, write_json
from packager.core.merge import Merge
from packager.hosts.source_folder import only_one

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import Order
    from packager.model.plan import Bundle

TITLE: str = "Google Cloud Functions"
TARGETS: tuple[str, ...] = ("google-cloud-functions", "google-cloud-functions-gen2")
FILES: tuple[str, ...] = ()
LAYERS_ALONE: bool = False
PACKAGE = "package.json"
IGNORE = ".gcloudignore"
FRAMEWORK = "@google-cloud/functions-framework"
IGNORED = (".git", ".gitignore", "node_modules/", ".env", ".env.*", ".packager.json")


def read(root: Path) -> None:
    """Return nothing: package.json is every host's, and says of none that the project is for it."""


def write(order: Order) -> dict[str, str]:
    """Return package.json with what the server-side build needs, and .gcloudignore.

    Raises ConfigError for several bundles: a source folder has one entry.
    """
    files = {}
    for bundle in only_one(order, "a source folder has one main file, these are several functions"):
        files[PACKAGE] = package_text(order, bundle)
        # Compiled code may lie where our zips do: then the folder has to go along.
        own = package_main(bundle, {}).startswith(f"{order.out}/")
        files[IGNORE] = ignore_text(order.read(IGNORE), () if own else (f"{order.out}/",))
    return files


def package_text(order: Order, bundle: Bundle) -> str:
    """Return package.json with main, engines and ``gcp-build``.

    Raises ConfigError where the functions framework is missing: only an install can add it to the lock file, and
    without it there the install on their side is not the one of here.
    """
    text = order.read(PACKAGE)
    data = read_json(text, PACKAGE)
    if FRAMEWORK not in (data.get("dependencies") or {}):
        msg = f"{FRAMEWORK} is not a dependency, so nothing would serve the function"
        raise ConfigError(msg, where=f"{PACKAGE}: dependencies", fix=f"run `npm install {FRAMEWORK}`")
    merge = Merge(PACKAGE, order.force)
    merge.require(data, {"main": package_main(bundle, data)})
    merge.default(data, {"engines": {"node": bundle.target.language_version}})
    if bundle.job.generate:
        # Generated there, by their install, for their system: no engine of ours is sent.
        merge.default(merge.section(data, "scripts"), {"gcp-build": " && ".join(bundle.job.generate)})
    merge.finish()
    return write_json(data, text) if merge.changed or text is None else text


def package_main(bundle: Bundle, data: dict[str, Any]) -> str:
    """Return the file ``main`` has to name: as the user spells it, where it is the same."""
    stem = bundle.handler.rpartition(".")[0]
    given = str(data.get("main") or "")
    if given.removeprefix("./").rpartition(".")[0] == stem or given.removeprefix("./") == stem:
        return given
    return bundle.entries[0] if bundle.entries else f"{stem}.js"


def ignore_text(text: str | None, more: tuple[str, ...] = ()) -> str:
    """Return .gcloudignore; the user's stays as it is, with what must not be sent added."""
    lines = (text or "").splitlines()
    missing = [line for line in (*IGNORED, *more) if line not in lines and f"{line.rstrip('/')}" not in lines]
    return text if text is not None and not missing else "\n".join([*lines, *missing]) + "\n"
