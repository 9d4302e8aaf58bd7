"""What ``packager diff`` says, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.units import counted, format_change, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.report.difference import Difference
    from packager.report.summary import ArtifactContents
    from packager.report.zipbytes import ByteDifference

SHOWN = 20
"""Files of one kind that are listed one by one."""
_HABITS = {
    "order": "order of the members", "folders": "entries for folders", "date": "dates", "mode": "modes",
    "method": "compression method", "stream": "compressed data (another codec or level)", "flags": "flags",
    "extra": "extra fields", "system": "system of the writer", "comment": "comment", "prefix": "bytes in front",
    "content": "contents",
}  # fmt: skip


def diff_lines(
    before: ArtifactContents, after: ArtifactContents, difference: Difference, in_bytes: ByteDifference | None
) -> Iterator[str]:
    """Yield lines for people: sizes, packages, files, and why the bytes differ where nothing else does."""
    if difference.same:
        yield f"the same {counted(len(after.items), 'file')} with the same contents"
    else:
        yield (
            f"{len(before.items)} → {counted(len(after.items), 'file')}, {format_size(before.size_bytes)} → "
            f"{format_size(after.size_bytes)} unzipped ({format_change(after.size_bytes - before.size_bytes)})"
        )
    if before.zipped_bytes and after.zipped_bytes and before.zipped_bytes != after.zipped_bytes:
        change = format_change(after.zipped_bytes - before.zipped_bytes)
        yield f"zipped {format_size(before.zipped_bytes)} → {format_size(after.zipped_bytes)} ({change})"
    for package in difference.packages:
        versions = f"{package.before or '(not there)'} → {package.after or '(gone)'}"
        yield f"package {package.folder}: {versions}, {format_change(package.size_bytes)}"
    yield from _listed("+", [(item.path, item.size_bytes) for item in difference.added])
    yield from _listed("-", [(item.path, -item.size_bytes) for item in difference.removed])
    yield from _listed("~", [(new.path, new.size_bytes - old.size_bytes) for old, new in difference.changed])
    if in_bytes is None:
        return
    yield f"the files part at byte {in_bytes.offset}: {in_bytes.place}"
    for habit in in_bytes.habits:
        if habit.kind != "content" or difference.same:
            more = f" and {habit.members - 1} more" if habit.members > 1 else ""
            yield f"  {_HABITS[habit.kind]}: {habit.example}{more}: {habit.before} → {habit.after}"


def diff_json(
    before: ArtifactContents,
    after: ArtifactContents,
    difference: Difference,
    in_bytes: ByteDifference | None,
    identical: bool,
) -> dict[str, Any]:
    """Return the document of ``packager diff --json``."""
    sides = [
        {"name": side.name, "files": len(side.items), "size": side.size_bytes, "zipped": side.zipped_bytes}
        for side in (before, after)
    ]
    return {
        "version": 1,
        "ok": True,
        "identical": identical,
        "same_contents": difference.same,
        "before": sides[0],
        "after": sides[1],
        "packages": [
            {"path": package.folder, "name": package.name, "before": package.before, "after": package.after,
             "size": package.size_bytes, "compressed": package.compressed_bytes}
            for package in difference.packages
        ],
        "added": [{"path": item.path, "size": item.size_bytes} for item in difference.added],
        "removed": [{"path": item.path, "size": item.size_bytes} for item in difference.removed],
        "changed": [
            {"path": new.path, "before": old.size_bytes, "after": new.size_bytes} for old, new in difference.changed
        ],
        "bytes": None if in_bytes is None else {
            "offset": in_bytes.offset,
            "place": in_bytes.place,
            "causes": [
                {"kind": habit.kind, "members": habit.members, "example": habit.example, "before": habit.before,
                 "after": habit.after}
                for habit in in_bytes.habits
            ],
        },
    }  # fmt: skip


def _listed(mark: str, rows: list[tuple[str, int]]) -> Iterator[str]:
    """Yield the rows with the largest changes, and a line for the others."""
    largest = sorted(rows, key=lambda row: (-abs(row[1]), row[0]))
    for path, change in largest[:SHOWN]:
        yield f"{mark} {path}  {format_change(change)}"
    rest = largest[SHOWN:]
    if rest:
        yield f"{mark} {len(rest)} more files  {format_change(sum(change for _, change in rest))}"
