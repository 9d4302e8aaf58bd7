"""Which licences an artifact's packages declare, and which of them say nothing that can be known."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packager.core.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.sbom.materials import BomEntry, Materials

_NAMES = {
    "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0", "apache 2": "Apache-2.0", "mit license": "MIT",
    "the mit license": "MIT", "isc license": "ISC", "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause", "3-clause bsd license": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause", "bsd 2-clause license": "BSD-2-Clause",
}  # fmt: skip
"""Full names people write that can mean one licence only."""
UNKNOWN = "unknown"
"""What is listed of a package that declares no licence."""


@dataclass(frozen=True)
class LicenceShare:
    """The packages of one licence."""

    licence: str
    """An SPDX expression; or the package's own words; or ``unknown``."""
    spdx: bool
    packages: tuple[str, ...]
    """``name@version``, sorted."""
    files: tuple[str, ...] = ()
    """Of packages whose declaration tells nothing: the licence files to read."""


def licence_shares(materials: Materials) -> list[LicenceShare]:
    """Return licences, those of most packages first; what is not an SPDX expression last, unknown at the very end."""
    grouped: dict[tuple[str, bool], list[BomEntry]] = {}
    for part in materials.parts:
        expression = spdx(part.licence)
        grouped.setdefault((expression or part.licence or UNKNOWN, bool(expression)), []).append(part)
    shares = [
        LicenceShare(
            licence=licence,
            spdx=known,
            packages=tuple(f"{part.name}@{part.version}" if part.version else part.name for part in parts),
            files=() if known else tuple(path for part in parts for path in part.licence_files),
        )
        for (licence, known), parts in grouped.items()
    ]
    return sorted(
        shares, key=lambda share: (share.licence == UNKNOWN, not share.spdx, -len(share.packages), share.licence)
    )


def licence_lines(shares: list[LicenceShare]) -> Iterator[str]:
    """Yield the summary for people: a line per licence, every package where the licence is not clear."""
    for share in shares:
        count = counted(len(share.packages), "package")
        if share.spdx:
            shown = ", ".join(share.packages[:4]) + (", …" if len(share.packages) > 4 else "")
            yield f"{share.licence}: {count}: {shown}"
            continue
        what = "no licence is declared" if share.licence == UNKNOWN else f"not an SPDX expression: {share.licence!r}"
        yield f"{UNKNOWN if share.licence == UNKNOWN else '?'}: {count}: {what}"
        yield from (f"  {name}" for name in share.packages)
        yield from (f"    see {path}" for path in share.files)


def licences_json(materials: Materials) -> dict[str, Any]:
    """Return the document of ``packager report --licences --json``."""
    return {
        "version": 1,
        "ok": True,
        "name": materials.name,
        "licences": [
            {"licence": share.licence, "spdx": share.spdx, "packages": list(share.packages), "files": list(share.files)}
            for share in licence_shares(materials)
        ],
    }


def spdx(text: str) -> str:
    """Return a declaration as an SPDX expression in its usual form; empty if it is none.

    >>> spdx("mit"), spdx("(MIT OR Apache-2.0)"), spdx("SEE LICENSE IN x.txt")
    ('MIT', 'MIT OR Apache-2.0', '')
    """
    from license_expression import ExpressionError, ExpressionParseError  # type: ignore[import-untyped]

    text = _NAMES.get(text.lower().strip(), text)
    if not text:
        return ""
    try:
        return str(_licensing().parse(text, validate=True))
    except (ExpressionError, ExpressionParseError):
        return ""


@functools.lru_cache(maxsize=1)
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
