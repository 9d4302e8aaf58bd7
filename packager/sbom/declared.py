"""What a package says of itself in package.json or METADATA: version, licence, needs. Pure but for `read`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from packager.model.inventory import Package
    from packager.sbom.materials import Ecosystem

    Read = Callable[[str], bytes | None]

_DIST_INFO = ".dist-info"
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CLASSIFIERS = {
    "MIT License": "MIT", "MIT No Attribution License (MIT-0)": "MIT-0", "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "The Unlicense (Unlicense)": "Unlicense",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
}  # fmt: skip
"""Trove classifiers that mean one licence. Most, as "Apache Software License", mean several: PEP 639, appendix."""


@dataclass(frozen=True)
class Declared:
    """What one package says of itself."""

    ecosystem: Ecosystem
    name: str = ""
    version: str = ""
    licence: str = ""
    needs: tuple[str, ...] = ()


def declared(package: Package | None, read: Read) -> Declared:
    """Return what a package says of itself; None is the project. What it does not say, or says unreadably, is empty."""
    if package is not None and package.path.endswith(_DIST_INFO):
        return _python(package, read)
    folder = f"{package.path}/" if package else ""
    data = _json(read(f"{folder}package.json"))
    # `.prisma/client` and the like: written by a generator, known to no registry.
    generated = package is not None and package.name.startswith(".")
    needs = {
        str(name) for key in ("dependencies", "optionalDependencies", "peerDependencies") for name in _keys(data, key)
    }
    return Declared(
        ecosystem="" if generated else "npm",
        name=package.name if package else "",
        version=str(data.get("version") or (package.version if package else "")),
        licence=_npm_licence(data),
        needs=tuple(sorted(needs)),
    )


def _python(package: Package, read: Read) -> Declared:
    headers = HeaderParser().parsestr((read(f"{package.path}/METADATA") or b"").decode("utf-8", "replace"))
    needs = set()
    for line in headers.get_all("Requires-Dist") or ():
        requirement = str(line)
        match = _REQUIREMENT.match(requirement)
        # Of an extra, it is not known here whether it was asked for; if so, it is in the artifact anyway.
        if match and "extra ==" not in requirement:
            needs.add(re.sub(r"[-_.]+", "-", match[0]).lower())
    return Declared("pypi", package.name, package.version, _python_licence(headers), tuple(sorted(needs)))


def _npm_licence(data: dict[str, Any]) -> str:
    value = data.get("license") or data.get("licence") or data.get("licenses")
    values = value if isinstance(value, list) else [value]
    names = [
        str(item.get("type") or item.get("name") or "") if isinstance(item, dict) else str(item or "")
        for item in values
    ]
    named = [name.strip() for name in names if name.strip()]
    return f"({' OR '.join(named)})" if len(named) > 1 else "".join(named)


def _python_licence(headers: Any) -> str:
    """Return PEP 639's expression, else the classifiers', else the free text if it is a name rather than the text."""
    if expression := str(headers.get("License-Expression") or "").strip():
        return expression
    text = str(headers.get("License") or "").strip()
    classified = [str(line).rpartition(" :: ")[2] for line in headers.get_all("Classifier") or ()
                  if str(line).startswith("License ::") and not str(line).endswith(":: OSI Approved")]  # fmt: skip
    if text and "\n" not in text and len(text) <= 64 and text.upper() != "UNKNOWN":
        return text
    return " AND ".join(_CLASSIFIERS.get(name, name) for name in classified)


def _json(content: bytes | None) -> dict[str, Any]:
    try:
        data = json.loads(content or b"{}")
    except ValueError:
        return {}  # the folder tells the name all the same
    return data if isinstance(data, dict) else {}


def _keys(data: dict[str, Any], key: str) -> tuple[Any, ...]:
    value = data.get(key)
    return tuple(value) if isinstance(value, dict) else ()
