"""What an archive's own records say that hosts, or other readers, would trip over. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext
    from packager.model.findings import Mounted

_SHOWN = 3

_MEANINGS: dict[str, tuple[str, str]] = {
    "method": ("ZIP002", "is compressed with method {detail}, which hosts do not unpack"),
    "encrypted": ("ZIP003", "is encrypted, and hosts have no password"),
    "zip64": ("ZIP004", "uses zip64 records {detail}"),
    "descriptor": ("ZIP005", "has stored members whose sizes follow their data: {detail}"),
    "backslash": ("ZIP006", "has a backslash in its name: Linux makes one file of that name, no folders"),
    "name": ("ZIP007", "{detail}: hosts refuse such a name or put the file somewhere else"),
    "duplicate": ("ZIP008", "is there more than once, and readers differ in which one they take"),
    "modes": ("ZIP009", "keeps no Unix modes for {detail}"),
    "mode": ("ZIP010", "has mode {detail}, so the runtime's user may not read it"),
    "link": ("ZIP011", "is a symbolic link that {detail}, out of the archive"),
    "dangling": ("ZIP016", "is a symbolic link to {detail}, which is not in the archive"),
    "circle": ("ZIP017", "is a symbolic link to {detail} that leads back to itself"),
    "damaged": ("ZIP012", "{detail}"),
    "missing": ("ZIP012", "cannot be read: its data is not where the directory says"),
    "mismatch": ("ZIP013", "is described differently by the directory and by the header before its data: {detail}"),
    "hidden": ("ZIP014", "has {detail} that no reader of the directory sees"),
    "overlap": ("ZIP015", "{detail}: members must not share bytes, as in a zip bomb"),
}
"""Kind of fault → code and what is said about it."""


def check_archive(scene: AuditContext) -> Iterator[Finding]:
    """Report faults of the archives themselves: ZIP002 to ZIP017, many of a kind as one."""
    for mount in scene.mounts:
        if mount.judged:
            yield from _faults_of(mount)


def _faults_of(mount: Mounted) -> Iterator[Finding]:
    kinds: dict[str, list[tuple[str, str]]] = {}
    said = {fault.path for fault in mount.inventory.faults if fault.kind in ("method", "encrypted", "mismatch")}
    for fault in mount.inventory.faults:
        # What cannot be unpacked cannot be read either: once is enough.
        if fault.kind not in ("damaged", "missing") or fault.path not in said:
            kinds.setdefault(fault.kind, []).append((fault.path, fault.detail))
            if fault.kind == "missing":
                said.add(fault.path)
    for kind, places in kinds.items():
        code, template = _MEANINGS[kind]
        row = CODES[code]
        for path, detail in places[:_SHOWN]:
            subject = "!".join(part for part in (mount.name, path) if part)
            more = len(places) - _SHOWN
            tail = f" (and so {more} more)" if more > 0 and path == places[_SHOWN - 1][0] else ""
            yield Finding(code, row.severity, subject, template.format(detail=detail) + tail, row.fix)
