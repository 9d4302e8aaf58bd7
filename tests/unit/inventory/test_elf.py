from __future__ import annotations

import io
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ArtifactError
from packager.inventory.elf import read_elf
from packager.model.inventory import SymbolVersion
from tests.support.elfs import EM_386, EM_AARCH64, ET_CORE, ET_EXEC, ET_REL, OSABI_FREEBSD, ElfSpec, write_elf

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.inventory import ElfFacts

RICH = ElfSpec(
    soname="libx.so.1",
    needed=("libc.so.6", "libstdc++.so.6"),
    versions={"libc.so.6": ("GLIBC_2.17", "GLIBC_2.34"), "libstdc++.so.6": ("GLIBCXX_3.4.21",)},
    defines=("VERS_1", "VERS_2"),
    runpath="$ORIGIN:/opt/lib",
    weak=frozenset({"GLIBC_2.34"}),
    build_id=b"\xca\xfe\x01\x02",
    isa_needed=4,
    symtab=240,
)


def facts(data: bytes) -> ElfFacts:
    return read_elf(io.BytesIO(data))


@pytest.mark.parametrize("section_headers", [True, False])
def test_a_library_tells_everything_with_and_without_section_headers(section_headers: bool) -> None:
    from dataclasses import replace

    found = facts(write_elf(replace(RICH, section_headers=section_headers)))
    assert (found.machine, found.machine_name, found.bits, found.little_endian) == ("x86_64", "EM_X86_64", 64, True)
    assert (found.type, found.os_abi, found.interpreter) == ("shared", "ELFOSABI_SYSV", "")
    assert (found.soname, found.needed) == ("libx.so.1", ("libc.so.6", "libstdc++.so.6"))
    assert (found.rpath, found.runpath) == ((), ("$ORIGIN", "/opt/lib"))
    assert found.versions_needed == (
        SymbolVersion("libc.so.6", "GLIBC_2.17", symbols=("use_GLIBC_2_17",)),
        SymbolVersion("libc.so.6", "GLIBC_2.34", weak=True, symbols=("use_GLIBC_2_34",)),
        SymbolVersion("libstdc++.so.6", "GLIBCXX_3.4.21", symbols=("use_GLIBCXX_3_4_21",)),
    )
    assert found.versions_defined == ("VERS_1", "VERS_2")
    assert (found.build_id, found.isa_needed) == ("cafe0102", ("x86-64-v3",))
    assert found.has_symbols is section_headers
    assert (found.trailing_bytes, found.executable_stack) == (0, False)
    assert [(load.offset, load.vaddr) for load in found.loads] == [(0, 0), (0x1000, 0x2000)]


@pytest.mark.parametrize(
    ("spec", "machine", "name", "bits", "little"),
    [
        (ElfSpec(machine=EM_AARCH64, needed=["libc.so.6"]), "arm64", "EM_AARCH64", 64, True),
        (ElfSpec(machine=EM_386, bits=32, needed=["libc.so.6"]), "other", "EM_386", 32, True),
        (ElfSpec(machine=22, little_endian=False, needed=["libc.so.6"]), "other", "EM_S390", 64, False),
        (ElfSpec(machine=0x7777, needed=["libc.so.6"]), "other", "30583", 64, True),
    ],
)
def test_machines(spec: ElfSpec, machine: str, name: str, bits: int, little: bool) -> None:
    found = facts(write_elf(spec))
    assert (found.machine, found.machine_name, found.bits, found.little_endian) == (machine, name, bits, little)
    assert found.needed == ("libc.so.6",)


def test_kinds_of_files() -> None:
    loader = "/lib64/ld-linux-x86-64.so.2"
    assert facts(write_elf(type=ET_EXEC)).type == "executable"
    assert facts(write_elf(interpreter=loader)).type == "executable"
    assert facts(write_elf(interpreter=loader)).interpreter == loader
    assert facts(write_elf(pie=True, needed=["libc.so.6"])).type == "executable"
    # libc.so.6 itself can be started, and is a library all the same.
    assert facts(write_elf(interpreter=loader, soname="libc.so.6")).type == "shared"
    assert facts(write_elf(type=ET_REL)).type == "relocatable"
    assert facts(write_elf(type=ET_CORE)).type == "core"
    assert facts(write_elf(os_abi=OSABI_FREEBSD)).os_abi == "ELFOSABI_FREEBSD"
    assert not facts(write_elf(type=ET_EXEC)).dynamic


def test_rpath_executable_stack_and_appended_data() -> None:
    found = facts(write_elf(needed=["a.so"], rpath="$ORIGIN/../lib:/x", executable_stack=True, appended=b"payload"))
    assert found.rpath == ("$ORIGIN/../lib", "/x")
    assert found.executable_stack
    assert found.trailing_bytes == 7
    assert not facts(write_elf(executable_stack=None)).executable_stack


@pytest.mark.parametrize("keep", [0, 3, 15, 40, 63, 200, 600, 4100])
def test_a_truncated_file_is_unreadable(keep: int) -> None:
    with pytest.raises(ArtifactError):
        facts(write_elf(RICH)[:keep])


def test_a_file_that_lost_only_its_section_headers_still_loads() -> None:
    data = write_elf(RICH)
    assert facts(data[:-100]).needed == RICH.needed


def test_a_version_chain_that_never_ends_is_refused() -> None:
    data = bytearray(write_elf(RICH))
    found = data.find(b"\x01\x00\x02\x00", 64)  # vn_version 1, vn_cnt 2
    data[found + 2 : found + 4] = b"\xff\xff"
    data[found + 16 + 12 : found + 16 + 16] = b"\x00\x00\x00\x00"
    assert [each.version for each in facts(bytes(data)).versions_needed if each.soname == "libc.so.6"] == ["GLIBC_2.17"]


@pytest.mark.skipif(shutil.which("readelf") is None, reason="binutils are not installed")
def test_the_writer_and_readelf_agree(tmp_path: Path) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(write_elf(RICH))
    run = subprocess.run(
        ["readelf", "-hldnSVW", "--dyn-syms", str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C"},
    )
    assert not run.stderr
    assert re.findall(r"\(NEEDED\).*\[(.*)\]", run.stdout) == list(RICH.needed)
    assert re.findall(r"Name: (\S+)  Flags: (\w+)", run.stdout) == [
        ("GLIBC_2.17", "none"),
        ("GLIBC_2.34", "WEAK"),
        ("GLIBCXX_3.4.21", "none"),
    ]
    assert "Library runpath: [$ORIGIN:/opt/lib]" in run.stdout
    assert "Build ID: cafe0102" in run.stdout
    assert "x86 ISA needed: x86-64-v3" in run.stdout
    assert "use_GLIBC_2_34@GLIBC_2.34" in run.stdout
