"""Is this binary for the target's kind of machine at all, and would the loader accept its shape? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.audit.binaries.advice import install_for_target
from packager.core.units import format_bytes
from packager.inventory.systems import libc_of, operating_system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext, MountedFile
    from packager.model.findings import Finding
    from packager.model.inventory import ElfFacts, File
    from packager.model.targets import Target

INTERPRETERS = {
    ("glibc", "x86_64"): ("/lib64/ld-linux-x86-64.so.2",),
    ("glibc", "arm64"): ("/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-aarch64.so.1"),
    ("musl", "x86_64"): ("/lib/ld-musl-x86_64.so.1",),
    ("musl", "arm64"): ("/lib/ld-musl-aarch64.so.1",),
}
PAGE = 4096
_GLIBC_CHECKS_PAGES_ONLY = (2, 35)
"""Before it, glibc wanted address and offset to agree modulo p_align, which may be more than a page (dl-load.c)."""
_REFUSES_EXECUTABLE_STACKS = (2, 41)
"""From then on dlopen fails for a library that wants one. Source: glibc NEWS for 2.41."""

_MACHINE_TITLES = {"EM_386": "32-bit x86", "EM_ARM": "32-bit ARM", "EM_X86_64": "x86_64", "EM_AARCH64": "arm64"}


@dataclass(frozen=True)
class Misfit:
    """Why a binary is for another kind of system: the first reason in the order a loader would meet them."""

    code: str
    message: str
    built_for: str
    """For people: "macOS", "linux arm64 (musl)"."""


def misfit(file: File, target: Target) -> Misfit | None:
    """Return why this file is not for the target's kind of system; None if it is, or is no native code."""
    if file.format in ("macho", "pe"):
        system, kind = ("macOS", "Mach-O") if file.format == "macho" else ("Windows", "PE")
        return Misfit("ABI007", f"was built on {system} ({kind}), {target.title} runs Linux", system)
    elf = file.elf
    if elf is None:
        return None
    system = operating_system(elf)
    machine = _MACHINE_TITLES.get(elf.machine_name, elf.machine_name.removeprefix("EM_").lower())
    libc = libc_of(elf)
    built_for = f"{system} {machine}" + (f" ({libc})" if libc not in ("", target.baseline.libc) else "")
    if system != "linux":
        return Misfit("ABI005", f"was built for {system}, {target.title} runs Linux", built_for)
    if elf.machine != target.arch:
        return Misfit("ABI001", f"was built for {machine}, but {target.title} runs {target.arch}", built_for)
    if elf.bits != 64 or not elf.little_endian:
        shape = f"{elf.bits}-bit {'little' if elf.little_endian else 'big'}-endian"
        return Misfit("ABI005", f"is {shape}, but {target.title} runs 64-bit little-endian code", built_for)
    if libc not in ("", target.baseline.libc):
        return Misfit(
            "ABI003",
            f"is linked with {libc}, but {target.baseline.title} has {target.baseline.libc}",
            built_for,
        )
    wanted = INTERPRETERS[target.baseline.libc, target.arch]
    if elf.type == "executable" and elf.interpreter and elf.interpreter not in wanted:
        message = f"needs the loader {elf.interpreter}, but {target.baseline.title} has {wanted[0]}"
        return Misfit("ABI004", message, built_for)
    return None


def check_platform(scene: AuditContext) -> Iterator[Finding]:
    """Report binaries for another machine, system or libc: ABI001, ABI003, ABI004, ABI005, ABI007."""
    for place in scene.natives:
        fault = misfit(place.file, scene.target)
        if fault:
            yield place.finding(fault.code, fault.message, install_for_target(place, scene.target))


def check_unreadable(scene: AuditContext) -> Iterator[Finding]:
    """Report truncated and broken binaries, and other files in a library's clothes: ABI008."""
    damaged = {
        (mount.name, fault.path)
        for mount in scene.mounts
        for fault in mount.inventory.faults
        if fault.kind == "damaged"
    }
    for place in scene.natives:
        # What the archive cannot give is the archive's fault, and said there.
        if place.file.unreadable and (place.mount.name, place.file.path) not in damaged:
            yield place.finding("ABI008", f"cannot be loaded: {place.file.unreadable}")


def check_shape(scene: AuditContext) -> Iterator[Finding]:
    """Report what the loader refuses, or may refuse, in a binary of the right kind: ABI006, ABI009, ABI011."""
    for place in scene.natives:
        elf = place.file.elf
        if elf is None or misfit(place.file, scene.target):
            continue
        if message := _misplaced(elf, scene.target):
            yield place.finding("ABI006", message, _restore(place))
        if message := _stack(elf):
            refused = elf.type == "shared" and scene.target.baseline.glibc >= _REFUSES_EXECUTABLE_STACKS
            yield place.finding("ABI009", message, severity="error" if refused else "warning")
        if "x86-64-v4" in elf.isa_needed:
            yield place.finding("ABI011", "says it needs x86-64-v4 (AVX-512)")


def _stack(elf: ElfFacts) -> str:
    """Return how a binary comes to want an executable stack; empty if it does not. Static programs set up their own."""
    if elf.executable_stack:
        return "asks for an executable stack (PT_GNU_STACK with PF_X)"
    if not elf.stack_note and elf.dynamic:
        return "has no PT_GNU_STACK header, so the loader gives it an executable stack"
    return ""


def _misplaced(elf: ElfFacts, target: Target) -> str:
    """Return which PT_LOAD the loader would refuse, if any. Source: glibc, elf/dl-load.c, _dl_map_object_from_fd."""
    strict = target.baseline.glibc < _GLIBC_CHECKS_PAGES_ONLY and elf.type == "shared"
    for number, load in enumerate(elf.loads):
        if elf.type == "shared" and load.align % PAGE:
            return f"segment {number} is aligned to {format_bytes(load.align)}, not to a page"
        modulus = max(load.align, PAGE) if strict else PAGE
        if (load.vaddr - load.offset) % modulus:
            return f"segment {number} (address {load.vaddr:#x}, offset {load.offset:#x}) is not aligned to {modulus:#x}"
    return ""


def _restore(place: MountedFile) -> str:
    package = place.file.package
    return f"use the file as {package.name} ships it, without strip" if package else ""
