"""Can programs and scripts be started where they lie: execute bits, interpreters, a runtime's bootstrap. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.binaries.abi import misfit
from packager.catalog.finding_codes.registry import CODES
from packager.languages.registry import LANGUAGES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext, MountedFile

_SHELLS = frozenset({"/bin/sh", "/bin/bash", "/usr/bin/sh", "/usr/bin/bash", "/usr/bin/env"})
_ENV_COMMANDS = frozenset({"sh", "bash"})


def check_bootstrap(scene: AuditContext) -> Iterator[Finding]:
    """Report what keeps a custom runtime from starting: HND004, and EXE001 and EXE002 of its ``bootstrap``."""
    if not LANGUAGES[scene.target.language].bootstrap or scene.target.kind == "layer" or not scene.whole:
        return
    system = scene.target.system
    place = scene.by_path.get(f"{system.function_root}/bootstrap") or scene.by_path.get(
        f"{system.layer_root}/bootstrap"
    )
    if place is None:
        row = CODES["HND004"]
        name = next((mount.name for mount in scene.mounts if mount.judged), "")
        near = next((each for each in scene.judged if each.file.path.rpartition("/")[2].lower() == "bootstrap"), None)
        where = f"; there is {near.file.path}, but the runtime does not look there" if near else ""
        yield Finding("HND004", row.severity, name or "bootstrap", f"has no bootstrap{where}", row.fix)
        return
    if place.file.format not in ("elf", "script"):
        yield place.finding("HND004", "is neither a program nor a script with an interpreter")


def check_execute_bits(scene: AuditContext) -> Iterator[Finding]:
    """Report programs without the execute bit: EXE001. Of ``bootstrap`` it is an error, others may be copied first."""
    for place in scene.judged:
        program = place.file.elf is not None and place.file.elf.type == "executable"
        bootstrap = _is_bootstrap(place, scene)
        if not (bootstrap or (program and not place.file.path.endswith((".so", ".node")))):
            continue
        mode = place.file.mode
        if mode & 0o001 if mode is not None else not _lost_modes(place):
            continue
        if program and misfit(place.file, scene.target):
            continue
        what = f"has mode {mode:04o}" if mode is not None else "has no Unix mode in the archive"
        message = f"is a program, but {what}: the runtime's user may not execute it"
        yield place.finding("EXE001", message, severity="error" if bootstrap else "warning")


def check_interpreters(scene: AuditContext) -> Iterator[Finding]:
    """Report scripts whose interpreter the target lacks: EXE002. Scripts of packages are not started there."""
    for place in scene.judged:
        line = place.file.shebang
        bootstrap = _is_bootstrap(place, scene)
        started = bootstrap or (place.file.package is None and bool((place.file.mode or 0) & 0o001))
        if line and started and (message := _interpreter_fault(line, scene)):
            yield place.finding("EXE002", message, severity="error" if bootstrap else "warning")


def _interpreter_fault(line: str, scene: AuditContext) -> str:
    if line.endswith("\r"):
        return "has Windows line ends: its interpreter is looked for with a carriage return in the name"
    program, _, rest = line.partition(" ")
    commands = (*_ENV_COMMANDS, *LANGUAGES[scene.target.language].commands(scene.target.language_version))
    if program == "/usr/bin/env":
        words = [word for word in rest.split() if not word.startswith("-") and "=" not in word]
        wanted = words[0] if words else ""
        if wanted in commands or any(path.endswith(f"/bin/{wanted}") for path in scene.by_path):
            return ""
        return f"is started by {wanted or 'nothing'}, which {scene.target.title} has not got"
    if program in _SHELLS or program in scene.by_path:
        return ""
    if program.startswith("/var/lang/bin/") and program.rpartition("/")[2] in commands:
        return ""
    return f"is started by {program}, which {scene.target.title} has not got"


def _is_bootstrap(place: MountedFile, scene: AuditContext) -> bool:
    system = scene.target.system
    roots = (f"{system.function_root}/bootstrap", f"{system.layer_root}/bootstrap")
    return bool(LANGUAGES[scene.target.language].bootstrap) and place.path in roots


def _lost_modes(place: MountedFile) -> bool:
    """Return whether a missing mode is the archive's fault rather than that of a caller who had none to give."""
    return any(fault.kind == "modes" for fault in place.mount.inventory.faults)
