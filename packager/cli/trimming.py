"""``packager pack --trim``: a folder judged for a target, and the archive of what is left."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from packager.catalog.arches import parse_arch
from packager.catalog.current import load_catalog
from packager.cli.artifacts import require_file
from packager.cli.closing import packed
from packager.cli.plain import say
from packager.cli.quick import document
from packager.cli.why import verdict_line, verdict_row
from packager.core.errors import UsageError
from packager.core.units import counted, format_size
from packager.languages.registry import DEFAULT_LANGUAGE, LANGUAGES
from packager.pipeline.folder import compile_folder, judge_folder, pack_trimmed

if TYPE_CHECKING:
    from packager.model.plan import TrimLevel
    from packager.model.selection import Selection
    from packager.model.targets import Target
    from packager.pipeline.folder import Trimmed, TrimmedPack

_SHOWN = 5
_MUCH_BYTES = 50 << 20


def pack_folder(path: Path, output: Path, how: TrimmedPack, target: Target, *, why: str | None, as_json: bool) -> int:
    """Pack what a target needs of a folder, or with `why` print the reasons of one path; 0."""
    start = time.monotonic()
    if how.compile and not LANGUAGES[target.language].compilable:
        msg = f"only Python modules can be compiled, and {target.runtime} does not run Python"
        raise UsageError(msg, where="--compile", fix="remove it, or name a Python runtime with --runtime")
    with tempfile.TemporaryDirectory(prefix="packager-") as scratch:
        if why is not None:
            return _explain(path, how, target, why, Path(scratch), as_json=as_json)
        made = pack_trimmed(path, output, target, load_catalog(), how, Path(scratch))
    if as_json:
        click.echo(json.dumps(_document(made, target, how.trim), indent=1))
        return 0
    artifact = made.artifact
    title = (
        f"{artifact.path}: {counted(len(artifact.members), 'file')}, {format_size(artifact.zipped_bytes)} zipped, "
        f"{format_size(artifact.unzipped_bytes)} unzipped, for {target.title}"
    )
    lines = [f"  {rule}: {format_size(size)} left out" for rule, size in made.selection.savings().items()]
    lines += _left_out(made.selection)
    if made.stripped.saved:
        saved = made.stripped.saved
        lines.append(f"  symbols of {counted(len(saved), 'file')}: {format_size(sum(saved.values()))}")
    if made.compiled:
        lines += [f"  compiled: {made.compiled.summary()}", *(f"  note: {note}" for note in made.compiled.notes())]
    say("\n".join([title, *lines, f"  sha256 {artifact.sha256}"]))
    click.echo(packed(time.monotonic() - start, written=artifact.written), nl=False)
    return 0


def _left_out(selection: Selection) -> list[str]:
    """Return what is said of all that stays out: how much it is, and which packages nothing in the folder needs."""
    dropped = selection.dropped
    if not dropped:
        return []
    total = format_size(sum(choice.file.size_bytes for choice in dropped))
    lines = [f"  left out: {counted(len(dropped), 'file')}, {total} in all"]
    sizes: dict[str, int] = {}
    for choice in dropped:
        if choice.rule == "unreachable" and choice.file.package:
            name = choice.file.package.name
            sizes[name] = sizes.get(name, 0) + choice.file.size_bytes
    if sizes:
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))
        shown = ", ".join(f"{name} ({format_size(sizes[name])})" for name in largest[:_SHOWN])
        more = f" and {counted(len(largest) - _SHOWN, 'other')}" if len(largest) > _SHOWN else ""
        lines.append(f"  needed by nothing here: {shown}{more}")
        if sum(sizes.values()) > _MUCH_BYTES:
            lines.append("  fix: if they are needed, move them to dependencies, or pack without --trim")
    return lines


def target_of_folder(path: Path, name: str, runtime: str, arch: str) -> Target:
    """Return the target; the runtime that is not named is the host's default for what lies in the folder."""
    require_file(path)
    if not path.is_dir():
        msg = "only a folder can be trimmed"
        raise UsageError(msg, where=str(path), fix="unpack the archive, or remove --trim")
    catalog = load_catalog()
    if not runtime:
        host = catalog.host(name)
        language = next((name for name, each in LANGUAGES.items() if each.is_installed_in(path)), DEFAULT_LANGUAGE)
        runtime = host.default_runtimes.get(language, "")
        if not runtime:
            msg = f"{name} has no runtime for the language of this folder"
            raise UsageError(msg, where="--runtime", fix=f"give one of: {', '.join(host.runtimes)}")
    return catalog.target(name, runtime, parse_arch(arch, "--arch"))


def _explain(path: Path, how: TrimmedPack, target: Target, why: str, scratch: Path, *, as_json: bool) -> int:
    selection = judge_folder(path, target, load_catalog(), trim=how.trim)
    if how.compile:
        selection = compile_folder(path, selection, target, how, scratch).selection
    wanted = why.removeprefix("./").rstrip("/")
    found = selection.choices if wanted in ("", ".") else selection.why(wanted)
    if not found:
        msg = f"{path} has no file or folder {why!r}"
        raise UsageError(msg, where="--why", fix="give a path relative to the folder, such as node_modules/sharp")
    if as_json:
        rows = [verdict_row(choice) for choice in found]
        click.echo(json.dumps({"version": 1, "ok": True, "why": rows}, indent=1))
        return 0
    for choice in found:
        click.echo(verdict_line(choice))
    return 0


def _document(made: Trimmed, target: Target, trim: TrimLevel) -> dict[str, Any]:
    """Return what ``--json`` prints: that of ``packager pack``, and what was left out. Bytes, unzipped."""
    return {
        **document(made.artifact),
        "trim": trim,
        "target": target.title,
        "left_out": made.selection.savings(),
        "stripped": dict(made.stripped.saved),
        "compiled": made.compiled.to_json() if made.compiled else None,
    }
