"""What holds for every binary: widening a baseline never adds a finding, and stripping changes none."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from packager.audit.judge import audit
from packager.compile.symbols import strip_symbols
from packager.inventory.elf import read_elf
from packager.model.records import DottedVersion
from tests.support.elfs import EM_AARCH64, EM_X86_64, ElfSpec, write_elf
from tests.support.mounts import mounted, target

if TYPE_CHECKING:
    from packager.model.targets import Baseline, Target

SONAMES = ("libc.so.6", "libm.so.6", "libstdc++.so.6", "libssl.so.3", "libcurl.so.4", "libx.so.1", "libmvec.so.1")
VERSIONS = st.sampled_from(
    [
        "GLIBC_2.17",
        "GLIBC_2.30",
        "GLIBC_2.36",
        "GLIBC_ABI_DT_RELR",
        "GLIBCXX_3.4.30",
        "CXXABI_1.3.14",
        "X_1",
        "GCC_7.0.0",
    ]
)
PATHS = st.sampled_from(
    [
        "a.node",
        "bin/tool",
        "lib/libssl.so.3",
        "lib/libx.so.1",
        "node_modules/@q/r-linux-x64-gnu/r.node",
        "node_modules/p/prebuilds/linux-arm64/p.node",
        "node_modules/p/prebuilds/linux-x64/p.node",
        "x/libstdc++.so.6",
    ]
)


@st.composite
def specs(draw: st.DrawFn) -> ElfSpec:
    needed = draw(st.lists(st.sampled_from(SONAMES), unique=True, max_size=4))
    return ElfSpec(
        machine=draw(st.sampled_from([EM_X86_64, EM_X86_64, EM_X86_64, EM_AARCH64])),
        needed=needed,
        versions={soname: draw(st.lists(VERSIONS, unique=True, min_size=1, max_size=3)) for soname in needed},
        soname=draw(st.sampled_from(["", "libx.so.1"])),
        defines=draw(st.lists(VERSIONS, unique=True, max_size=2)),
        runpath=draw(st.sampled_from(["", "$ORIGIN", "$ORIGIN/../lib"])),
        rpath=draw(st.sampled_from(["", "$ORIGIN/lib"])),
        align=draw(st.sampled_from([0x1000, 0x1000, 0x10000])),
        symtab=draw(st.sampled_from([0, 20_000])),
    )


QUIETLY = settings(deadline=None)
"""A busy machine is not a failure."""

TREES = st.dictionaries(PATHS, specs().map(write_elf), min_size=1, max_size=5)


@st.composite
def wider(draw: st.DrawFn, baseline: Baseline) -> Baseline:
    """A system that offers all of `baseline`, and perhaps more."""
    extra = draw(st.frozensets(st.sampled_from(SONAMES)))
    return msgspec.structs.replace(
        baseline,
        glibc=draw(st.sampled_from([baseline.glibc, DottedVersion((2, 35)), DottedVersion((2, 41))])),
        glibcxx=draw(st.sampled_from([baseline.glibcxx, DottedVersion((3, 4, 33))])),
        cxxabi=draw(st.sampled_from([baseline.cxxabi, DottedVersion((1, 3, 15))])),
        sonames=baseline.sonames | extra,
    )


def errors(files: dict[str, bytes], on: Target) -> set[tuple[str, str]]:
    found = audit([mounted(files)], on)
    return {(each.code, each.subject) for each in found if each.severity == "error"}


@QUIETLY
@given(TREES, st.data())
def test_newer_symbol_versions_never_add_an_error(files: dict[str, bytes], data: st.DataObject) -> None:
    base = target()
    more = msgspec.structs.replace(data.draw(wider(base.baseline)), sonames=base.baseline.sonames)
    assert errors(files, replace(base, baseline=more)) <= errors(files, base)


@QUIETLY
@given(specs(), st.data())
def test_more_libraries_never_add_an_error_for_a_file_alone(spec: ElfSpec, data: st.DataObject) -> None:
    """For one file. With bundled copies it may: the system's library, coming first, replaces the bundled one."""
    base = target()
    more = data.draw(wider(base.baseline))
    files = {"a.node": write_elf(spec)}
    lost = {code for code, _ in errors(files, replace(base, baseline=more))} - {code for code, _ in errors(files, base)}
    # A library that was missing is now there, and its versions are judged: never both.
    assert lost <= {"ABI002"}
    assert not lost or ("LIB001", "a.node") in errors(files, base)


@QUIETLY
@given(TREES)
def test_stripping_changes_no_verdict(files: dict[str, bytes]) -> None:
    stripped = {path: strip_symbols(data) or data for path, data in files.items()}
    assert errors(stripped, target()) == errors(files, target())


@QUIETLY
@given(st.binary(max_size=600), st.integers(0, 2000))
def test_strip_refuses_or_keeps_what_the_loader_reads(noise: bytes, position: int) -> None:
    data = bytearray(write_elf(ElfSpec(soname="libx.so.1", needed=("libc.so.6",), symtab=20_000)))
    data[position : position + len(noise)] = noise
    result = strip_symbols(bytes(data))
    if result is not None:
        before, after = read_elf(io.BytesIO(bytes(data))), read_elf(io.BytesIO(result))
        assert after == replace(before, has_symbols=False)
